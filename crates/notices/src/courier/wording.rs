//! What people are told in the first line: by language, and sealed for browsers.

use town::Language;
use web::{App, Tell};

use crate::model::{Audience, DeliveryId, Error, Notice, Result, Subscription, Texts};
use crate::push::{BrowserKeys, encrypt};
use crate::rules;
use crate::store::messages::Queued;

/// What browsers are told, by language: the same for everybody but for where it leads.
#[derive(Clone)]
pub(super) struct Wording {
    by_language: Vec<(String, String, String)>,
}

impl Wording {
    /// A notice to many is told in its words; one with a person's own words only as having come: a screen lies open on a table.
    pub(super) fn of(app: &App, notice: &Notice, disposition: bool) -> Self {
        let personal = disposition || matches!(&notice.audience, Audience::List { columns } if !columns.is_empty());
        Self::in_languages(app, |language| if personal { None } else { words(&notice.texts, language) })
    }

    pub(super) fn of_tell(app: &App, tell: &Tell) -> Self {
        Self::in_languages(app, |language| Some((told(app, language, tell), String::new())))
    }

    fn in_languages(app: &App, words: impl Fn(&Language) -> Option<(String, String)>) -> Self {
        let sentence = |language: &Language, key: &str| app.catalogue().text(language, key, &[]);
        let by_language = app.town().languages.iter().map(|language| {
            let (title, body) = words(language)
                .unwrap_or_else(|| (sentence(language, "notices-push-personal"), sentence(language, "notices-push-personal-body")));
            (language.to_string(), title, body)
        });
        Self { by_language: by_language.collect() }
    }

    /// The same, marked as a trial.
    pub(super) fn marked(mut self, app: &App) -> Self {
        for (tag, title, _) in &mut self.by_language {
            if let Ok(language) = tag.parse::<Language>() {
                title.insert_str(0, &app.catalogue().text(&language, "notices-trial-mark", &[]));
            }
        }
        self
    }

    /// The message as the service worker reads it.
    pub(super) fn message(&self, language: &str, delivery: DeliveryId) -> String {
        let found = self.by_language.iter().find(|(tag, ..)| tag == language).or_else(|| self.by_language.first());
        let (title, body) = found.map_or(("", ""), |(_, title, body)| (title.as_str(), body.as_str()));
        serde_json::json!({ "title": title, "body": body, "href": format!("/inbox/{delivery}"), "tag": delivery }).to_string()
    }
}

fn words(texts: &Texts, language: &Language) -> Option<(String, String)> {
    texts.in_language(language).map(|(_, text)| (text.title.clone(), rules::beginning(&text.body)))
}

/// The line of something a room has told.
pub(crate) fn told(app: &App, language: &Language, tell: &Tell) -> String {
    let args: Vec<(&str, web::Arg<'_>)> = tell.args_for(language).into_iter().map(|(name, value)| (name, value.into())).collect();
    app.catalogue().text(language, &tell.text, &args)
}

/// Encrypts for every browser, on all processors, off the threads that answer people.
pub(super) async fn encrypted(words: Wording, browsers: Vec<(DeliveryId, Subscription)>) -> Result<Vec<Queued>> {
    if browsers.is_empty() {
        return Ok(Vec::new());
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = browsers.len().div_ceil(threads);
    let work = move || {
        std::thread::scope(|scope| {
            let parts: Vec<_> =
                browsers.chunks(share).map(|part| scope.spawn(|| part.iter().map(|one| sealed(&words, one)).collect::<Vec<_>>())).collect();
            parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect::<Vec<Option<Queued>>>()
        })
    };
    let sealed = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stored("encrypted message"))?;
    Ok(sealed.into_iter().flatten().collect())
}

/// One message; none for a browser whose keys are none, which would stop everybody else's.
fn sealed(words: &Wording, (delivery, subscription): &(DeliveryId, Subscription)) -> Option<Queued> {
    let keys = BrowserKeys::new(&subscription.point, &subscription.auth).ok()?;
    let body = encrypt(&keys, words.message(&subscription.language, *delivery).as_bytes()).ok()?;
    Some(Queued { delivery: *delivery, subscription: subscription.id, body })
}
