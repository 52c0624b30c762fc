//! What the town's passport holds of the caller: to be read, taken along, and closed.

use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Form, Router};
use civil::PartialDate;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{AccountId, Ctx, ResidentId};
use web::{App, Caller, Exports, Page, Problem, Reader, SessionKind, View, end_cookie, to_mend};

use crate::api::account;
use crate::domain::Error;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/me/data", get(held)).route("/me/data/export", get(export)).route("/me/close", get(close_form).post(close))
}

#[derive(Template)]
#[template(path = "data.html")]
struct Held<'a> {
    view: &'a View,
    account: Vec<(String, String)>,
    proofs: Vec<(String, String)>,
    /// What they are called, and since when.
    passkeys: Vec<(String, String)>,
    register: Option<Vec<(String, String)>>,
}

fn birth(view: &View, born: Option<PartialDate>) -> String {
    let day = born.and_then(PartialDate::exact);
    day.map_or_else(|| born.map_or_else(String::new, |born| born.to_string()), |day| view.day(&day))
}

/// Everything held of the caller, in words.
async fn held(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let me = account(&ctx)?;
    let mine = identity::account(&mut ctx, me).await?;
    let mut about = vec![(view.t("data-name"), mine.name.clone()), (view.t("data-opened"), view.moment(&mine.opened_at))];
    if mine.date_of_birth.is_some() {
        about.insert(1, (view.t("data-birth"), birth(&view, mine.date_of_birth)));
    }
    let mut proofs = Vec::new();
    for proof in identity::proofs_of(&mut ctx, me).await? {
        let kind = view.t(&format!("data-proof-{}", proof.kind.as_str().replace('_', "-")));
        let until = view.t1("data-proof-until", "day", &view.day(&proof.until));
        proofs.push((view.moment(&proof.at), format!("{kind}　{until}")));
    }
    let register = match identity::link_of(&mut ctx, me).await? {
        Some(resident) => register_lines(&view, &mut ctx, resident).await?,
        None => None,
    };
    let mut passkeys = Vec::new();
    for passkey in identity::passkeys_of(&mut ctx, me).await? {
        passkeys.push((passkey.label, view.t1("share-since", "moment", &view.moment(&passkey.added_at))));
    }
    let title = view.t("data-title");
    Ok(view.page(&Page::resident(&title), &Held { view: &view, account: about, proofs, passkeys, register }))
}

/// What the register outside the town hall's network knows of the person: what the bridge carries, and no more.
async fn register_lines(view: &View, ctx: &mut Ctx, resident: ResidentId) -> Result<Option<Vec<(String, String)>>, Problem> {
    let Some(resident) = registry::resident(ctx, resident).await.map_err(Error::from)? else { return Ok(None) };
    let mut lines = vec![(view.t("data-birth"), birth(view, resident.date_of_birth))];
    if !resident.district.is_empty() {
        lines.push((view.t("data-district"), resident.district.clone()));
    }
    let town = view.app.town();
    let known = registry::typed_facts(&resident, town);
    for fact in &town.facts {
        if let Some(value) = known.get(fact.name.as_str()) {
            lines.push((view.words(&fact.label).to_owned(), view.fact(value)));
        }
    }
    lines.push((view.t("data-recorded"), view.moment(&resident.recorded_at)));
    Ok(Some(lines))
}

/// All of it as a file: each room gives what it holds, as the caller may know it.
async fn export(Extension(exports): Extension<Exports>, Caller(mut ctx): Caller) -> Result<Response, Problem> {
    let me = account(&ctx)?;
    let mut all = serde_json::Map::new();
    all.insert("town".to_owned(), json!({ "code": ctx.town().code.to_string(), "name": ctx.town().name.ja() }));
    all.insert("exported_at".to_owned(), json!(ctx.now()));
    for (room, export) in exports.iter() {
        let held = export(&mut ctx, me).await.map_err(|error| Problem::internal(&*error))?;
        all.insert((*room).to_owned(), held);
    }
    ctx.audit("account.exported", Some(me.to_string()), "").await?;
    let name = format!("attachment; filename=\"tegata-{}.json\"", ctx.today());
    ctx.commit().await?;
    let text = serde_json::to_string_pretty(&Value::Object(all)).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

/// What accounts, media, proxies and the access log hold: the passport room's part of the export.
pub(crate) async fn export_own(ctx: &mut Ctx, me: AccountId) -> Result<Value, Error> {
    let mine = identity::account(ctx, me).await?;
    let proofs = identity::proofs_of(ctx, me).await?;
    let phones = identity::phones_of(ctx, me).await?;
    let passkeys = identity::passkeys_of(ctx, me).await?;
    let apps = identity::apps_of(ctx, me).await?;
    let media = identity::media_of(ctx, me).await?;
    let agents = identity::agents_of(ctx, me).await?;
    let principals = identity::principals_of(ctx, me).await?;
    let looks = crate::domain::looks(ctx, me, 10_000).await?;
    let resident = match identity::link_of(ctx, me).await? {
        Some(resident) => registry::resident(ctx, resident).await?,
        None => None,
    };
    let proxy = |proxy: &identity::Proxy| json!({ "name": proxy.label, "from": proxy.from, "until": proxy.until, "agreed_at": proxy.agreed_at, "ended_at": proxy.ended_at });
    Ok(json!({
        "account": {
            "name": mine.name,
            "date_of_birth": mine.date_of_birth.map(|born| born.to_string()),
            "assurance": mine.assurance,
            "opened_at": mine.opened_at,
        },
        "proofs": proofs.iter().map(|proof| json!({ "kind": proof.kind, "at": proof.at, "until": proof.until })).collect::<Vec<_>>(),
        "phones": phones.iter().map(|phone| json!({ "label": phone.label, "registered_at": phone.registered_at, "ended_at": phone.ended_at })).collect::<Vec<_>>(),
        "passkeys": passkeys.iter().map(|passkey| json!({ "label": passkey.label, "added_at": passkey.added_at, "used_at": passkey.used_at })).collect::<Vec<_>>(),
        "identity_apps": apps.iter().map(|app| json!({ "app": app.app, "first_used_at": app.first_used_at, "last_used_at": app.last_used_at })).collect::<Vec<_>>(),
        "media": media.iter().map(|medium| json!({ "kind": medium.kind, "label": medium.label, "bound_at": medium.bound_at, "ended_at": medium.ended_at })).collect::<Vec<_>>(),
        "act_for_me": agents.iter().map(proxy).collect::<Vec<_>>(),
        "i_act_for": principals.len(),
        "register": resident.map(|resident| json!({
            "date_of_birth": resident.date_of_birth.map(|born| born.to_string()),
            "district": resident.district,
            "facts": resident.facts,
            "recorded_at": resident.recorded_at,
        })),
        "looks": looks.iter().map(|look| json!({ "at": look.at, "who": look.actor.split(':').next(), "what": look.action })).collect::<Vec<_>>(),
    }))
}

#[derive(Template)]
#[template(path = "close.html")]
struct Close<'a> {
    view: &'a View,
    error: bool,
}

async fn close_form(view: View, Reader(ctx): Reader) -> Result<Response, Problem> {
    account(&ctx)?;
    Ok(close_page(&view, false))
}

fn close_page(view: &View, error: bool) -> Response {
    let title = view.t("close-title");
    view.page(&Page::resident(&title), &Close { view, error })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Sure {
    sure: String,
}

async fn close(view: View, Caller(mut ctx): Caller, Form(sure): Form<Sure>) -> Result<Response, Problem> {
    let me = account(&ctx)?;
    if sure.sure != "yes" {
        return Ok(to_mend(close_page(&view, true)));
    }
    identity::close_account(&mut ctx, me).await?;
    ctx.commit().await?;
    Ok(([(header::SET_COOKIE, end_cookie(SessionKind::Holder))], Redirect::to("/")).into_response())
}
