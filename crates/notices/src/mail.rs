//! Letters: a notice, or that one has come, as e-mail. Pure; [`MailNetwork`] sends.

use askama::Template;
use civil::Timestamp;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use crate::model::Answer;

/// A letter to one address, as it is handed to the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The same however often it is tried, so that a mail server that has it already knows it again (`Message-ID`).
    pub id: String,
    /// The name it comes from.
    pub from_name: String,
    /// The address it comes from.
    pub from: String,
    /// The address it goes to.
    pub to: String,
    /// The language it is in, as HTML writes it.
    pub language: String,
    /// One line.
    pub subject: String,
    /// What it says.
    pub paragraphs: Vec<String>,
    /// The words and the address of the one link; none for a code.
    pub link: Option<(String, String)>,
    /// What stands below: whose letter it is, and why it came.
    pub footer: Vec<String>,
    /// The words and the address by which its reader ends it (RFC 2369), also with one press in the reader's program (RFC 8058).
    pub stop: Option<(String, String)>,
    /// When it is handed over.
    pub at: Timestamp,
}

/// Reads a reply of RFC 5321, with its text for the enhanced code of RFC 3463 where there is one.
///
/// What is wrong between us and the server (530 to 539: signing in; 500 to 504: our commands) is no fault of the address: somebody sets it right, and
/// the letter goes then.
pub fn answer(code: u16, text: &str) -> Answer {
    let later = Answer::Later { status: code, after_s: None };
    let enhanced = text.split_whitespace().find(|word| word.starts_with("5.") && word.split('.').count() == 3);
    match (code, enhanced.and_then(|word| word.split('.').nth(1))) {
        (200..=299, _) => Answer::Taken,
        (500..=504 | 530..=539, _) => later,
        // The sender's address: ours.
        (500..=599, Some("1")) if enhanced.is_some_and(|word| word.starts_with("5.1.7") || word.starts_with("5.1.8")) => later,
        // The address, or the mailbox: 5.1.x and 5.2.x. The rest is of the message, the way, or the server's rules.
        (500..=599, Some("1" | "2")) => Answer::Gone(code),
        (500..=599, Some(_)) => Answer::Refused(code),
        (550 | 551 | 553 | 556, None) => Answer::Gone(code),
        (500..=599, None) => Answer::Refused(code),
        _ => later,
    }
}

/// Speaks to the town's mail server, for a room that may not reach out itself. It blocks; callers run it on a thread that may.
pub trait MailNetwork: Send + Sync {
    /// Hands a letter over.
    ///
    /// # Errors
    /// In words for the log, when no answer came; it is tried again.
    fn send(&self, letter: &Letter) -> Result<Answer, String>;
}

/// A letter that cannot be written: an address that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the letter cannot be written")]
pub struct BadLetter;

#[derive(Template)]
#[template(path = "letter.txt")]
struct Plain<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter,
}

impl Letter {
    /// The letter as RFC 5322 writes it: as plain text and as HTML, the reader's program chooses.
    ///
    /// # Errors
    /// [`BadLetter`] when an address is none.
    pub fn message(&self) -> Result<Message, BadLetter> {
        let plain = Plain { letter: self }.render().map_err(|_| BadLetter)?;
        let html = Html { letter: self }.render().map_err(|_| BadLetter)?;
        let to = read_address(&self.to).ok_or(BadLetter)?;
        let from: Address = self.from.parse().map_err(|_| BadLetter)?;
        let id = format!("<{}@{}>", self.id, from.domain());
        // Said here, as names with dots that want quotation marks are not read again from the heads.
        let envelope = Envelope::new(Some(from.clone()), vec![to.clone()]).map_err(|_| BadLetter)?;
        let mut builder = Message::builder()
            .envelope(envelope)
            .message_id(Some(id))
            .date(self.at.into())
            .from(Mailbox::new(Some(self.from_name.clone()), from))
            .to(Mailbox::new(None, to))
            .subject(one_line(&self.subject));
        // No program answers it (RFC 3834).
        builder = builder.raw_header(raw("Auto-Submitted", "auto-generated"));
        builder = builder.raw_header(raw("Content-Language", &self.language));
        if let Some((_, address)) = &self.stop {
            builder = builder.raw_header(raw("List-Unsubscribe", &format!("<{address}>")));
            builder = builder.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let part = |kind: ContentType, text: String| SinglePart::builder().header(kind).body(text);
        let both = MultiPart::alternative().singlepart(part(ContentType::TEXT_PLAIN, plain)).singlepart(part(ContentType::TEXT_HTML, html));
        builder.multipart(both).map_err(|_| BadLetter)
    }
}

/// A header of plain letters, which are written as they are: an address in it is not folded in two.
fn raw(name: &'static str, value: &str) -> HeaderValue {
    let value: String = value.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

/// A subject without line ends.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The most bytes of an address (RFC 5321 section 4.5.3.1).
const ADDRESS_BYTES_MAX: usize = 254;

/// An address as people type it: full-width letters and spaces around it are mended, the host in small letters.
pub(crate) fn typed_address(typed: &str) -> Option<String> {
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    };
    let text: String = typed.trim().chars().map(narrow).collect();
    let (user, host) = text.rsplit_once('@')?;
    let text = format!("{user}@{}", host.to_ascii_lowercase());
    // A host by number is nobody's mailbox, and where the mail server connects is not for a visitor to choose.
    let last = host.rsplit('.').next().unwrap_or_default();
    let named = host.contains('.') && last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    let plain = text.len() <= ADDRESS_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"(),;:\\[]".contains(&byte));
    (plain && named && read_address(&text).is_some()).then_some(text)
}

/// An address for an envelope. Older addresses of Japanese telephones have dots at the end of the name or two in a row, which the standard allows between
/// quotation marks only.
fn read_address(text: &str) -> Option<Address> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (user, host) = text.rsplit_once('@')?;
    let dots = user.contains("..") || user.ends_with('.');
    if dots { Address::new(format!("\"{user}\""), host).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "0198".to_owned(),
            from_name: "試し村".to_owned(),
            from: "pass@town.example.jp".to_owned(),
            to: "hanako@example.jp".to_owned(),
            language: "ja".to_owned(),
            subject: "断水の\r\nBcc: evil@example.jp".to_owned(),
            paragraphs: vec!["明日の9時から\n<b>断水</b>します。".to_owned(), "水をくみおきしてください。".to_owned()],
            link: Some(("お知らせを開く".to_owned(), "https://pass.example.jp/inbox/1".to_owned())),
            footer: vec!["試し村".to_owned()],
            stop: Some(("メールをやめる".to_owned(), "https://pass.example.jp/inbox/stop/abc".to_owned())),
            at: "2026-06-01T10:00:00+09:00".parse().unwrap(),
        }
    }

    #[test]
    fn a_letter_is_written_as_the_standards_say() {
        let message = letter().message().unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        for line in [
            "Message-ID: <0198@town.example.jp>",
            "Auto-Submitted: auto-generated",
            "List-Unsubscribe: <https://pass.example.jp/inbox/stop/abc>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "Date: Mon, 01 Jun 2026 01:00:00 +0000",
            "To: hanako@example.jp",
        ] {
            assert!(head.contains(line), "{line} in {head}");
        }
        assert!(!head.contains("\r\nBcc:"), "a subject is one line: {head}");
        assert!(head.contains("multipart/alternative"));
        assert_eq!(message.envelope().to().len(), 1);
        let code = Letter { stop: None, link: None, ..letter() }.message().unwrap().formatted();
        assert!(!String::from_utf8(code).unwrap().contains("List-Unsubscribe"));
    }

    #[test]
    fn what_is_written_is_text_in_both_parts() {
        let html = Html { letter: &letter() }.render().unwrap();
        assert!(html.contains("&#60;b&#62;断水") && !html.contains("<b>断水"), "{html}");
        let plain = Plain { letter: &letter() }.render().unwrap();
        assert!(plain.contains("<b>断水</b>します。") && plain.contains("https://pass.example.jp/inbox/1"), "{plain}");
    }

    #[test]
    fn addresses_are_read_as_people_type_them() {
        for (typed, read) in [
            (" Hanako@Example.JP ", "Hanako@example.jp"),
            ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp"),
            ("a..b.@docomo.ne.jp", "a..b.@docomo.ne.jp"),
            ("a+b/c@example.co.jp", "a+b/c@example.co.jp"),
        ] {
            assert_eq!(typed_address(typed).as_deref(), Some(read), "{typed}");
            assert!(Letter { to: read.to_owned(), ..letter() }.message().is_ok(), "{read}");
        }
        for bad in [
            "",
            "hanako",
            "@example.jp",
            "a@b",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a b@example.jp",
            "a@example.jp, b@example.jp",
            "はな@example.jp",
            "a@例え.jp",
        ] {
            assert_eq!(typed_address(bad), None, "{bad}");
        }
        assert_eq!(typed_address(&format!("{}@example.jp", "a".repeat(260))), None);
    }

    #[test]
    fn a_reply_is_of_the_address_or_of_something_else() {
        for (code, text, answer) in [
            (250, "2.0.0 ok", Answer::Taken),
            (421, "busy", Answer::Later { status: 421, after_s: None }),
            (450, "4.2.0 greylisted", Answer::Later { status: 450, after_s: None }),
            (550, "5.1.1 no such user", Answer::Gone(550)),
            (550, "no such user", Answer::Gone(550)),
            (554, "5.2.1 mailbox disabled", Answer::Gone(554)),
            (550, "5.7.1 refused by policy", Answer::Refused(550)),
            (554, "looks like spam", Answer::Refused(554)),
            (535, "5.7.8 bad credentials", Answer::Later { status: 535, after_s: None }),
            (503, "bad sequence", Answer::Later { status: 503, after_s: None }),
            (553, "5.1.8 sender domain not found", Answer::Later { status: 553, after_s: None }),
        ] {
            assert_eq!(super::answer(code, text), answer, "{code} {text}");
        }
    }
}
