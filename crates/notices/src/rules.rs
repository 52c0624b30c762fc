//! Pure decisions: what may be sent, what a person reads, when somebody is reminded.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use town::{Language, Notices};

use crate::model::{Error, Result, Text, Texts};

/// The most characters of a title: what a phone's lock screen shows.
pub(crate) const TITLE_CHARS_MAX: usize = 60;
/// The most characters of a text.
pub(crate) const BODY_CHARS_MAX: usize = 4000;
/// The most characters of the text a push message carries; the rest is read in the inbox.
const PUSHED_CHARS_MAX: usize = 240;
/// The share counted as quick (GOV.UK Notify's public measure).
pub(crate) const QUICK: SignedDuration = SignedDuration::from_secs(10);
/// Fewer people than this are not told apart in a picture.
pub(crate) const FEW: i64 = 10;

/// Checks what was written: complete in Japanese, no longer than it may be, each language whole or left out.
///
/// # Errors
/// [`Error::Written`].
pub(crate) fn check_texts(texts: &Texts) -> Result<()> {
    let wrong = |field, reason| Err(Error::Written { field, reason });
    for (tag, text) in &texts.0 {
        let japanese = *tag == Language::JAPANESE.as_str();
        if text.title.trim().is_empty() {
            return wrong("title", if japanese { "no-title" } else { "half-language" });
        }
        if text.body.trim().is_empty() {
            return wrong("body", if japanese { "no-body" } else { "half-language" });
        }
        if text.title.chars().count() > TITLE_CHARS_MAX {
            return wrong("title", "long-title");
        }
        if text.body.chars().count() > BODY_CHARS_MAX {
            return wrong("body", "long-body");
        }
        if civil::looks_like_my_number(&text.title) || civil::looks_like_my_number(&text.body) {
            return wrong("body", "my-number");
        }
    }
    if texts.0.contains_key(Language::JAPANESE.as_str()) { Ok(()) } else { wrong("title", "no-title") }
}

/// Checks where a notice leads.
///
/// # Errors
/// [`Error::Written`] for a host that is not on the pack's list.
pub(crate) fn check_link(link: &str, settings: &Notices) -> Result<()> {
    if link.is_empty() || settings.allows_link(link) { Ok(()) } else { Err(Error::Written { field: "link", reason: "link" }) }
}

/// Whether a second person has to approve a notice to so many people.
pub(crate) fn needs_second_person(people: u32, settings: &Notices) -> bool {
    people > settings.two_people_above
}

/// The places of a text, `{{name}}`, in the order they stand.
pub(crate) fn places(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { break };
        found.push(rest[start + 2..start + end].trim());
        rest = &rest[start + end + 2..];
    }
    found
}

/// Puts a person's own words into the places of a text. A place nobody has words for stays empty: lists are checked for that before they are taken.
pub(crate) fn merged(text: &str, fields: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { break };
        out.push_str(&rest[..start]);
        out.push_str(fields.get(rest[start + 2..start + end].trim()).map_or("", String::as_str));
        rest = &rest[start + end + 2..];
    }
    out.push_str(rest);
    out
}

/// The places of all texts of a notice that no column fills.
pub(crate) fn unfilled(texts: &Texts, columns: &[String]) -> Vec<String> {
    let all = texts.0.values().flat_map(|Text { title, body }| places(title).into_iter().chain(places(body)));
    let mut missing: Vec<String> = all.filter(|place| !columns.iter().any(|column| column == place)).map(str::to_owned).collect();
    missing.sort();
    missing.dedup();
    missing
}

/// The beginning of a text, for a push message.
pub(crate) fn beginning(text: &str) -> String {
    civil::in_one_line(text, PUSHED_CHARS_MAX)
}

/// How long to wait before a push service that takes no more is asked again: what it says, else longer each time, at most an hour.
pub(crate) fn wait_before_again(attempts: u32, said_s: Option<u32>) -> SignedDuration {
    let grown = 2_i64.saturating_pow(attempts.min(12)).min(3600);
    SignedDuration::from_secs(said_s.map_or(grown, |said| i64::from(said).clamp(1, 24 * 3600)))
}

/// How often a message is tried before it is given up: with the waits between, about a day.
pub(crate) const ATTEMPTS_MAX: u32 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(title: &str, body: &str) -> Texts {
        Texts([("ja".to_owned(), Text { title: title.to_owned(), body: body.to_owned() })].into())
    }

    fn reason(texts: &Texts) -> &'static str {
        match check_texts(texts) {
            Err(Error::Written { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_notice_is_whole_in_japanese_and_whole_or_absent_in_every_other_language() {
        check_texts(&texts("断水", "明日の9時から断水します。")).unwrap();
        assert_eq!(reason(&texts("", "本文")), "no-title");
        assert_eq!(reason(&texts("断水", " ")), "no-body");
        assert_eq!(reason(&texts(&"あ".repeat(61), "本文")), "long-title");
        assert_eq!(reason(&Texts::default()), "no-title");
        let mut half = texts("断水", "本文");
        half.0.insert("en".to_owned(), Text { title: "Water".to_owned(), body: String::new() });
        assert_eq!(reason(&half), "half-language");
        assert_eq!(reason(&texts("番号", "あなたの番号は 123456789018 です")), "my-number");
    }

    #[test]
    fn places_are_filled_with_a_persons_own_words() {
        let fields = BTreeMap::from([("日付".to_owned(), "7月1日".to_owned()), ("会場".to_owned(), "保健センター".to_owned())]);
        assert_eq!(merged("健診は{{日付}}、{{ 会場 }}です。", &fields), "健診は7月1日、保健センターです。");
        assert_eq!(merged("{{", &fields), "{{");
        assert_eq!(merged("{{なし}}です", &fields), "です");
        assert_eq!(unfilled(&texts("{{日付}}", "{{会場}}と{{時間}}"), &["日付".to_owned(), "会場".to_owned()]), ["時間"]);
    }

    #[test]
    fn words_of_a_person_are_never_read_as_places_again() {
        let fields = BTreeMap::from([("a".to_owned(), "{{b}}".to_owned()), ("b".to_owned(), "secret".to_owned())]);
        assert_eq!(merged("{{a}}", &fields), "{{b}}");
    }

    #[test]
    fn a_push_message_ends_between_characters() {
        let short = beginning(&"断水の\nお知らせ。".repeat(100));
        assert_eq!(short.chars().count(), PUSHED_CHARS_MAX);
        assert!(short.ends_with('…') && short.starts_with("断水の お知らせ。"));
        assert_eq!(beginning("a\n\nb"), "a b");
    }

    #[test]
    fn a_push_service_that_asks_to_wait_is_given_its_time() {
        assert_eq!(wait_before_again(3, Some(120)).as_secs(), 120);
        assert_eq!(wait_before_again(3, None).as_secs(), 8);
        assert_eq!(wait_before_again(40, None).as_secs(), 3600);
        assert_eq!(wait_before_again(1, Some(0)).as_secs(), 1);
    }
}
