//! The pages: looking, one post, writing, one's own, the open data, and the staff's desk.

mod form;
mod mine;
pub(crate) mod query;
mod read;
mod staff;
mod write;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use town::{Guide, GuideCode};
use web::{App, UPLOAD_BYTES_MAX, View};

use crate::model::{Content, Said};

pub(crate) fn routes() -> Router<App> {
    let pictures = Router::new()
        .route("/guide/{guide}/new", get(write::blank).post(write::write))
        .route("/guide/mine/{post}/edit", get(write::again).post(write::change))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX));
    Router::new()
        .route("/guide", get(read::guides))
        .route("/guide/{guide}", get(read::list))
        .route("/guide/{guide}/open-data", get(read::open_data))
        .route("/guide/{guide}/posts/{post}", get(read::one))
        .route("/guide/posts/{post}/thanks", post(read::thank))
        .route("/guide/posts/{post}/wrong", post(read::doubt))
        .route("/guide/photos/{photo}", get(read::photo))
        .route("/guide/mine", get(mine::list))
        .route("/guide/mine/{post}", get(mine::one))
        .route("/guide/mine/{post}/withdraw", post(mine::withdraw))
        .route("/staff/guide", get(staff::desk))
        .route("/staff/guide/{post}", get(staff::one).post(staff::decide))
        .route("/staff/guide/photos/{photo}", get(read::photo))
        .merge(pictures)
}

/// What a post says, as its pages show it.
pub(crate) struct Shown {
    pub(crate) category: String,
    pub(crate) icon: &'static str,
    pub(crate) title: String,
    pub(crate) words: String,
    pub(crate) place: String,
    pub(crate) district: String,
    pub(crate) ages: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) author: String,
    pub(crate) photo_words: String,
}

/// A tag and what is said of it.
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) said: String,
    pub(crate) yes: bool,
}

impl Shown {
    pub(crate) fn new(view: &View, guide: &Guide, content: &Content) -> Self {
        let category = guide.category(content.category.as_str());
        let district = content.district.clone().unwrap_or_default();
        let photo_words = if content.photo_words.is_empty() {
            view.t1("community-photo-of", "title", &content.title)
        } else {
            content.photo_words.clone()
        };
        Self {
            category: category.map(|category| view.words(&category.name).to_owned()).unwrap_or_default(),
            icon: category.map_or("town", |category| category.icon.word()),
            title: content.title.clone(),
            words: content.words.clone(),
            place: content.place.clone(),
            district: district_name(view, &district),
            ages: content.ages.iter().filter_map(|age| guide.age(age.as_str())).map(|age| view.words(&age.name).to_owned()).collect(),
            facts: facts(view, guide, &content.facts),
            author: content.pen_name.clone().unwrap_or_else(|| view.t("community-nobody")),
            photo_words,
        }
    }

    /// What is said with yes, for a line of a list.
    pub(crate) fn has(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| fact.yes)
    }
}

fn facts(view: &View, guide: &Guide, said: &BTreeMap<GuideCode, Said>) -> Vec<Fact> {
    let fact = |tag: &town::GuideTag| {
        let said = said.get(&tag.id).copied();
        let key = said.map_or("community-unknown", |said| if said == Said::Yes { "shell-yes" } else { "shell-no" });
        Fact { name: view.words(&tag.name).to_owned(), said: view.t(key), yes: said == Some(Said::Yes) }
    };
    guide.tags.iter().map(fact).collect()
}

/// A district as the reader can read it: in Latin letters too, where Japanese is not their language.
fn district_name(view: &View, name: &str) -> String {
    let known = view.app.town().districts.iter().find(|district| district.name == name);
    match known {
        Some(known) if view.language.html() != "ja" && !known.romaji.is_empty() => format!("{name} ({})", known.romaji),
        _ => name.to_owned(),
    }
}
