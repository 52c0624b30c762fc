//! Passkeys of residents and of staff, by `webauthn-rs`: what stays here is only JSON in and out.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid,
    Webauthn, WebauthnBuilder,
};

use crate::model::{OwnerKind, PasskeyOwner};
use crate::{Error, PasskeyId, Result};

/// The relying party for the passkeys of a town.
pub struct Passkeys(Webauthn);

/// A passkey as it is kept.
pub(crate) struct Kept {
    /// Its id.
    pub(crate) id: PasskeyId,
    /// The library's JSON: public key and counters.
    pub(crate) passkey: String,
}

impl Passkeys {
    /// Takes the relying party's id (the host name, such as `passport.example.lg.jp` or `localhost`), the origin the town is opened at, and the name
    /// browsers show. The id never changes: passkeys are bound to it.
    ///
    /// # Errors
    /// [`Error::PasskeySettings`] when the origin is no address or does not lie under the id.
    pub fn new(rp_id: &str, origin: &str, name: &str) -> Result<Self> {
        let settings = |reason: String| Error::PasskeySettings { reason };
        let origin = Url::parse(origin).map_err(|error| settings(error.to_string()))?;
        let builder = WebauthnBuilder::new(rp_id, &origin).map_err(|error| settings(error.to_string()))?;
        Ok(Self(builder.rp_name(name).build().map_err(|error| settings(error.to_string()))?))
    }

    /// Options for `navigator.credentials.create`, and the state to be kept until the answer.
    pub(crate) fn begin_registration(&self, owner: PasskeyOwner, name: &str, known: &[String]) -> Result<(Value, String)> {
        let known: Vec<CredentialID> = read_all::<Passkey>(known)?.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let user = Uuid::from_bytes(owner.bytes());
        let (options, state) = self.0.start_passkey_registration(user, name, name, Some(known)).map_err(refused)?;
        let mut options = written(&options)?;
        // Nobody types a name to sign in: the passkey itself must be found by the browser.
        options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
        options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok((options, written(&state)?.to_string()))
    }

    pub(crate) fn finish_registration(&self, state: &str, answer: Value) -> Result<Kept> {
        let state: PasskeyRegistration = read(state)?;
        let answer: RegisterPublicKeyCredential = serde_json::from_value(answer).map_err(|_| Error::Passkey)?;
        kept(&self.0.finish_passkey_registration(&answer, &state).map_err(refused)?)
    }

    /// Options for `navigator.credentials.get`, and the state to be kept until the answer.
    pub(crate) fn begin_sign_in(&self) -> Result<(Value, String)> {
        let (options, state) = self.0.start_discoverable_authentication().map_err(refused)?;
        let mut options = written(&options)?;
        // The library means it for auto-fill; ours is a button.
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        Ok((options, written(&state)?.to_string()))
    }

    /// Whose passkey answers, as it says itself: to be looked up, not believed.
    pub(crate) fn claimed_by(&self, kind: OwnerKind, answer: &Value) -> Result<PasskeyOwner> {
        let answer: PublicKeyCredential = serde_json::from_value(answer.clone()).map_err(|_| Error::Passkey)?;
        let (user, _) = self.0.identify_discoverable_authentication(&answer).map_err(refused)?;
        Ok(PasskeyOwner::new(kind, *user.as_bytes()))
    }

    /// Believes or refuses the answer and gives the passkey that made it, brought up to date.
    pub(crate) fn finish_sign_in(&self, state: &str, answer: Value, known: &[String]) -> Result<Kept> {
        let state: DiscoverableAuthentication = read(state)?;
        let answer: PublicKeyCredential = serde_json::from_value(answer).map_err(|_| Error::Passkey)?;
        let mut passkeys: Vec<Passkey> = read_all(known)?;
        let passkey = passkeys.iter_mut().find(|passkey| passkey.cred_id() == answer.get_credential_id()).ok_or(Error::Passkey)?;
        let result = self.0.finish_discoverable_authentication_v2(&answer, state, &*passkey).map_err(refused)?;
        passkey.update_credential(&result);
        kept(passkey)
    }
}

impl std::fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passkeys(…)")
    }
}

fn kept(passkey: &Passkey) -> Result<Kept> {
    Ok(Kept { id: PasskeyId::of_bytes(passkey.cred_id().as_slice()), passkey: written(passkey)?.to_string() })
}

fn written(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| ::store::Error::from(error).into())
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::Stored { what: "passkey" })
}

fn read_all<T: DeserializeOwned>(texts: &[String]) -> Result<Vec<T>> {
    texts.iter().map(|text| read(text)).collect()
}

/// The library's reason is for the log: to the person all refusals are one.
fn refused(error: webauthn_rs::prelude::WebauthnError) -> Error {
    tracing::info!(%error, "passkey refused");
    Error::Passkey
}
