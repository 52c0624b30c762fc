//! The relying party over OpenID Connect: what an identity app's provider is asked, and what of its answer is believed.
//!
//! Network, clock and chance are passed in. Everything here may take seconds and is called with no transaction open.

mod claims;
mod id_token;
mod keys;
mod provider;
mod request;
mod signing;

use std::sync::{Arc, Mutex, PoisonError};

use civil::Timestamp;
use jiff::SignedDuration;
use jpki::{Answer, Revocation, Verifier};
use serde_json::{Map, Value};
use town::{AppId, AppSign, IdentityApp};

pub use keys::AppKey;
pub(crate) use provider::AppProvider;
pub(crate) use request::Asking;

use crate::{AppAnswer, AppPrepared, AppQuestion, AppQuestionId, AppRefusal, AppSigned, AppSigning, AppTold, Error, Result};
use keys::{KeySet, TokenFault};
use request::{Access, Tokens};

/// How long what a discovery document said is believed.
const DISCOVERY_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// How long nobody is asked who gave no answer: whoever comes meanwhile is told at once, and holds no thread for as long as the network waits.
const SILENT_LIFE: SignedDuration = SignedDuration::from_secs(15);
/// How long published keys are believed: a key the provider withdrew ends within this.
const KEYS_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// What is asked of a provider over the network.
pub struct AppRequest<'a> {
    /// The address: `https://`, or this machine.
    pub address: &'a str,
    /// What is posted; a plain question if there is nothing.
    pub body: Option<AppBody>,
    /// The access token to be shown.
    pub bearer: Option<&'a str>,
}

/// What is posted to a provider.
pub enum AppBody {
    /// A form, `application/x-www-form-urlencoded`.
    Form(String),
    /// JSON.
    Json(String),
}

/// What a provider answered.
#[derive(Debug, Clone)]
pub struct AppReply {
    /// The HTTP status.
    pub status: u16,
    /// The body, which the network has bounded.
    pub body: Vec<u8>,
}

/// A provider gave no answer; why is in the network's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppSilent;

/// The network to the providers: it follows no redirect, waits for seconds at most and takes no answer without end.
pub trait AppNetwork: Send + Sync {
    /// Sends one question and gives the answer, whatever its status.
    ///
    /// # Errors
    /// [`AppSilent`] when none came.
    fn ask(&self, request: &AppRequest<'_>) -> Result<AppReply, AppSilent>;
}

/// The network of who asks nobody.
struct Nobody;

impl AppNetwork for Nobody {
    fn ask(&self, _request: &AppRequest<'_>) -> Result<AppReply, AppSilent> {
        Err(AppSilent)
    }
}

/// The identity apps a town offers: those of the pack whose key is there.
pub struct Apps {
    origin: String,
    network: Box<dyn AppNetwork>,
    offered: Vec<Offered>,
}

struct Offered {
    app: IdentityApp,
    key: AppKey,
    provider: Remembered<AppProvider>,
    keys: Remembered<KeySet>,
    silent: Remembered<()>,
}

/// Something that was asked for a moment ago.
struct Remembered<T>(Mutex<Option<(Timestamp, Arc<T>)>>);

impl<T> Remembered<T> {
    fn nothing() -> Self {
        Self(Mutex::new(None))
    }

    fn get(&self, now: Timestamp, life: SignedDuration) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = kept.as_ref().filter(|(at, _)| *at <= now && now < *at + life);
        fresh.map(|(_, value)| Arc::clone(value))
    }

    fn keep(&self, now: Timestamp, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&value)));
        value
    }
}

impl Apps {
    /// Offers no app yet; `origin` is where people reach the house, without a slash at the end.
    pub fn new(origin: impl Into<String>, network: Box<dyn AppNetwork>) -> Self {
        Self { origin: origin.into(), network, offered: Vec::new() }
    }

    /// Offers no app and asks nobody.
    pub fn none() -> Self {
        Self::new("", Box::new(Nobody))
    }

    /// Offers an app of the pack, with the key by which its provider knows this town.
    #[must_use]
    pub fn with(mut self, app: IdentityApp, key: AppKey) -> Self {
        self.offered.push(Offered {
            app,
            key,
            provider: Remembered::nothing(),
            keys: Remembered::nothing(),
            silent: Remembered::nothing(),
        });
        self
    }

    /// The apps that are offered, in the order of the pack.
    pub fn offered(&self) -> impl Iterator<Item = &IdentityApp> {
        self.offered.iter().map(|offered| &offered.app)
    }

    pub(crate) fn offered_app(&self, id: &AppId) -> Result<&IdentityApp> {
        Ok(&self.find(id)?.app)
    }

    fn find(&self, id: &AppId) -> Result<&Offered> {
        self.offered.iter().find(|offered| offered.app.id == *id).ok_or(Error::UnknownApp)
    }

    /// The address at which a provider sends the browser back to us.
    pub fn callback(&self, app: &AppId) -> String {
        format!("{}/start/app/{app}/callback", self.origin)
    }

    /// The public keys of the town with an app's provider, as a JWK Set.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn public_keys(&self, app: &AppId) -> Result<Value> {
        Ok(self.find(app)?.key.public_set())
    }

    /// Gets a question ready: finds the provider and, where the card signs by the app, begins a transaction for a statement that opens with `words`.
    ///
    /// # Errors
    /// [`Error::UnknownApp`]; [`Error::App`] with [`AppRefusal::Away`], [`AppRefusal::Discovery`], [`AppRefusal::Provider`] or
    /// [`AppRefusal::Transaction`].
    pub fn prepare(&self, id: &AppId, words: &str, now: Timestamp) -> Result<AppPrepared> {
        let offered = self.find(id)?;
        let (provider, question) = (self.provider(offered, now)?, AppQuestionId::new(now));
        let signing = match &offered.app.sign {
            Some(sign) => {
                let statement = signing::statement(words, &self.origin, question, now);
                Some(AppSigning { transaction: self.transaction(offered, &provider, sign, &statement, now)?, statement })
            }
            None => None,
        };
        Ok(AppPrepared { id: question, app: id.clone(), provider, signing })
    }

    /// Begins a transaction with the hash of a statement: by a token of the town's own, which is forgotten with it.
    fn transaction(
        &self,
        offered: &Offered,
        provider: &AppProvider,
        sign: &AppSign,
        statement: &str,
        now: Timestamp,
    ) -> Result<String, AppRefusal> {
        let assertion = request::assertion(&offered.app, &offered.key, provider, now)?;
        let form = AppBody::Form(request::own_form(&offered.app, &assertion, &sign.scope));
        let access: Access =
            request::granted(&self.send(offered, &AppRequest { address: &provider.token, body: Some(form), bearer: None }, now)?)?;
        let body = Some(AppBody::Json(signing::request(statement, &sign.fields)));
        let begun = AppRequest { address: &sign.transactions, body, bearer: Some(access.bearer()?) };
        signing::transaction_of(&self.send(offered, &begun, now)?, &sign.fields)
    }

    /// Where an app's provider is asked: as the pack says, or as its discovery document does.
    fn provider(&self, offered: &Offered, now: Timestamp) -> Result<Arc<AppProvider>, AppRefusal> {
        if let Some(known) = offered.provider.get(now, DISCOVERY_LIFE) {
            return Ok(known);
        }
        let provider = match &offered.app.endpoints {
            Some(endpoints) => AppProvider::configured(&offered.app, endpoints),
            None => {
                let body = self.get(offered, &provider::discovery_address(&offered.app.issuer), None, now)?;
                AppProvider::discovered(&offered.app, &body)?
            }
        };
        Ok(offered.provider.keep(now, provider))
    }

    /// The provider's address with a question in it, for the browser to go to.
    pub(crate) fn question(&self, provider: &AppProvider, id: &AppId, asking: &Asking<'_>) -> Result<String> {
        let offered = self.find(id)?;
        Ok(request::authorization(&offered.app, provider, &self.callback(id), asking)?)
    }

    /// Asks the provider about the answer a browser brought: exchanges the code, verifies the ID token, fetches the items, and verifies what the card
    /// signed as a card's own answer is verified.
    ///
    /// # Errors
    /// [`Error::App`] with what is wrong; [`Error::Card`] with what is wrong with the card's signature or certificate.
    pub fn ask(
        &self,
        question: &AppQuestion,
        answer: &AppAnswer,
        verifier: &Verifier,
        revocation: &dyn Revocation,
        now: Timestamp,
    ) -> Result<AppTold> {
        let offered = self.find(&question.app)?;
        let provider = self.provider(offered, now)?;
        provider.is_named_by(answer.issuer.as_deref())?;
        let code = request::code_of(answer)?;
        let tokens = self.tokens(offered, &provider, question, code, now)?;
        let signed = self.verified(offered, &provider, &tokens.id_token, now)?;
        let expected = id_token::Expected {
            issuer: &offered.app.issuer,
            client_id: &offered.app.client_id,
            nonce: &question.nonce,
            access_token: tokens.access.bearer()?,
            acr_accepted: &offered.app.acr_accepted,
            begun_at: question.begun_at,
            now,
        };
        let known = id_token::check(&signed.claims, &expected)?;
        let told = self.told(offered, &provider, &tokens, signed.claims, &known.subject, now)?;
        let items = claims::four_items(&told, &offered.app.claims)?;
        let (subject, acr, algorithm) = (known.subject, known.acr, signed.algorithm);
        let Some((sign, signing)) = signs(&offered.app, question)? else {
            return Ok(AppTold { subject, items, acr, algorithm, signed: None });
        };
        let told = self.signed(offered, sign, signing, &tokens, now)?;
        let told = Answer { certificate: &told.certificate, signature: &told.signature };
        let by = verifier.verify_statement(&told, signing.statement.as_bytes(), now, revocation)?;
        let signed = Some(AppSigned { statement: signing.statement.clone(), by });
        Ok(AppTold { subject, items, acr, algorithm, signed })
    }

    /// The result of a transaction, opened.
    fn signed(
        &self,
        offered: &Offered,
        sign: &AppSign,
        signing: &AppSigning,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<signing::Signed, AppRefusal> {
        let address = format!("{}/{}/result", sign.transactions, signing.transaction);
        let asked = AppRequest { address: &address, body: None, bearer: Some(tokens.access.bearer()?) };
        let sealed = signing::sealed_of(&self.send(offered, &asked, now)?, &sign.fields)?;
        signing::signed_of(&offered.key.open(&sealed).ok_or(AppRefusal::Sealed)?, &sign.fields)
    }

    fn tokens(
        &self,
        offered: &Offered,
        provider: &AppProvider,
        question: &AppQuestion,
        code: &str,
        now: Timestamp,
    ) -> Result<Tokens, AppRefusal> {
        let assertion = request::assertion(&offered.app, &offered.key, provider, now)?;
        let form = request::code_form(&offered.app, &assertion, &self.callback(&offered.app.id), code, &question.verifier);
        let asked = AppRequest { address: &provider.token, body: Some(AppBody::Form(form)), bearer: None };
        request::granted(&self.send(offered, &asked, now)?)
    }

    /// The ID token's claims. A key that is not known may be new: the published keys are fetched once more, and no more often.
    fn verified(&self, offered: &Offered, provider: &AppProvider, token: &str, now: Timestamp) -> Result<keys::Signed, AppRefusal> {
        if let Some(known) = offered.keys.get(now, KEYS_LIFE) {
            match keys::verify(token, &known) {
                Err(TokenFault::Key) => {}
                decided => return decided.map_err(AppRefusal::from),
            }
        }
        let published = KeySet::parse(&self.get(offered, &provider.keys, None, now)?).ok_or(AppRefusal::Answer)?;
        keys::verify(token, &offered.keys.keep(now, published)).map_err(AppRefusal::from)
    }

    /// Everything the provider tells of the person: of the ID token and, where there is one, of the userinfo endpoint.
    fn told(
        &self,
        offered: &Offered,
        provider: &AppProvider,
        tokens: &Tokens,
        claims: Map<String, Value>,
        subject: &str,
        now: Timestamp,
    ) -> Result<Map<String, Value>, AppRefusal> {
        let Some(address) = &provider.userinfo else { return Ok(claims) };
        let body = self.get(offered, address, Some(tokens.access.bearer()?), now)?;
        let mut told: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| AppRefusal::Answer)?;
        if told.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(AppRefusal::Subject);
        }
        // What was signed stands over what came by the line alone.
        told.extend(claims);
        Ok(told)
    }

    fn get(&self, offered: &Offered, address: &str, bearer: Option<&str>, now: Timestamp) -> Result<Vec<u8>, AppRefusal> {
        let reply = self.send(offered, &AppRequest { address, body: None, bearer }, now)?;
        if reply.status == 200 { Ok(reply.body) } else { Err(AppRefusal::Answer) }
    }

    fn send(&self, offered: &Offered, request: &AppRequest<'_>, now: Timestamp) -> Result<AppReply, AppRefusal> {
        if offered.silent.get(now, SILENT_LIFE).is_some() {
            return Err(AppRefusal::Away);
        }
        match self.network.ask(request) {
            Ok(reply) if reply.status < 500 && reply.status != 429 => Ok(reply),
            Ok(_) => Err(AppRefusal::Away),
            Err(AppSilent) => {
                offered.silent.keep(now, ());
                Err(AppRefusal::Away)
            }
        }
    }
}

/// How and what the card signs by an app; the pack may have changed since the question was asked.
fn signs<'a>(app: &'a IdentityApp, question: &'a AppQuestion) -> Result<Option<(&'a AppSign, &'a AppSigning)>, AppRefusal> {
    match (&app.sign, &question.signing) {
        (Some(sign), Some(signing)) => Ok(Some((sign, signing))),
        (None, None) => Ok(None),
        _ => Err(AppRefusal::Transaction),
    }
}

impl std::fmt::Debug for Apps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.offered().map(|app| &app.id)).finish()
    }
}
