//! What the caller lays on readers in place of a phone: see it, make a QR code, end what is lost.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use identity::{BoundMedium, MediumEnd, MediumId, MediumNumber};
use serde::Deserialize;
use store::Ctx;
use town::Medium;
use web::{App, Caller, Page, Problem, Reader, View, qr_svg, to_mend};

use crate::api::account;
use crate::domain::Proofing;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/me/media", get(list).post(make)).route("/me/media/{medium}/end", post(end))
}

/// A medium as a page shows it.
pub(crate) struct Shown {
    pub(crate) id: MediumId,
    pub(crate) name: String,
    pub(crate) detail: String,
    pub(crate) live: bool,
}

/// The media of an account, those that still count first.
pub(crate) fn shown(view: &View, ctx: &Ctx, media: Vec<BoundMedium>) -> Vec<Shown> {
    let now = ctx.now();
    let one = |medium: BoundMedium| {
        let kind = kind_name(view, medium.kind);
        let name = if medium.label.is_empty() { kind.clone() } else { medium.label.clone() };
        let live = medium.is_live(now);
        let state = match (medium.ended_at.filter(|_| !live), medium.until_at) {
            (Some(ended), _) => view.t1("medium-ended", "moment", &view.moment(&ended)),
            (None, Some(until)) => view.t1("medium-until", "moment", &view.moment(&until)),
            (None, None) => view.t1("share-since", "moment", &view.moment(&medium.bound_at)),
        };
        Shown { id: medium.id, name, detail: format!("{kind}　{state}"), live }
    };
    let mut all: Vec<Shown> = media.into_iter().rev().map(one).collect();
    all.sort_by_key(|medium| !medium.live);
    all
}

pub(crate) fn kind_name(view: &View, kind: Medium) -> String {
    view.t(&format!("medium-{}", kind.word().replace('_', "-")))
}

/// What can be laid down at places of this town, with the programmes that accept it: what nothing accepts is not offered.
pub(crate) fn accepted(view: &View) -> Vec<Accepted> {
    let town = view.app.town();
    let names = |kind: Medium| {
        let accept = town.programmes.iter().filter(|programme| programme.accepts_medium(kind));
        accept.map(|programme| view.words(&programme.name)).collect::<Vec<_>>().join(&view.t("medium-comma"))
    };
    let all = Medium::ALL.iter().map(|kind| Accepted { kind: *kind, name: kind_name(view, *kind), programmes: names(*kind) });
    all.filter(|accepted| !accepted.programmes.is_empty()).collect()
}

/// A kind of medium and what it is good for.
pub(crate) struct Accepted {
    pub(crate) kind: Medium,
    pub(crate) name: String,
    pub(crate) programmes: String,
}

impl Accepted {
    fn is_made_here(&self) -> bool {
        matches!(self.kind, Medium::Sticker | Medium::Temporary)
    }
}

#[derive(Template)]
#[template(path = "media.html")]
struct Media<'a> {
    view: &'a View,
    media: Vec<Shown>,
    accepted: Vec<Accepted>,
    linked: bool,
    typed: Made,
    today: String,
    error: Option<String>,
}

impl Media<'_> {
    fn makes(&self) -> Vec<&Accepted> {
        self.accepted.iter().filter(|accepted| accepted.is_made_here()).collect()
    }

    fn is_chosen(&self, kind: &Medium, first: &bool) -> bool {
        if self.typed.kind.is_empty() { *first } else { self.typed.kind == kind.word() }
    }
}

async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    page(&view, &mut ctx, Made::default(), None).await
}

async fn page(view: &View, ctx: &mut Ctx, typed: Made, error: Option<String>) -> Result<Response, Problem> {
    let me = account(ctx)?;
    let media = identity::media_of(ctx, me).await?;
    let title = view.t("media-title");
    let body = Media {
        view,
        media: shown(view, ctx, media),
        accepted: accepted(view),
        linked: identity::link_of(ctx, me).await?.is_some(),
        typed,
        today: ctx.today().to_string(),
        error,
    };
    Ok(view.page(&Page::resident(&title), &body))
}

/// What is to be made.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Made {
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) last_day: String,
}

impl Made {
    /// What was chosen, with its last day where it has one. A day that cannot be read is told as a day that does not do.
    pub(crate) fn read(&self) -> Result<(Medium, Option<civil::Date>), identity::Error> {
        let kind = Medium::from_word(&self.kind).ok_or(identity::Error::MediumUnreadable)?;
        let day = civil::read_day(&self.last_day).map_err(|_| identity::Error::MediumDay)?;
        Ok((kind, day.filter(|_| kind == Medium::Temporary)))
    }
}

/// What is wrong with what was typed, in the reader's words; anything else goes its way.
pub(crate) fn mistake(view: &View, error: identity::Error) -> Result<String, Problem> {
    use identity::Error as E;
    match error {
        E::MediumUnreadable | E::MediumChanging | E::MediumTaken | E::TooManyMedia | E::MediumDay | E::Text { .. } => {
            Ok(view.t(&format!("medium-error-{}", error.code().replace('_', "-"))))
        }
        error => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "medium.html")]
struct Printed<'a> {
    view: &'a View,
    name: &'a str,
    kind: String,
    until: Option<String>,
    qr: String,
    number: String,
    back: &'a str,
}

/// The page a QR code is printed or photographed from: its number is told this once.
pub(crate) fn printed(view: &View, page: Page<'_>, medium: &BoundMedium, number: &MediumNumber, back: &str) -> Response {
    let kind = kind_name(view, medium.kind);
    let spaced: Vec<String> = number.text().as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    let body = Printed {
        view,
        name: &medium.label,
        until: medium.until_at.map(|until| view.moment(&until)),
        qr: qr_svg(number.text(), &kind),
        kind,
        number: spaced.join(" "),
        back,
    };
    let mut response = view.page(&page, &body);
    // Whoever goes back to it in the browser of a kiosk sees nothing.
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    response
}

async fn make(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    Caller(mut ctx): Caller,
    Form(made): Form<Made>,
) -> Result<Response, Problem> {
    let me = account(&ctx)?;
    let key = proofing.settings.media_key();
    let done = match made.read() {
        Ok((kind, day)) => identity::make_medium(&mut ctx, &key, me, kind, day, &made.label).await,
        Err(error) => Err(error),
    };
    match done {
        Ok((medium, number)) => {
            ctx.commit().await?;
            let title = view.t("medium-made");
            Ok(printed(&view, Page::resident(&title), &medium, &number, "/me/media"))
        }
        Err(error) => {
            let told = mistake(&view, error)?;
            Ok(to_mend(page(&view, &mut ctx, made, Some(told)).await?))
        }
    }
}

/// Why something is ended.
#[derive(Deserialize)]
pub(crate) struct Why {
    #[serde(default)]
    why: String,
}

impl Why {
    pub(crate) fn read(&self, else_: MediumEnd) -> MediumEnd {
        if self.why == "lost" { MediumEnd::Lost } else { else_ }
    }
}

async fn end(Caller(mut ctx): Caller, Path(medium): Path<MediumId>, Form(why): Form<Why>) -> Result<Response, Problem> {
    account(&ctx)?;
    identity::end_medium(&mut ctx, medium, why.read(MediumEnd::NotUsed)).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/me/media").into_response())
}
