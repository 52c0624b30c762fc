//! What the house answers with: its name, its keys, and the names it gives people at services.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::SessionId;
use identity::jose::{Algorithm, JwkSet, TokenKey};
use store::AccountId;

use crate::model::{Client, ClientId, Exception};
use crate::sealed::{Bearer, Seal};

/// The keys tokens are signed with, the newest of each algorithm first. Earlier ones are published until they are taken away, so that tokens they signed
/// are still believed.
pub struct Keyring(Vec<TokenKey>);

impl Keyring {
    /// Takes keys, the newest first. One for ES256 has to be among them.
    pub fn new(keys: Vec<TokenKey>) -> Option<Self> {
        keys.iter().any(|key| key.algorithm() == Algorithm::ES256).then_some(Self(keys))
    }

    /// The public keys, for everybody.
    pub fn public(&self) -> JwkSet {
        JwkSet { keys: self.0.iter().map(|key| key.public().clone()).collect() }
    }

    fn newest(&self, algorithm: Algorithm) -> Option<&TokenKey> {
        self.0.iter().find(|key| key.algorithm() == algorithm)
    }

    /// The key tokens for a service are signed with.
    pub(crate) fn for_client(&self, client: &Client) -> Option<&TokenKey> {
        self.newest(if client.may(Exception::Rs256) { Algorithm::RS256 } else { Algorithm::ES256 })
    }
}

/// The provider of one town.
pub struct Provider {
    issuer: String,
    keys: RwLock<Arc<Keyring>>,
    pairwise: hmac::Key,
    seal: Seal,
    outside: Arc<dyn Outside>,
}

/// The network, passed in: how services are told that somebody signed out.
pub trait Outside: Send + Sync {
    /// Posts a form; an error says why in words for the log. May wait for the network.
    ///
    /// # Errors
    /// Why it was not taken.
    fn post_form(&self, address: &str, fields: &[(&str, &str)]) -> Result<(), String>;
}

impl Provider {
    /// Makes the provider behind an address, with its keys and the secret under which people get another name at each service. The secret outlives every
    /// account: with another one, every service would take every person for somebody new.
    pub fn new(issuer: &str, keys: Keyring, pairwise: &[u8; 32], outside: Arc<dyn Outside>) -> Self {
        let pairwise = hmac::Key::new(hmac::HMAC_SHA256, pairwise);
        Self { issuer: issuer.to_owned(), keys: RwLock::new(Arc::new(keys)), seal: Seal::new(&pairwise), pairwise, outside }
    }

    /// The name tokens are issued under: where people reach the house.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys as they are now.
    pub fn keys(&self) -> Arc<Keyring> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes other keys, while serving.
    pub fn take_keys(&self, keys: Keyring) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    pub(crate) fn outside(&self) -> Arc<dyn Outside> {
        Arc::clone(&self.outside)
    }

    /// The address of an endpoint.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Seals something that is handed out.
    pub(crate) fn seal<T: Bearer>(&self, value: &T) -> String {
        self.seal.close(value)
    }

    /// Opens what was handed out; nothing for what the house did not seal as this.
    pub(crate) fn open<T: Bearer>(&self, text: &str) -> Option<T> {
        self.seal.open(text)
    }

    /// What a person is called at a service, and at no other (`sub`, pairwise as in OpenID Connect Core section 8.1).
    pub fn subject(&self, client: ClientId, account: AccountId) -> String {
        self.name(b"sub", client, &account.bytes())
    }

    /// What a browser's session is called at a service (`sid`).
    pub(crate) fn session_name(&self, client: ClientId, session: SessionId) -> String {
        self.name(b"sid", client, &session.bytes())
    }

    fn name(&self, what: &[u8], client: ClientId, of: &[u8; 16]) -> String {
        // Each part has its own length, so no two texts run together into one.
        let tag = hmac::sign(&self.pairwise, &[what, &client.bytes(), of].concat());
        URL_SAFE_NO_PAD.encode(tag)
    }
}
