//! What a person was told.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::Ctx;
use web::{Caller, Page, Problem, Reader, Tell, View, signed_in};

use super::dispositions::{Shown, shown};
use super::topic_words;
use crate::courier::told;
use crate::domain::inbox::{self as domain, Item};
use crate::model::DeliveryId;
use crate::rules;

/// A notice as a reader reads it.
pub(crate) struct Read {
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<String>,
    /// The tag of the language it is in, where that is not the reader's.
    pub(crate) lang: Option<String>,
    pub(crate) topic: String,
    pub(crate) topic_id: String,
}

/// Puts a notice into the reader's words.
pub(crate) fn read(view: &View, item: &Item) -> Read {
    if let Some(tell) = item.delivery.tell.as_deref().and_then(|tell| serde_json::from_str::<Tell>(tell).ok()) {
        let key = format!("notices-topic-{}", tell.topic);
        let topic = if view.has(&key) { view.t(&key) } else { view.t("notices-topic-other") };
        return Read { title: told(&view.app, &view.language, &tell), paragraphs: Vec::new(), lang: None, topic, topic_id: tell.topic };
    }
    let Some(notice) = &item.notice else {
        return Read { title: String::new(), paragraphs: Vec::new(), lang: None, topic: String::new(), topic_id: String::new() };
    };
    let fields = item.fields();
    let (tag, title, body) = notice.texts.in_language(&view.language).map_or(("ja", "", ""), |(tag, text)| (tag, &text.title, &text.body));
    let lang = tag.parse::<town::Language>().ok().filter(|language| *language != view.language).map(|language| language.html().to_owned());
    Read {
        title: if item.delivery.trial_of.is_some() {
            view.t("notices-trial-mark") + &rules::merged(title, &fields)
        } else {
            rules::merged(title, &fields)
        },
        paragraphs: rules::merged(body, &fields).replace("\r\n", "\n").split("\n\n").map(str::to_owned).collect(),
        lang,
        topic: topic_words(view, &notice.topic),
        topic_id: notice.topic.to_string(),
    }
}

struct Line {
    id: DeliveryId,
    read: Read,
    when: String,
    unopened: bool,
    of_child: bool,
    withdrawn: bool,
    wants_answer: bool,
    kept: bool,
    disposition: Option<String>,
}

struct Topic {
    id: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox<'a> {
    view: &'a View,
    dispositions: bool,
    lines: Vec<Line>,
    topics: Vec<Topic>,
    q: String,
    unopened: i64,
    nothing_at_all: bool,
    push: bool,
}

/// What is looked for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Looked {
    q: String,
    topic: String,
}

/// The inbox, the newest first.
pub(super) async fn list(view: View, Reader(mut ctx): Reader, Query(looked): Query<Looked>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let items = domain::inbox(&mut ctx).await?;
    let push = domain::choices(&mut ctx).await?.subscriptions.is_empty() && !view.kiosk;
    let unseen: Vec<DeliveryId> = items.iter().filter(|item| item.delivery.delivered_at.is_none()).flat_map(Item::all).collect();
    let actor = ctx.actor.clone();
    drop(ctx);
    if !unseen.is_empty() {
        let mut change = view.app.store().begin(actor).await?;
        domain::seen(&mut change, &unseen).await?;
        change.commit().await?;
    }
    let nothing_at_all = items.is_empty();
    let lines: Vec<Line> = items.iter().map(|item| line(&view, item)).collect();
    let unopened = i64::try_from(lines.iter().filter(|line| line.unopened).count()).unwrap_or(i64::MAX);
    let topics = topics(&lines, &looked.topic);
    let wanted = looked.q.trim().to_lowercase();
    let found = |line: &Line| {
        let of_topic = looked.topic.is_empty() || line.read.topic_id == looked.topic;
        let text = line.read.paragraphs.iter().chain([&line.read.title]);
        of_topic && (wanted.is_empty() || text.into_iter().any(|text| text.to_lowercase().contains(&wanted)))
    };
    let lines = lines.into_iter().filter(found).collect();
    let title = view.t("menu-inbox");
    let dispositions = !view.app.town().disposition_kinds.is_empty();
    let body = Inbox { view: &view, dispositions, lines, topics, q: looked.q, unopened, nothing_at_all, push };
    Ok(view.page(&Page::resident(&title), &body))
}

fn line(view: &View, item: &Item) -> Line {
    Line {
        id: item.delivery.id,
        read: read(view, item),
        when: view.moment(&item.delivery.put_at),
        unopened: item.delivery.opened_at.is_none(),
        of_child: item.of_child,
        withdrawn: item.is_withdrawn(),
        wants_answer: item.notice.as_ref().is_some_and(|notice| notice.wants_answer) && item.delivery.answered_at.is_none(),
        kept: item.delivery.kept,
        disposition: item.disposition.as_ref().map(|is| is.number.clone()),
    }
}

/// The topics among the lines, to choose from.
fn topics(lines: &[Line], chosen: &str) -> Vec<Topic> {
    let mut topics: Vec<Topic> = Vec::new();
    for line in lines {
        if !topics.iter().any(|topic| topic.id == line.read.topic_id) {
            let (id, name) = (line.read.topic_id.clone(), line.read.topic.clone());
            topics.push(Topic { chosen: id == chosen, id, name });
        }
    }
    topics
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    view: &'a View,
    id: DeliveryId,
    read: Read,
    when: String,
    of_child: bool,
    withdrawn: bool,
    corrected: bool,
    link: String,
    host: String,
    href: Option<String>,
    file: bool,
    wants_answer: bool,
    answered: Option<String>,
    kept: bool,
    disposition: Option<Shown>,
}

/// One notice, opened.
pub(super) async fn one(view: View, Caller(mut ctx): Caller, Path(id): Path<DeliveryId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (item, correction) = domain::open(&mut ctx, id).await?;
    let disposition = shown(&view, &mut ctx, &item).await?;
    ctx.commit().await?;
    let read = read(&view, &item);
    let tell: Option<Tell> = item.delivery.tell.as_deref().and_then(|tell| serde_json::from_str(tell).ok());
    let link = item.notice.as_ref().map(|notice| notice.link.clone()).unwrap_or_default();
    let host = link.split('/').nth(2).unwrap_or_default().to_owned();
    let title = read.title.clone();
    let body = Notice {
        view: &view,
        id,
        when: view.moment(&item.delivery.put_at),
        of_child: item.of_child,
        withdrawn: item.is_withdrawn(),
        corrected: correction.is_some(),
        link,
        host,
        href: tell.map(|tell| tell.href).filter(|href| href.starts_with('/') && !href.starts_with("//")),
        file: item.delivery.document.is_some(),
        wants_answer: item.notice.as_ref().is_some_and(|notice| notice.wants_answer),
        answered: item.delivery.answered_at.map(|at| view.moment(&at)),
        kept: item.delivery.kept,
        disposition,
        read,
    };
    Ok(view.page(&Page::resident(&title).with_island("speak.js", &["speak"]), &body))
}

/// Says that it was read and understood.
pub(super) async fn answer(Caller(mut ctx): Caller, Path(id): Path<DeliveryId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::answer(&mut ctx, id).await?;
    back_to(ctx, id).await
}

/// Whether to keep it.
#[derive(Deserialize)]
pub(super) struct Keep {
    #[serde(default)]
    kept: String,
}

/// Keeps it beyond the pack's years, or no more.
pub(super) async fn keep(Caller(mut ctx): Caller, Path(id): Path<DeliveryId>, Form(keep): Form<Keep>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::keep(&mut ctx, id, keep.kept == "yes").await?;
    back_to(ctx, id).await
}

async fn back_to(ctx: Ctx, id: DeliveryId) -> Result<Redirect, Problem> {
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/inbox/{id}")))
}

/// The person's own file.
pub(super) async fn file(Caller(mut ctx): Caller, Path(id): Path<DeliveryId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (_, bytes) = domain::document(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(download(bytes, "application/pdf", &format!("{id}.pdf")))
}

/// The notice as a plain text, to be kept elsewhere.
pub(super) async fn text(view: View, Caller(mut ctx): Caller, Path(id): Path<DeliveryId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (item, _) = domain::open(&mut ctx, id).await?;
    ctx.commit().await?;
    let read = read(&view, &item);
    let town = view.words(&view.app.town().name).to_owned();
    let mut text = format!("{}\r\n{}　{}\r\n\r\n", read.title, town, view.moment(&item.delivery.put_at));
    for paragraph in &read.paragraphs {
        text.push_str(&paragraph.replace('\n', "\r\n"));
        text.push_str("\r\n\r\n");
    }
    if let Some(notice) = item.notice.filter(|notice| !notice.link.is_empty()) {
        text.push_str(&notice.link);
        text.push_str("\r\n");
    }
    Ok(download(text.into_bytes(), "text/plain; charset=utf-8", &format!("{id}.txt")))
}

pub(super) fn download(bytes: Vec<u8>, kind: &'static str, name: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}
