//! What is handed out instead of being kept: requests, codes and access tokens carry what they stand for, readable and writable by the house alone.
//!
//! Nothing of them has to be written down before they are handed out, and a copy of the database opens nothing. What makes them count once, or no more,
//! is the sign-in they name.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{Answered, AuthRequest, ClientId, GrantId};

/// Something that is handed out sealed. One of a kind is never taken for one of another.
pub(crate) trait Bearer: Serialize + DeserializeOwned {
    /// What it is.
    const KIND: &'static [u8];
}

/// An authorization request, as its service pushed it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pushed {
    /// The number its sign-in will have.
    pub(crate) id: GrantId,
    pub(crate) client: ClientId,
    pub(crate) request: AuthRequest,
    pub(crate) until: Timestamp,
}

/// The name of a request that waits for its person.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) id: GrantId,
}

/// A code: the sign-in that happens when it is redeemed, and what the service has to show with it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Code {
    /// A number is given once, so a code is redeemed once.
    pub(crate) answered: Answered,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) dpop_key: Option<String>,
    pub(crate) until: Timestamp,
}

/// An access token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Access {
    pub(crate) grant: GrantId,
    pub(crate) dpop_key: Option<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) until: Timestamp,
}

impl Bearer for Pushed {
    const KIND: &'static [u8] = b"pushed";
}

impl Bearer for Waiting {
    const KIND: &'static [u8] = b"waiting";
}

impl Bearer for Code {
    const KIND: &'static [u8] = b"code";
}

impl Bearer for Access {
    const KIND: &'static [u8] = b"access";
}

/// The key of all that is handed out. AES-256-GCM-SIV (RFC 8452): nonces are drawn by chance, and a city draws more of them in a few years than GCM allows.
pub(crate) struct Seal(LessSafeKey);

impl Seal {
    /// Derives the key from a secret of the house.
    pub(crate) fn new(secret: &hmac::Key) -> Self {
        let key = hmac::sign(secret, b"what is handed out, 1");
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, key.as_ref()).expect("an HMAC of SHA-256 has as many bytes as the key")))
    }

    pub(crate) fn close<T: Bearer>(&self, value: &T) -> String {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the operating system gives random bytes");
        let mut sealed = serde_json::to_vec(value).expect("what is handed out has only names for keys");
        let sealing = self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(T::KIND), &mut sealed);
        sealing.expect("what is handed out is shorter than the cipher allows");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// Gives what was sealed; nothing for what the house did not seal as this.
    pub(crate) fn open<T: Bearer>(&self, text: &str) -> Option<T> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::from(T::KIND), sealed).ok()?;
        serde_json::from_slice(opened).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    fn seal(secret: u8) -> Seal {
        Seal::new(&hmac::Key::new(hmac::HMAC_SHA256, &[secret; 32]))
    }

    #[test]
    fn only_the_house_reads_and_only_as_what_it_is() {
        let id = GrantId::from_bytes([7; 16]);
        let handed = seal(1).close(&Waiting { id });
        assert_eq!(seal(1).open::<Waiting>(&handed).unwrap().id, id);
        assert!(seal(2).open::<Waiting>(&handed).is_none(), "another house");
        assert_ne!(seal(1).close(&Waiting { id }), handed, "two of the same are not known for the same");
        // The content would fit: what it is sealed as does not.
        #[derive(Serialize, Deserialize)]
        struct Likewise {
            id: GrantId,
        }
        impl Bearer for Likewise {
            const KIND: &'static [u8] = b"likewise";
        }
        assert!(seal(1).open::<Likewise>(&handed).is_none());
    }

    #[test]
    fn what_was_changed_anywhere_is_nothing() {
        let handed = seal(1).close(&Waiting { id: GrantId::from_bytes([7; 16]) });
        for place in 0..handed.len() {
            let mut changed = handed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(seal(1).open::<Waiting>(std::str::from_utf8(&changed).unwrap()).is_none(), "{place}");
        }
        for wrong in ["", "A", "AAAA", "あ", &handed[..20]] {
            assert!(seal(1).open::<Waiting>(wrong).is_none(), "{wrong}");
        }
    }
}
