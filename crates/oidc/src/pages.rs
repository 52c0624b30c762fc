//! The pages: agreeing, letting a device in, signing out, one's services, and the console's.

pub(crate) mod consent;
mod device;
mod mine;
mod sign_out;
mod staff;

use axum::Router;
use axum::routing::{get, post};
use serde_json::Value;
use web::{App, View};

use crate::model::{Scope, Scopes};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/oidc/authorize", get(consent::authorize))
        .route("/oidc/continue", get(consent::go_on).post(consent::decide))
        .route("/oidc/logout", get(sign_out::ask).post(sign_out::sign_out))
        .route("/device", get(device::start).post(device::typed))
        .route("/device/answer", post(device::decide))
        .route("/me/services", get(mine::list))
        .route("/me/services/{client}/withdraw", post(mine::withdraw))
        .route("/staff/services", get(staff::list))
        .route("/staff/services/new", get(staff::blank).post(staff::register))
        .route("/staff/services/{client}", get(staff::one).post(staff::change))
        .route("/staff/services/{client}/secret", post(staff::new_secret))
        .route("/staff/services/{client}/end", post(staff::end))
}

/// A thing a service asks, as people read it: what it is, and what it would be told of them.
pub(crate) struct Line {
    pub(crate) scope: String,
    pub(crate) what: String,
    pub(crate) value: Option<String>,
}

/// What a scope is, in the reader's words.
pub(crate) fn scope_words(view: &View, scope: &Scope) -> String {
    match scope {
        Scope::AgeOver(age) => view.t1("oidc-scope-age-over", "age", &age.to_string()),
        Scope::Programme(id) => {
            let title = view.app.town().programme(id).map(|programme| view.words(&programme.name).to_owned());
            view.t1("oidc-scope-programme", "programme", &title.unwrap_or_else(|| id.to_string()))
        }
        other => view.t(&format!("oidc-scope-{}", other.to_string().replace('_', "-"))),
    }
}

/// The lines of some scopes with what they would tell.
pub(crate) fn lines(view: &View, scopes: &Scopes, told: &serde_json::Map<String, Value>) -> Vec<Line> {
    let line = |scope: &Scope| Line { scope: scope.to_string(), what: scope_words(view, scope), value: value(view, scope, told) };
    scopes.0.iter().map(line).collect()
}

fn value(view: &View, scope: &Scope, told: &serde_json::Map<String, Value>) -> Option<String> {
    let yes_no = |value: &Value| view.t(if value.as_bool() == Some(true) { "oidc-yes" } else { "oidc-no" });
    let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    let nothing = || Some(view.t("oidc-nothing"));
    match scope {
        Scope::OpenId | Scope::OfflineAccess => None,
        Scope::Profile => text("name").or_else(nothing),
        Scope::Birthdate => text("birthdate").and_then(|day| day.parse().ok()).map(|day| view.day(&day)).or_else(nothing),
        Scope::Resident => told.get("resident").map(yes_no),
        Scope::District => text("district").filter(|district| !district.is_empty()).or_else(nothing),
        Scope::AgeOver(_) => told.get(&scope.to_string()).map(yes_no).or_else(nothing),
        Scope::Programme(id) => {
            let held = told.get("entitlements").and_then(Value::as_array);
            Some(yes_no(&held.is_some_and(|held| held.iter().any(|one| one.as_str() == Some(id.as_str()))).into()))
        }
    }
}

/// The host of an address people are sent to: what a person can compare with where they came from.
pub(crate) fn host_of(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default())
}
