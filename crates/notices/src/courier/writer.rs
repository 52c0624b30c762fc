//! Words what goes to one address, for the way it is of.

use std::collections::BTreeMap;

use town::Language;
use web::{App, Tell};

use super::told;
use crate::line::LineRequest;
use crate::mail::Letter;
use crate::model::{Address, Audience, DeliveryId, LetterId, Notice, Way};
use crate::rules;

/// What is handed over.
pub(super) enum Sheet {
    /// To the mail server.
    Letter(Box<Letter>),
    /// To LINE.
    Line(LineRequest),
}

/// What is said, before it is laid out for its way.
struct Said {
    subject: String,
    paragraphs: Vec<String>,
    /// The delivery it leads to; none for a code.
    of: Option<DeliveryId>,
}

/// Words the letters to one address.
pub(super) struct Writer<'a> {
    app: &'a App,
    address: &'a Address,
    language: Language,
    id: LetterId,
    at: civil::Timestamp,
}

impl<'a> Writer<'a> {
    pub(super) fn new(app: &'a App, address: &'a Address, id: LetterId, at: civil::Timestamp) -> Self {
        let known = |language: &&Language| language.as_str() == address.language;
        let language = app.town().languages.iter().find(known).cloned().unwrap_or(Language::JAPANESE);
        Self { app, address, language, id, at }
    }

    /// The code by which the address is confirmed.
    pub(super) fn code(&self, code: &str) -> Sheet {
        let (first, second) = code.split_at(code.len() / 2);
        let paragraphs = vec![self.words("notices-mail-code-is"), format!("{first}-{second}"), self.words("notices-mail-code-hint")];
        self.sheet(Said { subject: self.words("notices-mail-code-subject"), paragraphs, of: None })
    }

    /// What a room has told says nothing of a person.
    pub(super) fn tell(&self, id: DeliveryId, tell: &Tell) -> Sheet {
        self.sheet(Said {
            subject: told(self.app, &self.language, tell),
            paragraphs: vec![self.words("notices-mail-arrived")],
            of: Some(id),
        })
    }

    /// A notice to everybody, or to a district, stands in the letter. One that was chosen for its person tells something of them by coming at all, and a letter
    /// is read on its way: it says that there is one. A trial is marked as one.
    pub(super) fn notice(&self, id: DeliveryId, notice: &Notice, trial: bool) -> Sheet {
        let to_many = matches!(notice.audience, Audience::Everybody | Audience::Districts { .. });
        let (subject, paragraphs) = match notice.texts.in_language(&self.language).filter(|_| to_many) {
            Some((_, text)) => {
                let none = BTreeMap::new();
                let body = rules::merged(&text.body, &none).replace("\r\n", "\n");
                (rules::merged(&text.title, &none), body.split("\n\n").map(str::to_owned).collect())
            }
            None => (self.words("notices-push-personal"), vec![self.words("notices-mail-arrived")]),
        };
        let mark = if trial { self.words("notices-trial-mark") } else { String::new() };
        self.sheet(Said { subject: mark + &subject, paragraphs, of: Some(id) })
    }

    fn words(&self, key: &str) -> String {
        self.app.catalogue().text(&self.language, key, &[])
    }

    fn sheet(&self, said: Said) -> Sheet {
        let link = said.of.map(|id| (self.words("notices-mail-open"), format!("{}/inbox/{id}", self.app.origin())));
        match self.address.way {
            Way::Line => Sheet::Line(self.message(said, link)),
            Way::Push | Way::Mail => Sheet::Letter(Box::new(self.letter(said, link))),
        }
    }

    /// A short message: the beginning, and where the rest is read.
    fn message(&self, said: Said, link: Option<(String, String)>) -> LineRequest {
        let mut text = format!("{}\n\n{}", said.subject, rules::beginning(&said.paragraphs.join("\n\n")));
        if let Some((words, address)) = link {
            text += &format!("\n\n{words}\n{address}");
        }
        LineRequest::push(&self.address.address, &text, self.id.to_string())
    }

    /// A letter ends by itself for whoever has it, unless it brings a code.
    fn letter(&self, said: Said, link: Option<(String, String)>) -> Letter {
        let town = self.app.town();
        let name = town.name.in_language(&self.language).to_owned();
        let mail = town.mail.as_ref();
        let stop = said.of.map(|_| (self.words("notices-mail-stop"), format!("{}/inbox/stop/{}", self.app.origin(), self.address.stop)));
        Letter {
            id: self.id.to_string(),
            from_name: mail
                .and_then(|mail| mail.name.as_ref())
                .map_or_else(|| name.clone(), |name| name.in_language(&self.language).to_owned()),
            from: mail.map(|mail| mail.from.clone()).unwrap_or_default(),
            to: self.address.address.clone(),
            language: self.language.html().to_owned(),
            subject: said.subject,
            paragraphs: said.paragraphs,
            link,
            footer: vec![name, self.words("notices-mail-why")],
            stop,
            at: self.at,
        }
    }
}
