//! What the caller wrote, and what became of it.

use askama::Template;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use store::Ctx;
use town::GuideId;
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::Shown;
use crate::domain;
use crate::model::{PhotoId, Post, PostId, State, Step};

/// How a state looks, besides its word.
pub(super) fn tag_of(state: State) -> &'static str {
    match state {
        State::Waiting => "tag",
        State::Published => "tag tag--good",
        State::SentBack => "tag tag--warn",
        State::Withdrawn => "tag tag--quiet",
        State::TakenDown => "tag tag--bad",
    }
}

/// The state as its author reads it.
pub(super) fn state_words(view: &View, post: &Post) -> String {
    let key = match (post.state, post.waiting) {
        (State::Published, Some(_)) => "community-state-published-waiting".to_owned(),
        (state, _) => format!("community-state-{}", state.as_str().replace('_', "-")),
    };
    view.t(&key)
}

struct Line {
    id: PostId,
    title: String,
    when: String,
    state: String,
    tag: &'static str,
}

#[derive(Template)]
#[template(path = "mine.html")]
struct Mine<'a> {
    view: &'a View,
    lines: Vec<Line>,
    guides: Vec<(GuideId, String)>,
}

/// Everything the caller wrote.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let lines = domain::write::mine(&mut ctx)
        .await?
        .into_iter()
        .map(|(post, version)| Line {
            id: post.id,
            title: version.content.title,
            when: view.moment(&version.written_at),
            state: state_words(&view, &post),
            tag: tag_of(post.state),
        })
        .collect();
    let guides = ctx.town().guides.iter().map(|guide| (guide.id.clone(), view.words(&guide.name).to_owned())).collect();
    let title = view.t("community-mine");
    Ok(view.page(&Page::resident(&title), &Mine { view: &view, lines, guides }))
}

/// A thing that became of a post, as people read it.
pub(super) struct Became {
    pub(super) when: String,
    pub(super) what: String,
    pub(super) who: String,
    pub(super) reason: Option<String>,
}

#[derive(Template)]
#[template(path = "my_post.html")]
struct MyPost<'a> {
    view: &'a View,
    post: &'a Post,
    shown: Shown,
    photo: Option<PhotoId>,
    state: String,
    tag: &'static str,
    /// What that means, and what comes next.
    meaning: String,
    became: Vec<Became>,
    points: Option<i64>,
}

impl MyPost<'_> {
    fn may_change(&self) -> bool {
        self.post.state != State::Withdrawn
    }
}

fn became(view: &View, steps: &[Step]) -> Vec<Became> {
    let one = |step: &Step| Became {
        when: view.moment(&step.at),
        what: view.t(&format!("community-step-{}", step.what.as_str().replace('_', "-"))),
        who: view.t(if step.staff.is_some() { "community-by-staff" } else { "community-by-you" }),
        reason: step.reason.clone(),
    };
    steps.iter().rev().map(one).collect()
}

/// One of them.
pub(super) async fn one(view: View, Reader(mut ctx): Reader, Path(id): Path<PostId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (post, version, steps) = domain::write::my_post(&mut ctx, id).await?;
    let guide = domain::guide(&ctx, &post.guide)?;
    let body = MyPost {
        view: &view,
        shown: Shown::new(&view, &guide, &version.content),
        photo: version.photo,
        state: state_words(&view, &post),
        tag: tag_of(post.state),
        meaning: meaning(&view, &post),
        became: became(&view, &steps),
        points: guide.points.as_ref().filter(|_| post.published_at.is_some()).map(|points| i64::from(points.amount)),
        post: &post,
    };
    Ok(view.page(&Page::resident(&version.content.title), &body))
}

fn meaning(view: &View, post: &Post) -> String {
    let key = match (post.state, post.waiting, &post.reason) {
        (State::Published, Some(_), _) => "published-waiting",
        (State::Published, None, Some(_)) => "published-sent-back",
        (State::Published, None, None) => "published",
        (State::Waiting, ..) => "waiting",
        (State::SentBack, ..) => "sent-back",
        (State::Withdrawn, ..) => "withdrawn",
        (State::TakenDown, Some(_), _) => "waiting",
        (State::TakenDown, None, _) => "taken-down",
    };
    view.t(&format!("community-meaning-{key}"))
}

/// Takes a post back.
pub(super) async fn withdraw(Caller(ctx): Caller, Path(id): Path<PostId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    withdrawn(ctx, id).await?;
    Ok(Redirect::to(&format!("/guide/mine/{id}")))
}

async fn withdrawn(mut ctx: Ctx, id: PostId) -> Result<(), Problem> {
    domain::write::withdraw(&mut ctx, id).await?;
    Ok(ctx.commit().await?)
}
