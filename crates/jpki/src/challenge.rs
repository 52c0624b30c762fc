//! What a card signs: never bytes somebody else chose, always this structured value.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the signature is for; part of the signed bytes, so an answer given for one purpose is no use for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// Opening an account: ties a card to a person for the first time.
    Register,
    /// Signing in.
    SignIn,
    /// Showing the card at a public terminal or counter.
    Present,
    /// Handing in an application, whose document hash is signed with it.
    Apply,
    /// Consenting to something named by the document hash.
    Consent,
}

impl Purpose {
    /// The word that stands in the signed bytes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::Present => "present",
            Self::Apply => "apply",
            Self::Consent => "consent",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Register, Self::SignIn, Self::Present, Self::Apply, Self::Consent].into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// A question put to one card in one session, once.
///
/// The message a card signs is, byte by byte: the 24 bytes `TEGATA JPKI CHALLENGE 1\0`; then relying party, purpose, session, each as a
/// 2-byte big-endian length and UTF-8; the 32-byte nonce; `issued_at` and `expires_at` as 8-byte big-endian Unix seconds; and one byte 0,
/// or one byte 1 and the 32-byte SHA-256 of the document. The first bytes keep it apart from every other thing a card might sign.
///
/// The server keeps the challenge it gave out, takes it away when it is answered, and hands it to the verifier: single use is its duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Who asks: the service's own name, such as its origin.
    pub relying_party: String,
    /// What for.
    pub purpose: Purpose,
    /// The session that was asked.
    pub session: String,
    /// 256 bits of chance.
    #[serde(with = "crate::hex32")]
    pub nonce: [u8; 32],
    /// When it was given out; whole seconds count.
    pub issued_at: Timestamp,
    /// The first moment it is too late.
    pub expires_at: Timestamp,
    /// SHA-256 of the document signed with it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::hex32_option")]
    pub document: Option<[u8; 32]>,
}

/// The first bytes of every message.
pub const DOMAIN: &[u8; 24] = b"TEGATA JPKI CHALLENGE 1\0";

impl Challenge {
    /// The bytes the card signs.
    pub fn message(&self) -> Vec<u8> {
        let mut out = DOMAIN.to_vec();
        for text in [self.relying_party.as_str(), self.purpose.as_str(), self.session.as_str()] {
            let kept = clip(text);
            out.extend((kept.len() as u16).to_be_bytes());
            out.extend(kept.as_bytes());
        }
        out.extend(self.nonce);
        out.extend(self.issued_at.as_second().to_be_bytes());
        out.extend(self.expires_at.as_second().to_be_bytes());
        match self.document {
            None => out.push(0),
            Some(hash) => {
                out.push(1);
                out.extend(hash);
            }
        }
        out
    }

    /// The challenge a message holds; `None` for anything that is not one, to the byte.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let mut rest = message.strip_prefix(DOMAIN)?;
        let mut take = |count: usize| -> Option<&[u8]> {
            let (head, tail) = rest.split_at_checked(count)?;
            rest = tail;
            Some(head)
        };
        let mut text = || -> Option<String> {
            let length = u16::from_be_bytes(take(2)?.try_into().ok()?);
            String::from_utf8(take(usize::from(length))?.to_vec()).ok()
        };
        let (relying_party, purpose, session) = (text()?, text()?, text()?);
        let nonce = take(32)?.try_into().ok()?;
        let mut moment = || Timestamp::from_second(i64::from_be_bytes(take(8)?.try_into().ok()?)).ok();
        let (issued_at, expires_at) = (moment()?, moment()?);
        let document = match take(1)? {
            [0] => None,
            [1] => Some(take(32)?.try_into().ok()?),
            _ => return None,
        };
        let purpose = Purpose::from_word(&purpose)?;
        rest.is_empty().then_some(Self { relying_party, purpose, session, nonce, issued_at, expires_at, document })
    }
}

/// A name cannot be longer than its length field; names are chosen by the service, far below it.
fn clip(text: &str) -> &str {
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_message_parses_to_the_same_challenge_and_no_other_bytes_do(
            relying_party in ".{0,40}", session in ".{0,40}", nonce in any::<[u8; 32]>(), at in 0i64..4_000_000_000,
            document in any::<Option<[u8; 32]>>(), extra in any::<u8>(),
        ) {
            let challenge = Challenge {
                relying_party, purpose: Purpose::SignIn, session, nonce, document,
                issued_at: Timestamp::from_second(at).unwrap(), expires_at: Timestamp::from_second(at + 120).unwrap(),
            };
            let message = challenge.message();
            prop_assert_eq!(Challenge::parse(&message), Some(challenge));
            prop_assert_eq!(Challenge::parse(&[&message[..], &[extra]].concat()), None);
            prop_assert_eq!(Challenge::parse(&message[..message.len() - 1]), None);
        }

        #[test]
        fn any_bytes_are_parsed_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Challenge::parse(&bytes);
            let _ = Challenge::parse(&[&DOMAIN[..], &bytes].concat());
        }
    }
}
