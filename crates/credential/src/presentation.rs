//! What a verifier scans.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::cbor::{Reader, Unreadable};
use crate::cose::{Header, Sign1};
use crate::holder::{HASH, IAT, NONCE};
use crate::{Credential, Disclosure, NONCE_BYTES, Refusal, Signature, base45, credential};

/// What every presentation's text begins with; the number is the format's version.
pub const PREFIX: &str = "TGT1:";

/// Longer texts are refused unread: no QR code holds more than 4,296 alphanumeric characters.
pub const MAX_TEXT_BYTES: usize = 4_296;

/// A presentation, read but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presentation {
    credential: Credential,
    disclosures: Vec<Disclosure>,
    shown_at: Timestamp,
    nonce: [u8; NONCE_BYTES],
    /// Whether the proof's hash is that of the card and disclosures it came with.
    proof_fits: bool,
    signed: Vec<u8>,
    signature: Signature,
}

impl Presentation {
    /// Reads the text of a QR code.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for anything that is not a whole presentation in its one form.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_TEXT_BYTES).ok_or(Refusal::Malformed)?;
        Self::read(&base45::decode(encoded).ok_or(Refusal::Malformed)?).map_err(|Unreadable| Refusal::Malformed)
    }

    fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != 3 {
            return Err(Unreadable);
        }
        let start = reader.position();
        let credential = Credential::read_from(&mut reader)?;
        let disclosures = read_disclosures(&mut reader)?;
        let bound: [u8; 32] = Sha256::digest(reader.since(start)).into();
        let proof = Sign1::read(&mut reader)?;
        reader.end()?;
        if Header::read(proof.protected)? != Header::default() {
            return Err(Unreadable);
        }
        let (shown_at, nonce, hash) = read_proof(proof.payload)?;
        Ok(Self {
            credential,
            disclosures,
            shown_at,
            nonce,
            proof_fits: hash == bound,
            signed: proof.signed_bytes(),
            signature: proof.signature,
        })
    }

    /// The card in it.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The claims it opens.
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// When it was made, by the phone's clock.
    pub fn shown_at(&self) -> Timestamp {
        self.shown_at
    }

    /// What makes it different from the same phone's others.
    pub fn nonce(&self) -> [u8; NONCE_BYTES] {
        self.nonce
    }

    /// Whether the phone's proof was made for this card and these disclosures.
    pub(crate) fn proof_fits(&self) -> bool {
        self.proof_fits
    }

    /// The bytes the phone signed, and its signature.
    pub fn signed(&self) -> (&[u8], &Signature) {
        (&self.signed, &self.signature)
    }
}

fn read_disclosures(reader: &mut Reader<'_>) -> Result<Vec<Disclosure>, Unreadable> {
    let count = reader.array()?;
    let mut disclosures: Vec<Disclosure> = Vec::new();
    for _ in 0..count {
        let disclosure = Disclosure::read(reader.bytes()?)?;
        // two readings of one claim would let the verifier choose
        if disclosures.iter().any(|other| other.name() == disclosure.name()) {
            return Err(Unreadable);
        }
        disclosures.push(disclosure);
    }
    Ok(disclosures)
}

fn read_proof(payload: &[u8]) -> Result<(Timestamp, [u8; NONCE_BYTES], [u8; 32]), Unreadable> {
    let mut reader = Reader::new(payload);
    if reader.map()? != 3 {
        return Err(Unreadable);
    }
    reader.key(IAT)?;
    let shown_at = credential::read_moment(&mut reader)?;
    reader.key(NONCE)?;
    let nonce = reader.bytes_of()?;
    reader.key(HASH)?;
    let hash = reader.bytes_of()?;
    reader.end()?;
    Ok((shown_at, nonce, hash))
}
