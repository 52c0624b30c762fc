//! What everybody sees: the map, the list that says the same, and one place.

use ::store::Ctx;
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde_json::json;
use town::{DatasetKind, District, HazardKind, PinTone};
use web::{Page, Problem, Reader, View};

use crate::asked::{Asked, said};
use crate::domain::look::{self, Area, Shown};
use crate::model::Position;
use crate::rules::area;
use crate::rules::spot::{Kind, Spot, Wish, district_of};
use crate::{style, words};

/// Spots the map's page names below the map.
const NEAREST: usize = 5;

/// A choice of a list.
struct Choice {
    word: String,
    name: String,
    chosen: bool,
}

/// A spot as a line of a list.
struct Line {
    key: String,
    name: String,
    kinds: String,
    distance: Option<String>,
    address: String,
    hazards: String,
    caution: Option<String>,
}

/// Lines under a heading: a district, or everything.
struct Group {
    heading: Option<String>,
    lines: Vec<Line>,
}

/// What both pages ask and say around the places.
struct Frame {
    kinds: Vec<Choice>,
    hazards: Vec<Choice>,
    districts: Vec<Choice>,
    near: Option<String>,
    /// The same question on the other page.
    other: String,
    /// What is looked for, in one sentence.
    looked_for: String,
    credits: Vec<Credit>,
    /// What is drawn how: the hazard areas of the pack.
    legend: Vec<Legend>,
    /// The hazard areas of where it was asked from.
    areas: Option<Vec<AreaLine>>,
    /// Whether that is the middle of a district and not where somebody stands.
    of_district: bool,
}

/// A hazard area's sign and name.
struct Legend {
    pattern: &'static str,
    colour: &'static str,
    name: String,
}

/// A hazard area somebody stands in.
struct AreaLine {
    key: String,
    name: String,
    degree: String,
    flee_to: Vec<FleeTo>,
}

/// The nearest site for a hazard.
struct FleeTo {
    hazard: String,
    key: String,
    name: String,
    distance: String,
}

struct Credit {
    name: String,
    words: String,
    since: Option<String>,
}

#[derive(Template)]
#[template(path = "map.html")]
struct MapPage<'a> {
    view: &'a View,
    frame: Frame,
    map: String,
    count: usize,
    nearest: Vec<Line>,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    view: &'a View,
    frame: Frame,
    count: usize,
    groups: Vec<Group>,
}

/// The map, with the nearest places below it when it is known from where.
pub(super) async fn map(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let town = view.app.town().clone();
    let wish = asked.wish(&town)?;
    let shown = look::look(&mut ctx, &town, &wish).await?;
    let language = view.language.to_string();
    let features = format!("/api/v1/places.geojson?{}", asked.without_position(&[("lang", &language)]));
    let mut map =
        json!({ "style": format!("/map/style.json?lang={language}"), "mode": "show", "features": features, "here": "#near-here" });
    if let Some(here) = wish.near {
        map["center"] = json!(here.east_north());
        map["zoom"] = json!(14);
    } else if wish.kind.is_none() {
        map["center"] = style::middle(&town);
    }
    let nearest = if wish.near.is_some() {
        shown.spots.iter().take(NEAREST).filter_map(|spot| line(&view, spot, &wish)).collect()
    } else {
        Vec::new()
    };
    let frame = frame(&view, &mut ctx, &asked, &wish, &shown, "/map/list").await?;
    let body = MapPage { view: &view, frame, map: map.to_string(), count: shown.spots.len(), nearest };
    let title = view.t("places-title");
    Ok(view.page(&Page::resident(&title).with_island("map.js", &["places-map"]), &body))
}

/// The same as a list: nearest first, or by district.
pub(super) async fn list(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let town = view.app.town().clone();
    let wish = asked.wish(&town)?;
    let shown = look::look(&mut ctx, &town, &wish).await?;
    let groups = groups(&view, &shown.spots, &wish);
    let frame = frame(&view, &mut ctx, &asked, &wish, &shown, "/map").await?;
    let title = view.t("places-list-title");
    Ok(view.page(&Page::resident(&title), &ListPage { view: &view, frame, count: shown.spots.len(), groups }))
}

async fn frame(view: &View, ctx: &mut Ctx, asked: &Asked, wish: &Wish, shown: &Shown<'_>, other: &str) -> Result<Frame, Problem> {
    let town = view.app.town();
    let kind = |kind: &Kind| Choice { word: kind.word().to_owned(), name: words::kind(view, *kind), chosen: wish.kind == Some(*kind) };
    let hazard = |hazard: &HazardKind| Choice {
        word: hazard.word().to_owned(),
        name: words::hazard(view, *hazard),
        chosen: wish.hazard == Some(*hazard),
    };
    let from = said(&asked.district);
    let districts = town.districts.iter().map(|district| Choice {
        word: district.name.clone(),
        name: district_name(view, district),
        chosen: from == Some(district.name.as_str()),
    });
    let mut credits = Vec::new();
    for dataset in &town.datasets {
        let since = look::current_since(ctx, &dataset.id).await?;
        let (name, words) = (view.words(&dataset.name).to_owned(), view.words(&dataset.credit).to_owned());
        credits.push(Credit { name, words, since: since.map(|since| view.moment(&since)) });
    }
    let query = asked.without_position(&[]);
    Ok(Frame {
        kinds: shown.kinds.iter().map(kind).collect(),
        hazards: HazardKind::ALL.iter().map(hazard).collect(),
        districts: districts.collect(),
        near: said(&asked.near).map(str::to_owned),
        other: if query.is_empty() { other.to_owned() } else { format!("{other}?{query}") },
        looked_for: looked_for(view, wish),
        credits,
        legend: legend(view),
        areas: shown.areas.as_ref().map(|areas| areas.iter().map(|area| area_line(view, wish, area)).collect()),
        of_district: said(&asked.near).is_none(),
    })
}

fn legend(view: &View) -> Vec<Legend> {
    let areas = view.app.town().datasets.iter().filter(|dataset| dataset.kind == DatasetKind::Hazard);
    areas
        .map(|dataset| Legend { pattern: area::pattern(dataset), colour: colour(dataset.tone), name: view.words(&dataset.name).to_owned() })
        .collect()
}

/// The colour of a tone, as the map draws it (ui/src/map/pins.ts).
fn colour(tone: PinTone) -> &'static str {
    match tone {
        PinTone::Ai => "#1b4a7a",
        PinTone::Matsu => "#1f5c40",
        PinTone::Shu => "#a8371c",
        PinTone::Fuji => "#644a98",
        PinTone::Yamabuki => "#855600",
        PinTone::Asagi => "#006b7a",
        PinTone::Sakura => "#a1375c",
        PinTone::Kuri => "#6b3d2e",
        PinTone::Sumi => "#3c3a38",
    }
}

fn area_line(view: &View, wish: &Wish, area: &Area<'_>) -> AreaLine {
    let flee_to = |(hazard, spot): &(HazardKind, Spot<'_>)| {
        let main = spot.main()?;
        let distance = wish.near.zip(spot.distance_m).map(|(here, metres)| words::distance(view, metres, here, main.place.position));
        let (key, name) = (main.place.key.clone(), main.place.name.clone());
        Some(FleeTo { hazard: words::hazard(view, *hazard), key, name, distance: distance.unwrap_or_default() })
    };
    AreaLine {
        key: area.area.place.key.clone(),
        name: view.words(&area.area.dataset.name).to_owned(),
        degree: words::degree(view, &area.area.place),
        flee_to: area.flee_to.iter().filter_map(flee_to).collect(),
    }
}

/// A district as the reader reads it.
pub(super) fn district_name(view: &View, district: &District) -> String {
    if words::in_kanji(view) || district.romaji.is_empty() { district.name.clone() } else { district.romaji.clone() }
}

/// What is looked for, in one sentence.
fn looked_for(view: &View, wish: &Wish) -> String {
    let kind = wish.kind.map_or_else(|| view.t("places-everything"), |kind| words::kind(view, kind));
    match wish.hazard {
        Some(hazard) => {
            let hazard = words::hazard(view, hazard);
            view.ta("places-looked-for-hazard", &[("kind", (&kind).into()), ("hazard", (&hazard).into())])
        }
        None => view.t1("places-looked-for", "kind", &kind),
    }
}

fn line(view: &View, spot: &Spot<'_>, wish: &Wish) -> Option<Line> {
    let main = spot.main()?;
    let distance = wish.near.zip(spot.distance_m).map(|(here, metres)| words::distance(view, metres, here, main.place.position));
    let hazards: Vec<String> =
        HazardKind::ALL.iter().filter(|hazard| spot.is_for(**hazard)).map(|hazard| words::hazard(view, *hazard)).collect();
    Some(Line {
        key: main.place.key.clone(),
        name: main.place.name.clone(),
        kinds: words::kinds(view, spot),
        distance,
        address: main.place.detail.address.clone(),
        hazards: hazards.join(&view.t("places-and")),
        caution: spot.parts.iter().find_map(words::caution),
    })
}

/// Nearest first in one group, or a group for each district in the order of the pack, and one for what stands in none.
fn groups(view: &View, spots: &[Spot<'_>], wish: &Wish) -> Vec<Group> {
    let lines = |spots: &[&Spot<'_>]| spots.iter().filter_map(|spot| line(view, spot, wish)).collect();
    let all: Vec<&Spot<'_>> = spots.iter().collect();
    if wish.near.is_some() {
        return vec![Group { heading: None, lines: lines(&all) }];
    }
    let districts = &view.app.town().districts;
    let district =
        |spot: &Spot<'_>| spot.main().and_then(|part| district_of(&part.place, districts)).map(|district| district.name.as_str());
    let in_district = |name: Option<&str>| all.iter().copied().filter(|spot| district(spot) == name).collect::<Vec<_>>();
    let named = districts.iter().map(|one| (Some(one.name.clone()), in_district(Some(one.name.as_str()))));
    let elsewhere = std::iter::once((Some(view.t("places-elsewhere")), in_district(None)));
    named.chain(elsewhere).filter(|(_, spots)| !spots.is_empty()).map(|(heading, spots)| Group { heading, lines: lines(&spots) }).collect()
}

/// One place.
#[derive(Template)]
#[template(path = "place.html")]
struct PlacePage<'a> {
    view: &'a View,
    name: String,
    kana: String,
    kinds: String,
    welfare: bool,
    cautions: Vec<String>,
    facts: Vec<(String, String)>,
    hazards: Vec<HazardLine>,
    telephone: Option<Telephone>,
    url: Option<String>,
    geo: String,
    gsi: String,
    map: String,
    credits: Vec<Credit>,
}

struct HazardLine {
    name: String,
    good: bool,
    barred: bool,
}

struct Telephone {
    words: String,
    dialled: Option<String>,
}

/// One place, with all that is known of it.
pub(super) async fn place(view: View, Reader(mut ctx): Reader, Path(key): Path<String>) -> Result<Response, Problem> {
    let town = view.app.town().clone();
    let spot = look::place(&mut ctx, &town, &key).await?;
    let main = spot.main().ok_or_else(Problem::not_found)?;
    let mut credits = Vec::new();
    for part in &spot.parts {
        let since = look::current_since(&mut ctx, &part.dataset.id).await?;
        let (name, words) = (view.words(&part.dataset.name).to_owned(), view.words(&part.dataset.credit).to_owned());
        credits.push(Credit { name, words, since: since.map(|since| view.moment(&since)) });
    }
    let Position { latitude, longitude } = main.place.position;
    let (latitude, longitude) = (style::degrees(latitude), style::degrees(longitude));
    let language = &view.language;
    let map = json!({
        "style": format!("/map/style.json?lang={language}"), "mode": "show", "features": format!("/api/v1/places.geojson?lang={language}"),
        "center": [longitude, latitude], "zoom": 15,
    });
    let body = PlacePage {
        view: &view,
        name: main.place.name.clone(),
        kana: main.place.detail.kana.clone(),
        kinds: words::kinds(&view, &spot),
        welfare: spot.parts.iter().any(|part| part.kind() == Kind::Welfare),
        cautions: cautions(&spot),
        facts: facts(&view, &spot),
        hazards: hazards(&view, &spot),
        telephone: spot.parts.iter().map(|part| part.place.detail.telephone.as_str()).find(|words| !words.is_empty()).map(telephone),
        url: spot
            .parts
            .iter()
            .map(|part| &part.place.detail.url)
            .find(|url| url.starts_with("https://") || url.starts_with("http://"))
            .cloned(),
        geo: format!("geo:{latitude},{longitude}?q={latitude},{longitude}"),
        gsi: format!("https://maps.gsi.go.jp/#16/{latitude}/{longitude}/"),
        map: map.to_string(),
        credits,
    };
    Ok(view.page(&Page::resident(&main.place.name).with_island("map.js", &["places-map"]), &body))
}

fn telephone(words: &str) -> Telephone {
    Telephone { words: words.to_owned(), dialled: words::dialled(words) }
}

fn cautions(spot: &Spot<'_>) -> Vec<String> {
    let mut cautions: Vec<String> = Vec::new();
    for caution in spot.parts.iter().filter_map(words::caution) {
        if !cautions.contains(&caution) {
            cautions.push(caution);
        }
    }
    cautions
}

/// Each hazard with its yes or no, for a spot that is designated for any.
fn hazards(view: &View, spot: &Spot<'_>) -> Vec<HazardLine> {
    if !HazardKind::ALL.iter().any(|hazard| spot.is_for(*hazard)) {
        return Vec::new();
    }
    let line = |hazard: &HazardKind| HazardLine {
        name: words::hazard(view, *hazard),
        good: spot.is_for(*hazard),
        barred: spot.is_barred_in(*hazard),
    };
    HazardKind::ALL.iter().map(line).collect()
}

fn facts(view: &View, spot: &Spot<'_>) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut put = |heading: String, words: &str| {
        let fact = (heading, words.to_owned());
        if !words.is_empty() && !facts.contains(&fact) {
            facts.push(fact);
        }
    };
    for part in &spot.parts {
        let detail = &part.place.detail;
        put(view.t("places-address"), &detail.address);
        put(view.t("places-building"), &detail.building);
        put(view.t("places-hours"), &detail.hours);
        put(view.t("places-capacity"), &detail.capacity);
        put(view.t("places-ward"), &detail.ward);
        for (heading, words) in &detail.more {
            put(heading.clone(), words);
        }
    }
    facts
}

impl Frame {
    /// Whether anything is chosen, so that the form stands open.
    fn chosen(&self) -> bool {
        [&self.kinds, &self.hazards, &self.districts].into_iter().flatten().any(|choice| choice.chosen)
    }
}
