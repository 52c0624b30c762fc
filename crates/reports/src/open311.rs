//! Open311 GeoReport v2: services, requests, and sending one, in JSON and XML, for programs of others.
//!
//! Reading is open to everybody and gives what is public; a program's own requests are given to it by its key. Sending takes a key made in the console.
//! Both `requests/{id}` (the specification's text) and `request/{id}` (its OpenAPI document) are answered.

mod answer;
mod xml;

use axum::Router;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use civil::Timestamp;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Actor, Ctx};
use town::{ReportCategory, ReportCategoryId};
use web::{App, Reader, View};

use crate::domain::draft::Filled;
use crate::domain::{clients, settings};
use crate::model::{ClientId, Error, Position, Report, ReportId, Result};
use crate::store::reports::Asked;
use answer::{Fault, Format, answered};

/// The longest span a program may ask for, and the usual one.
const SPAN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Ids a program may ask for at once.
const IDS_MAX: usize = 100;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/open311/v2/discovery.json", get(discovery))
        .route("/open311/v2/discovery.xml", get(discovery))
        .route("/open311/v2/services.json", get(services))
        .route("/open311/v2/services.xml", get(services))
        .route("/open311/v2/services/{file}", get(definition))
        .route("/open311/v2/requests.json", get(requests).post(post))
        .route("/open311/v2/requests.xml", get(requests).post(post))
        .route("/open311/v2/requests/{file}", get(request))
        .route("/open311/v2/request/{file}", get(request))
        .route("/open311/v2/tokens/{file}", get(token))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Jurisdiction {
    jurisdiction_id: String,
    api_key: String,
}

impl Jurisdiction {
    /// The town's own code may be given or left out: there is one jurisdiction here.
    fn check(&self, app: &App) -> Result<(), Fault> {
        let own = app.town().code.to_string();
        if self.jurisdiction_id.is_empty() || self.jurisdiction_id == own {
            return Ok(());
        }
        Err(Fault::new(404, "jurisdiction_id provided was not found"))
    }

    async fn client(&self, ctx: &mut Ctx) -> Result<Option<ClientId>, Fault> {
        if self.api_key.is_empty() {
            return Ok(None);
        }
        match clients::of_key(ctx, &self.api_key).await {
            Ok(client) => Ok(Some(client.id)),
            Err(error) => Err(error.into()),
        }
    }
}

/// The parts of a path that ends in `name.json` or `name.xml`.
fn file(path: &str) -> Result<(&str, Format), Fault> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, ending) = name.rsplit_once('.').ok_or(Fault::new(404, "ask for .json or .xml"))?;
    Ok((stem, ending.parse()?))
}

async fn discovery(view: View) -> Result<Response, Fault> {
    let (_, format) = file(&view.path)?;
    let origin = view.app.origin();
    let town = view.app.town();
    let endpoint = json!({
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": format!("{origin}/open311/v2"),
        "changeset": "2026-11-26T00:00:00Z",
        "type": "production",
        "formats": ["application/json", "text/xml"],
    });
    let body = json!({
        "changeset": "2026-11-26T00:00:00Z",
        "contact": format!("{} {}", view.words(&town.contact.department), town.contact.telephone),
        "key_service": view.words(&town.contact.department),
        "endpoints": [endpoint],
    });
    Ok(answered(format, "discovery", "", &body))
}

fn service(view: &View, category: &ReportCategory) -> Value {
    let section = crate::pages::section_words(view, &category.section);
    json!({
        "service_code": category.id.as_str(),
        "service_name": view.words(&category.name),
        "description": category.hint.as_ref().map(|hint| view.words(hint)).unwrap_or_default(),
        "metadata": true,
        "type": "realtime",
        "keywords": "",
        "group": section,
    })
}

async fn services(view: View, Query(of): Query<Jurisdiction>) -> Result<Response, Fault> {
    let (_, format) = file(&view.path)?;
    of.check(&view.app)?;
    let town = view.app.town();
    let list: Vec<Value> = settings(town)?.categories.iter().map(|category| service(&view, category)).collect();
    Ok(answered(format, "services", "service", &list.into()))
}

/// What a kind of report asks besides place and words: nothing to fill in, and a sentence to read before it is sent.
async fn definition(view: View, Path(name): Path<String>, Query(of): Query<Jurisdiction>) -> Result<Response, Fault> {
    let (code, format) = file(&name)?;
    of.check(&view.app)?;
    let town = view.app.town();
    let unknown = Fault::new(404, "service_code provided was not found");
    let id: ReportCategoryId = code.parse().map_err(|_| unknown)?;
    let category = settings(town)?.category(&id).ok_or(unknown)?;
    let read = view.t(if category.emergency { "reports-open311-emergency" } else { "reports-open311-personal" });
    let attribute = json!({
        "variable": false,
        "code": "READ_FIRST",
        "datatype": "string",
        "required": false,
        "datatype_description": "",
        "order": 1,
        "description": read,
        "values": [],
    });
    let body = json!({ "service_code": category.id.as_str(), "attributes": [attribute] });
    Ok(answered(format, "service_definition", "", &body))
}

fn state_of(report: &Report) -> &'static str {
    if report.status.is_open() { "open" } else { "closed" }
}

/// A request as programs read it. Everybody reads the words staff approved; the program that sent it, its own.
fn request_json(view: &View, report: &Report, client: Option<ClientId>) -> Value {
    let town = view.app.town();
    let own = client.is_some() && report.client == client;
    let at = if own { report.position() } else { crate::domain::public::shown_at(town, report) };
    let mut body = json!({
        "service_request_id": report.id.to_string(),
        "status": state_of(report),
        "status_notes": crate::pages::status_words(view, report.status),
        "service_name": crate::pages::category_words(view, &report.category),
        "service_code": report.category.as_str(),
        "description": if own { &report.words } else { &report.public_words },
        "agency_responsible": crate::pages::section_words(view, &report.section),
        "service_notice": "",
        "requested_datetime": report.sent_at.unwrap_or(report.began_at).to_string(),
        "updated_datetime": report.done_at.unwrap_or(report.changed_at).to_string(),
        "address": crate::pages::district_words(view, &report.district),
    });
    if let (Some(body), Some(at)) = (body.as_object_mut(), at) {
        body.insert("lat".to_owned(), json!(civil::degrees(at.latitude)));
        body.insert("long".to_owned(), json!(civil::degrees(at.longitude)));
    }
    body
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Filter {
    service_request_id: String,
    service_code: String,
    start_date: String,
    end_date: String,
    status: String,
}

impl Filter {
    /// Ninety days at most, as the specification asks; the last ninety where nothing was said.
    fn span(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Fault> {
        let read = |text: &str| match text {
            "" => Ok(None),
            text => text
                .parse::<Timestamp>()
                .map(Some)
                .map_err(|_| Fault::new(400, "start_date and end_date are W3C date times such as 2026-11-26T00:00:00Z")),
        };
        let (from, to) = (read(&self.start_date)?, read(&self.end_date)?);
        let (from, to) = match (from, to) {
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => (from, from + SPAN),
            (None, Some(to)) => (to - SPAN, to),
            (None, None) => (now - SPAN, now),
        };
        if to.duration_since(from) > SPAN {
            return Err(Fault::new(400, "start_date and end_date may not span more than 90 days"));
        }
        Ok((from, to))
    }

    fn state(&self) -> Result<&'static str, Fault> {
        let mut named: Vec<&str> = self.status.split(',').map(str::trim).filter(|state| !state.is_empty()).collect();
        named.sort_unstable();
        named.dedup();
        match named.as_slice() {
            [] | ["closed", "open"] => Ok(""),
            ["open"] => Ok("open"),
            ["closed"] => Ok("closed"),
            _ => Err(Fault::new(400, "status is open or closed")),
        }
    }
}

async fn requests(
    view: View,
    Reader(mut ctx): Reader,
    Query(of): Query<Jurisdiction>,
    Query(filter): Query<Filter>,
) -> Result<Response, Fault> {
    let (_, format) = file(&view.path)?;
    of.check(&view.app)?;
    let client = of.client(&mut ctx).await?;
    let found = if filter.service_request_id.is_empty() {
        let (from, to) = filter.span(ctx.now())?;
        let asked = Asked { client, category: filter.service_code.clone(), from, to, state: filter.state()? };
        clients::answered(&mut ctx, &asked).await?
    } else {
        named(&mut ctx, &filter.service_request_id, client).await?
    };
    let list: Vec<Value> = found.iter().map(|report| request_json(&view, report, client)).collect();
    Ok(answered(format, "service_requests", "request", &list.into()))
}

/// The requests of a list of ids, those that are there and may be known.
async fn named(ctx: &mut Ctx, ids: &str, client: Option<ClientId>) -> Result<Vec<Report>, Fault> {
    let mut found = Vec::new();
    for id in ids.split(',').take(IDS_MAX).filter_map(|id| id.trim().parse::<ReportId>().ok()) {
        match clients::one(ctx, id, client).await {
            Ok(report) => found.push(report),
            Err(Error::NoSuchReport) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(found)
}

async fn request(view: View, Reader(mut ctx): Reader, Path(name): Path<String>, Query(of): Query<Jurisdiction>) -> Result<Response, Fault> {
    let (id, format) = file(&name)?;
    of.check(&view.app)?;
    let client = of.client(&mut ctx).await?;
    let unknown = Fault::new(404, "service_request_id provided was not found");
    let report = clients::one(&mut ctx, id.parse().map_err(|_| unknown)?, client).await.map_err(|error| match error {
        Error::NoSuchReport => unknown,
        other => other.into(),
    })?;
    // The specification's text answers with a list of one, its OpenAPI document with the one: each path keeps its own.
    let body = request_json(&view, &report, client);
    if view.path.starts_with("/open311/v2/requests/") {
        return Ok(answered(format, "service_requests", "request", &json!([body])));
    }
    Ok(answered(format, "request", "", &body))
}

/// Every service here is real time: an answer never holds a token, so none is known.
async fn token(Path(name): Path<String>) -> Result<Response, Fault> {
    file(&name)?;
    Err(Fault::new(404, "token_id provided was not found; requests are answered at once"))
}

/// Takes a request. Parameters may stand in the query (the OpenAPI document) or in the body (the specification's text).
async fn post(view: View, State(app): State<App>, RawQuery(query): RawQuery, body: String) -> Result<Response, Fault> {
    let (_, format) = file(&view.path)?;
    let pairs = answer::pairs(query.as_deref().unwrap_or_default(), &body);
    let one = |name: &str| pairs.iter().find(|(field, value)| field == name && !value.is_empty()).map_or("", |(_, value)| value.as_str());
    let of = Jurisdiction { jurisdiction_id: one("jurisdiction_id").to_owned(), api_key: one("api_key").to_owned() };
    of.check(&app)?;
    if of.api_key.is_empty() {
        return Err(Fault::new(403, "api_key is required"));
    }
    let filled = Filled {
        key: String::new(),
        category: one("service_code").parse().map_err(|_| Fault::new(404, "service_code provided was not found"))?,
        position: position(one("lat"), one("long"))?,
        district: String::new(),
        landmark: one("address_string").to_owned(),
        words: one("description").to_owned(),
        call: None,
    };
    // Who the writer is, their telephone and mail are not kept: the town answers the program.
    let mut ctx = app.store().begin(Actor::Anonymous).await.map_err(Error::from)?;
    let report = clients::post(&mut ctx, &of.api_key, &filled).await?;
    ctx.commit().await.map_err(Error::from)?;
    let notice = view.t1("reports-open311-notice", "number", &report.number.unwrap_or_default().to_string());
    let answer = json!([{ "service_request_id": report.id.to_string(), "service_notice": notice, "account_id": null }]);
    Ok(answered(format, "service_requests", "request", &answer))
}

/// Decimal degrees as programs write them, rounded to millionths.
fn position(latitude: &str, longitude: &str) -> Result<Option<Position>, Fault> {
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(None);
    }
    let wrong = Fault::new(400, "lat and long are decimal degrees (WGS 84)");
    Position::read(latitude, longitude).map(Some).ok_or(wrong)
}
