//! Writing a post and changing it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use store::{Actor, Ctx};
use town::{Guide, GuideId};
use web::{App, Page, Problem, Reader, View, Who, signed_in, to_mend};

use super::form::Sent;
use super::read::{Choice, map_base, middle};
use crate::domain::{self, write::Photo};
use crate::model::{Content, Error, Fault, PhotoId, PostId};
use crate::rules::{Draft, PEN_NAME_CHARS_MAX, SHORT_CHARS_MAX, TITLE_CHARS_MAX, WORDS_CHARS_MAX};

/// How near the map begins on which one points at a place.
const ZOOM: u8 = 12;

struct Tag {
    code: String,
    name: String,
    said: String,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    view: &'a View,
    title: String,
    guide_name: &'a str,
    about_licence: String,
    licence_url: &'a str,
    before: bool,
    action: String,
    draft: &'a Draft,
    categories: Vec<Choice>,
    ages: Vec<Choice>,
    tags: Vec<Tag>,
    districts: Vec<(&'a str, &'a str)>,
    map: String,
    faults: Vec<(&'static str, String)>,
    /// The photo that is there, if the post is being changed.
    photo: Option<PhotoId>,
    /// A photo was chosen and has to be chosen again.
    again: bool,
    title_max: usize,
    title_count: i64,
    words_max: usize,
    short_max: usize,
    pen_name_max: usize,
}

impl FormPage<'_> {
    /// Why a field must be mended.
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }
}

/// What the form is shown with.
struct Shown<'a> {
    guide: &'a Guide,
    post: Option<PostId>,
    draft: &'a Draft,
    photo: Option<PhotoId>,
    faults: &'a [Fault],
    again: bool,
}

fn page(view: &View, shown: &Shown<'_>) -> Response {
    let town = view.app.town();
    let Shown { guide, draft, .. } = *shown;
    let choice = |code: &town::GuideCode, name: &town::Words, chosen: &[String]| Choice {
        code: code.to_string(),
        name: view.words(name).to_owned(),
        chosen: chosen.iter().any(|one| one == code.as_str()),
    };
    let said = |code: &str| draft.facts.iter().find(|(tag, _)| tag == code).map(|(_, said)| said.clone()).unwrap_or_default();
    let mut map = map_base(view, "pick");
    map["latitude"] = "#latitude".into();
    map["longitude"] = "#longitude".into();
    map["center"] = serde_json::json!(middle(town));
    map["zoom"] = ZOOM.into();
    let title = view.t(if shown.post.is_some() { "community-change" } else { "community-write" });
    let category = [draft.category.clone()];
    let body = FormPage {
        view,
        guide_name: view.words(&guide.name),
        about_licence: view.t1("community-licence-agree", "licence", view.words(&guide.licence.name)),
        licence_url: &guide.licence.url,
        before: guide.moderation == town::Moderation::Before,
        action: shown.post.map_or_else(|| format!("/guide/{}/new", guide.id), |post| format!("/guide/mine/{post}/edit")),
        draft,
        categories: guide.categories.iter().map(|part| choice(&part.id, &part.name, &category)).collect(),
        ages: guide.ages.iter().map(|part| choice(&part.id, &part.name, &draft.ages)).collect(),
        tags: guide
            .tags
            .iter()
            .map(|tag| Tag { code: tag.id.to_string(), name: view.words(&tag.name).to_owned(), said: said(tag.id.as_str()) })
            .collect(),
        districts: town.districts.iter().map(|district| (district.name.as_str(), district.kana.as_str())).collect(),
        map: map.to_string(),
        faults: shown.faults.iter().map(|fault| (fault.field, words_of(view, *fault))).collect(),
        photo: shown.photo,
        again: shown.again,
        title_max: TITLE_CHARS_MAX,
        title_count: i64::try_from(TITLE_CHARS_MAX).unwrap_or(i64::MAX),
        words_max: WORDS_CHARS_MAX,
        short_max: SHORT_CHARS_MAX,
        pen_name_max: PEN_NAME_CHARS_MAX,
        title: title.clone(),
    };
    view.page(&Page::resident(&title).with_island("map.js", &["places-map"]), &body)
}

/// What must be mended, in the reader's words: of the field, or of the reason alone.
fn words_of(view: &View, fault: Fault) -> String {
    let key = |text: &str| text.replace('_', "-");
    let own = format!("community-wrong-{}-{}", key(fault.field), key(fault.reason));
    if view.has(&own) {
        return view.t(&own);
    }
    let field = view.t(&format!("community-field-{}", key(fault.field)));
    view.t1(&format!("community-wrong-{}", key(fault.reason)), "field", &field)
}

#[derive(Template)]
#[template(path = "not_yet.html")]
struct NotYet<'a> {
    view: &'a View,
    resident: bool,
    back: String,
}

/// Says what is missing before somebody may write, where it is something they can do; any other refusal stays one.
fn not_yet(view: &View, guide: &Guide, error: Error) -> Result<Response, Problem> {
    let resident = match error {
        Error::NotProven => false,
        Error::NotResident => true,
        other => return Err(other.into()),
    };
    let title = view.t("community-write");
    let body = NotYet { view, resident, back: format!("/guide/{}", guide.id) };
    Ok(view.page(&Page::resident(&title), &body))
}

/// An empty form.
pub(super) async fn blank(view: View, Reader(mut ctx): Reader, Path(id): Path<GuideId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let guide = domain::guide(&ctx, &id)?;
    if let Err(error) = domain::write::may_write(&mut ctx, &guide).await {
        return not_yet(&view, &guide, error);
    }
    let pen_name = domain::write::last_pen_name(&mut ctx).await?.unwrap_or_default();
    let draft = Draft { pen_name, ..Draft::default() };
    Ok(page(&view, &Shown { guide: &guide, post: None, draft: &draft, photo: None, faults: &[], again: false }))
}

/// Begins to write on behalf of who asks, after a photo was read: nobody waits for that.
async fn begin(app: &App, caller: Option<identity::Caller>) -> Result<Ctx, Problem> {
    let actor = caller.map_or(Actor::Anonymous, |caller| caller.actor);
    Ok(app.store().begin(actor).await?)
}

/// Writes a post.
pub(super) async fn write(
    State(app): State<App>,
    view: View,
    Reader(mut reader): Reader,
    Who(caller): Who,
    Path(id): Path<GuideId>,
    mut sent: Sent,
) -> Result<Response, Problem> {
    signed_in(&reader)?;
    let guide = domain::guide(&reader, &id)?;
    domain::write::may_write(&mut reader, &guide).await?;
    drop(reader);
    let again = sent.has_photo();
    let picture = sent.picture().await?;
    let mut ctx = begin(&app, caller).await?;
    match domain::write::write(&mut ctx, &id, &sent.draft, picture).await {
        Ok(post) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/guide/mine/{}", post.id)).into_response())
        }
        Err(Error::ToMend(faults)) => {
            Ok(to_mend(page(&view, &Shown { guide: &guide, post: None, draft: &sent.draft, photo: None, faults: &faults, again })))
        }
        Err(error) => Err(error.into()),
    }
}

/// The form with what stands there.
pub(super) async fn again(view: View, Reader(mut ctx): Reader, Path(id): Path<PostId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (post, version, _) = domain::write::my_post(&mut ctx, id).await?;
    let guide = domain::guide(&ctx, &post.guide)?;
    if let Err(error) = domain::write::may_write(&mut ctx, &guide).await {
        return not_yet(&view, &guide, error);
    }
    let draft = draft_of(&version.content);
    Ok(page(&view, &Shown { guide: &guide, post: Some(id), draft: &draft, photo: version.photo, faults: &[], again: false }))
}

/// Changes a post.
pub(super) async fn change(
    State(app): State<App>,
    view: View,
    Reader(mut reader): Reader,
    Who(caller): Who,
    Path(id): Path<PostId>,
    mut sent: Sent,
) -> Result<Response, Problem> {
    signed_in(&reader)?;
    let (post, version, _) = domain::write::my_post(&mut reader, id).await?;
    let guide = domain::guide(&reader, &post.guide)?;
    domain::write::may_write(&mut reader, &guide).await?;
    drop(reader);
    let again = sent.has_photo();
    let photo = match sent.picture().await? {
        Some(picture) => Photo::New(picture),
        None if sent.remove_photo => Photo::Remove,
        None => Photo::Keep,
    };
    let mut ctx = begin(&app, caller).await?;
    match domain::write::change(&mut ctx, id, &sent.draft, photo).await {
        Ok(_) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/guide/mine/{id}")).into_response())
        }
        Err(Error::ToMend(faults)) => {
            let shown = Shown { guide: &guide, post: Some(id), draft: &sent.draft, photo: version.photo, faults: &faults, again };
            Ok(to_mend(page(&view, &shown)))
        }
        Err(error) => Err(error.into()),
    }
}

fn draft_of(content: &Content) -> Draft {
    let position = content.position;
    Draft {
        category: content.category.to_string(),
        title: content.title.clone(),
        words: content.words.clone(),
        place: content.place.clone(),
        district: content.district.clone().unwrap_or_default(),
        latitude: position.map(|at| at.latitude.to_string()).unwrap_or_default(),
        longitude: position.map(|at| at.longitude.to_string()).unwrap_or_default(),
        ages: content.ages.iter().map(ToString::to_string).collect(),
        facts: content.facts.iter().map(|(tag, said)| (tag.to_string(), said.to_string())).collect(),
        pen_name: content.pen_name.clone().unwrap_or_default(),
        photo_words: content.photo_words.clone(),
    }
}
