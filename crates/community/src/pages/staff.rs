//! The staff's desk: what is to be looked at, and one post with everything about it.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Ctx, Permission, StaffId};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use super::Shown;
use super::mine::{Became, state_words, tag_of};
use crate::domain;
use crate::domain::moderate::{self, Review};
use crate::model::{Error, PhotoId, Post, PostId, Step, Version};
use crate::rules::REASON_CHARS_MAX;

struct Line {
    id: PostId,
    title: String,
    guide: String,
    category: String,
    when: String,
    state: String,
    tag: &'static str,
    flags: Vec<String>,
    doubts: i64,
}

#[derive(Template)]
#[template(path = "staff_desk.html")]
struct Desk<'a> {
    view: &'a View,
    tiles: Vec<(String, String)>,
    waits: Option<String>,
    map: Option<String>,
    queue: Vec<Line>,
    latest: Vec<Line>,
}

fn line(view: &View, line: &moderate::Line) -> Line {
    let guide = view.app.town().guide(&line.post.guide);
    let category = guide.and_then(|guide| guide.category(line.version.content.category.as_str()));
    Line {
        id: line.post.id,
        title: line.version.content.title.clone(),
        guide: guide.map(|guide| view.words(&guide.name).to_owned()).unwrap_or_default(),
        category: category.map(|category| view.words(&category.name).to_owned()).unwrap_or_default(),
        when: view.moment(&line.version.written_at),
        state: state_words(view, &line.post),
        tag: tag_of(line.post.state),
        flags: flags(view, &line.version),
        doubts: line.doubts,
    }
}

/// The map of what is to be looked at, or of one post.
fn pins(view: &View, query: &str) -> serde_json::Value {
    let mut map = super::read::map_base(view, "show");
    map["features"] = format!("/api/v1/staff/guide.geojson{query}").into();
    map
}

fn flags(view: &View, version: &Version) -> Vec<String> {
    version.flags.iter().map(|flag| view.t(&format!("community-flag-{}", flag.as_str().replace('_', "-")))).collect()
}

/// What is to be looked at, and what was.
pub(super) async fn desk(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::KeepGuide).await?;
    let found = moderate::desk(&mut ctx).await?;
    let title = view.t("menu-staff-guide");
    let lines = |all: &[moderate::Line]| all.iter().map(|one| line(&view, one)).collect();
    let counts = found.counts;
    let tile = |(code, count): (&str, i64)| (view.t(&format!("community-staff-count-{code}")), view.count(&count));
    let tiles = [("new", counts.new), ("changed", counts.changed), ("unseen", counts.unseen), ("doubted", counts.doubted)];
    let placed = found.queue.iter().any(|line| line.version.content.position.is_some());
    let body = Desk {
        view: &view,
        tiles: tiles.map(tile).into(),
        waits: counts.waits_since.map(|since| view.t1("community-staff-waits", "moment", &view.moment(&since))),
        map: placed.then(|| pins(&view, "").to_string()),
        queue: lines(&found.queue),
        latest: lines(&found.latest),
    };
    Ok(view.page(&Page::staff(&title, &ctx.actor, who).with_island("map.js", &["places-map"]), &body))
}

struct Doubt {
    why: String,
    note: String,
    when: String,
    settled: bool,
}

#[derive(Template)]
#[template(path = "staff_post.html")]
struct PostPage<'a> {
    view: &'a View,
    post: &'a Post,
    number: i32,
    guide_name: &'a str,
    shown: Shown,
    photo: Option<PhotoId>,
    /// What everybody reads meanwhile.
    before: Option<Shown>,
    before_photo: Option<PhotoId>,
    state: String,
    tag: &'static str,
    flags: Vec<String>,
    doubts: Vec<Doubt>,
    became: Vec<Became>,
    reason_max: usize,
    reason: String,
    error: Option<String>,
    position: Option<String>,
}

impl PostPage<'_> {
    fn open_doubts(&self) -> bool {
        self.doubts.iter().any(|doubt| !doubt.settled)
    }
}

async fn became(ctx: &mut Ctx, view: &View, steps: &[Step]) -> Result<Vec<Became>, Problem> {
    let mut names: HashMap<StaffId, String> = HashMap::new();
    let mut lines = Vec::new();
    for step in steps.iter().rev() {
        let who = match step.staff {
            Some(id) => {
                if let std::collections::hash_map::Entry::Vacant(place) = names.entry(id) {
                    place.insert(identity::staff_member(ctx, id).await?.map(|member| member.name).unwrap_or_default());
                }
                names.get(&id).cloned().unwrap_or_default()
            }
            None => view.t("community-by-author"),
        };
        let what = view.t(&format!("community-step-{}", step.what.as_str().replace('_', "-")));
        lines.push(Became { when: view.moment(&step.at), what, who, reason: step.reason.clone() });
    }
    Ok(lines)
}

/// One post with everything about it.
pub(super) async fn one(view: View, Reader(mut ctx): Reader, Path(id): Path<PostId>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::KeepGuide).await?;
    shown(&view, &mut ctx, who, id, "", None).await
}

async fn shown(view: &View, ctx: &mut Ctx, who: String, id: PostId, reason: &str, error: Option<String>) -> Result<Response, Problem> {
    let Review { post, version, shown, steps, doubts } = moderate::review(ctx, id).await?;
    let guide = domain::guide(ctx, &post.guide)?;
    let became = became(ctx, view, &steps).await?;
    let doubt = |doubt: &crate::model::Doubt| Doubt {
        why: view.t(&format!("community-why-{}", doubt.why)),
        note: doubt.note.clone(),
        when: view.moment(&doubt.at),
        settled: doubt.settled_at.is_some(),
    };
    let position = version.content.position.map(|at| {
        let mut map = pins(view, &format!("?post={id}"));
        map["center"] = serde_json::json!(at.east_north());
        map["zoom"] = 16.into();
        map.to_string()
    });
    let body = PostPage {
        view,
        number: version.number,
        guide_name: view.words(&guide.name),
        shown: Shown::new(view, &guide, &version.content),
        photo: version.photo,
        before: shown.as_ref().map(|shown| Shown::new(view, &guide, &shown.content)),
        before_photo: shown.and_then(|shown| shown.photo),
        state: state_words(view, &post),
        tag: tag_of(post.state),
        flags: flags(view, &version),
        doubts: doubts.iter().map(doubt).collect(),
        became,
        reason_max: REASON_CHARS_MAX,
        reason: reason.to_owned(),
        error,
        position,
        post: &post,
    };
    Ok(view.page(&Page::staff(&version.content.title, &ctx.actor, who).with_island("map.js", &["places-map"]), &body))
}

#[derive(Deserialize)]
pub(super) struct Decision {
    version: i32,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    reason: String,
}

/// Lets a post be read, sends it back, takes it down, or leaves it as it is.
pub(super) async fn decide(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<PostId>,
    Form(told): Form<Decision>,
) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::KeepGuide).await?;
    let decided = match told.decision.as_str() {
        "approve" => moderate::approve(&mut ctx, id, told.version).await,
        "send_back" => moderate::send_back(&mut ctx, id, told.version, &told.reason).await,
        "take_down" => moderate::take_down(&mut ctx, id, told.version, &told.reason).await,
        "settle" => moderate::settle(&mut ctx, id, told.version).await,
        _ => return Err(Problem::new(StatusCode::BAD_REQUEST, "web.not_understood")),
    };
    match decided {
        Ok(()) => {
            ctx.commit().await?;
            Ok(Redirect::to("/staff/guide").into_response())
        }
        Err(error @ (Error::ReasonMissing | Error::Changed)) => {
            let key = if matches!(error, Error::Changed) { "problem-community-changed" } else { "problem-community-reason-missing" };
            Ok(to_mend(shown(&view, &mut ctx, who, id, &told.reason, Some(view.t(key))).await?))
        }
        Err(error) => Err(error.into()),
    }
}
