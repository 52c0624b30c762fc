//! Dispositions: what a person agrees to, and the desk of whoever writes them.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Ctx, Permission, ResidentId};
use town::{DispositionKind, TopicId};
use web::{Caller, Page, Problem, Reader, Session, View, query_value, signed_in};

use super::inbox::download;
use crate::disposition::{Consent, ConsentId};
use crate::domain::dispositions::consent::{self as domain, Offer, Words};
use crate::domain::dispositions::proof::hex;
use crate::domain::inbox;
use crate::model::{DeliveryId, Error};

/// The page on which people agree.
const HERE: &str = "/inbox/dispositions";

/// The words somebody agrees to, sentence by sentence. What is kept is exactly this.
pub(super) fn consent_words(view: &View, kind: &DispositionKind, for_child: bool) -> Vec<String> {
    let name = view.words(&kind.name);
    let who = if for_child { "notices-disposition-agree-child" } else { "notices-disposition-agree-own" };
    let mut words =
        vec![view.ta(who, &[("name", name.into()), ("basis", kind.basis.as_str().into())]), view.t("notices-disposition-agree-arrival")];
    if kind.appeal_months.is_some() {
        words.push(view.t("notices-disposition-agree-appeal"));
    }
    words.push(view.words(&kind.if_unopened).to_owned());
    words.push(view.t("notices-disposition-agree-end"));
    words
}

/// What tells whether the words are still those that were shown.
fn mark(words: &[String]) -> String {
    hex(digest(&SHA256, words.join("\n").as_bytes()).as_ref())
}

struct Line {
    name: String,
    kind: TopicId,
    resident: ResidentId,
    child: Option<String>,
    words: Vec<String>,
    mark: String,
    agreed: Option<(ConsentId, String)>,
}

struct Past {
    name: String,
    agreed: String,
    ended: Option<String>,
    words: Vec<String>,
    /// The tag of the language the words are in, which were kept as they were shown.
    lang: String,
}

#[derive(Template)]
#[template(path = "dispositions.html")]
struct Consents<'a> {
    view: &'a View,
    lines: Vec<Line>,
    past: Vec<Past>,
    linked: bool,
}

/// What one may agree to, and what one agreed to.
pub(super) async fn consents(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let offers = domain::offers(&mut ctx).await?;
    let past = domain::all(&mut ctx).await?;
    let several = offers.iter().any(|offer| offer.child.is_some_and(|place| place > 0));
    let line = |offer: &Offer| line(&view, offer, several);
    let title = view.t("notices-disposition-consents");
    let body = Consents {
        view: &view,
        linked: !offers.is_empty(),
        lines: offers.iter().map(line).collect(),
        past: past.iter().map(|consent| self::past(&view, consent)).collect(),
    };
    Ok(view.page(&Page::resident(&title), &body))
}

fn line(view: &View, offer: &Offer, several: bool) -> Line {
    let words = consent_words(view, &offer.kind, offer.child.is_some());
    Line {
        name: view.words(&offer.kind.name).to_owned(),
        kind: offer.kind.id.clone(),
        resident: offer.resident,
        child: offer.child.map(|place| child_words(view, place, several)),
        mark: mark(&words),
        words,
        agreed: offer.consent.as_ref().map(|consent| (consent.id, view.moment(&consent.agreed_at))),
    }
}

/// Which child: numbered where there are several. No child's name is known here.
fn child_words(view: &View, place: usize, several: bool) -> String {
    if several {
        let number = i64::try_from(place + 1).unwrap_or_default();
        view.ta("notices-disposition-child-number", &[("number", number.into())])
    } else {
        view.t("notices-of-child")
    }
}

fn past(view: &View, consent: &Consent) -> Past {
    Past {
        name: kind_words(view, &consent.kind),
        agreed: view.moment(&consent.agreed_at),
        ended: consent.ended_at.map(|at| view.moment(&at)),
        words: consent.words.lines().map(str::to_owned).collect(),
        lang: consent.language.parse::<town::Language>().map_or_else(|_| "ja".to_owned(), |language| language.html().to_owned()),
    }
}

/// A kind in the reader's words; one the pack has no more by its id.
pub(super) fn kind_words(view: &View, kind: &TopicId) -> String {
    view.app.town().disposition_kind(kind).map_or_else(|| kind.to_string(), |kind| view.words(&kind.name).to_owned())
}

/// What is agreed to.
#[derive(Deserialize)]
pub(super) struct Agreed {
    kind: TopicId,
    resident: ResidentId,
    mark: String,
}

/// Agrees. Without a card that was just read it is asked for; words that changed meanwhile are shown again.
pub(super) async fn agree(
    view: View,
    Session(session): Session,
    Caller(mut ctx): Caller,
    Form(agreed): Form<Agreed>,
) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    let offers = domain::offers(&mut ctx).await?;
    let wanted = |offer: &&Offer| offer.kind.id == agreed.kind && offer.resident == agreed.resident;
    let offer = offers.iter().find(wanted).ok_or(Error::NotFound)?;
    let words = consent_words(&view, &offer.kind, offer.child.is_some());
    if mark(&words) != agreed.mark {
        return Ok(Redirect::to(HERE));
    }
    let words = words.join("\n");
    let words = Words { text: &words, language: view.language.as_str() };
    match domain::agree(&mut ctx, session, &agreed.kind, agreed.resident, &words).await {
        Ok(()) => {
            ctx.commit().await?;
            Ok(Redirect::to(HERE))
        }
        Err(Error::CardNeeded) => Ok(Redirect::to(&format!("/start?next={}&card=yes", query_value(HERE)))),
        Err(error) => Err(error.into()),
    }
}

/// Withdraws.
pub(super) async fn withdraw(Caller(mut ctx): Caller, Path(id): Path<ConsentId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::withdraw(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(HERE))
}

/// A disposition in the inbox, beside the notice's words.
pub(super) struct Shown {
    pub(super) kind: String,
    pub(super) basis: String,
    pub(super) number: String,
    pub(super) dated: String,
    pub(super) came: String,
    pub(super) appeal: Option<String>,
    pub(super) appeal_until: Option<String>,
    pub(super) paper: Option<String>,
    /// Who signed, and when; none when the signature does not hold.
    pub(super) signed: Option<(String, String)>,
    pub(super) sha256: String,
}

/// What a person is shown of a disposition: its signature is checked anew each time.
pub(super) async fn shown(view: &View, ctx: &mut Ctx, item: &inbox::Item) -> Result<Option<Shown>, Problem> {
    let Some(disposition) = &item.disposition else { return Ok(None) };
    let kind = view.app.town().disposition_kind(&disposition.kind);
    let told = crate::domain::dispositions::proof::told(ctx, item).await?;
    let until = kind.and_then(|kind| crate::domain::dispositions::proof::appeal_until(kind.appeal_months, item.delivery.put_at));
    Ok(Some(Shown {
        kind: kind_words(view, &disposition.kind),
        basis: kind.map(|kind| kind.basis.clone()).unwrap_or_default(),
        number: disposition.number.clone(),
        dated: view.day(&disposition.dated),
        came: view.moment(&item.delivery.put_at),
        appeal: kind.and_then(|kind| kind.appeal.as_ref()).map(|words| view.words(words).to_owned()),
        appeal_until: until.map(|day| view.day(&day)),
        paper: told.paper_at.map(|at| view.moment(&at)),
        signed: told.checked.map(|checked| (checked.name, checked.at.map(|at| view.moment(&at)).unwrap_or_default())),
        sha256: told.sha256,
    }))
}

#[derive(Template)]
#[template(path = "disposition_check.html")]
struct Check<'a> {
    view: &'a View,
    id: DeliveryId,
    shown: Shown,
}

/// How anybody checks the document, in plain words.
pub(super) async fn check(view: View, Caller(mut ctx): Caller, Path(id): Path<DeliveryId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (item, _) = inbox::open(&mut ctx, id).await?;
    let shown = shown(&view, &mut ctx, &item).await?.ok_or_else(Problem::not_found)?;
    ctx.commit().await?;
    let title = view.t("notices-disposition-check");
    Ok(view.page(&Page::resident(&title), &Check { view: &view, id, shown }))
}

/// The town's certificate, for whoever checks a document or a certificate of delivery.
pub(super) async fn town_certificate(
    axum::Extension(seal): axum::Extension<crate::domain::dispositions::Seal>,
) -> Result<Response, Problem> {
    let sealer = seal.ok_or_else(Problem::not_found)?;
    Ok(download(sealer.certificates().into_bytes(), "application/x-pem-file", "town.pem"))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    number: String,
}

#[derive(Template)]
#[template(path = "staff_disposition_proof.html")]
struct ProofPage<'a> {
    view: &'a View,
    id: crate::model::NoticeId,
    certificate: crate::domain::dispositions::proof::Certificate,
    moments: Vec<(String, String)>,
    trail: Vec<(i64, String, String, String)>,
}

/// The certificate of delivery of one person, as a page.
pub(super) async fn proof(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<crate::model::NoticeId>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let who = web::staff_name(&mut ctx).await?;
    ctx.allow(Permission::WriteNotices)?;
    let certificate = crate::domain::dispositions::proof::certificate(&mut ctx, id, &asked.number).await?;
    let actor = ctx.actor.clone();
    ctx.commit().await?;
    let moment = |key: &str, at: Option<civil::Timestamp>| {
        (view.t(key), at.map_or_else(|| view.t("notices-disposition-not-yet"), |at| view.moment(&at)))
    };
    let mut moments = vec![
        moment("notices-disposition-arrived", certificate.arrived_at),
        moment("notices-disposition-delivered", certificate.delivered_at),
        moment("notices-disposition-opened", certificate.opened_at),
    ];
    if certificate.paper_at.is_some() {
        moments.push(moment("notices-disposition-paper", certificate.paper_at));
    }
    let trail = certificate.trail.iter();
    let trail = trail.map(|line| {
        let what = view.t(&format!("notices-disposition-trail-{}", line.action.trim_start_matches("disposition.").replace('_', "-")));
        (line.seq, view.moment(&line.at), what, line.hash.clone())
    });
    let body = ProofPage { view: &view, id, moments, trail: trail.collect(), certificate };
    let title = view.t("notices-disposition-proof");
    Ok(view.page(&Page::staff(&title, &actor, who), &body))
}

/// The certificate of delivery of one person, signed by the town.
pub(super) async fn proof_file(
    axum::Extension(seal): axum::Extension<crate::domain::dispositions::Seal>,
    Caller(mut ctx): Caller,
    Path(id): Path<crate::model::NoticeId>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    web::staff_name(&mut ctx).await?;
    let certificate = crate::domain::dispositions::proof::certificate(&mut ctx, id, &asked.number).await?;
    let jws = crate::domain::dispositions::proof::signed(&certificate, &seal)?;
    ctx.commit().await?;
    let mut answer = serde_json::to_value(&certificate).map_err(|error| Problem::internal(&error))?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("signed".to_owned(), jws.into());
    }
    Ok(download(answer.to_string().into_bytes(), "application/json", &format!("delivery-{}.json", certificate.delivery)).into_response())
}
