//! What a page and its script say to each other while a passkey is made or used.

use identity::CeremonyId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Problem;

/// What the browser is to do with an authenticator.
#[derive(Serialize, ToSchema)]
pub struct Begun {
    /// To be handed back with the answer.
    ticket: String,
    /// Options of `navigator.credentials`, binary members in base64url.
    #[serde(rename = "publicKey")]
    #[schema(value_type = Object)]
    public_key: serde_json::Value,
}

impl Begun {
    /// The browser's half of a ceremony; `more` comes back with the ticket.
    pub fn new(ceremony: &identity::Ceremony, more: &str) -> Self {
        let public_key = ceremony.options.get("publicKey").cloned().unwrap_or_default();
        Self { ticket: format!("{}.{more}", ceremony.id), public_key }
    }
}

/// What the authenticator answered.
#[derive(Deserialize, ToSchema)]
pub struct Finished {
    /// As it was given.
    ticket: String,
    /// The credential in WebAuthn's JSON.
    #[schema(value_type = Object)]
    pub credential: serde_json::Value,
    /// What the owner calls the passkey, where it is asked.
    #[serde(default)]
    pub label: String,
}

impl Finished {
    /// The ceremony, and what was given with it.
    ///
    /// # Errors
    /// [`Problem::bad_input`] for a ticket nobody was given.
    pub fn ticket(&self) -> Result<(CeremonyId, &str), Problem> {
        let (ceremony, more) = self.ticket.split_once('.').unwrap_or((&self.ticket, ""));
        Ok((ceremony.parse().map_err(|_| Problem::bad_input("web.ticket"))?, more))
    }
}

/// Where to go now.
#[derive(Serialize, ToSchema)]
pub struct Arrived {
    /// A path of ours.
    pub next: String,
}
