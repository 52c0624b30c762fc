//! The identity apps of a town: their keys, and the network to their providers.

use std::time::Duration;

use identity::{AppBody, AppNetwork, AppReply, AppRequest, AppSilent, Apps};
use town::Town;

use crate::Outcome;
use crate::keys::CentreKeys;

/// How long a provider may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The most an answer may hold: tokens, items and key sets have a few kilobytes.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// The apps of a town's pack whose key is there, asked over HTTP. One without a key is left out, and said so: its provider would not know us.
///
/// # Errors
/// When a key's file holds no key.
pub fn offered(town: &Town, keys: &CentreKeys, origin: &str) -> Outcome<Apps> {
    let mut apps = Apps::new(origin, Box::new(OverHttp::new()));
    for app in &town.identity_apps {
        match keys.app(&app.id)? {
            Some(key) if key.suffices(app) => apps = apps.with(app.clone(), key),
            Some(_) => tracing::warn!(app = %app.id, "the key this identity app's answers are encrypted to is missing: it is not offered"),
            None => tracing::warn!(app = %app.id, "the key of this identity app is missing: it is not offered"),
        }
    }
    Ok(apps)
}

/// Providers asked over HTTP.
struct OverHttp(ureq::Agent);

impl OverHttp {
    fn new() -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).max_redirects(0).http_status_as_error(false);
        Self(config.build().into())
    }

    fn send(&self, request: &AppRequest<'_>) -> Result<AppReply, ureq::Error> {
        let mut head = vec![("accept", "application/json".to_owned())];
        head.extend(request.bearer.map(|token| ("authorization", format!("Bearer {token}"))));
        let posted = request.body.as_ref().map(|body| match body {
            AppBody::Form(form) => ("application/x-www-form-urlencoded", form),
            AppBody::Json(json) => ("application/json", json),
        });
        let mut answer = match posted {
            Some((kind, body)) => {
                let post = self.0.post(request.address).header("content-type", kind);
                head.into_iter().fold(post, |post, (name, value)| post.header(name, value)).send(body.as_str())?
            }
            None => {
                let get = self.0.get(request.address);
                head.into_iter().fold(get, |get, (name, value)| get.header(name, value)).call()?
            }
        };
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(AppReply { status: answer.status().as_u16(), body })
    }
}

impl AppNetwork for OverHttp {
    fn ask(&self, request: &AppRequest<'_>) -> Result<AppReply, AppSilent> {
        // The address is the provider's own and tells nothing of the person.
        self.send(request).map_err(|error| {
            tracing::warn!(address = request.address, %error, "an identity app's provider gave no answer");
            AppSilent
        })
    }
}
