//! What a person wants to be pushed about, and where.

use askama::Template;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use axum::{Extension, Form};
use std::sync::Arc;
use store::Ctx;
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::line;
use super::mail::{Entry, Fault};
use crate::domain::{addresses, inbox, reach};
use crate::model::{SubscriptionId, Way};
use crate::push::Vapid;

struct Topic {
    id: String,
    name: String,
    wanted: bool,
    always: bool,
}

struct Browser {
    id: SubscriptionId,
    service: String,
}

#[derive(Template)]
#[template(path = "inbox_settings.html")]
struct Settings<'a> {
    view: &'a View,
    topics: Vec<Topic>,
    browsers: Vec<Browser>,
    key: &'a str,
    /// The addresses, in a town with e-mail.
    mail: Option<Vec<Entry>>,
    /// LINE, in a town that writes by it.
    line: Option<line::Part>,
    typed: &'a str,
    fault: Option<Fault>,
}

/// The page.
pub(super) async fn show(view: View, Reader(mut ctx): Reader, Extension(vapid): Extension<Arc<Vapid>>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    page(&view, &mut ctx, vapid.public(), "", None).await
}

/// The page, with what was typed as an address and what is wrong with it.
pub(super) async fn page(view: &View, ctx: &mut Ctx, key: &str, typed: &str, fault: Option<Fault>) -> Result<Response, Problem> {
    let choices = inbox::choices(ctx).await?;
    let topics = view.app.town().notice_topics.iter().map(|topic| Topic {
        id: topic.id.to_string(),
        name: view.words(&topic.name).to_owned(),
        wanted: topic.always || !choices.muted.iter().any(|muted| muted == topic.id.as_str()),
        always: topic.always,
    });
    let browsers = choices.subscriptions.iter().map(|subscription| Browser {
        id: subscription.id,
        service: subscription.endpoint.split('/').nth(2).unwrap_or_default().to_owned(),
    });
    let mail = match view.app.town().mail {
        Some(_) => Some(addresses::of_caller(ctx, Way::Mail).await?.iter().map(Entry::of).collect()),
        None => None,
    };
    let line = line::Part::of(view, ctx).await?;
    let title = view.t("notices-settings");
    let body = Settings { view, topics: topics.collect(), browsers: browsers.collect(), key, mail, line, typed, fault };
    Ok(view.page(&Page::resident(&title).with_island("push.js", &["push"]), &body))
}

/// Chooses topics.
pub(super) async fn choose(Caller(mut ctx): Caller, Form(fields): Form<Vec<(String, String)>>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    let wanted: Vec<town::TopicId> =
        fields.iter().filter(|(name, _)| name == "topic").filter_map(|(_, value)| value.parse().ok()).collect();
    inbox::choose_topics(&mut ctx, &wanted).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/inbox/settings"))
}

/// Ends a browser.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<SubscriptionId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    reach::end(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/inbox/settings"))
}
