//! The languages a town speaks, and short texts in several of them.

use std::{borrow::Cow, collections::BTreeMap};

/// A language of the town, as a lower-case tag: `ja`, `ja-easy` (やさしい日本語), `en`, `vi`, `zh` ….
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(Cow<'static, str>);

/// What is read where a text is not in the reader's language, in this order.
static LAST_RESORTS: [Language; 3] = [Language::ENGLISH, Language::EASY_JAPANESE, Language::JAPANESE];

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

    /// The tag for HTML's `lang`, by BCP 47, as fonts, voices and formats of days are chosen by it.
    pub fn html(&self) -> &str {
        match self.as_str() {
            "ja-easy" => "ja",
            // Simplified characters: with the bare tag some browsers take a Japanese font for them.
            "zh" => "zh-Hans",
            "pt" => "pt-BR",
            // Filipino, the national form of Tagalog: voices and keyboards are called by this tag.
            "tl" => "fil",
            tag => tag,
        }
    }

    /// The languages a reader is served in, the best first: their own; for who reads no Japanese then English and やさしい日本語;
    /// Japanese at last, which is always there.
    pub fn reads(&self) -> impl Iterator<Item = &Language> {
        let others = if self.html() == "ja" { &LAST_RESORTS[2..] } else { &LAST_RESORTS[..] };
        std::iter::once(self).chain(others)
    }

    /// Whether readers of other languages fall back to it.
    pub fn is_a_last_resort(&self) -> bool {
        LAST_RESORTS.contains(self)
    }

    /// The language among those `offered` that a tag of a browser asks for: the tag itself, else the same language written or spoken
    /// otherwise (`zh-TW` and `zh-Hant` ask for `zh`, `pt-PT` for `pt`, `fil` for `tl`).
    pub fn asked<'a>(tag: &str, offered: &'a [Language]) -> Option<&'a Language> {
        let tag = tag.to_ascii_lowercase();
        let main = |tag: &str| -> String {
            match tag.split('-').next().unwrap_or_default() {
                "fil" => "tl".to_owned(),
                // What Indonesian was called before 1989, which old Java programs still say.
                "in" => "id".to_owned(),
                main => main.to_owned(),
            }
        };
        let same = |language: &&Language| language.as_str() == tag;
        offered.iter().find(same).or_else(|| offered.iter().find(|language| main(language.as_str()) == main(&tag)))
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

    /// The text in a language; where the pack has none, in the next the reader [reads](Language::reads).
    pub fn in_language(&self, language: &Language) -> &str {
        self.read(language).map_or("", |(_, text)| text)
    }

    /// The same with the language it is in.
    pub(crate) fn read(&self, reader: &Language) -> Option<(&Language, &str)> {
        reader.reads().find_map(|language| self.0.get_key_value(language)).map(|(language, text)| (language, text.as_str()))
    }

    /// The text in Japanese.
    pub fn ja(&self) -> &str {
        self.in_language(&Language::JAPANESE)
    }

    /// The languages the text is written in.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.0.keys()
    }

    /// The text in each language it is written in.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
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

    fn languages(tags: &[&str]) -> Vec<Language> {
        tags.iter().map(|tag| tag.parse().unwrap()).collect()
    }

    #[test]
    fn a_tag_of_a_browser_finds_the_language_it_means() {
        let offered = languages(&["ja", "ja-easy", "en", "zh", "vi", "pt", "tl", "id"]);
        let asked = |tag: &str| Language::asked(tag, &offered).map(Language::as_str);
        let pairs = [
            ("ja", "ja"),
            ("ja-JP", "ja"),
            ("ja-easy", "ja-easy"),
            ("en-GB", "en"),
            ("zh-Hant", "zh"),
            ("zh-TW", "zh"),
            ("zh-Hans-CN", "zh"),
            ("pt-PT", "pt"),
            ("PT-br", "pt"),
            ("fil", "tl"),
            ("fil-PH", "tl"),
            ("tl", "tl"),
            ("vi-VN", "vi"),
            ("in-ID", "id"),
        ];
        for (tag, language) in pairs {
            assert_eq!(asked(tag), Some(language), "{tag}");
        }
        for tag in ["", "*", "fr", "ko-KR"] {
            assert_eq!(asked(tag), None, "{tag:?}");
        }
        assert_eq!(Language::asked("pt", &languages(&["ja", "pt-br"])).map(Language::as_str), Some("pt-br"));
    }

    #[test]
    fn a_reader_falls_back_to_what_is_nearest_to_them() {
        let reads = |tag: &str| tag.parse::<Language>().unwrap().reads().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(reads("ja"), ["ja", "ja"]);
        assert_eq!(reads("ja-easy"), ["ja-easy", "ja"]);
        assert_eq!(reads("vi"), ["vi", "en", "ja-easy", "ja"]);
        let words = Words::new([(Language::JAPANESE, "手形".to_owned()), (Language::EASY_JAPANESE, "手形（てがた）".to_owned())].into());
        assert_eq!(words.in_language(&"vi".parse().unwrap()), "手形（てがた）");
    }

    #[test]
    fn a_language_without_a_text_reads_the_japanese_one() {
        let words = Words::new([(Language::JAPANESE, "手形".to_owned()), (Language::ENGLISH, "pass".to_owned())].into());
        assert_eq!(words.in_language(&Language::ENGLISH), "pass");
        assert_eq!(words.in_language(&Language::EASY_JAPANESE), "手形");
    }
}
