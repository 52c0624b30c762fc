//! Writing a report: what, where and what is the matter, check, send.

use askama::Template;
use axum::Form;
use axum::extract::{Multipart, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use store::{Actor, Ctx};
use town::{PhotoNeed, ReportCategory, ReportCategoryId};
use web::{App, Caller, Page, Problem, Reader, View, Who, signed_in, to_mend};

use super::{Choice, MAP, MAP_TEXTS, Sent, Shown, category_words, districts, map_of, place_words, shown};
use crate::domain::draft::{self, Filled, Near, Written};
use crate::domain::settings;
use crate::model::{CallId, Error, Missing, PictureFault, Placed, Report, ReportId};
use crate::rules::{LANDMARK_CHARS_MAX, PHOTOS_MAX, WORDS_CHARS_MAX};

const ISLAND: &str = "report.js";
const ISLAND_TEXTS: &[&str] = &["reports-form", "reports-error"];

#[derive(Template)]
#[template(path = "categories.html")]
struct Categories<'a> {
    view: &'a View,
    urgent: Vec<Kind>,
    usual: Vec<Kind>,
    call: Option<CallId>,
}

struct Kind {
    id: ReportCategoryId,
    name: String,
    hint: String,
    icon: &'static str,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct OfCall {
    call: Option<CallId>,
}

/// What would you like to report?
pub(super) async fn categories(view: View, Reader(ctx): Reader, Query(of): Query<OfCall>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let town = view.app.town();
    let reports = settings(town)?;
    let kind = |category: &ReportCategory| Kind {
        id: category.id.clone(),
        name: view.words(&category.name).to_owned(),
        hint: category.hint.as_ref().map(|hint| view.words(hint).to_owned()).unwrap_or_default(),
        icon: category.icon.word(),
    };
    let (urgent, usual): (Vec<_>, Vec<_>) = reports.categories.iter().partition(|category| category.emergency);
    let urgent = urgent.into_iter().map(kind).collect();
    let usual = usual.into_iter().map(kind).collect();
    let title = view.t("reports-new-title");
    Ok(view.page(&Page::resident(&title), &Categories { view: &view, urgent, usual, call: of.call }))
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    view: &'a View,
    category: ReportCategoryId,
    name: String,
    emergency: bool,
    photo_required: bool,
    filled: &'a Filled,
    latitude: String,
    longitude: String,
    districts: Vec<Choice>,
    photos: Vec<Shown>,
    room_for: usize,
    map: String,
    errors: Vec<(&'static str, String)>,
    words_max: usize,
    landmark_max: usize,
}

impl FormPage<'_> {
    fn error(&self, field: &str) -> Option<&String> {
        self.errors.iter().find(|(of, _)| *of == field).map(|(_, text)| text)
    }

    fn field(&self, name: &str) -> &'static str {
        if self.error(name).is_some() { "field field--error" } else { "field" }
    }

    fn landmark_field(&self) -> &'static str {
        self.field("landmark")
    }

    fn words_field(&self) -> &'static str {
        self.field("words")
    }

    fn photo_field(&self) -> &'static str {
        self.field("photo")
    }
}

fn form_page(view: &View, filled: &Filled, written: Option<&Written>, errors: Vec<(&'static str, String)>) -> Result<Response, Problem> {
    let town = view.app.town();
    let category = settings(town)?.category(&filled.category).ok_or(Error::Unknown("category"))?;
    let photos = written.map(|written| shown(view, &written.photos, "/reports/photos")).unwrap_or_default();
    let mut fields = json!({ "latitude": "#latitude", "longitude": "#longitude" });
    let middle = town.districts.iter().find(|district| district.name == filled.district).map(town::District::position);
    if let (Some(middle), Some(fields)) = (filled.position.or(middle), fields.as_object_mut()) {
        fields.insert("center".to_owned(), json!(middle.east_north()));
        fields.insert("zoom".to_owned(), 15.into());
    }
    let text = |value: Option<i32>| value.map(|value| value.to_string()).unwrap_or_default();
    let body = FormPage {
        view,
        category: category.id.clone(),
        name: view.words(&category.name).to_owned(),
        emergency: category.emergency,
        photo_required: category.photo == PhotoNeed::Required,
        filled,
        latitude: text(filled.position.map(|position| position.latitude)),
        longitude: text(filled.position.map(|position| position.longitude)),
        districts: districts(view, &filled.district),
        room_for: PHOTOS_MAX.saturating_sub(photos.len()),
        photos,
        map: map_of("pick", fields),
        errors,
        words_max: WORDS_CHARS_MAX,
        landmark_max: LANDMARK_CHARS_MAX,
    };
    let title = view.t1("reports-form-title", "category", &body.name);
    let page = view.page(&Page::resident(&title).with_island(MAP, MAP_TEXTS).with_island(ISLAND, ISLAND_TEXTS), &body);
    Ok(if body.errors.is_empty() { page } else { to_mend(page) })
}

/// An empty form of a kind, for who may send it.
pub(super) async fn blank(
    view: View,
    Reader(mut ctx): Reader,
    Path(category): Path<ReportCategoryId>,
    Query(of): Query<OfCall>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    draft::begin(&mut ctx, &category).await?;
    let filled = Filled {
        key: identity::secret::token(),
        category,
        position: None,
        district: String::new(),
        landmark: String::new(),
        words: String::new(),
        call: of.call,
    };
    form_page(&view, &filled, None, Vec::new())
}

/// The form of a draft, to change it.
pub(super) async fn edit(view: View, Reader(mut ctx): Reader, Path(id): Path<ReportId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let written = draft::own_draft(&mut ctx, id).await?;
    if written.report.is_sent() {
        return Ok(Redirect::to(&format!("/reports/{id}")).into_response());
    }
    let filled = filled_of(&mut ctx, &written.report).await?;
    form_page(&view, &filled, Some(&written), Vec::new())
}

async fn filled_of(ctx: &mut Ctx, report: &Report) -> Result<Filled, Problem> {
    Ok(Filled {
        key: draft::key_of(ctx, report).await?,
        category: report.category.clone(),
        position: report.position().filter(|_| report.placed == Placed::Pin),
        district: report.district.clone(),
        landmark: report.landmark.clone(),
        words: report.words.clone(),
        call: report.call,
    })
}

/// Keeps what was filled in, and goes on to check it; what is missing is said beside the form, and nothing has to be written or chosen again.
pub(super) async fn keep(
    view: View,
    State(app): State<App>,
    Who(caller): Who,
    Path(category): Path<ReportCategoryId>,
    form: Multipart,
) -> Result<Response, Problem> {
    // The pictures are read before a transaction is open: nobody waits for them.
    let caller = caller.ok_or_else(Problem::not_signed_in)?;
    let sent = Sent::read(form).await?;
    let mut ctx = app.store().begin(caller.actor).await?;
    let filled = match sent.filled(category.clone()) {
        Ok(filled) => filled,
        Err(error) => return mend(&view, &sent, category, error),
    };
    let written = match draft::keep(&mut ctx, &filled, &sent.pictures).await {
        Ok(written) => written,
        Err(error) => return mend(&view, &sent, category, error),
    };
    if written.report.is_sent() {
        return Ok(Redirect::to(&format!("/reports/{}", written.report.id)).into_response());
    }
    ctx.commit().await?;
    let mut errors: Vec<_> = written.missing.iter().map(|missing| missing_words(&view, *missing)).collect();
    errors.extend(sent.refused.map(|fault| ("photo", picture_words(&view, fault))));
    if errors.is_empty() {
        return Ok(Redirect::to(&format!("/reports/{}/check", written.report.id)).into_response());
    }
    form_page(&view, &filled, Some(&written), errors)
}

/// The form again, with what stands in the way of keeping it. What no form can mend is a problem of its own.
fn mend(view: &View, sent: &Sent, category: ReportCategoryId, error: Error) -> Result<Response, Problem> {
    let error = match error {
        Error::Outside => ("place", view.t("reports-error-outside")),
        Error::Unknown("district") => ("place", view.t("reports-error-place")),
        Error::TooManyPictures => ("photo", view.t("reports-error-too-many-pictures")),
        Error::Text { field, reason } if field != "key" => (field, view.t(&format!("reports-error-text-{}", reason.replace('_', "-")))),
        other => return Err(other.into()),
    };
    let filled = Filled {
        position: None,
        key: sent.text("key").to_owned(),
        category,
        district: sent.text("district").to_owned(),
        landmark: sent.text("landmark").to_owned(),
        words: sent.text("words").to_owned(),
        call: sent.text("call").parse().ok(),
    };
    form_page(view, &filled, None, vec![error])
}

fn missing_words(view: &View, missing: Missing) -> (&'static str, String) {
    (missing.as_str(), view.t(&format!("reports-error-{}", missing.as_str())))
}

fn picture_words(view: &View, fault: PictureFault) -> String {
    view.t(&format!("reports-error-picture-{}", fault.as_str()))
}

#[derive(Template)]
#[template(path = "check.html")]
struct Check<'a> {
    view: &'a View,
    report: &'a Report,
    category: String,
    place: String,
    pinned: bool,
    photos: Vec<Shown>,
    near: Vec<Neighbour>,
    missing: Vec<String>,
}

struct Neighbour {
    id: ReportId,
    words: String,
    far: String,
    since: String,
    photos: Vec<Shown>,
}

/// What would be sent, and what neighbours sent already.
pub(super) async fn check(view: View, Reader(mut ctx): Reader, Path(id): Path<ReportId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let written = draft::own_draft(&mut ctx, id).await?;
    if written.report.is_sent() {
        return Ok(Redirect::to(&format!("/reports/{id}")).into_response());
    }
    let near = draft::near(&mut ctx, &written.report).await?;
    let title = view.t("reports-check-title");
    let body = Check {
        view: &view,
        report: &written.report,
        category: category_words(&view, &written.report.category),
        place: place_words(&view, &written.report),
        pinned: written.report.placed == Placed::Pin,
        photos: shown(&view, &written.photos, "/reports/photos"),
        near: near.iter().map(|near| neighbour(&view, near)).collect(),
        missing: written.missing.iter().map(|missing| missing_words(&view, *missing).1).collect(),
    };
    Ok(view.page(&Page::resident(&title), &body))
}

fn neighbour(view: &View, near: &Near) -> Neighbour {
    Neighbour {
        id: near.report.id,
        words: near.report.public_words.clone(),
        far: view.t1("reports-near-far", "metres", &near.far_m.to_string()),
        since: near.report.sent_at.map(|at| view.moment(&at)).unwrap_or_default(),
        photos: shown(view, &near.photos, "/reports/photos"),
    }
}

#[derive(Deserialize)]
pub(super) struct Send {
    /// The neighbour's report that is meant, or nothing.
    #[serde(default)]
    same: String,
}

/// Sends the draft; or follows the neighbour's report in its place.
pub(super) async fn send(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(chosen): Form<Send>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    let leads_to = match chosen.same.parse::<ReportId>() {
        Ok(other) => {
            draft::support_instead(&mut ctx, id, other).await?;
            other
        }
        Err(_) => draft::send(&mut ctx, id).await?.id,
    };
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/reports/{leads_to}?sent=yes")))
}

/// Throws the draft away.
pub(super) async fn discard(Caller(mut ctx): Caller, Path(id): Path<ReportId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    draft::throw_away(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/reports"))
}

/// Keeps and sends in one, for the island that had no network when the form was filled in.
pub(crate) async fn keep_and_send(app: &App, actor: Actor, sent: &Sent, category: ReportCategoryId) -> Result<Report, Problem> {
    let mut ctx = app.store().begin(actor).await?;
    if let Some(fault) = sent.refused {
        return Err(Error::Picture(fault).into());
    }
    let filled = sent.filled(category)?;
    let written = draft::keep(&mut ctx, &filled, &sent.pictures).await?;
    let report = draft::send(&mut ctx, written.report.id).await?;
    ctx.commit().await?;
    Ok(report)
}
