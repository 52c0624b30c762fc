use serde::{Deserialize, Serialize};
use store::{AccountId, Ctx, Error};
use town::Language;

/// Something a person is to hear of: a room records it, and the room of notices brings it to the inbox and by the ways the person chose.
///
/// It stands in the event log, so that neither the text nor its values say anything of a person: what it is about is read where `href` leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tell {
    /// Whom.
    pub account: AccountId,
    /// The key of the catalogue, whose text is one line; the words to `text` and the values to it.
    pub text: String,
    /// Values of the text: days, numbers, names of the town's own things; never of a person. One called `name@vi` is `name` for who reads Vietnamese.
    #[serde(default)]
    pub args: Vec<(String, String)>,
    /// Where more of it is, a path of this house.
    pub href: String,
    /// The room's name: what a resident may choose not to be told by push.
    pub topic: String,
}

impl Tell {
    /// The kind under which the event log keeps it.
    pub const KIND: &'static str = "web.tell";

    /// A value that is written in several languages: one that holds for everybody, and each language in which it reads otherwise.
    pub fn words<'a>(name: &str, text: &str, texts: impl Iterator<Item = (&'a Language, &'a str)>) -> Vec<(String, String)> {
        let others = texts.filter(|(_, other)| !other.is_empty() && *other != text);
        let others = others.map(|(language, other)| (format!("{name}@{language}"), other.to_owned()));
        std::iter::once((name.to_owned(), text.to_owned())).chain(others).collect()
    }

    /// The values for a reader: each in the nearest of the languages they [read](Language::reads), else as it holds for everybody.
    pub fn args_for(&self, reader: &Language) -> Vec<(&str, &str)> {
        let value = |name: &str| self.args.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let plain = self.args.iter().filter(|(name, _)| !name.contains('@'));
        // Japanese is what holds for everybody, so that who reads it never falls through to another language.
        let own = |name: &str| {
            let mut before_japanese = reader.reads().take_while(|language| **language != Language::JAPANESE);
            before_japanese.find_map(|language| value(&format!("{name}@{language}")))
        };
        plain.map(|(name, text)| (name.as_str(), own(name).unwrap_or(text))).collect()
    }

    /// Records it, in the change that gives the reason.
    ///
    /// # Errors
    /// The store's.
    pub async fn record(&self, ctx: &mut Ctx) -> Result<(), Error> {
        ctx.record(Self::KIND, self).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    #[test]
    fn a_value_in_several_languages_is_read_in_the_nearest() {
        let language = |tag: &str| tag.parse::<Language>().unwrap();
        let (english, vietnamese) = (Language::ENGLISH, language("vi"));
        let texts = [(&Language::JAPANESE, "雪まつり"), (&english, "Snow festival"), (&vietnamese, "Lễ hội tuyết")];
        let mut args = Tell::words("event", "雪まつり", texts.into_iter());
        args.push(("day".to_owned(), "2027-02-06".to_owned()));
        let account = AccountId::from_bytes([1; 16]);
        let tell = Tell { account, text: String::new(), args, href: String::new(), topic: String::new() };
        let read = |tag: &str| tell.args_for(&language(tag));
        assert_eq!(read("vi"), [("event", "Lễ hội tuyết"), ("day", "2027-02-06")]);
        assert_eq!(read("zh"), [("event", "Snow festival"), ("day", "2027-02-06")]);
        assert_eq!(read("ja-easy"), [("event", "雪まつり"), ("day", "2027-02-06")]);
        assert_eq!(read("ja"), [("event", "雪まつり"), ("day", "2027-02-06")]);
    }
}
