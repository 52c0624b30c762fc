//! Notices by e-mail, as the mail server sees them.

use std::sync::{Mutex, PoisonError};

use notices::Answer;
use notices::mail::{Letter, MailNetwork};

use super::{Heard, notices::deliver, otherwise, same};
use crate::Outcome;
use crate::scenario::world::{ORIGIN, World};

/// A mail server that takes every letter and keeps it.
#[derive(Default)]
pub(in crate::scenario) struct Office(Mutex<Vec<Letter>>);

impl MailNetwork for Office {
    fn send(&self, letter: &Letter) -> Result<Answer, String> {
        letter.message().map_err(|error| error.to_string())?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
        Ok(Answer::Taken)
    }
}

impl Office {
    /// The letters to an address, in the order they came.
    fn letters(&self, to: &str) -> Vec<Letter> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|letter| letter.to == to).cloned().collect()
    }
}

pub(super) async fn add(world: &mut World, heard: &Heard) -> Outcome {
    let [name, address] = heard.values()?;
    let router = world.house()?.router.clone();
    world.person_mut(name)?.browser.form(&router, "/inbox/mail", &[("address", address)]).await?.good()?;
    deliver(world).await
}

pub(super) async fn give(world: &mut World, heard: &Heard) -> Outcome {
    let [name, address] = heard.values()?;
    add(world, heard).await?;
    let letter = world.office.letters(address).pop().ok_or("no code came")?;
    let code = letter.paragraphs.get(1).ok_or("the letter has no code")?.clone();
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let page = browser.page(&router, "/inbox/settings").await?.body;
    let id =
        page.split("/inbox/mail/").filter_map(|rest| rest.split_once("/confirm")).map(|(id, _)| id.to_owned()).find(|id| id.len() == 36);
    let id = id.ok_or("the page asks for no code")?;
    browser.form(&router, &format!("/inbox/mail/{id}/confirm"), &[("code", &code)]).await?.good().map(drop)
}

pub(super) async fn stop(world: &mut World, heard: &Heard) -> Outcome {
    let [address] = heard.values()?;
    let letter = world.office.letters(address).pop().ok_or("no letter came")?;
    let (_, stop) = letter.stop.ok_or("the letter cannot be stopped")?;
    let path = stop.strip_prefix(ORIGIN).ok_or("the link leads elsewhere")?.to_owned();
    let router = world.house()?.router.clone();
    // A program of e-mail is nobody's browser.
    crate::scenario::browser::Browser::default().form(&router, &path, &[("List-Unsubscribe", "One-Click")]).await?.good().map(drop)
}

pub(super) async fn came(world: &mut World, heard: &Heard) -> Outcome {
    let [address, subject, number] = heard.values()?;
    same(&number.parse()?, &world.office.letters(address).iter().filter(|letter| letter.subject == subject).count())
}

pub(super) async fn says_not(world: &mut World, heard: &Heard) -> Outcome {
    let [address, words] = heard.values()?;
    let letters = world.office.letters(address);
    let said = |letter: &&Letter| letter.subject.contains(words) || letter.paragraphs.iter().any(|paragraph| paragraph.contains(words));
    match letters.iter().find(said) {
        None if letters.is_empty() => otherwise("a letter", "none"),
        None => Ok(()),
        Some(letter) => otherwise(format!("nothing of 「{words}」"), &letter.subject),
    }
}
