//! The bundle file: a readable header, encrypted chunks, a signature over both.
//!
//! ```text
//! "TEGATA-BUNDLE\n"                 what it is
//! u32  length, header               JSON (Header)
//! (u32 length, chunk)*              HPKE ciphertext of an LZ4 block of rows, 256 kB of rows each; additional data: SHA-256 of the header, 1 if last
//! u32  0                            no more chunks
//! 64 bytes                          Ed25519 over "tegata bundle 1\0" and SHA-256 of everything before it
//! ```
//! Numbers are big-endian. HPKE is RFC 9180 base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use hpke::{Deserializable, Kem, Serializable};
use jiff::Timestamp;

use super::problem::Problem;

pub(crate) type SealKem = hpke::kem::X25519HkdfSha256;
pub(crate) type SealKdf = hpke::kdf::HkdfSha256;
pub(crate) type SealAead = hpke::aead::AesGcm256;

pub(crate) const MAGIC: &[u8] = b"TEGATA-BUNDLE\n";
pub(crate) const FORMAT: u16 = 1;
pub(crate) const SIGNATURE_BYTES: usize = 64;
/// Rows of a chunk before compression, in bytes, about.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;
/// The most a chunk may unpack to: a chunk is closed by the row that fills it.
pub(crate) const CHUNK_BYTES_MAX: usize = CHUNK_BYTES + (64 << 10);
const SIGNED_CONTEXT: &[u8] = b"tegata bundle 1\0";

/// What a bundle says of itself, readable by anyone who holds the file; no person is in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format, 1.
    pub format: u16,
    /// 全国地方公共団体コード of the town.
    pub town: String,
    /// Number of the bundle, from 1, without gaps.
    pub number: u64,
    /// [`Digest`] of the bundle before; none for the first.
    pub previous: Option<Digest>,
    /// When it was sealed.
    pub created_at: Timestamp,
    /// Everything a row carries.
    pub fields: Vec<String>,
    /// Rows, those left out included.
    pub rows: u64,
    /// Rows that name a person only, because the export's row was bad.
    pub left_out: u64,
    /// Lines of the export it was made from.
    pub lines: u32,
    /// How many problems the export had.
    pub problems: u64,
    /// The first of them, by line and column.
    pub listed: Vec<Problem>,
    /// Fingerprint of what the pack lets across.
    pub policy: Digest,
    /// Which key signed it: the first bytes of the SHA-256 of the public key, in hex.
    pub signed_by: String,
    /// Which key it is encrypted to, likewise.
    pub sealed_to: String,
    /// HPKE's encapsulated key, in hex.
    pub encapsulated: String,
}

/// A SHA-256, written in hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(bytes);
        Self::finish(context)
    }

    pub(crate) fn finish(context: Context) -> Self {
        Self(*context.finish().as_ref().first_chunk().expect("a SHA-256 has 32 bytes"))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl std::str::FromStr for Digest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The bytes given are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of 32 bytes")]
pub struct BadKey;

/// The inner side's secret signing key (Ed25519, 32 bytes).
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Takes the secret's 32 bytes.
    ///
    /// # Errors
    /// Another number of bytes.
    pub fn new(seed: &[u8]) -> Result<Self, BadKey> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| BadKey)
    }

    /// The public key, for the centre.
    pub fn public(&self) -> VerifyingKey {
        VerifyingKey(*self.0.public_key().as_ref().first_chunk().expect("an Ed25519 public key has 32 bytes"))
    }

    pub(crate) fn sign(&self, digest: Digest) -> [u8; SIGNATURE_BYTES] {
        let signature = self.0.sign(&signed_message(digest));
        *signature.as_ref().first_chunk().expect("an Ed25519 signature has 64 bytes")
    }
}

/// The inner side's public key (Ed25519, 32 bytes), by which the centre knows its bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey(pub [u8; 32]);

impl VerifyingKey {
    /// The short name headers use.
    pub fn id(&self) -> String {
        key_id(&self.0)
    }

    pub(crate) fn verifies(&self, digest: Digest, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(&signed_message(digest), signature).is_ok()
    }
}

/// The centre's public key (X25519, 32 bytes), to which the inner side encrypts.
#[derive(Clone)]
pub struct SealingKey(pub(crate) <SealKem as Kem>::PublicKey);

impl SealingKey {
    /// Takes the key's 32 bytes.
    ///
    /// # Errors
    /// Another number of bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, BadKey> {
        Deserializable::from_bytes(bytes).map(Self).map_err(|_| BadKey)
    }

    /// The key's 32 bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// The short name headers use.
    pub fn id(&self) -> String {
        key_id(&self.bytes())
    }
}

/// The centre's secret key (X25519, 32 bytes), which opens bundles.
pub struct OpeningKey(pub(crate) <SealKem as Kem>::PrivateKey);

impl OpeningKey {
    /// Takes the secret's 32 bytes.
    ///
    /// # Errors
    /// Another number of bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, BadKey> {
        Deserializable::from_bytes(bytes).map(Self).map_err(|_| BadKey)
    }

    /// The public key, for the inner side.
    pub fn public(&self) -> SealingKey {
        SealingKey(SealKem::sk_to_pk(&self.0))
    }
}

fn key_id(public: &[u8]) -> String {
    hex::encode(&Digest::of(public).0[..8])
}

fn signed_message(digest: Digest) -> Vec<u8> {
    [SIGNED_CONTEXT, &digest.0].concat()
}

/// What binds a bundle's ciphertext to its town and number.
pub(crate) fn info(town: &str, number: u64) -> Vec<u8> {
    [b"tegata bundle ", town.as_bytes(), b" ", &number.to_be_bytes()[..]].concat()
}

/// Additional data of a chunk.
pub(crate) fn chunk_context(header: Digest, last: bool) -> [u8; 33] {
    let mut context = [0; 33];
    context[..32].copy_from_slice(&header.0);
    context[32] = u8::from(last);
    context
}
