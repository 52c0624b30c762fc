//! In which language people read.

use super::{Heard, calendar, notices, otherwise, same};
use crate::Outcome;
use crate::scenario::browser::Browser;
use crate::scenario::world::World;

/// What the stories call the languages of the house.
const LANGUAGES: [(&str, &str); 8] = [
    ("日本語", "ja"),
    ("やさしい日本語", "ja-easy"),
    ("英語", "en"),
    ("中国語", "zh"),
    ("ベトナム語", "vi"),
    ("ポルトガル語", "pt"),
    ("フィリピノ語", "tl"),
    ("インドネシア語", "id"),
];

fn language(called: &str) -> Outcome<town::Language> {
    let (_, tag) = LANGUAGES.iter().find(|(name, _)| *name == called).ok_or_else(|| format!("no language is called {called}"))?;
    Ok(tag.parse()?)
}

pub(super) async fn reads(world: &mut World, heard: &Heard) -> Outcome {
    let [name, called] = heard.values()?;
    let router = world.house()?.router.clone();
    let path = format!("/?lang={}", language(called)?);
    world.person_mut(name)?.browser.page(&router, &path).await?.good().map(drop)
}

/// The page is marked as one of the language, and its words are those of the language.
fn is_in(world: &World, page: &str, called: &str) -> Outcome {
    let language = language(called)?;
    let tag = page.split("<html lang=\"").nth(1).and_then(|rest| rest.split('"').next());
    same(&Some(language.html()), &tag)?;
    let skip = world.house()?.app.catalogue().text(&language, "shell-skip", &[]);
    if page.contains(&skip) { Ok(()) } else { otherwise(skip, "a page without these words") }
}

pub(super) async fn opens_in(world: &mut World, heard: &Heard) -> Outcome {
    let [name, path, called] = heard.values()?;
    let router = world.house()?.router.clone();
    let reply = world.person_mut(name)?.browser.page(&router, path).await?.good()?;
    is_in(world, &reply.body, called)
}

pub(super) async fn first_opens_in(world: &mut World, heard: &Heard) -> Outcome {
    let [wishes, path, called] = heard.values()?;
    let router = world.house()?.router.clone();
    let mut browser = Browser::default();
    browser.wish_for(wishes);
    let reply = browser.page(&router, path).await?.good()?;
    is_in(world, &reply.body, called)
}

pub(super) async fn send_with(world: &mut World, heard: &Heard) -> Outcome {
    let [title, called, translated] = heard.values()?;
    notices::send_in_two(world, title, &language(called)?, translated).await
}

pub(super) async fn event_with(world: &mut World, heard: &Heard) -> Outcome {
    let [places, name, called, translated, on] = heard.values()?;
    calendar::make(world, places, name, on, Some((language(called)?, translated))).await
}
