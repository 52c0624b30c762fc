//! Looking for posts and reading them, by anybody.

use askama::Template;
use axum::Form;
use axum::extract::{Path, RawQuery};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use store::Actor;
use town::{District, GuideId, Town};
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::Shown;
use super::query::Asked;
use crate::domain;
use crate::domain::read::PAGE;
use crate::model::{PhotoId, Position, PostId, Why};
use crate::rules::REASON_CHARS_MAX;

/// How near the map begins where there is nothing on it yet: a whole town.
const ZOOM: u8 = 11;
/// How near it begins around one place.
const ZOOM_NEAR: u8 = 16;

/// The map's own words, in `data-map`.
pub(super) fn map_base(view: &View, mode: &str) -> serde_json::Value {
    json!({ "style": format!("/map/style.json?lang={}", view.language), "mode": mode })
}

/// The middle of the town, as longitude and latitude.
pub(super) fn middle(town: &Town) -> Option<[f64; 2]> {
    let count = i64::try_from(town.districts.len()).ok().filter(|count| *count > 0)?;
    let mean = |of: fn(&District) -> i32| {
        let sum: i64 = town.districts.iter().map(|district| i64::from(of(district))).sum();
        i32::try_from(sum / count).ok()
    };
    let latitude = mean(|district| district.latitude_microdegrees)?;
    let longitude = mean(|district| district.longitude_microdegrees)?;
    Some(Position { latitude, longitude }.east_north())
}

#[derive(Template)]
#[template(path = "guides.html")]
struct Guides<'a> {
    view: &'a View,
    guides: Vec<(String, String, String)>,
}

/// The town's guides; with one there is nothing to choose.
pub(super) async fn guides(view: View) -> Result<Response, Problem> {
    let town = view.app.town();
    match town.guides.as_slice() {
        [] => Err(Problem::not_found()),
        [one] => Ok(Redirect::to(&format!("/guide/{}", one.id)).into_response()),
        several => {
            let line =
                |guide: &town::Guide| (guide.id.to_string(), view.words(&guide.name).to_owned(), view.words(&guide.about).to_owned());
            let guides = several.iter().map(line).collect();
            let title = view.t("menu-guide");
            Ok(view.page(&Page::resident(&title), &Guides { view: &view, guides }))
        }
    }
}

/// A code, its name, and whether it was chosen.
pub(super) struct Choice {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

struct Line {
    id: PostId,
    shown: Shown,
    thanks: String,
    /// How far it is from where the reader asks.
    far: Option<String>,
    photo: Option<PhotoId>,
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'a> {
    view: &'a View,
    guide: String,
    title: &'a str,
    about: &'a str,
    asked: &'a Asked,
    categories: Vec<Choice>,
    ages: Vec<Choice>,
    tags: Vec<Choice>,
    districts: Vec<Choice>,
    near: bool,
    map: String,
    lines: Vec<Line>,
    all: i64,
    pages: i64,
    credit: String,
}

impl List<'_> {
    fn is_narrowed(&self) -> bool {
        self.ages.iter().chain(&self.tags).chain(&self.districts).any(|choice| choice.chosen) || self.asked.by_thanks
    }

    fn page(&self, page: i64) -> String {
        self.asked.query(Some(page))
    }
}

/// A distance as people say it: to ten metres, from a kilometre on to a hundred.
fn far(view: &View, metres: u32) -> String {
    if metres < 995 {
        return view.t1("community-far-m", "metres", &((metres + 5) / 10 * 10).to_string());
    }
    let tenths = (metres + 50) / 100;
    view.t1("community-far-km", "kilometres", &format!("{}.{}", tenths / 10, tenths % 10))
}

/// A district to start from.
fn of_district(view: &View, district: &District, chosen: &str) -> Choice {
    let latin = view.language.html() != "ja" && !district.romaji.is_empty();
    let name = if latin { &district.romaji } else { &district.name };
    Choice { code: district.name.clone(), name: name.clone(), chosen: district.name == chosen }
}

/// The posts of a guide that somebody looks for, as a list and on the map.
pub(super) async fn list(
    view: View,
    Reader(mut ctx): Reader,
    Path(id): Path<GuideId>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let guide = domain::guide(&ctx, &id)?;
    let asked = Asked::of(raw.as_deref());
    let here = asked.here(ctx.town());
    let found = domain::read::find(&mut ctx, &id, &asked.filter(&guide), here, asked.page).await?;
    let line = |post: &crate::model::Shown| Line {
        id: post.id,
        shown: Shown::new(&view, &guide, &post.content),
        thanks: view.count(&post.thanks),
        far: here.zip(post.content.position).map(|(here, at)| far(&view, here.distance_m(at))),
        photo: post.photo.map(|photo| photo.id),
    };
    let choice = |code: &town::GuideCode, name: &town::Words, chosen: &[String]| Choice {
        code: code.to_string(),
        name: view.words(name).to_owned(),
        chosen: chosen.iter().any(|one| one == code.as_str()),
    };
    let (category, age) = ([asked.category.clone()], [asked.age.clone()]);
    let mut map = map_base(&view, "show");
    map["features"] = format!("/api/v1/guide/{id}.geojson?{}&lang={}", asked.query(None), view.language).replace("?&", "?").into();
    map["here"] = "#near-here".into();
    if found.all == 0 {
        map["center"] = json!(middle(ctx.town()));
        map["zoom"] = ZOOM.into();
    }
    let title = view.words(&guide.name);
    let body = List {
        view: &view,
        guide: id.to_string(),
        title,
        about: view.words(&guide.about),
        categories: guide.categories.iter().map(|part| choice(&part.id, &part.name, &category)).collect(),
        ages: guide.ages.iter().map(|part| choice(&part.id, &part.name, &age)).collect(),
        tags: guide.tags.iter().map(|part| choice(&part.id, &part.name, &asked.tags)).collect(),
        districts: ctx.town().districts.iter().map(|district| of_district(&view, district, &asked.from)).collect(),
        near: here.is_some(),
        map: map.to_string(),
        lines: found.posts.iter().map(line).collect(),
        all: found.all,
        pages: (found.all + PAGE - 1) / PAGE,
        credit: view.words(&guide.licence.name).to_owned(),
        asked: &asked,
    };
    Ok(view.page(&Page::resident(title).with_island("map.js", &["places-map"]), &body))
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage<'a> {
    view: &'a View,
    guide: String,
    guide_name: &'a str,
    id: PostId,
    shown: Shown,
    photo: Option<crate::model::ShownPhoto>,
    map: Option<String>,
    published: String,
    changed: Option<String>,
    thanks: i64,
    own: bool,
    thanked: bool,
    known: bool,
    here: String,
    whys: Vec<(&'static str, String)>,
    note_max: usize,
    licence: &'a str,
    licence_url: &'a str,
}

/// One post.
pub(super) async fn one(view: View, Reader(mut ctx): Reader, Path((id, post)): Path<(GuideId, PostId)>) -> Result<Response, Problem> {
    let guide = domain::guide(&ctx, &id)?;
    let seen = domain::read::one(&mut ctx, &id, post).await?;
    let found = seen.shown;
    let map = found.content.position.map(|at| {
        let mut map = map_base(&view, "show");
        map["features"] = format!("/api/v1/guide/{id}.geojson?lang={}", view.language).into();
        map["center"] = json!(at.east_north());
        map["zoom"] = ZOOM_NEAR.into();
        map.to_string()
    });
    let body = PostPage {
        view: &view,
        guide: id.to_string(),
        guide_name: view.words(&guide.name),
        id: post,
        shown: Shown::new(&view, &guide, &found.content),
        photo: found.photo,
        map,
        published: view.moment(&found.published_at),
        changed: (found.changed_at > found.published_at).then(|| view.moment(&found.changed_at)),
        thanks: found.thanks,
        own: seen.own,
        thanked: seen.thanked,
        known: matches!(ctx.actor, Actor::Holder(_)),
        here: web::query_value(&format!("/guide/{id}/posts/{post}")),
        whys: Why::ALL.iter().map(|why| (why.as_str(), view.t(&format!("community-why-{why}")))).collect(),
        note_max: REASON_CHARS_MAX,
        licence: view.words(&guide.licence.name),
        licence_url: &guide.licence.url,
    };
    Ok(view.page(&Page::resident(&found.content.title).with_island("map.js", &["places-map"]), &body))
}

#[derive(Deserialize)]
pub(super) struct Thanks {
    #[serde(default)]
    thanks: String,
}

/// Thanks, or takes it back.
pub(super) async fn thank(Caller(mut ctx): Caller, Path(post): Path<PostId>, Form(sent): Form<Thanks>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    let guide = domain::read::thank(&mut ctx, post, sent.thanks != "no").await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/guide/{guide}/posts/{post}")))
}

#[derive(Deserialize)]
pub(super) struct Doubted {
    #[serde(default)]
    why: String,
    #[serde(default)]
    note: String,
}

#[derive(Template)]
#[template(path = "doubted.html")]
struct DoubtedPage<'a> {
    view: &'a View,
    back: String,
}

/// Tells staff that a post is not right.
pub(super) async fn doubt(
    view: View,
    Caller(mut ctx): Caller,
    Path(post): Path<PostId>,
    Form(sent): Form<Doubted>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let why = sent.why.parse().map_err(|_| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "community.why_missing"))?;
    let guide = domain::read::doubt(&mut ctx, post, why, &sent.note).await?;
    ctx.commit().await?;
    let title = view.t("community-doubted");
    Ok(view.page(&Page::resident(&title), &DoubtedPage { view: &view, back: format!("/guide/{guide}/posts/{post}") }))
}

/// A photo. The file of an id never changes; who may see it may keep it, everybody only while everybody may.
pub(super) async fn photo(Reader(mut ctx): Reader, Path(photo): Path<PhotoId>) -> Result<Response, Problem> {
    let (jpeg, public) = domain::read::photo(&mut ctx, photo).await?;
    let kept = if public { "public, max-age=300" } else { "private, no-store" };
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, kept)], jpeg).into_response())
}

#[derive(Template)]
#[template(path = "open_data.html")]
struct OpenData<'a> {
    view: &'a View,
    guide: String,
    guide_name: &'a str,
    licence: &'a str,
    licence_url: &'a str,
    credit: &'a str,
    count: i64,
    changed: Option<String>,
    origin: &'a str,
}

/// What the guide's files are, under which terms, and where.
pub(super) async fn open_data(view: View, Reader(mut ctx): Reader, Path(id): Path<GuideId>) -> Result<Response, Problem> {
    let guide = domain::guide(&ctx, &id)?;
    let filter = crate::model::Filter::default();
    let count = domain::read::find(&mut ctx, &id, &filter, None, 1).await?.all;
    let changed = domain::read::changed(&mut ctx, &id).await?.map(|at| view.moment(&at));
    let title = view.t("community-open-data");
    let body = OpenData {
        view: &view,
        guide: id.to_string(),
        guide_name: view.words(&guide.name),
        licence: view.words(&guide.licence.name),
        licence_url: &guide.licence.url,
        credit: view.words(&guide.licence.credit),
        count,
        changed,
        origin: view.app.origin(),
    };
    Ok(view.page(&Page::resident(&title), &body))
}
