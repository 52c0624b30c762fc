//! Which service is asking: `private_key_jwt` or, where it is excused, `client_secret_basic` (OpenID Connect Core section 9).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civil::Timestamp;
use identity::jose::{self, Algorithm, Expected};
use identity::secret;
use jiff::SignedDuration;
use serde::Deserialize;
use store::{Actor, Store};

use super::Once;
use crate::fault::Fault;
use crate::model::{Client, ClientId, ClientKeys, Profile};
use crate::provider::Provider;
use crate::rules::Parameters;
use crate::store::clients as rows;

/// Algorithms of client assertions.
pub(crate) const ALGORITHMS: &[Algorithm] = &[Algorithm::ES256, Algorithm::PS256];
/// How far ahead an assertion may end: it is remembered for as long.
const ASSERTION_LIFE_MAX: SignedDuration = SignedDuration::from_mins(10);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A service that has shown that it is itself.
#[derive(Debug, Clone)]
pub(crate) struct Authenticated {
    pub(crate) client: Client,
    /// Its assertion, to be noted with the change it was made for.
    pub(crate) assertion: Option<Once>,
}

#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    jti: String,
    exp: i64,
}

/// Finds out which service asks an endpoint. A refusal is counted.
///
/// # Errors
/// [`Fault`] `invalid_client`.
pub(crate) async fn authenticate(
    store: &Store,
    provider: &Provider,
    headers: &HeaderMap,
    asked: &Parameters,
    endpoint: &str,
) -> Result<Authenticated, Fault> {
    let shown = shown(headers, asked)?;
    let client = {
        let mut ctx = store.read(Actor::Anonymous).await?;
        rows::find(&mut ctx, shown.id).await?.filter(|client| client.ended_at.is_none())
    };
    let unknown = || Fault::invalid_client("client", "There is no such service.");
    let client = client.ok_or_else(unknown)?;
    let checked = check(&client, &shown, provider, endpoint, store.clock().now());
    if let Err(fault) = &checked {
        super::note_refusal(store, client.id, fault).await;
    }
    Ok(Authenticated { assertion: checked?, client })
}

struct Shown {
    id: ClientId,
    how: How,
}

enum How {
    Secret(String),
    Assertion(String),
}

fn shown(headers: &HeaderMap, asked: &Parameters) -> Result<Shown, Fault> {
    let unreadable = || Fault::invalid_client("authentication", "The client authentication cannot be read.");
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let basic = authorization.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic")).map(|(_, both)| both);
    match (basic, asked.get("client_assertion")) {
        (Some(_), Some(_)) => Err(Fault::invalid_request("authentication", "Only one way of authenticating is allowed.")),
        (Some(basic), None) => {
            let text = STANDARD.decode(basic.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(unreadable)?;
            let (id, secret) = text.split_once(':').ok_or_else(unreadable)?;
            let id = decoded(id);
            let named = asked.get("client_id").is_none_or(|named| named == id);
            Ok(Shown { id: id.parse().ok().filter(|_| named).ok_or_else(unreadable)?, how: How::Secret(decoded(secret)) })
        }
        (None, Some(assertion)) => {
            if asked.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(Fault::invalid_client(
                    "authentication",
                    "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer.",
                ));
            }
            let told: Assertion = jose::unverified(assertion).map_err(|_| unreadable())?;
            let named = asked.get("client_id").is_none_or(|id| id == told.sub);
            let id = told.sub.parse().ok().filter(|_| named).ok_or_else(unreadable)?;
            Ok(Shown { id, how: How::Assertion(assertion.to_owned()) })
        }
        (None, None) => Err(Fault::invalid_client("authentication", "The service has to authenticate.")),
    }
}

/// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
fn decoded(half: &str) -> String {
    let joined = format!("x={half}");
    form_urlencoded::parse(joined.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn check(client: &Client, shown: &Shown, provider: &Provider, endpoint: &str, now: Timestamp) -> Result<Option<Once>, Fault> {
    match (&client.keys, &shown.how) {
        (ClientKeys::Secret(hash), How::Secret(secret)) => {
            let same = aws_lc_rs::constant_time::verify_slices_are_equal(hash, &secret::token_hash(secret)).is_ok();
            if same { Ok(None) } else { Err(Fault::invalid_client("secret", "The secret is wrong.")) }
        }
        (ClientKeys::Public(keys), How::Assertion(assertion)) => {
            let endpoint = provider.at(endpoint);
            let token = provider.at("/oidc/token");
            let all = [provider.issuer(), token.as_str(), endpoint.as_str()];
            // FAPI 2.0 section 5.3.2.1: the issuer alone, so that no other server can use the assertion here.
            let audiences = if client.profile == Profile::Fapi2 { &all[..1] } else { &all[..] };
            let id = client.id.to_string();
            let expected = Expected { algorithms: ALGORITHMS, kind: None, issuer: &id, audiences, now };
            let read = jose::verify::<Assertion>(assertion, keys, &expected);
            let told = read.map_err(|error| Fault::invalid_client(reason(error), "The client assertion is not believed."))?;
            let until = Timestamp::from_second(told.exp).unwrap_or(Timestamp::MAX);
            let too_long = until > now + ASSERTION_LIFE_MAX;
            if told.sub != id || told.iss != id || told.jti.is_empty() || too_long {
                return Err(Fault::invalid_client(
                    "assertion",
                    "The client assertion must name the service, have a jti, and end within ten minutes.",
                ));
            }
            let remembered = until + SignedDuration::from_secs(jose::CLOCKS_DIFFER_S);
            Ok(Some(Once::new("assertion", &id, &told.jti, remembered)))
        }
        (ClientKeys::Secret(_), How::Assertion(_)) | (ClientKeys::Public(_), How::Secret(_)) => {
            Err(Fault::invalid_client("authentication_method", "The service registered another way of authenticating."))
        }
    }
}

fn reason(error: jose::JoseError) -> &'static str {
    use jose::JoseError as E;
    match error {
        E::Time => "assertion_time",
        E::Audience | E::Issuer => "assertion_audience",
        E::NotAllowed => "assertion_algorithm",
        E::UnknownKey | E::Key => "assertion_key",
        _ => "assertion_signature",
    }
}

/// What is said to a service whose assertion was seen before.
pub(crate) const REPLAYED: Fault = Fault::invalid_client("assertion_replayed", "The client assertion was used before.");
