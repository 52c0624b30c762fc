//! The console's register of services.

use std::collections::BTreeSet;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use store::{Ctx, Permission};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use super::scope_words;
use crate::domain::clients::{self, ClientDetail, NAME_CHARS_MAX, PURPOSE_CHARS_MAX, Registered, Registration};
use crate::model::{Client, ClientId, ClientKeys, Error, Exception, Profile, Scope, Scopes};

#[derive(Template)]
#[template(path = "staff_services.html")]
struct List<'a> {
    view: &'a View,
    present: Vec<Row>,
    past: Vec<Row>,
}

struct Row {
    id: ClientId,
    name: String,
    host: String,
    since: String,
    fapi2: bool,
    exceptions: Vec<String>,
}

/// Every service, those with exceptions marked.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::ManageServices).await?;
    let (present, past): (Vec<_>, Vec<_>) = clients::all(&mut ctx).await?.into_iter().partition(|client| client.ended_at.is_none());
    let rows = |clients: Vec<Client>| clients.iter().map(|client| row(&view, client)).collect();
    let title = view.t("menu-staff-services");
    let body = List { view: &view, present: rows(present), past: rows(past) };
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &body))
}

fn row(view: &View, client: &Client) -> Row {
    Row {
        id: client.id,
        name: client.name.clone(),
        host: super::host_of(client.redirect_uris.first().map_or("", String::as_str)).to_owned(),
        since: view.moment(&client.ended_at.unwrap_or(client.registered_at)),
        fapi2: client.profile == Profile::Fapi2,
        exceptions: client.exceptions.iter().map(|exception| exception_words(view, *exception)).collect(),
    }
}

fn key_of(exception: Exception) -> String {
    format!("oidc-exception-{}", exception.as_str().replace('_', "-"))
}

fn exception_words(view: &View, exception: Exception) -> String {
    view.t(&key_of(exception))
}

/// What stands in the form: as it was typed, so that nothing is lost.
#[derive(Default)]
struct Typed {
    name: String,
    purpose: String,
    redirect_uris: String,
    logout_uris: String,
    backchannel_uri: String,
    ages: String,
    keys: String,
    scopes: BTreeSet<String>,
    fapi2: bool,
    exceptions: BTreeSet<String>,
}

struct Choice {
    code: String,
    name: String,
    what: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "staff_service.html")]
struct ServicePage<'a> {
    view: &'a View,
    typed: &'a Typed,
    action: String,
    scopes: Vec<Choice>,
    exceptions: Vec<Choice>,
    name_max: usize,
    purpose_max: usize,
    error: Option<(&'static str, String)>,
    detail: Option<Detail>,
    secret: Option<String>,
}

/// What is shown of a service that is registered already.
struct Detail {
    id: ClientId,
    name: String,
    ended: Option<String>,
    has_secret: bool,
    people: i64,
    refusals: Vec<Refusal>,
}

struct Refusal {
    why: String,
    times: u32,
    last: String,
}

type Fields = Vec<(String, String)>;

impl Typed {
    fn of_fields(fields: &Fields) -> Self {
        let one = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()).unwrap_or_default();
        let many = |name: &str| fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect();
        Self {
            name: one("name"),
            purpose: one("purpose"),
            redirect_uris: one("redirect_uris"),
            logout_uris: one("logout_uris"),
            backchannel_uri: one("backchannel_uri"),
            ages: one("ages"),
            keys: one("keys"),
            scopes: many("scope"),
            fapi2: one("profile") == Profile::Fapi2.as_str(),
            exceptions: many("exception"),
        }
    }

    fn of_client(client: &Client) -> Self {
        let ages: Vec<String> = client.scopes.0.iter().filter_map(age).map(|age| age.to_string()).collect();
        Self {
            name: client.name.clone(),
            purpose: client.purpose.clone(),
            redirect_uris: client.redirect_uris.join("\n"),
            logout_uris: client.logout_uris.join("\n"),
            backchannel_uri: client.backchannel_uri.clone().unwrap_or_default(),
            ages: ages.join(" "),
            keys: match &client.keys {
                ClientKeys::Public(keys) => serde_json::to_string_pretty(keys).unwrap_or_default(),
                ClientKeys::Secret(_) => String::new(),
            },
            scopes: client.scopes.0.iter().map(ToString::to_string).collect(),
            fapi2: client.profile == Profile::Fapi2,
            exceptions: client.exceptions.iter().map(ToString::to_string).collect(),
        }
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// [`Error::Registration`] for an age that is none.
    fn registration(&self) -> Result<Registration, Error> {
        let lines = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let mut scopes: BTreeSet<Scope> =
            self.scopes.iter().filter_map(|scope| scope.parse().ok()).filter(|scope| age(scope).is_none()).collect();
        for word in self.ages.split([' ', ',', '、', '　']).filter(|word| !word.is_empty()) {
            let wrong = |_| Error::Registration { field: "ages", reason: "number" };
            scopes.insert(format!("age_over_{word}").parse().map_err(wrong)?);
        }
        Ok(Registration {
            name: self.name.clone(),
            purpose: self.purpose.clone(),
            redirect_uris: lines(&self.redirect_uris),
            logout_uris: lines(&self.logout_uris),
            backchannel_uri: Some(self.backchannel_uri.trim().to_owned()).filter(|uri| !uri.is_empty()),
            scopes: Scopes(scopes),
            fapi2: self.fapi2,
            exceptions: self.exceptions.iter().filter_map(|exception| exception.parse().ok()).collect(),
            keys: self.keys.clone(),
        })
    }
}

fn age(scope: &Scope) -> Option<u8> {
    match scope {
        Scope::AgeOver(age) => Some(*age),
        _ => None,
    }
}

struct Shown<'a> {
    typed: &'a Typed,
    detail: Option<ClientDetail>,
    secret: Option<String>,
    error: Option<(&'static str, String)>,
}

fn form_page(view: &View, ctx: &Ctx, who: String, shown: Shown<'_>) -> Response {
    let fixed = [Scope::Profile, Scope::Birthdate, Scope::Resident, Scope::District, Scope::OfflineAccess];
    let programmes = view.app.town().programmes.iter().map(|programme| Scope::Programme(programme.id.clone()));
    let choice = |scope: Scope| Choice {
        code: scope.to_string(),
        name: scope_words(view, &scope),
        what: scope.to_string(),
        chosen: shown.typed.scopes.contains(&scope.to_string()),
    };
    let exception = |exception: &Exception| Choice {
        code: exception.to_string(),
        name: exception_words(view, *exception),
        what: view.t(&format!("{}.what", key_of(*exception))),
        chosen: shown.typed.exceptions.contains(exception.as_str()),
    };
    let title = view.t(if shown.detail.is_some() { "oidc-staff-service" } else { "oidc-staff-new" });
    let action = shown.detail.as_ref().map_or("/staff/services/new".to_owned(), |detail| format!("/staff/services/{}", detail.client.id));
    let body = ServicePage {
        view,
        typed: shown.typed,
        action,
        scopes: fixed.into_iter().chain(programmes).map(choice).collect(),
        exceptions: Exception::ALL.iter().map(exception).collect(),
        name_max: NAME_CHARS_MAX,
        purpose_max: PURPOSE_CHARS_MAX,
        error: shown.error,
        detail: shown.detail.map(|detail| detail_of(view, detail)),
        secret: shown.secret,
    };
    view.page(&Page::staff(&title, &ctx.actor, who), &body)
}

fn detail_of(view: &View, detail: ClientDetail) -> Detail {
    let refusal = |refused: &crate::model::Refused| Refusal {
        why: refused.reason.clone(),
        times: refused.times,
        last: view.moment(&refused.last_at),
    };
    Detail {
        id: detail.client.id,
        name: detail.client.name,
        ended: detail.client.ended_at.map(|ended| view.moment(&ended)),
        has_secret: matches!(detail.client.keys, ClientKeys::Secret(_)),
        people: detail.people,
        refusals: detail.refusals.iter().map(refusal).collect(),
    }
}

/// An empty form.
pub(super) async fn blank(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageServices).await?;
    Ok(form_page(&view, &ctx, who, Shown { typed: &Typed::default(), detail: None, secret: None, error: None }))
}

/// Why a registration cannot stand, at its field.
fn why(view: &View, error: Error) -> Result<(&'static str, String), Problem> {
    match error {
        Error::Registration { field, reason } => {
            let own = format!("oidc-wrong-{}-{}", field.replace('_', "-"), reason.replace('_', "-"));
            let key = if view.has(&own) { own } else { format!("oidc-wrong-{}", reason.replace('_', "-")) };
            Ok((field, view.t(&key)))
        }
        other => Err(other.into()),
    }
}

/// Registers a service and shows its id, and its secret this once.
pub(super) async fn register(view: View, Caller(mut ctx): Caller, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageServices).await?;
    let typed = Typed::of_fields(&fields);
    let registered = match typed.registration() {
        Ok(told) => clients::register(&mut ctx, &told).await,
        Err(error) => Err(error),
    };
    done(&view, ctx, who, &typed, None, registered).await
}

/// Changes a registration.
pub(super) async fn change(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<ClientId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageServices).await?;
    let typed = Typed::of_fields(&fields);
    let registered = match typed.registration() {
        Ok(told) => clients::change(&mut ctx, id, &told).await,
        Err(error) => Err(error),
    };
    done(&view, ctx, who, &typed, Some(id), registered).await
}

async fn done(
    view: &View,
    mut ctx: Ctx,
    who: String,
    typed: &Typed,
    id: Option<ClientId>,
    registered: Result<Registered, Error>,
) -> Result<Response, Problem> {
    match registered {
        Ok(Registered { client, secret: None }) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/services/{}", client.id)).into_response())
        }
        Ok(Registered { client, secret }) => {
            let detail = Some(clients::detail(&mut ctx, client.id).await?);
            let page = form_page(view, &ctx, who, Shown { typed: &Typed::of_client(&client), detail, secret, error: None });
            ctx.commit().await?;
            Ok(page)
        }
        Err(error) => {
            let error = Some(why(view, error)?);
            let detail = match id {
                Some(id) => Some(clients::detail(&mut ctx, id).await?),
                None => None,
            };
            Ok(to_mend(form_page(view, &ctx, who, Shown { typed, detail, secret: None, error })))
        }
    }
}

/// A service: what it may do, how it is used, what was refused to it.
pub(super) async fn one(view: View, Reader(mut ctx): Reader, Path(id): Path<ClientId>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageServices).await?;
    let detail = clients::detail(&mut ctx, id).await?;
    let typed = Typed::of_client(&detail.client);
    Ok(form_page(&view, &ctx, who, Shown { typed: &typed, detail: Some(detail), secret: None, error: None }))
}

/// Gives a service a new secret and shows it, this once.
pub(super) async fn new_secret(view: View, Caller(mut ctx): Caller, Path(id): Path<ClientId>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageServices).await?;
    let registered = clients::new_secret(&mut ctx, id).await;
    done(&view, ctx, who, &Typed::default(), Some(id), registered).await
}

/// Ends a service.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<ClientId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ManageServices).await?;
    clients::end(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/services"))
}
