//! The log of what services asked: what was refused, in plain words, and nothing secret.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civil::Timestamp;
use oidc::{Client, ClientId, Refusal};
use serde::Deserialize;
use web::View;

use super::Simulator;
use super::life::{Endpoint, Trouble};

/// Requests that are kept.
const KEPT: usize = 200;
/// Parameters whose values anybody may read. Of all others only the name is kept: codes, tokens, secrets, assertions.
const OPEN: [&str; 14] = [
    "acr_values",
    "client_assertion_type",
    "client_id",
    "code_challenge_method",
    "grant_type",
    "max_age",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "token_type_hint",
    "ui_locales",
];
/// The longest value that is shown whole.
const VALUE_CHARS_MAX: usize = 200;

/// A request and its answer.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) method: String,
    pub(super) path: String,
    /// Names with their values, where these may be read.
    pub(super) parameters: Vec<(String, Option<String>)>,
    /// Which service asked, as far as it says so.
    pub(super) client: Option<String>,
    pub(super) status: u16,
    /// Why it was refused.
    pub(super) refusal: Option<Refusal>,
    /// Whether the simulator did it on request: the text of the catalogue.
    pub(super) prepared: Option<&'static str>,
}

/// A refusal in words.
pub(super) struct Told {
    /// The standards' word.
    pub(super) code: &'static str,
    /// Finer.
    pub(super) reason: &'static str,
    /// What the provider answered.
    pub(super) description: &'static str,
    /// What to change.
    pub(super) advice: String,
}

impl Entry {
    /// The refusal in the reader's words.
    pub(super) fn told(&self, view: &View) -> Option<Told> {
        let Refusal { code, reason, description } = self.refusal?;
        let key = format!("simulator-why-{}", reason.replace('_', "-"));
        let advice = if view.has(&key) { view.t(&key) } else { view.t("simulator-why-other") };
        Some(Told { code, reason, description, advice })
    }

    /// The parameters on a line.
    pub(super) fn parameters_in_line(&self) -> String {
        let one = |(name, value): &(String, Option<String>)| format!("{name}={}", value.as_deref().unwrap_or("…"));
        self.parameters.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

impl Simulator {
    /// Keeps an entry, and forgets the oldest.
    pub(super) fn note(&self, entry: Entry) {
        keep(&mut self.log(), entry);
    }
}

fn keep(log: &mut VecDeque<Entry>, entry: Entry) {
    log.push_front(entry);
    log.truncate(KEPT);
}

/// What may be read of a request's parameters.
pub(super) fn readable(pairs: &[(String, String)]) -> Vec<(String, Option<String>)> {
    let value = |name: &str, value: &str| OPEN.contains(&name).then(|| value.chars().take(VALUE_CHARS_MAX).collect());
    pairs.iter().map(|(name, told)| (name.clone(), value(name, told))).collect()
}

/// Which service asks, by what it says of itself: it need not be believed to be named in a log.
pub(super) fn asker(clients: &[Client], pairs: &[(String, String)], authorization: Option<&str>) -> Option<String> {
    #[derive(Deserialize)]
    struct Assertion {
        sub: String,
    }
    let get = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let basic = authorization.and_then(|line| line.strip_prefix("Basic ")).and_then(|both| STANDARD.decode(both).ok());
    let basic = basic.and_then(|both| String::from_utf8(both).ok()).and_then(|both| both.split_once(':').map(|(id, _)| id.to_owned()));
    let asserted = || identity::jose::unverified::<Assertion>(&get("client_assertion")?).ok().map(|told| told.sub);
    let id: ClientId = get("client_id").or(basic).or_else(asserted)?.parse().ok()?;
    clients.iter().find(|client| client.id == id).map(|client| client.name.clone())
}

/// What a prepared trouble is called in the log.
pub(super) fn text_of(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Away => "simulator-log-away",
        Trouble::Slow(_) => "simulator-log-slow",
    }
}

/// Whether requests to a path are kept: those of services, and those of browsers on their behalf.
pub(super) fn is_kept(path: &str) -> bool {
    path.starts_with("/oidc/") || path.starts_with("/device") || Endpoint::of_path(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_kept() {
        let pairs: Vec<(String, String)> =
            ["code", "code_verifier", "client_assertion", "refresh_token", "token", "state", "nonce", "scope"]
                .map(|name| (name.to_owned(), "value".to_owned()))
                .into();
        let kept = readable(&pairs);
        let shown: Vec<&str> = kept.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.as_str()).collect();
        assert_eq!((kept.len(), shown), (8, vec!["scope"]));
    }
}
