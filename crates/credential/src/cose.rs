//! COSE_Sign1 (RFC 9052 section 4.2) with ES256, in the one form the cards use: tagged, nothing unprotected, payload inside.
//!
//! Nothing may stand in the unprotected header: what no signature covers could be changed on the way.

use crate::cbor::{Reader, Unreadable, Writer};
use crate::key::Kid;

const SIGN1_TAG: u64 = 18;
const ALG: i64 = 1;
const KID: i64 = 4;
const TYP: i64 = 16;
const ES256: i64 = -7;

/// An ECDSA signature as r ‖ s, as COSE and WebCrypto have it.
pub type Signature = [u8; 64];

/// A signed message, still unverified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sign1<'a> {
    pub(crate) protected: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) signature: Signature,
}

impl<'a> Sign1<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Unreadable> {
        reader.tag(SIGN1_TAG)?;
        if reader.array()? != 4 {
            return Err(Unreadable);
        }
        let protected = reader.bytes()?;
        if reader.map()? != 0 {
            return Err(Unreadable);
        }
        Ok(Self { protected, payload: reader.bytes()?, signature: reader.bytes_of()? })
    }

    /// The bytes the signature is over: Sig_structure of RFC 9052 section 4.4, no external data.
    pub(crate) fn signed_bytes(&self) -> Vec<u8> {
        signed_bytes(self.protected, self.payload)
    }
}

/// Sig_structure of a protected header and a payload.
pub(crate) fn signed_bytes(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(4).text("Signature1").bytes(protected).bytes(&[]).bytes(payload);
    writer.done()
}

/// A whole tagged COSE_Sign1.
pub(crate) fn assemble(protected: &[u8], payload: &[u8], signature: &Signature) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.tag(SIGN1_TAG).array(4).bytes(protected).map(0).bytes(payload).bytes(signature);
    writer.done()
}

/// What a protected header says beside its algorithm, which is always ES256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Header<'a> {
    pub(crate) kid: Option<Kid>,
    pub(crate) typ: Option<&'a str>,
}

impl<'a> Header<'a> {
    pub(crate) fn read(protected: &'a [u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(protected);
        let pairs = reader.map()?;
        reader.key(ALG)?;
        reader.key(ES256)?;
        let kid = reader.optional_key(KID).then(|| reader.bytes_of().map(Kid)).transpose()?;
        let typ = reader.optional_key(TYP).then(|| reader.text()).transpose()?;
        reader.end()?;
        if pairs == 1 + usize::from(kid.is_some()) + usize::from(typ.is_some()) { Ok(Self { kid, typ }) } else { Err(Unreadable) }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(1 + usize::from(self.kid.is_some()) + usize::from(self.typ.is_some())).int(ALG).int(ES256);
        if let Some(kid) = &self.kid {
            writer.int(KID).bytes(&kid.0);
        }
        if let Some(typ) = self.typ {
            writer.int(TYP).text(typ);
        }
        writer.done()
    }
}
