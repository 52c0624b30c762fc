//! The things this room knows.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use civil::{Date, Timestamp};
use identity::SessionId;
use identity::jose::JwkSet;
use serde::{Deserialize, Serialize};
use store::{AccountId, text_enum};
use town::ProgrammeId;

store::id!(ClientId, "A service that trusts the town's accounts: the `client_id`.");
store::id!(GrantId, "One sign-in of a person at a service.");

/// What a service may ask about a person, as OAuth's `scope` names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `openid`: that it is the same person as last time. Every sign-in has it.
    OpenId,
    /// `profile`: the name as the card gives it.
    Profile,
    /// `birthdate`: the whole date of birth.
    Birthdate,
    /// `resident`: whether the person lives in the town today.
    Resident,
    /// `district`: the district the person lives in.
    District,
    /// `age_over_20`: whether the person has reached an age, and nothing else of it.
    AgeOver(u8),
    /// `programme:senior-pass`: whether the person is entitled to a programme today.
    Programme(ProgrammeId),
    /// `offline_access`: to go on while the person is signed out.
    OfflineAccess,
}

/// Ages a service may ask about.
pub const AGES: std::ops::RangeInclusive<u8> = 1..=120;

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenId => f.write_str("openid"),
            Self::Profile => f.write_str("profile"),
            Self::Birthdate => f.write_str("birthdate"),
            Self::Resident => f.write_str("resident"),
            Self::District => f.write_str("district"),
            Self::AgeOver(age) => write!(f, "age_over_{age}"),
            Self::Programme(programme) => write!(f, "programme:{programme}"),
            Self::OfflineAccess => f.write_str("offline_access"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || "no such scope".to_owned();
        Ok(match text {
            "openid" => Self::OpenId,
            "profile" => Self::Profile,
            "birthdate" => Self::Birthdate,
            "resident" => Self::Resident,
            "district" => Self::District,
            "offline_access" => Self::OfflineAccess,
            other => match (other.strip_prefix("age_over_"), other.strip_prefix("programme:")) {
                (Some(age), _) => {
                    let plain = !age.starts_with(['0', '+']);
                    Self::AgeOver(age.parse().ok().filter(|age| plain && AGES.contains(age)).ok_or_else(unknown)?)
                }
                (_, Some(programme)) => Self::Programme(programme.parse().map_err(|_| unknown())?),
                _ => return Err(unknown()),
            },
        })
    }
}

/// Several scopes, each once; in text apart by blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(pub BTreeSet<Scope>);

impl Scopes {
    /// Says whether a scope is among them.
    pub fn has(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Says whether all of another's are among them.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }

    /// Those that both have.
    pub fn both(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if place == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl From<&Scopes> for store::Value {
    fn from(scopes: &Scopes) -> Self {
        scopes.to_string().into()
    }
}

impl store::FromValue for Scopes {
    fn from_value(value: &store::Value) -> Result<Self, String> {
        value.text()?.parse()
    }
}

impl Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How surely the person was signed in (`acr`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acr {
    /// The browser was signed in: enough for everyday things.
    Login,
    /// The person signed in by a passkey a short while ago, verified by it.
    Passkey,
    /// The card was read a short while ago: for strong acts.
    Card,
}
text_enum!(Acr { Login = "urn:tegata:acr:login", Passkey = "urn:tegata:acr:passkey", Card = "urn:tegata:acr:card" });

impl Acr {
    /// What was used (`amr`, RFC 8176); nothing for a browser that was signed in before. A passkey may be copied between its owner's devices, so it is
    /// not said to be hardware.
    pub fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Login => &[],
            Self::Passkey => &["pop", "user", "mfa"],
            Self::Card => &["sc", "pin", "mfa"],
        }
    }
}

/// How strict the protocol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// OpenID Connect with PKCE, pushed requests and signed client authentication, unless an [`Exception`] says otherwise.
    Standard,
    /// FAPI 2.0 Security Profile, for services that handle sensitive facts: tokens are bound to the service's key (DPoP), no exceptions.
    Fapi2,
}
text_enum!(Profile { Standard = "standard", Fapi2 = "fapi2" });

/// A rule a service is excused from, because what it is built on cannot keep it. Seen as such in the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exception {
    /// It sends its request through the browser instead of pushing it.
    PlainRequest,
    /// It authenticates by a secret both sides know instead of a key only it has.
    SharedSecret,
    /// It reads RS256 only.
    Rs256,
    /// It is being developed on somebody's own machine: plain HTTP to `localhost`.
    Localhost,
}
text_enum!(Exception { PlainRequest = "plain_request", SharedSecret = "shared_secret", Rs256 = "rs256", Localhost = "localhost" });

/// How a service shows that it is itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKeys {
    /// `private_key_jwt`: these are its public keys.
    Public(JwkSet),
    /// `client_secret_basic`: the hash of its secret.
    Secret(Vec<u8>),
}

/// A service that trusts the town's accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What residents know it by.
    pub name: String,
    /// What it is for, in a sentence the person reads before agreeing.
    pub purpose: String,
    /// Where people are sent back to; compared to the letter.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after signing out.
    pub logout_uris: Vec<String>,
    /// Where it is told that somebody signed out.
    pub backchannel_uri: Option<String>,
    /// The most it may ask.
    pub scopes: Scopes,
    /// How strict the protocol is.
    pub profile: Profile,
    /// What it is excused from.
    pub exceptions: BTreeSet<Exception>,
    /// How it shows that it is itself.
    pub keys: ClientKeys,
    /// Since when.
    pub registered_at: Timestamp,
    /// Until when, if it is no longer trusted.
    pub ended_at: Option<Timestamp>,
}

impl Client {
    /// Says whether it is excused from a rule.
    pub fn may(&self, exception: Exception) -> bool {
        self.exceptions.contains(&exception)
    }
}

/// What somebody wants to do before anything is shown (`prompt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Ask nothing: answer at once or refuse.
    None,
    /// Have the person sign in again.
    Login,
    /// Ask the person to agree again.
    Consent,
}

/// An authorization request that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthRequest {
    /// Where the person is sent back to.
    pub redirect_uri: String,
    /// What is asked.
    pub scopes: Scopes,
    /// Handed back as it came.
    pub state: Option<String>,
    /// Comes back in the ID token.
    pub nonce: Option<String>,
    /// SHA-256 of the secret the code is redeemed with (PKCE, S256).
    pub challenge: String,
    /// What must or must not be shown.
    pub prompt: Vec<Prompt>,
    /// How many seconds ago the person may have signed in at most.
    pub max_age_s: Option<i64>,
    /// The card has to have been read just now.
    pub card: bool,
    /// Thumbprint of the key the tokens will be bound to, where the service said so.
    pub dpop_key: Option<String>,
    /// When it was asked.
    pub asked_at: Timestamp,
}

/// One sign-in of a person at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Where.
    pub client: ClientId,
    /// Who.
    pub account: AccountId,
    /// The session of the browser in which it happened.
    pub session: SessionId,
    /// What the person agreed to.
    pub scopes: Scopes,
    /// How surely they were signed in.
    pub acr: Acr,
    /// When they signed in.
    pub auth_time: Timestamp,
    /// When it happened.
    pub granted_at: Timestamp,
    /// The last day the person's trail says that the service was told something.
    pub told_on: Date,
    /// Access tokens issued until then do not count.
    pub tokens_ended_at: Timestamp,
    /// Until when, if it is over.
    pub ended_at: Option<Timestamp>,
    /// The account whose name the service hears: the person's own, or one that was merged into it.
    pub known_as: AccountId,
}

/// Who was answered for, and what with: what becomes a sign-in ([`Grant`]) once the service has its tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// The number the sign-in will have. A number is given once.
    pub(crate) id: GrantId,
    pub(crate) client: ClientId,
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) scopes: Scopes,
    pub(crate) acr: Acr,
    pub(crate) auth_time: Timestamp,
}

impl Answered {
    /// The sign-in, if it happens at this moment.
    pub(crate) fn at(self, now: Timestamp, today: Date, known_as: AccountId) -> Grant {
        let Self { id, client, account, session, scopes, acr, auth_time } = self;
        let (told_on, tokens_ended_at) = (today, Timestamp::UNIX_EPOCH);
        Grant { id, client, account, session, scopes, acr, auth_time, granted_at: now, told_on, tokens_ended_at, ended_at: None, known_as }
    }
}

impl GrantId {
    /// The first number there could be at a moment: numbers follow the time they are given at (UUIDv7).
    pub(crate) fn first_at(moment: Timestamp) -> Self {
        let ms = u64::try_from(moment.as_millisecond()).unwrap_or(0);
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
        bytes[6] = 0x70;
        Self::from_bytes(bytes)
    }
}

/// What a person lets a service know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The service.
    pub client: ClientId,
    /// What.
    pub scopes: Scopes,
    /// Since when.
    pub given_at: Timestamp,
    /// The account whose name the service hears: the person's own, or one that was merged into it.
    pub known_as: AccountId,
}

/// Refusals of one kind to a service on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: String,
    /// How often that day.
    pub times: u32,
    /// The last time.
    pub last_at: Timestamp,
}

/// What can go wrong besides what the protocol has words for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The accounts'.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The register's.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// No such service, or none any more.
    #[error("no such service")]
    NoSuchClient,
    /// A registration cannot stand; the field and the reason name the sentence to show.
    #[error("{field} of the registration: {reason}")]
    Registration {
        /// Which field.
        field: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Nobody knows yet who the person is.
    #[error("account is not proven")]
    NotProven,
    /// What the person was about to agree to is over or was answered.
    #[error("no such request")]
    RequestOver,
    /// The code typed for a device is wrong or over.
    #[error("no such device code")]
    DeviceCode,
    /// A token could not be signed.
    #[error("token could not be signed")]
    Signing(#[from] identity::jose::JoseError),
}

/// Result with this room's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    #[test]
    fn numbers_follow_the_time() {
        let moment: Timestamp = "2026-11-26T06:00:00Z".parse().unwrap();
        let given = GrantId::new(moment);
        assert!(GrantId::first_at(moment) <= given && given < GrantId::first_at(moment + jiff::SignedDuration::from_millis(1)));
        assert!(GrantId::first_at(moment).to_string() <= given.to_string(), "as text too, which is what is kept");
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for text in ["openid", "profile", "birthdate", "resident", "district", "age_over_65", "programme:senior-pass", "offline_access"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for wrong in ["", "email", "age_over_0", "age_over_07", "age_over_+7", "age_over_121", "programme:", "programme:A B", "OPENID"] {
            assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
        }
        let several: Scopes = "resident  openid resident".parse().unwrap();
        assert_eq!(several.to_string(), "openid resident");
    }
}
