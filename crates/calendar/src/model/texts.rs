//! What an event says, in several languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use town::Language;

/// A part of what an event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its name.
    Title,
    /// Where it is.
    Place,
    /// What it is.
    About,
}

impl Part {
    /// Every part, in the order people read them.
    pub const ALL: [Self; 3] = [Self::Title, Self::Place, Self::About];

    /// Its name in forms and lists of faults.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Place => "place",
            Self::About => "about",
        }
    }
}

/// What an event says in one language; a part nobody wrote is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Its name.
    pub title: String,
    /// Where it is.
    pub place: String,
    /// What it is.
    pub about: String,
}

impl Said {
    /// A part of it.
    pub fn part(&self, part: Part) -> &str {
        match part {
            Part::Title => &self.title,
            Part::Place => &self.place,
            Part::About => &self.about,
        }
    }

    /// A part of it, to be written.
    pub fn part_mut(&mut self, part: Part) -> &mut String {
        match part {
            Part::Title => &mut self.title,
            Part::Place => &mut self.place,
            Part::About => &mut self.about,
        }
    }

    fn is_empty(&self) -> bool {
        Part::ALL.iter().all(|part| self.part(*part).is_empty())
    }
}

/// What an event says, by language. What staff write is always in Japanese too; a calendar of others may be in whichever language it is kept in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Texts(BTreeMap<Language, Said>);

impl Texts {
    /// What is said in one language.
    pub fn of(language: Language, said: Said) -> Self {
        let mut texts = Self::default();
        texts.set(language, said);
        texts
    }

    /// Says something in a language, in place of what was said in it.
    pub fn set(&mut self, language: Language, said: Said) {
        if said.is_empty() { drop(self.0.remove(&language)) } else { drop(self.0.insert(language, said)) }
    }

    /// What is said in a language, without what is read instead.
    pub fn said(&self, language: &Language) -> Said {
        self.0.get(language).cloned().unwrap_or_default()
    }

    /// A part for a reader, with the language it is in: each part in the first of the languages they [read](Language::reads) in which somebody
    /// wrote it, else in whichever language it is. Empty where nobody wrote it at all.
    pub fn read<'a>(&'a self, reader: &Language, part: Part) -> (Option<&'a Language>, &'a str) {
        let written = |(_, said): &(&Language, &Said)| !said.part(part).is_empty();
        let best = reader.reads().find_map(|language| self.0.get_key_value(language).filter(written));
        best.or_else(|| self.0.iter().find(written)).map_or((None, ""), |(language, said)| (Some(language), said.part(part)))
    }

    /// Each language with what is said in it.
    pub fn iter(&self) -> impl Iterator<Item = (&Language, &Said)> {
        self.0.iter()
    }

    /// Puts in what an older state says in other languages than Japanese where this one says nothing.
    pub fn keep_others(&mut self, older: &Self) {
        for (language, before) in older.0.iter().filter(|(language, _)| **language != Language::JAPANESE) {
            let said = self.0.entry(language.clone()).or_default();
            for part in Part::ALL {
                if said.part(part).is_empty() {
                    *said.part_mut(part) = before.part(part).to_owned();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    fn language(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    fn said(title: &str, place: &str, about: &str) -> Said {
        Said { title: title.to_owned(), place: place.to_owned(), about: about.to_owned() }
    }

    #[test]
    fn each_part_is_read_in_the_nearest_language_somebody_wrote_it_in() {
        let mut texts = Texts::of(Language::JAPANESE, said("雪まつり", "公園", "雪像"));
        texts.set(Language::ENGLISH, said("Snow festival", "Park", ""));
        texts.set(language("vi"), said("Lễ hội tuyết", "", ""));
        let read = |tag: &str, part| texts.read(&language(tag), part);
        assert_eq!(read("vi", Part::Title), (Some(&language("vi")), "Lễ hội tuyết"));
        assert_eq!(read("vi", Part::Place), (Some(&Language::ENGLISH), "Park"));
        assert_eq!(read("vi", Part::About), (Some(&Language::JAPANESE), "雪像"));
        assert_eq!(read("ja-easy", Part::Title), (Some(&Language::JAPANESE), "雪まつり"), "who reads Japanese is not sent to English");
        let foreign = Texts::of(language("pt"), said("Festa", "", ""));
        assert_eq!(foreign.read(&Language::JAPANESE, Part::Title), (Some(&language("pt")), "Festa"), "better than no name at all");
        assert_eq!(foreign.read(&Language::JAPANESE, Part::About), (None, ""));
    }

    #[test]
    fn a_list_that_says_nothing_in_a_language_leaves_it_as_it_was() {
        let mut texts = Texts::of(Language::JAPANESE, said("雪まつり", "", ""));
        let mut before = Texts::of(Language::JAPANESE, said("まつり", "公園", ""));
        before.set(language("vi"), said("Lễ hội", "", ""));
        texts.keep_others(&before);
        assert_eq!(texts.said(&Language::JAPANESE), said("雪まつり", "", ""), "in Japanese the list is what holds");
        assert_eq!(texts.said(&language("vi")), said("Lễ hội", "", ""));
    }

    #[test]
    fn a_language_in_which_nothing_is_said_is_none() {
        let mut texts = Texts::of(Language::ENGLISH, said("Fair", "", ""));
        texts.set(Language::ENGLISH, Said::default());
        assert_eq!(texts, Texts::default());
    }
}
