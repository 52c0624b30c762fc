//! Writing a notice.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Form;
use axum::extract::{Multipart, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use civil::{Timestamp, start_of_day_in_japan};
use jiff::SignedDuration;
use serde::Deserialize;
use store::{Ctx, Permission};
use town::Area;
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use super::{queue_words, topic_words};
use crate::domain::lists::{self, Attached};
use crate::domain::templates;
use crate::domain::write::{self as domain, Written};
use crate::model::{Audience, Error, ListFault, Notice, NoticeId, Queue, TemplateId, Text, Texts};
use crate::rules::{BODY_CHARS_MAX, TITLE_CHARS_MAX};

pub(super) type Fields = Vec<(String, String)>;

/// What stands in the form: as it was typed, so that nothing is lost.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) texts: BTreeMap<String, (String, String)>,
    queue: String,
    topic: String,
    pub(super) link: String,
    audience: String,
    rule: String,
    districts: BTreeSet<String>,
    area: String,
    pub(super) wants_answer: bool,
    send_on: String,
    send_hour: String,
    pub(super) remind_days: String,
    pub(super) print_days: String,
    corrects: String,
}

impl Typed {
    pub(super) fn of_fields(fields: &Fields) -> Self {
        let one = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()).unwrap_or_default();
        let mut texts: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (name, value) in fields {
            if let Some(tag) = name.strip_prefix("title_") {
                texts.entry(tag.to_owned()).or_default().0 = value.clone();
            } else if let Some(tag) = name.strip_prefix("body_") {
                texts.entry(tag.to_owned()).or_default().1 = value.replace("\r\n", "\n");
            }
        }
        Self {
            texts,
            queue: one("queue"),
            topic: one("topic"),
            link: one("link").trim().to_owned(),
            audience: one("audience"),
            rule: one("rule"),
            districts: fields.iter().filter(|(name, _)| name == "district").map(|(_, value)| value.clone()).collect(),
            area: one("area"),
            wants_answer: one("wants_answer") == "yes",
            send_on: one("send_on"),
            send_hour: one("send_hour"),
            remind_days: one("remind_days"),
            print_days: one("print_days"),
            corrects: one("corrects"),
        }
    }

    fn of_notice(notice: &Notice) -> Self {
        let send = notice.send_at.map(|at| (civil::day_in_japan(at), at));
        let days = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
        let (audience, rule, districts) = match &notice.audience {
            Audience::Everybody => ("everybody", String::new(), BTreeSet::new()),
            Audience::Districts { districts } => ("districts", String::new(), districts.iter().cloned().collect()),
            Audience::Rule { rule } => ("rule", rule.clone(), BTreeSet::new()),
            Audience::List { .. } => ("list", String::new(), BTreeSet::new()),
        };
        Self {
            texts: notice.texts.0.iter().map(|(tag, text)| (tag.clone(), (text.title.clone(), text.body.clone()))).collect(),
            queue: notice.queue.to_string(),
            topic: notice.topic.to_string(),
            link: notice.link.clone(),
            audience: audience.to_owned(),
            rule,
            districts,
            area: String::new(),
            wants_answer: notice.wants_answer,
            send_on: send.map(|(day, _)| day.to_string()).unwrap_or_default(),
            send_hour: send.map(|(day, at)| at.duration_since(start_of_day_in_japan(day)).as_hours().to_string()).unwrap_or_default(),
            remind_days: days(notice.remind_days),
            print_days: days(notice.print_days),
            corrects: notice.corrects.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    /// A notice begun from a template, or the template itself.
    pub(super) fn of_template(template: &crate::model::Template) -> Self {
        let days = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
        Self {
            texts: template.texts.0.iter().map(|(tag, text)| (tag.clone(), (text.title.clone(), text.body.clone()))).collect(),
            queue: template.queue.to_string(),
            topic: template.topic.to_string(),
            link: template.link.clone(),
            audience: "everybody".to_owned(),
            wants_answer: template.wants_answer,
            remind_days: days(template.remind_days),
            print_days: days(template.print_days),
            ..Self::default()
        }
    }

    /// Reads what was typed as a template, which is for nobody yet.
    ///
    /// # Errors
    /// [`Error::Written`] for the first field that cannot be read.
    pub(super) fn template(&self, id: TemplateId, name: &str) -> Result<crate::model::Template, Error> {
        let Written { queue, topic, texts, link, wants_answer, remind_days, print_days, .. } = self.written_to(Audience::Everybody)?;
        Ok(crate::model::Template { id, name: name.to_owned(), queue, topic, texts, link, wants_answer, remind_days, print_days })
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// [`Error::Written`] for the first field that cannot be read.
    fn written(&self, view: &View) -> Result<Written, Error> {
        self.written_to(self.audience(view)?)
    }

    fn written_to(&self, audience: Audience) -> Result<Written, Error> {
        let wrong = |field, reason| Error::Written { field, reason };
        let days = |text: &str, field| match text.trim() {
            "" => Ok(None),
            typed => typed.parse::<u32>().ok().filter(|days| (1..=365).contains(days)).map(Some).ok_or(wrong(field, "days")),
        };
        Ok(Written {
            queue: self.queue.parse().unwrap_or(Queue::Normal),
            topic: self.topic.parse().map_err(|_| wrong("topic", "topic"))?,
            texts: self.texts(),
            link: self.link.clone(),
            audience,
            wants_answer: self.wants_answer,
            corrects: self.corrects.parse().ok(),
            send_at: self.send_at()?,
            remind_days: days(&self.remind_days, "remind_days")?,
            print_days: days(&self.print_days, "print_days")?,
        })
    }

    /// What was written, in each language something was written in.
    pub(super) fn texts(&self) -> Texts {
        let texts = self.texts.iter().filter(|(_, (title, body))| !title.trim().is_empty() || !body.trim().is_empty());
        let text = |title: &str, body: &str| Text { title: title.trim().to_owned(), body: body.trim().to_owned() };
        Texts(texts.map(|(tag, (title, body))| (tag.clone(), text(title, body))).collect())
    }

    /// The fields for each language of the town.
    pub(super) fn in_languages(&self, view: &View) -> Vec<InLanguage> {
        let languages = view.app.town().languages.iter().map(|language| {
            let (title, body) = self.texts.get(language.as_str()).cloned().unwrap_or_default();
            InLanguage {
                tag: language.to_string(),
                html: language.html().to_owned(),
                name: view.t(&format!("language-{language}")),
                title,
                body,
                required: *language == town::Language::JAPANESE,
            }
        });
        languages.collect()
    }

    fn audience(&self, view: &View) -> Result<Audience, Error> {
        Ok(match self.audience.as_str() {
            "everybody" => Audience::Everybody,
            "rule" => Audience::Rule { rule: self.rule.trim().to_owned() },
            "list" => Audience::List { columns: Vec::new() },
            "districts" => Audience::Districts { districts: self.districts.iter().cloned().collect() },
            "area" => Audience::Districts { districts: within(view, &self.area)? },
            _ => return Err(Error::Written { field: "audience", reason: "audience" }),
        })
    }

    pub(super) fn send_at(&self) -> Result<Option<Timestamp>, Error> {
        let wrong = Error::Written { field: "send_on", reason: "send-on" };
        let day = civil::read_day(&self.send_on).map_err(|_| wrong)?;
        let hour: i64 = match self.send_hour.trim() {
            "" => 9,
            typed => typed
                .parse()
                .ok()
                .filter(|hour| (0..24).contains(hour))
                .ok_or(Error::Written { field: "send_hour", reason: "send-hour" })?,
        };
        Ok(day.map(|day| start_of_day_in_japan(day) + SignedDuration::from_hours(hour)))
    }
}

/// The districts whose point lies in an area that was drawn.
fn within(view: &View, area: &str) -> Result<Vec<String>, Error> {
    let area = Area::read(area).ok_or(Error::Written { field: "area", reason: "area" })?;
    let found = area.names_of(&view.app.town().districts);
    if found.is_empty() { Err(Error::Written { field: "area", reason: "area-empty" }) } else { Ok(found) }
}

pub(super) struct Choice {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

pub(super) struct InLanguage {
    pub(super) tag: String,
    pub(super) html: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) required: bool,
}

#[derive(Template)]
#[template(path = "staff_write.html")]
struct WritePage<'a> {
    view: &'a View,
    typed: &'a Typed,
    action: String,
    languages: Vec<InLanguage>,
    queues: Vec<Choice>,
    topics: Vec<Choice>,
    audiences: Vec<Choice>,
    districts: Vec<Choice>,
    hosts: String,
    map: String,
    title_max: usize,
    body_max: usize,
    error: Option<(&'static str, String)>,
    problems: Vec<String>,
}

/// How to begin.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Begin {
    corrects: String,
    template: String,
}

/// The empty form; for a correction, with the words of what it corrects; from a template, with its words.
pub(super) async fn blank(view: View, Reader(mut ctx): Reader, Query(begin): Query<Begin>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let mut typed = Typed { queue: Queue::Normal.to_string(), audience: "everybody".to_owned(), ..Typed::default() };
    if let Ok(corrected) = begin.corrects.parse::<NoticeId>() {
        let corrected = domain::see(&mut ctx, corrected).await?;
        typed =
            Typed { corrects: corrected.id.to_string(), send_on: String::new(), send_hour: String::new(), ..Typed::of_notice(&corrected) };
    }
    if let Ok(own) = begin.template.parse::<TemplateId>() {
        typed = Typed::of_template(&templates::see(&mut ctx, own).await?);
    } else if let Some(written) = view.app.town().notice_templates.iter().find(|written| written.id.as_str() == begin.template) {
        typed = Typed::of_template(&templates::of_pack(written, TemplateId::new(ctx.now())));
    }
    Ok(form(&view, &ctx, who, &typed, "/staff/notices/new".to_owned(), None))
}

/// The form of a draft.
pub(super) async fn edit(view: View, Reader(mut ctx): Reader, Path(id): Path<NoticeId>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let notice = domain::see(&mut ctx, id).await?;
    Ok(form(&view, &ctx, who, &Typed::of_notice(&notice), format!("/staff/notices/{id}/write"), None))
}

/// Begins a notice.
pub(super) async fn draft(view: View, Caller(mut ctx): Caller, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let typed = Typed::of_fields(&fields);
    let drafted = match typed.written(&view) {
        Ok(written) => domain::draft(&mut ctx, written).await,
        Err(error) => Err(error),
    };
    match drafted {
        Ok(id) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/notices/{id}")).into_response())
        }
        Err(error @ (Error::Written { .. } | Error::Rule(_))) => {
            Ok(form(&view, &ctx, who, &typed, "/staff/notices/new".to_owned(), Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes a draft anew.
pub(super) async fn rewrite(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<NoticeId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let typed = Typed::of_fields(&fields);
    let written = match typed.written(&view) {
        Ok(written) => domain::rewrite(&mut ctx, id, written).await,
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/notices/{id}")).into_response())
        }
        Err(error @ (Error::Written { .. } | Error::Rule(_))) => {
            Ok(form(&view, &ctx, who, &typed, format!("/staff/notices/{id}/write"), Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}

fn form(view: &View, ctx: &Ctx, who: String, typed: &Typed, action: String, error: Option<Error>) -> Response {
    let town = view.app.town();
    let japanese = view.language.html() == "ja";
    let (error, problems) = match error {
        None => (None, Vec::new()),
        Some(Error::Rule(found)) => {
            let said = |one: &rule::Diagnostic| format!("{}:{} {}", one.line, one.column, if japanese { &one.ja } else { &one.en });
            (Some(("rule", view.t("notices-wrong-rule"))), found.iter().map(said).collect())
        }
        Some(Error::Written { field, reason }) => (Some((anchor(field), view.t(&format!("notices-wrong-{reason}")))), Vec::new()),
        Some(_) => (Some(("audience", view.t("notices-wrong-audience"))), Vec::new()),
    };
    let faulty = error.is_some();
    let mut audiences = vec!["everybody", "districts", "rule", "list"];
    if town.districts.is_empty() {
        audiences.retain(|kind| *kind != "districts");
    } else {
        audiences.insert(2, "area");
    }
    let page = WritePage {
        view,
        typed,
        action,
        languages: typed.in_languages(view),
        queues: queue_choices(view, typed),
        topics: topic_choices(view, typed),
        audiences: audiences.into_iter().map(|kind| choice(kind, view.t(&format!("notices-audience-{kind}")), &typed.audience)).collect(),
        districts: town
            .districts
            .iter()
            .map(|district| Choice {
                code: district.name.clone(),
                name: district.name.clone(),
                chosen: typed.districts.contains(&district.name),
            })
            .collect(),
        hosts: town.notices.link_hosts.join("　"),
        map: serde_json::json!({ "style": "/map/style.json", "mode": "draw", "area": "#area" }).to_string(),
        title_max: TITLE_CHARS_MAX,
        body_max: BODY_CHARS_MAX,
        error,
        problems,
    };
    let title = view.t("notices-write");
    let shell = Page::staff(&title, &ctx.actor, who).with_island("notice.js", &["whatif", "places-map"]);
    let shown = view.page(&shell, &page);
    if faulty { to_mend(shown) } else { shown }
}

fn choice(code: &str, name: String, chosen: &str) -> Choice {
    Choice { code: code.to_owned(), name, chosen: code == chosen }
}

pub(super) fn queue_choices(view: &View, typed: &Typed) -> Vec<Choice> {
    Queue::ALL.iter().map(|queue| choice(queue.as_str(), queue_words(view, *queue), &typed.queue)).collect()
}

pub(super) fn topic_choices(view: &View, typed: &Typed) -> Vec<Choice> {
    view.app.town().notice_topics.iter().map(|topic| choice(topic.id.as_str(), topic_words(view, &topic.id), &typed.topic)).collect()
}

/// Where on the form a field is.
pub(super) fn anchor(field: &'static str) -> &'static str {
    match field {
        "title" => "title_ja",
        "body" => "body_ja",
        other => other,
    }
}

#[derive(Template)]
#[template(path = "staff_list_faults.html")]
struct Faults<'a> {
    view: &'a View,
    id: NoticeId,
    faults: Vec<String>,
    more: bool,
}

/// Takes the list of a draft.
pub(super) async fn take_list(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<NoticeId>,
    upload: Multipart,
) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let (csv, files) = handed_in(upload).await?;
    match lists::take_list(&mut ctx, id, &csv, files).await {
        Ok(_) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/notices/{id}")).into_response())
        }
        Err(Error::List(faults)) => {
            let more = faults.len() >= crate::mailing::FAULTS_MAX;
            let body = Faults { view: &view, id, faults: faults.iter().map(|fault| fault_words(&view, fault)).collect(), more };
            let title = view.t("notices-list-faults");
            Ok(to_mend(view.page(&Page::staff(&title, &ctx.actor, who), &body)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn handed_in(mut upload: Multipart) -> Result<(Vec<u8>, Vec<Attached>), Problem> {
    let broken = |_| Problem::new(StatusCode::BAD_REQUEST, "notices.upload");
    let (mut csv, mut files) = (Vec::new(), Vec::new());
    while let Some(field) = upload.next_field().await.map_err(broken)? {
        let name = field.file_name().unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        match field.name() {
            Some("list") => csv = field.bytes().await.map_err(broken)?.to_vec(),
            Some("file") if !name.is_empty() => files.push(Attached { name, bytes: field.bytes().await.map_err(broken)?.to_vec() }),
            _ => {}
        }
    }
    Ok((csv, files))
}

/// A fault in words, with its line and column.
fn fault_words(view: &View, fault: &ListFault) -> String {
    let reason = view.t1(&format!("notices-list-{}", fault.reason), "found", &fault.found);
    if fault.line == 0 {
        return reason;
    }
    let args = [("line", i64::from(fault.line).into()), ("column", fault.column.as_str().into()), ("reason", reason.as_str().into())];
    view.ta(if fault.column.is_empty() { "notices-list-line" } else { "notices-list-cell" }, &args)
}
