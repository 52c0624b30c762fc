//! Chance, codes, tokens and the keys under which things are hashed.

use ::store::MatchSecret;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::rules::{CODE_ALPHABET, CODE_CHARS, readable_code};
use crate::{Error, MediaKey, Result};

/// What proofs need besides the card: the service's name and the secrets of this town.
pub struct Settings {
    relying_party: String,
    match_secret: MatchSecret,
    serial_secret: Vec<u8>,
}

impl Settings {
    /// Takes the name that stands in every challenge (the service's origin, the same as in [`jpki::Policy`]), the secret both sides of the bridge
    /// share, and the secret under which certificate serials are hashed. Each secret has at least 32 bytes; both outlive every account.
    ///
    /// # Errors
    /// [`Error::Secret`] when a secret is shorter.
    pub fn new(relying_party: impl Into<String>, match_secret: &[u8], serial_secret: &[u8]) -> Result<Self> {
        let matching = MatchSecret::new(match_secret).ok_or(Error::Secret)?;
        if serial_secret.len() < 32 {
            return Err(Error::Secret);
        }
        Ok(Self { relying_party: relying_party.into(), match_secret: matching, serial_secret: serial_secret.to_vec() })
    }

    /// The name that stands in every challenge.
    pub fn relying_party(&self) -> &str {
        &self.relying_party
    }

    /// The secret of the match keys.
    pub fn match_secret(&self) -> &MatchSecret {
        &self.match_secret
    }

    /// What numbers of media are hashed under.
    pub fn media_key(&self) -> MediaKey {
        MediaKey::new(&self.serial_secret)
    }

    pub(crate) fn serial_secret(&self) -> &[u8] {
        &self.serial_secret
    }

    /// What an account is found by instead of what an identity app's provider calls the person: subjects identify people as serials do.
    pub(crate) fn subject_key(&self, issuer: &str, subject: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.serial_secret);
        let mut context = hmac::Context::with_key(&key);
        // No kind of certificate is called so, and no issuer has a NUL: keys of different things never meet.
        for part in ["identity_app\0", issuer, "\0", subject] {
            context.update(part.as_bytes());
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Settings({})", self.relying_party)
    }
}

/// Bytes of chance.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A token of 256 random bits, in base64url.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// A code of eight characters nobody mistakes for each other: 39 bits, for minutes.
pub fn code() -> String {
    let mut code = String::with_capacity(CODE_CHARS);
    while code.len() < CODE_CHARS {
        // 248 is the greatest multiple of 31 in a byte: above it some characters would come up more often.
        code.extend(
            random::<16>()
                .into_iter()
                .filter(|byte| *byte < 248)
                .map(|byte| char::from(CODE_ALPHABET[usize::from(byte) % 31]))
                .take(CODE_CHARS - code.len()),
        );
    }
    code
}

/// What is stored in place of a token.
pub fn token_hash(token: &str) -> [u8; 32] {
    sha256(token.as_bytes())
}

/// What is stored in place of a code, however it was typed; `purpose` keeps codes of different kinds apart.
pub fn code_hash(purpose: &str, typed: &str) -> Option<[u8; 32]> {
    let code = readable_code(typed)?;
    Some(sha256(format!("{purpose}\0{code}").as_bytes()))
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_readable_and_differ() {
        let codes: std::collections::HashSet<_> = (0..1000).map(|_| code()).collect();
        assert_eq!(codes.len(), 1000);
        assert!(codes.iter().all(|code| readable_code(code).as_deref() == Some(code)));
    }

    #[test]
    fn every_character_comes_up_about_as_often() {
        let mut counts = std::collections::HashMap::new();
        for c in (0..4000).flat_map(|_| code().into_bytes()) {
            *counts.entry(c).or_insert(0u32) += 1;
        }
        // 32,000 draws of 31: 1,032 each; a spread of 200 is six standard deviations.
        assert_eq!(counts.len(), 31);
        assert!(counts.values().all(|count| (830..1235).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_code_typed_loosely_is_the_same_and_of_another_purpose_is_not() {
        assert_eq!(code_hash("pair", "abcd-efgh"), code_hash("pair", "ＡＢＣＤ ＥＦＧＨ"));
        assert_ne!(code_hash("pair", "ABCDEFGH"), code_hash("proof", "ABCDEFGH"));
        assert_eq!(code_hash("pair", "ABCDEFG"), None);
    }

    #[test]
    fn a_subject_counts_with_its_issuer_and_under_this_towns_secret() {
        let settings = |serial: u8| Settings::new("x", &[1; 32], &[serial; 32]).unwrap();
        let key = settings(2).subject_key("https://a.example", "1");
        assert_eq!(key, settings(2).subject_key("https://a.example", "1"));
        assert_ne!(key, settings(3).subject_key("https://a.example", "1"));
        assert_ne!(key, settings(2).subject_key("https://b.example", "1"));
        assert_ne!(key, settings(2).subject_key("https://a.example", "2"));
    }

    #[test]
    fn short_secrets_are_refused() {
        assert!(matches!(Settings::new("x", &[1; 31], &[1; 32]), Err(Error::Secret)));
        assert!(matches!(Settings::new("x", &[1; 32], &[1; 31]), Err(Error::Secret)));
    }
}
