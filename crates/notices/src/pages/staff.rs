//! The desk: what was written, what waits, what became of it.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Ctx, Permission, permitted};
use web::charts::{HBar, hbars};
use web::{Caller, Page, Problem, Reader, View, no_formula, staff_name};

use super::dispositions_desk::{AtDesk, at_desk as at_desk_of};
use super::{queue_words, state_tag, state_words, topic_words};
use crate::domain::dispositions::Seal;
use crate::domain::learn::{self, Became, Group, Paper, PaperLine};
use crate::domain::write as domain;
use crate::model::{Audience, Notice, NoticeId, Pace, Queue, State};
use crate::rules::{FEW, needs_second_person};

struct Line {
    id: NoticeId,
    title: String,
    topic: String,
    queue: String,
    state: String,
    tag: &'static str,
    when: String,
    people: i64,
    /// How many it reaches, in words: few are not told apart before it went.
    reaches: String,
    chosen: i64,
}

struct PaceLine {
    queue: String,
    handed: i64,
    share: Option<u32>,
    waiting: i64,
}

/// How one way goes.
struct ByWay {
    name: String,
    reachable: String,
    paces: Vec<PaceLine>,
    /// Why it takes nothing for now, what becomes of people meanwhile, and since when.
    halted: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "staff_notices.html")]
struct List<'a> {
    view: &'a View,
    waiting: Vec<Line>,
    written: Vec<Line>,
    automatic: Vec<Line>,
    ways: Vec<ByWay>,
    may_write: bool,
    no_topics: bool,
    dispositions: bool,
}

/// Whoever may write or approve.
pub(super) async fn at_desk(ctx: &mut Ctx) -> Result<String, Problem> {
    let name = staff_name(ctx).await?;
    if ctx.allow(Permission::WriteNotices).is_err() {
        ctx.allow(Permission::ApproveNotices)?;
    }
    Ok(name)
}

/// Everything that was written, what waits for a second person first.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let who = at_desk(&mut ctx).await?;
    let overview = learn::overview(&mut ctx).await?;
    let lines = |notices: &[Notice], waiting: bool| {
        notices.iter().filter(|notice| (notice.state == State::Waiting) == waiting).map(|notice| line(&view, notice)).collect::<Vec<_>>()
    };
    let body = List {
        view: &view,
        waiting: lines(&overview.written, true),
        written: lines(&overview.written, false),
        automatic: lines(&overview.automatic, false),
        ways: overview.ways.iter().map(|way| by_way(&view, way)).collect(),
        may_write: permitted(&ctx.actor, Permission::WriteNotices),
        no_topics: view.app.town().notice_topics.is_empty(),
        dispositions: !view.app.town().disposition_kinds.is_empty(),
    };
    let title = view.t("menu-staff-notices");
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &body))
}

fn line(view: &View, notice: &Notice) -> Line {
    let when = notice.sent_at.or(notice.begun_at).or(notice.send_at).unwrap_or(notice.written_at);
    Line {
        id: notice.id,
        title: notice.texts.in_language(&view.language).map(|(_, text)| text.title.clone()).unwrap_or_default(),
        topic: topic_words(view, &notice.topic),
        queue: queue_words(view, notice.queue),
        state: state_words(view, notice.state),
        tag: state_tag(notice.state),
        when: view.moment(&when),
        people: notice.people.into(),
        reaches: reaches(view, notice),
        chosen: notice.chosen.into(),
    }
}

/// How many a notice reaches. Of a rule or of districts nothing is told of fewer than ten before it has gone: trying rules until one counts a single person
/// would tell whether a neighbour fits it. What has gone out is counted, and who sent it stands in the trail.
fn reaches(view: &View, notice: &Notice) -> String {
    let chosen = matches!(notice.audience, Audience::Rule { .. } | Audience::Districts { .. });
    let few = chosen && notice.begun_at.is_none() && i64::from(notice.people) < FEW;
    if few {
        return view.ta("notices-few", &[("count", FEW.into())]);
    }
    view.ta("notices-people", &[("count", view.count(&i64::from(notice.people)).as_str().into())])
}

fn by_way(view: &View, of: &learn::ByWay) -> ByWay {
    let way = of.way.as_str();
    ByWay {
        name: view.t(&format!("notices-by-{way}")),
        reachable: view.ta(&format!("notices-reachable-{way}"), &[("count", view.count(&of.reachable).as_str().into())]),
        paces: Queue::ALL.iter().map(|queue| pace(view, *queue, &of.paces, &of.waiting)).collect(),
        halted: of.halted.as_ref().map(|halted| {
            let since = view.moment(&halted.since);
            (view.t1("notices-halted", "since", &since), view.t(&format!("notices-halted-{}", halted.reason.as_str())))
        }),
    }
}

fn pace(view: &View, queue: Queue, paces: &[Pace], waiting: &[(Queue, i64)]) -> PaceLine {
    let of_queue = paces.iter().filter(|pace| pace.queue == queue);
    let (handed, quick) = of_queue.fold((0, 0), |(handed, quick), pace| (handed + pace.handed, quick + pace.within_10s));
    PaceLine {
        queue: queue_words(view, queue),
        handed: handed.into(),
        share: (handed > 0).then(|| u32::try_from(u64::from(quick) * 1000 / u64::from(handed)).unwrap_or(0)),
        waiting: waiting.iter().find(|(of, _)| *of == queue).map_or(0, |(_, count)| *count),
    }
}

struct Preview {
    html: String,
    name: String,
    title: String,
    paragraphs: Vec<String>,
    /// In which language its readers read it, where nobody wrote it in theirs.
    instead: Option<String>,
}

struct Share {
    what: String,
    count: i64,
    percent: u32,
}

#[derive(Template)]
#[template(path = "staff_notice.html")]
struct NoticePage<'a> {
    view: &'a View,
    notice: &'a Notice,
    line: Line,
    who: String,
    second_person: bool,
    threshold: i64,
    previews: Vec<Preview>,
    shares: Vec<Share>,
    ages: Vec<HBar>,
    districts: Vec<HBar>,
    is_list: bool,
    columns: String,
    may_write: bool,
    may_approve: bool,
    is_draft: bool,
    is_waiting: bool,
    stoppable: bool,
    begun: bool,
    refresh: bool,
    send_at: Option<String>,
    disposition: Option<AtDesk>,
    /// The draft can be looked at before it goes.
    may_try: bool,
    tried: Option<i64>,
}

/// What was done before the page was shown.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Done {
    tried: Option<i64>,
}

/// One notice: how it reads, whom it reaches, what became of it.
pub(super) async fn one(
    view: View,
    Reader(mut ctx): Reader,
    Path(id): Path<NoticeId>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let who = at_desk(&mut ctx).await?;
    let notice = domain::see(&mut ctx, id).await?;
    let disposition = crate::domain::dispositions::write::see(&mut ctx, &notice).await?;
    let became = match notice.begun_at {
        Some(_) => Some(learn::became(&mut ctx, id).await?),
        None => None,
    };
    let town = view.app.town();
    let is_own = matches!(ctx.actor, store::Actor::Staff(staff, _) if notice.written_by == Some(staff));
    let body = NoticePage {
        view: &view,
        line: line(&view, &notice),
        who: audience_words(&view, &notice.audience),
        second_person: disposition.is_some() || needs_second_person(notice.people, &town.notices),
        disposition: disposition.as_ref().map(|(disposition, ways)| at_desk_of(&view, &notice, disposition, *ways)),
        threshold: town.notices.two_people_above.into(),
        previews: previews(&view, &notice),
        shares: became.as_ref().map(|became| shares(&view, became)).unwrap_or_default(),
        ages: became.as_ref().map(|became| age_bars(&view, &became.ages)).unwrap_or_default(),
        districts: became.as_ref().map(|became| district_bars(&view, &became.districts)).unwrap_or_default(),
        is_list: matches!(notice.audience, Audience::List { .. }) && notice.automatic.is_none(),
        columns: match &notice.audience {
            Audience::List { columns } => columns.join("　"),
            _ => String::new(),
        },
        may_write: permitted(&ctx.actor, Permission::WriteNotices),
        may_approve: permitted(&ctx.actor, Permission::ApproveNotices) && !is_own,
        is_draft: notice.state == State::Draft,
        is_waiting: notice.state == State::Waiting,
        stoppable: matches!(notice.state, State::Draft | State::Waiting | State::Scheduled | State::Sending),
        begun: notice.begun_at.is_some(),
        refresh: matches!(notice.state, State::Sending),
        send_at: notice.send_at.map(|at| view.moment(&at)),
        may_try: matches!(notice.state, State::Draft | State::Waiting | State::Scheduled),
        tried: done.tried.filter(|count| (1..=10).contains(count)),
        notice: &notice,
    };
    let title = body.line.title.clone();
    let page = Page::staff(&title, &ctx.actor, who);
    let page = if body.refresh { page.with_island("progress.js", &[]) } else { page };
    Ok(view.page(&page, &body))
}

fn audience_words(view: &View, audience: &Audience) -> String {
    match audience {
        Audience::Everybody => view.t("notices-audience-everybody"),
        Audience::Districts { districts } => districts.join("、"),
        Audience::Rule { rule } => rule.clone(),
        Audience::List { .. } => view.t("notices-audience-list"),
    }
}

fn previews(view: &View, notice: &Notice) -> Vec<Preview> {
    let languages = view.app.town().languages.iter();
    let preview = |language: &town::Language| {
        let (tag, text) = notice.texts.in_language(language).map(|(tag, text)| (tag, text.clone())).unwrap_or_default();
        let read_in = tag.parse().unwrap_or(town::Language::JAPANESE);
        let name = |language: &town::Language| view.t(&format!("language-{language}"));
        Preview {
            html: read_in.html().to_owned(),
            name: name(language),
            title: text.title,
            paragraphs: text.body.split("\n\n").map(str::to_owned).collect(),
            instead: (read_in != *language).then(|| view.t1("notices-preview-instead", "language", &name(&read_in))),
        }
    };
    languages.map(preview).collect()
}

fn shares(view: &View, became: &Became) -> Vec<Share> {
    let effect = became.effect;
    let percent = |count: u32| (count * 100).checked_div(effect.put).unwrap_or(0);
    let share = |key: &str, count: u32| Share { what: view.t(key), count: count.into(), percent: percent(count) };
    vec![
        share("notices-put", effect.put),
        share("notices-delivered", effect.delivered),
        share("notices-opened", effect.opened),
        share("notices-answered", effect.answered),
        share("notices-printed", effect.printed),
    ]
}

/// Opened of a hundred, by age.
fn age_bars(view: &View, ages: &[Group<i16>]) -> Vec<HBar> {
    let name = |group: &Group<i16>| view.ta("notices-age-from", &[("age", i64::from(group.what).into()), ("people", group.put.into())]);
    bars(ages.iter().map(|group| (name(group), group.opened, group.put)).collect())
}

fn district_bars(view: &View, districts: &[Group<String>]) -> Vec<HBar> {
    let name = |group: &Group<String>| {
        let what = if group.what.is_empty() { view.t("notices-other-districts") } else { group.what.clone() };
        view.ta("notices-district", &[("name", what.as_str().into()), ("people", group.put.into())])
    };
    bars(districts.iter().map(|group| (name(group), group.opened, group.put)).collect())
}

fn bars(groups: Vec<(String, i64, i64)>) -> Vec<HBar> {
    let percents: Vec<(String, i64)> = groups.into_iter().map(|(name, opened, put)| (name, opened * 100 / put.max(1))).collect();
    let mut drawn = hbars(&percents);
    // A hundred is the whole width, so that two pictures can be compared.
    drawn.iter_mut().for_each(|bar| bar.share = bar.count);
    drawn
}

fn back_to(id: NoticeId) -> Redirect {
    Redirect::to(&format!("/staff/notices/{id}"))
}

/// Hands a draft in.
pub(super) async fn submit(
    Extension(seal): Extension<Seal>,
    Caller(mut ctx): Caller,
    Path(id): Path<NoticeId>,
) -> Result<Redirect, Problem> {
    at_desk(&mut ctx).await?;
    domain::submit(&mut ctx, id, &seal).await?;
    ctx.commit().await?;
    Ok(back_to(id))
}

/// Approves what another wrote.
pub(super) async fn approve(
    Extension(seal): Extension<Seal>,
    Caller(mut ctx): Caller,
    Path(id): Path<NoticeId>,
) -> Result<Redirect, Problem> {
    at_desk(&mut ctx).await?;
    domain::approve(&mut ctx, id, &seal).await?;
    ctx.commit().await?;
    Ok(back_to(id))
}

/// Gives it back to be written anew.
pub(super) async fn send_back(Caller(mut ctx): Caller, Path(id): Path<NoticeId>) -> Result<Redirect, Problem> {
    at_desk(&mut ctx).await?;
    domain::send_back(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(back_to(id))
}

/// Stops it.
pub(super) async fn cancel(Caller(mut ctx): Caller, Path(id): Path<NoticeId>) -> Result<Redirect, Problem> {
    at_desk(&mut ctx).await?;
    domain::cancel(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(back_to(id))
}

/// The paper list of who has not opened it, as a file for the system that knows names and addresses.
pub(super) async fn paper(view: View, Caller(mut ctx): Caller, Path(id): Path<NoticeId>) -> Result<Response, Problem> {
    at_desk(&mut ctx).await?;
    let paper = learn::paper(&mut ctx, id).await?;
    ctx.commit().await?;
    let columns = match &paper.notice.audience {
        Audience::List { columns } => columns.clone(),
        _ => Vec::new(),
    };
    let bytes = paper_csv(&view, &columns, &paper).map_err(|error| Problem::internal(&error))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"paper-{id}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn paper_csv(view: &View, columns: &[String], paper: &Paper) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xef\xbb\xbf".to_vec());
    let head = ["宛名番号".to_owned(), view.t("notices-printed-before")];
    let more = if paper.disposition {
        vec![view.t("notices-disposition-why"), view.t("notices-disposition-lives-here"), "ファイル".to_owned()]
    } else {
        Vec::new()
    };
    writer.write_record(head.iter().chain(&more).chain(columns))?;
    for line in &paper.lines {
        let before = if line.printed_before { view.t("shell-yes") } else { view.t("shell-no") };
        let words = columns.iter().map(|column| no_formula(line.fields.get(column).map_or("", String::as_str)));
        let more = if paper.disposition { about_letter(view, line) } else { Vec::new() };
        writer.write_record([line.number.clone(), before].into_iter().chain(more).chain(words))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Of a disposition's letter: why it goes on paper, whether its person lives here, and the file to print.
fn about_letter(view: &View, line: &PaperLine) -> Vec<String> {
    let why = line.why.map(|why| view.t(&format!("notices-disposition-why-{}", why.as_str()))).unwrap_or_default();
    let lives_here = if line.lives_here { view.t("shell-yes") } else { view.t("shell-no") };
    vec![why, lives_here, no_formula(line.file.as_deref().unwrap_or_default()).to_string()]
}
