//! Pure decisions: values in, answers out.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::{Date, PartialDate, Timestamp};
use identity::{Entry, SignedIn};
use jiff::SignedDuration;

use crate::fault::Fault;
use crate::model::{Acr, AuthRequest, Client, Exception, Profile, Prompt, Scope, Scopes};

/// How long a code may be redeemed.
pub(crate) const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How long an access token opens userinfo.
pub(crate) const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How long a refresh token may lie unused.
pub(crate) const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long all that comes of one sign-in may go on.
pub(crate) const GRANT_LIFE: SignedDuration = SignedDuration::from_hours(180 * 24);
/// How long a pushed request may wait for the browser to bring it.
pub(crate) const PUSHED_LIFE: SignedDuration = SignedDuration::from_secs(90);
/// How long a person may take to sign in and agree.
pub(crate) const PERSON_LIFE: SignedDuration = SignedDuration::from_mins(30);
/// How long a device's code may be typed.
pub(crate) const DEVICE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Seconds a device waits between two questions.
pub(crate) const DEVICE_WAIT_S: u32 = 5;
/// A card read this long ago, or a passkey used, is still "just now".
pub(crate) const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long sign-ins are kept for the person to look at.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The longest `state` or `nonce`.
const OPAQUE_BYTES_MAX: usize = 2048;

/// The parameters of a request, each at most once.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Takes what came; empty values count as left out (RFC 6749 section 3.1).
    ///
    /// # Errors
    /// When one comes twice.
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Result<Self, Fault> {
        let mut seen = BTreeMap::new();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            if seen.insert(name, value).is_some() {
                return Err(Fault::invalid_request("repeated", "A parameter comes more than once."));
            }
        }
        Ok(Self(seen))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn need(&self, name: &'static str, description: &'static str) -> Result<&str, Fault> {
        self.get(name).ok_or(Fault::invalid_request("missing", description))
    }
}

/// Gives the address a person may be sent back to; without one there is nowhere to send the refusal either.
///
/// # Errors
/// [`Fault`], to be shown here and never sent to an address nobody registered.
pub(crate) fn redirect_uri<'a>(client: &Client, asked: &'a Parameters) -> Result<&'a str, Fault> {
    let uri = asked.need("redirect_uri", "redirect_uri is missing.")?;
    let known = client.redirect_uris.iter().any(|registered| registered == uri);
    if known { Ok(uri) } else { Err(Fault::invalid_request("redirect_uri", "redirect_uri is not one the service registered.")) }
}

/// Reads an authorization request of a client whose `redirect_uri` was found to be its own.
///
/// # Errors
/// [`Fault`], to be sent back to the service.
pub(crate) fn auth_request(client: &Client, asked: &Parameters, now: Timestamp) -> Result<AuthRequest, Fault> {
    if asked.get("request").is_some() {
        return Err(Fault::new("request_not_supported", "request_object", "Request objects are not supported: push the request instead."));
    }
    if asked.get("request_uri").is_some() {
        return Err(Fault::new("request_uri_not_supported", "request_object", "request_uri must be one that was pushed here."));
    }
    if asked.need("response_type", "response_type is missing.")? != "code" {
        return Err(Fault::new("unsupported_response_type", "response_type", "The only response_type is code."));
    }
    if asked.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Fault::invalid_request("response_mode", "The only response_mode is query."));
    }
    let challenge = asked.need("code_challenge", "PKCE is required: code_challenge is missing.")?;
    if asked.get("code_challenge_method") != Some("S256") || !is_sha256(challenge) {
        return Err(Fault::invalid_request("pkce", "code_challenge_method must be S256 and code_challenge its value."));
    }
    let opaque = |name| match asked.get(name) {
        Some(value) if value.len() > OPAQUE_BYTES_MAX => Err(Fault::invalid_request("too_long", "state or nonce is too long.")),
        value => Ok(value.map(str::to_owned)),
    };
    let max_age_s = match asked.get("max_age").map(str::parse::<i64>) {
        None => None,
        // Longer than anything lasts here is for ever.
        Some(Ok(seconds)) if seconds >= 0 => Some(seconds.min(GRANT_LIFE.as_secs())),
        Some(_) => return Err(Fault::invalid_request("max_age", "max_age must be a number of seconds.")),
    };
    let dpop_key = asked.get("dpop_jkt").map(str::to_owned);
    if dpop_key.as_ref().is_some_and(|key| !is_sha256(key)) {
        return Err(Fault::invalid_request("dpop_jkt", "dpop_jkt must be the SHA-256 thumbprint of a key."));
    }
    Ok(AuthRequest {
        redirect_uri: redirect_uri(client, asked)?.to_owned(),
        scopes: scopes(client, asked.get("scope").unwrap_or_default())?,
        state: opaque("state")?,
        nonce: opaque("nonce")?,
        challenge: challenge.to_owned(),
        prompt: prompts(asked.get("prompt").unwrap_or_default())?,
        max_age_s,
        card: asked.get("acr_values").is_some_and(|values| values.split(' ').any(|value| value == Acr::Card.as_str())),
        dpop_key,
        asked_at: now,
    })
}

/// Whether a text is a SHA-256 hash in base64url.
fn is_sha256(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// The scopes of a request: those nobody knows are left out (OpenID Connect Core section 3.1.2.1), those the service did not register are refused.
pub(crate) fn scopes(client: &Client, asked: &str) -> Result<Scopes, Fault> {
    let known = Scopes(asked.split(' ').filter_map(|word| word.parse().ok()).collect());
    if !known.has(&Scope::OpenId) {
        return Err(Fault::new("invalid_scope", "scope", "scope must contain openid."));
    }
    if !client.scopes.covers(&known) {
        return Err(Fault::new("invalid_scope", "scope", "scope asks for more than the service registered."));
    }
    Ok(known)
}

fn prompts(asked: &str) -> Result<Vec<Prompt>, Fault> {
    let wrong = || Fault::invalid_request("prompt", "prompt is none, or some of login, consent and select_account.");
    let mut prompts = Vec::new();
    for word in asked.split(' ').filter(|word| !word.is_empty()) {
        let prompt = match word {
            "none" => Prompt::None,
            // Choosing another account is signing in again.
            "login" | "select_account" => Prompt::Login,
            "consent" => Prompt::Consent,
            _ => return Err(wrong()),
        };
        if !prompts.contains(&prompt) {
            prompts.push(prompt);
        }
    }
    if prompts.contains(&Prompt::None) && prompts.len() > 1 { Err(wrong()) } else { Ok(prompts) }
}

/// Whether what a service uses to show its PKCE secret is the one its request spoke of (RFC 7636 section 4.6).
pub(crate) fn redeems(verifier: &str, challenge: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(plain);
    well_formed && URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())) == challenge
}

/// What has to happen before a service gets its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// The person signs in, or signs in again.
    SignIn,
    /// The person has only ever used shared cards: nobody knows who they are.
    Prove,
    /// The person is asked whether they agree.
    Ask,
    /// Nothing: it is answered.
    Answer(Acr),
    /// Nothing may be shown, and something would have to be.
    Refuse(Fault),
}

/// Decides what comes next. `consented` is what the person lets this service know already.
pub(crate) fn next(request: &AuthRequest, person: Option<&SignedIn>, consented: &Scopes, now: Timestamp) -> Next {
    let quiet = request.prompt.contains(&Prompt::None);
    let Some(person) = person.filter(|person| signed_in_well(request, person, now)) else {
        return if quiet {
            Next::Refuse(Fault::new("login_required", "login_required", "The person has to sign in."))
        } else {
            Next::SignIn
        };
    };
    if !person.proven {
        return if quiet {
            Next::Refuse(Fault::new("interaction_required", "not_proven", "The person has to prove who they are."))
        } else {
            Next::Prove
        };
    }
    let agreed = consented.covers(&request.scopes) && !request.prompt.contains(&Prompt::Consent);
    if !agreed {
        return if quiet {
            Next::Refuse(Fault::new("consent_required", "consent_required", "The person has to agree."))
        } else {
            Next::Ask
        };
    }
    Next::Answer(acr(person, now))
}

/// Whether the sign-in is recent and sure enough for this request.
fn signed_in_well(request: &AuthRequest, person: &SignedIn, now: Timestamp) -> bool {
    let old_enough = |max_age_s: i64| person.at >= now - SignedDuration::from_secs(max_age_s);
    let anew = !request.prompt.contains(&Prompt::Login) || person.at >= request.asked_at;
    let recent = request.max_age_s.is_none_or(|max_age_s| old_enough(max_age_s) || person.at >= request.asked_at);
    anew && recent && (!request.card || acr(person, now) == Acr::Card)
}

/// How surely a person is signed in now.
pub(crate) fn acr(person: &SignedIn, now: Timestamp) -> Acr {
    let fresh = |at: Timestamp| at >= now - FRESH;
    if person.card_at.is_some_and(fresh) {
        Acr::Card
    } else if person.entry == Some(Entry::Passkey) && fresh(person.at) {
        Acr::Passkey
    } else {
        Acr::Login
    }
}

/// What an address of a service must be: HTTPS without a fragment; plain HTTP on its developer's own machine, where that was excepted.
pub(crate) fn address(text: &str, exceptions: &std::collections::BTreeSet<Exception>) -> Result<(), &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(['#', '"', '<', '>', '\\']);
    let host = |rest: &str| rest.split(['/', '?', ':']).next().unwrap_or_default().to_owned();
    match text.split_once("://") {
        _ if !plain => Err("characters"),
        // Before an @ stands a name and not the host.
        Some((_, rest)) if rest.contains('@') => Err("https"),
        Some(("https", rest)) if !host(rest).is_empty() => Ok(()),
        Some(("http", rest)) if ["localhost", "127.0.0.1"].contains(&host(rest).as_str()) => {
            if exceptions.contains(&Exception::Localhost) {
                Ok(())
            } else {
                Err("localhost")
            }
        }
        _ => Err("https"),
    }
}

/// The exceptions a profile leaves room for.
pub(crate) fn exceptions_of(profile: Profile) -> &'static [Exception] {
    match profile {
        Profile::Standard => Exception::ALL,
        Profile::Fapi2 => &[Exception::Localhost],
    }
}

/// A whole date of birth as `birthdate` gives it; one that the register knows in part only is not told.
pub(crate) fn birthdate(born: PartialDate) -> Option<String> {
    born.exact().map(|day: Date| day.to_string())
}

#[cfg(test)]
mod tests;
