//! Signing and checking with aws-lc-rs: the town's key, the server's verifier, and a phone's key in software.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey};
use jiff::Timestamp;

use crate::offline::Question;
use crate::{
    Checked, Claims, Credential, Disclosure, Error, HolderKey, IssuerPublicKey, Policy, Presentation, PublicKey, Refusal, Replay, Scene,
    Signature, Signatures, StatusList, StatusToken, TownCode, Unsigned, UnsignedStatusToken, holder, judge,
};

/// How many verified cards are remembered, at most twice over: 100,000 cards are some 60 MB with their parsed keys.
const REMEMBERED_CARDS: usize = 100_000;

/// Checks presentations of one town's cards. Cheap to share between threads; remembers the cards whose town signature held, so that
/// a card seen before costs one signature instead of two.
pub struct Verifier {
    town: TownCode,
    keys: Vec<IssuerPublicKey>,
    parsed: Vec<ParsedPublicKey>,
    known: Mutex<Known>,
}

/// Cards whose town signature held, by their hash, with the phone's key ready for use. Two generations bound the memory.
#[derive(Default)]
struct Known {
    filling: HashMap<[u8; 32], Arc<ParsedPublicKey>>,
    resting: HashMap<[u8; 32], Arc<ParsedPublicKey>>,
}

impl Verifier {
    /// A verifier for a town and its keys, old ones that still have cards in use included.
    ///
    /// # Errors
    /// [`Error::BadKey`] if a key is not a point of the curve.
    pub fn new(town: TownCode, keys: Vec<IssuerPublicKey>) -> Result<Self, Error> {
        let parsed = keys.iter().map(|key| parse(key.key()).ok_or(Error::BadKey)).collect::<Result<_, _>>()?;
        Ok(Self { town, keys, parsed, known: Mutex::default() })
    }

    /// Checks a presentation; see [`judge`] for the order of refusals. `statuses` are lists that [`Verifier::trust`] let through, or
    /// none if the caller looks the status up in its own records.
    ///
    /// # Errors
    /// The first [`Refusal`] that applies.
    pub fn check(
        &self,
        presentation: &Presentation,
        now: Timestamp,
        policy: Policy,
        statuses: Option<&[StatusToken]>,
        seen: &impl Replay,
    ) -> Result<Checked, Refusal> {
        let scene = Scene { town: self.town, keys: &self.keys, policy, now, statuses };
        judge(presentation, &scene, &mut Live { verifier: self, holder: None }, seen)
    }

    /// Reads a status list token and checks its signature.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if it is no token; [`Error::BadKey`] if no key of the town verifies it.
    pub fn trust(&self, token: &[u8]) -> Result<StatusToken, Error> {
        let token = StatusToken::read(token)?;
        let (message, signature) = token.signed();
        let key = self.parsed_key(token.kid).ok_or(Error::BadKey)?;
        if key.verify_sig(message, signature).is_ok() { Ok(token) } else { Err(Error::BadKey) }
    }

    fn parsed_key(&self, kid: crate::Kid) -> Option<&ParsedPublicKey> {
        self.keys.iter().position(|key| key.kid() == kid).map(|i| &self.parsed[i])
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // a panic elsewhere cannot leave a map of finished entries half changed
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("town", &self.town).field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Known {
    fn find(&mut self, hash: &[u8; 32]) -> Option<Arc<ParsedPublicKey>> {
        if let Some(key) = self.filling.get(hash) {
            return Some(Arc::clone(key));
        }
        let key = self.resting.remove(hash)?;
        self.remember(*hash, Arc::clone(&key));
        Some(key)
    }

    fn remember(&mut self, hash: [u8; 32], key: Arc<ParsedPublicKey>) {
        if self.filling.len() >= REMEMBERED_CARDS {
            self.resting = std::mem::take(&mut self.filling);
        }
        self.filling.insert(hash, key);
    }
}

/// Answers for one presentation; keeps the phone's key between the two questions.
struct Live<'a> {
    verifier: &'a Verifier,
    holder: Option<Arc<ParsedPublicKey>>,
}

impl Signatures for Live<'_> {
    fn issuer(&mut self, credential: &Credential, key: &IssuerPublicKey) -> bool {
        let hash = credential.hash();
        self.holder = self.verifier.known().find(&hash);
        if self.holder.is_some() {
            return true;
        }
        let (message, signature) = credential.signed();
        let holds = self.verifier.parsed_key(key.kid()).is_some_and(|key| key.verify_sig(&message, &signature).is_ok());
        if holds && let Some(holder) = parse(&credential.claims().holder.0) {
            let holder = Arc::new(holder);
            self.verifier.known().remember(hash, Arc::clone(&holder));
            self.holder = Some(holder);
        }
        holds
    }

    fn holder(&mut self, presentation: &Presentation) -> bool {
        let (message, signature) = presentation.signed();
        self.holder.as_ref().is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

/// A town's signing key. Its PKCS#8 form is kept by the caller; it never appears in logs.
pub struct IssuerKey {
    pair: EcdsaKeyPair,
    public: IssuerPublicKey,
}

impl IssuerKey {
    /// A new key, and its PKCS#8 form to keep. The one place where the signing library draws a secret.
    ///
    /// # Errors
    /// [`Error::Signing`] if the machine gives no randomness.
    pub fn generate() -> Result<(Self, Vec<u8>), Error> {
        let pkcs8 = new_pkcs8()?;
        Ok((Self::from_pkcs8(&pkcs8)?, pkcs8))
    }

    /// Loads a key from its PKCS#8 form.
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is not a private key on P-256.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| Error::BadKey)?;
        let public = IssuerPublicKey::new(PublicKey::from_uncompressed(pair.public_key().as_ref())?);
        Ok(Self { pair, public })
    }

    /// The public half.
    pub fn public(&self) -> &IssuerPublicKey {
        &self.public
    }

    /// Signs bytes: r ‖ s over their SHA-256.
    ///
    /// # Errors
    /// [`Error::Signing`].
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Signature, Error> {
        sign(&self.pair, bytes)
    }

    /// Signs a status list; see [`UnsignedStatusToken::new`].
    ///
    /// # Errors
    /// As there, and [`Error::Signing`].
    pub fn sign_status_list(&self, list: &StatusList, issued_at: Timestamp, expires_at: Timestamp, ttl_s: u64) -> Result<Vec<u8>, Error> {
        let token = UnsignedStatusToken::new(&self.public, list, issued_at, expires_at, ttl_s)?;
        Ok(token.with(&sign(&self.pair, &token.to_be_signed())?))
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerKey({})", self.public.kid())
    }
}

/// Issues a card: signs its claims and the digests of its disclosures. The disclosures travel beside it, see [`crate::Held`].
///
/// # Errors
/// As [`Unsigned::new`], and [`Error::Signing`].
pub fn issue(key: &IssuerKey, claims: &Claims, disclosures: &[Disclosure]) -> Result<Credential, Error> {
    let unsigned = Unsigned::new(&key.public, claims, disclosures)?;
    Ok(Credential::read(&unsigned.with(&sign(&key.pair, &unsigned.to_be_signed())?))?)
}

/// A phone's key in software, for the demo's people, tests and measurements. Real phones keep theirs in WebCrypto.
pub struct PhoneKey {
    pair: EcdsaKeyPair,
    public: HolderKey,
}

impl PhoneKey {
    /// A new key, and its PKCS#8 form.
    ///
    /// # Errors
    /// [`Error::Signing`] if the machine gives no randomness.
    pub fn generate() -> Result<(Self, Vec<u8>), Error> {
        let pkcs8 = new_pkcs8()?;
        Ok((Self::from_pkcs8(&pkcs8)?, pkcs8))
    }

    /// Loads a key from its PKCS#8 form.
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is not a private key on P-256.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| Error::BadKey)?;
        let public = HolderKey(PublicKey::from_uncompressed(pair.public_key().as_ref())?);
        Ok(Self { pair, public })
    }

    /// The public half, which the card is bound to.
    pub fn public(&self) -> HolderKey {
        self.public
    }

    /// Signs bytes as WebCrypto does: r ‖ s over their SHA-256.
    ///
    /// # Errors
    /// [`Error::Signing`].
    pub fn sign(&self, bytes: &[u8]) -> Result<Signature, Error> {
        sign(&self.pair, bytes)
    }

    /// The text a phone would show at this moment.
    ///
    /// # Errors
    /// [`Error::Signing`].
    pub fn present(
        &self,
        credential: &Credential,
        disclosures: &[Disclosure],
        iat: Timestamp,
        nonce: [u8; crate::NONCE_BYTES],
    ) -> Result<String, Error> {
        let signature = self.sign(&holder::to_be_signed(credential, disclosures, iat, nonce))?;
        Ok(holder::assemble(credential, disclosures, iat, nonce, &signature))
    }
}

impl fmt::Debug for PhoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneKey({})", self.public.0.kid())
    }
}

/// Answers the questions of an offline decision on a machine that has the library: stations, and tests.
pub fn answer(questions: &[Question]) -> Vec<bool> {
    questions
        .iter()
        .map(|question| parse(&question.key.0).is_some_and(|key| key.verify_sig(&question.message, &question.signature).is_ok()))
        .collect()
}

/// Whether a signature over bytes is that of a key.
pub(crate) fn holds(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    parse(key).is_some_and(|key| key.verify_sig(message, signature).is_ok())
}

fn parse(key: &PublicKey) -> Option<ParsedPublicKey> {
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_uncompressed()).ok()
}

fn new_pkcs8() -> Result<Vec<u8>, Error> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(|_| Error::Signing)?;
    Ok(document.as_ref().to_vec())
}

fn sign(pair: &EcdsaKeyPair, bytes: &[u8]) -> Result<Signature, Error> {
    let signature = pair.sign(&SystemRandom::new(), bytes).map_err(|_| Error::Signing)?;
    signature.as_ref().try_into().map_err(|_| Error::Signing)
}
