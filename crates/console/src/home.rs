//! The first page: what needs attention, and the ways from here.

use askama::Template;
use axum::response::Response;
use registry::BundleState;
use store::{Ctx, Permission, permitted};
use web::{MenuItem, Page, Problem, Reader, View, staff_name};

use crate::access::refused;

/// Bundles looked through for the newest state.
const BUNDLES_SEEN: u32 = 20;
/// Requests counted; beyond it the page says "or more".
const REQUESTS_MAX: u32 = 500;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    view: &'a View,
    attention: Vec<Attention>,
    last_bundle: Option<String>,
    sees_bridge: bool,
    open_requests: Option<i64>,
    links: Vec<&'a MenuItem>,
}

/// Something that waits for somebody.
struct Attention {
    kind: &'static str,
    text: String,
    href: String,
}

/// What needs attention, by what the reader may do.
pub(crate) async fn home(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff_name(&mut ctx).await?;
    let mut body =
        Home { view: &view, attention: Vec::new(), last_bundle: None, sees_bridge: false, open_requests: None, links: links(&view, &ctx) };
    if permitted(&ctx.actor, Permission::SeeBridge) {
        body.sees_bridge = true;
        look_at_bridge(&mut ctx, &mut body).await?;
    }
    if permitted(&ctx.actor, Permission::SeeMatching) {
        let requests = identity::match_requests(&mut ctx, &registry::Register, REQUESTS_MAX).await?.len();
        let requests = i64::try_from(requests).unwrap_or(i64::MAX);
        body.open_requests = Some(requests);
        if requests > 0 {
            let text = view.ta("console-home-requests", &[("count", requests.into())]);
            body.attention.push(Attention { kind: "info", text, href: "/staff/matching".to_owned() });
        }
    }
    let title = view.t("menu-staff-home");
    let page = Page::staff(&title, &ctx.actor, name).with_island("passkey.js", &["passkey"]);
    Ok(view.page(&page, &body))
}

fn links<'a>(view: &'a View, ctx: &Ctx) -> Vec<&'a MenuItem> {
    let may = |item: &&MenuItem| item.href != "/staff" && item.staff.is_some_and(|permission| permitted(&ctx.actor, permission));
    view.app.menu().iter().filter(may).collect()
}

/// Held bundles, and a bridge that has been silent for longer than the pack allows.
async fn look_at_bridge(ctx: &mut Ctx, body: &mut Home<'_>) -> Result<(), Problem> {
    let runs = registry::bundles(ctx, None, BUNDLES_SEEN).await.map_err(refused)?;
    for run in runs.iter().filter(|run| run.state == BundleState::Waiting) {
        let text = body.view.t1("console-home-waiting", "number", &run.number.to_string());
        body.attention.push(Attention { kind: "warn", text, href: format!("/staff/bridge/{}", run.number) });
    }
    let silent_after_h = i64::from(ctx.town().bridge.timetable.silent_after_h);
    let silent_h = runs.first().map(|run| (ctx.now().as_second() - run.opened_at.as_second()) / 3600);
    if let Some(silent_h) = silent_h.filter(|silent_h| *silent_h >= silent_after_h) {
        let text = body.view.ta("console-home-silent", &[("hours", silent_h.into())]);
        body.attention.push(Attention { kind: "warn", text, href: "/staff/bridge".to_owned() });
    }
    body.last_bundle = runs.first().map(|run| body.view.moment(&run.opened_at));
    Ok(())
}
