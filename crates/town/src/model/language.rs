//! The languages a town speaks, and short texts in several of them.

use std::{borrow::Cow, collections::BTreeMap};

/// A language of the town, as a lower-case tag: `ja`, `ja-easy` (やさしい日本語), `en`, `pt-br` ….
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(Cow<'static, str>);

/// A tag that is not a language tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language tag: write it like \"ja\", \"ja-easy\", \"en\" or \"pt-br\"")]
pub struct InvalidLanguage(pub String);

impl Language {
    /// Japanese, which every town speaks.
    pub const JAPANESE: Language = Language(Cow::Borrowed("ja"));
    /// やさしい日本語: short sentences, plain words, readings.
    pub const EASY_JAPANESE: Language = Language(Cow::Borrowed("ja-easy"));
    /// English.
    pub const ENGLISH: Language = Language(Cow::Borrowed("en"));

    /// The tag, as used in folders, cookies and `Accept-Language`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag for HTML's `lang`, by BCP 47: やさしい日本語 is Japanese there.
    pub fn html(&self) -> &str {
        if *self == Self::EASY_JAPANESE { "ja" } else { &self.0 }
    }
}

impl std::str::FromStr for Language {
    type Err = InvalidLanguage;

    fn from_str(text: &str) -> Result<Self, InvalidLanguage> {
        let mut parts = text.split('-');
        let first = parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
        let rest = parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        if first && rest { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(InvalidLanguage(text.to_owned())) }
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(text: String) -> Result<Self, InvalidLanguage> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.into_owned()
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A short text in the languages of the town; Japanese is always there.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Words(BTreeMap<Language, String>);

impl Words {
    /// Gathers texts; used by the reader, which has made sure that Japanese is among them.
    pub(crate) fn new(texts: BTreeMap<Language, String>) -> Self {
        Self(texts)
    }

    /// The text in a language; where the pack has none, in Japanese.
    pub fn in_language(&self, language: &Language) -> &str {
        self.0.get(language).or_else(|| self.0.get(&Language::JAPANESE)).map_or("", String::as_str)
    }

    /// The text in Japanese.
    pub fn ja(&self) -> &str {
        self.in_language(&Language::JAPANESE)
    }

    /// The languages the text is written in.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.0.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_lower_case_and_bounded() {
        for good in ["ja", "ja-easy", "en", "pt-br", "zh-hans"] {
            assert_eq!(good.parse::<Language>().unwrap().as_str(), good);
        }
        for bad in ["", "JA", "japanese", "ja-", "../ja", "ja/easy", "j"] {
            assert!(bad.parse::<Language>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_language_without_a_text_reads_the_japanese_one() {
        let words = Words::new([(Language::JAPANESE, "手形".to_owned()), (Language::ENGLISH, "pass".to_owned())].into());
        assert_eq!(words.in_language(&Language::ENGLISH), "pass");
        assert_eq!(words.in_language(&Language::EASY_JAPANESE), "手形");
    }
}
