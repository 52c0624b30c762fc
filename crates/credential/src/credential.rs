//! The card as a phone keeps it: a CWT signed by the town, and the disclosures beside it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cbor::{Reader, Unreadable, Writer};
use crate::cose::{self, Header, Sign1};
use crate::{CardId, Claims, Disclosure, Error, HolderKey, IssuerPublicKey, Kid, PublicKey, Signature, StatusRef, TownCode};

/// CWT claims (RFC 8392) and the key of Token Status List.
const ISS: i64 = 1;
const SUB: i64 = 2;
const EXP: i64 = 4;
const IAT: i64 = 6;
const CNF: i64 = 8;
const STATUS: i64 = 65535;
/// Ours, from the private range below -65536.
const PROGRAMME: i64 = -65537;
const VALID_UNTIL: i64 = -65538;
const DIGESTS: i64 = -65539;
/// RFC 8943: days since 1970-01-01.
const TAG_DAYS: u64 = 100;
const EPOCH: Date = Date::constant(1970, 1, 1);

/// A signed card, read. That it was read says nothing about its signature: see [`crate::judge`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    encoded: Vec<u8>,
    kid: Kid,
    claims: Claims,
    digests: Vec<[u8; 32]>,
}

impl Credential {
    /// Reads a card from its bytes.
    ///
    /// # Errors
    /// [`Unreadable`] if they are not one card in its deterministic form and nothing else.
    pub fn read(encoded: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(encoded);
        let credential = Self::read_from(&mut reader)?;
        reader.end()?;
        Ok(credential)
    }

    pub(crate) fn read_from(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let start = reader.position();
        let signed = Sign1::read(reader)?;
        let encoded = reader.since(start).to_vec();
        let header = Header::read(signed.protected)?;
        let (Some(kid), None) = (header.kid, header.typ) else { return Err(Unreadable) };
        let (claims, digests) = read_claims(signed.payload)?;
        Ok(Self { encoded, kid, claims, digests })
    }

    /// Its bytes.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The id of the key it claims to be signed by.
    pub fn kid(&self) -> Kid {
        self.kid
    }

    /// What it claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether a disclosure belongs to this card.
    pub fn covers(&self, disclosure: &Disclosure) -> bool {
        // sorted when read, so a search by halves finds it
        self.digests.binary_search(&disclosure.digest()).is_ok()
    }

    /// SHA-256 over its bytes, signature included: the name under which a verified card is remembered.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.encoded).into()
    }

    /// The bytes the town signed, and its signature.
    pub fn signed(&self) -> (Vec<u8>, Signature) {
        let signed = Sign1::read(&mut Reader::new(&self.encoded)).expect("it was read once already");
        (signed.signed_bytes(), signed.signature)
    }
}

/// A card before its signature: what the town's key signs.
#[derive(Debug, Clone)]
pub struct Unsigned {
    protected: Vec<u8>,
    payload: Vec<u8>,
}

impl Unsigned {
    /// Writes the claims of a card, with the digests of its disclosures in an order that tells nothing.
    ///
    /// # Errors
    /// [`Error::DuplicateClaim`] if two disclosures have one name; [`Error::BadMoment`] for a moment before 1970.
    pub fn new(issuer: &IssuerPublicKey, claims: &Claims, disclosures: &[Disclosure]) -> Result<Self, Error> {
        for (i, disclosure) in disclosures.iter().enumerate() {
            if disclosures[..i].iter().any(|other| other.name() == disclosure.name()) {
                return Err(Error::DuplicateClaim(disclosure.name().to_owned()));
            }
        }
        if claims.issued_at.as_second() < 0 || claims.expires_at.as_second() < 0 {
            return Err(Error::BadMoment);
        }
        let mut digests: Vec<_> = disclosures.iter().map(Disclosure::digest).collect();
        digests.sort_unstable();
        let header = Header { kid: Some(issuer.kid()), typ: None };
        Ok(Self { protected: header.encode(), payload: write_claims(claims, &digests) })
    }

    /// The bytes to sign.
    pub fn to_be_signed(&self) -> Vec<u8> {
        cose::signed_bytes(&self.protected, &self.payload)
    }

    /// The card with its signature.
    pub fn with(&self, signature: &Signature) -> Vec<u8> {
        cose::assemble(&self.protected, &self.payload, signature)
    }
}

/// A card and everything that opens it, as it travels to the phone and is kept there. In JSON all parts are base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The signed card.
    pub credential: String,
    /// All its disclosures; a presentation carries some of them.
    pub disclosures: Vec<String>,
}

impl Held {
    /// Packs a card for its phone.
    pub fn new(credential: &[u8], disclosures: &[Disclosure]) -> Self {
        Self {
            credential: URL_SAFE_NO_PAD.encode(credential),
            disclosures: disclosures.iter().map(|d| URL_SAFE_NO_PAD.encode(d.encoded())).collect(),
        }
    }

    /// Unpacks it.
    ///
    /// # Errors
    /// [`Error::BadBase64`] or [`Error::Unreadable`] if a part is not what it should be.
    pub fn open(&self) -> Result<(Credential, Vec<Disclosure>), Error> {
        let bytes = |text: &String| URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::BadBase64);
        let credential = Credential::read(&bytes(&self.credential)?)?;
        let disclosures = self.disclosures.iter().map(|text| Ok(Disclosure::read(&bytes(text)?)?)).collect::<Result<Vec<_>, Error>>()?;
        Ok((credential, disclosures))
    }
}

fn write_claims(claims: &Claims, digests: &[[u8; 32]]) -> Vec<u8> {
    let key = &claims.holder.0;
    let mut writer = Writer::new();
    writer.map(7 + usize::from(claims.valid_until.is_some()) + usize::from(!digests.is_empty()));
    writer.int(ISS).text(&claims.town.to_issuer());
    writer.int(SUB).bytes(&claims.card.0);
    writer.int(EXP).int(claims.expires_at.as_second());
    writer.int(IAT).int(claims.issued_at.as_second());
    // confirmation: COSE_Key {kty: EC2, crv: P-256, x, y}
    writer.int(CNF).map(1).int(1).map(4).int(1).int(2).int(-1).int(1).int(-2).bytes(&key.x).int(-3).bytes(&key.y);
    writer.int(STATUS).map(1).text("status_list").map(2);
    writer.text("idx").unsigned(claims.status.idx).text("uri").text(&claims.status.uri);
    writer.int(PROGRAMME).text(&claims.programme);
    if let Some(day) = claims.valid_until {
        writer.int(VALID_UNTIL).tag(TAG_DAYS).int(i64::from((day - EPOCH).get_days()));
    }
    if !digests.is_empty() {
        writer.int(DIGESTS).array(digests.len());
        for digest in digests {
            writer.bytes(digest);
        }
    }
    writer.done()
}

fn read_claims(payload: &[u8]) -> Result<(Claims, Vec<[u8; 32]>), Unreadable> {
    let mut reader = Reader::new(payload);
    let pairs = reader.map()?;
    reader.key(ISS)?;
    let town = TownCode::from_issuer(reader.text()?).ok_or(Unreadable)?;
    reader.key(SUB)?;
    let card = CardId(reader.bytes_of()?);
    reader.key(EXP)?;
    let expires_at = read_moment(&mut reader)?;
    reader.key(IAT)?;
    let issued_at = read_moment(&mut reader)?;
    reader.key(CNF)?;
    let holder = read_cnf(&mut reader)?;
    reader.key(STATUS)?;
    let status = read_status(&mut reader)?;
    reader.key(PROGRAMME)?;
    let programme = reader.text()?.to_owned();
    let valid_until = reader.optional_key(VALID_UNTIL).then(|| read_day(&mut reader)).transpose()?;
    let digests = if reader.optional_key(DIGESTS) { read_digests(&mut reader)? } else { Vec::new() };
    reader.end()?;
    if pairs != 7 + usize::from(valid_until.is_some()) + usize::from(!digests.is_empty()) {
        return Err(Unreadable);
    }
    Ok((Claims { town, card, programme, valid_until, issued_at, expires_at, status, holder }, digests))
}

/// Seconds since 1970, not negative.
pub(crate) fn read_moment(reader: &mut Reader<'_>) -> Result<Timestamp, Unreadable> {
    let seconds = i64::try_from(reader.unsigned()?).map_err(|_| Unreadable)?;
    Timestamp::from_second(seconds).map_err(|_| Unreadable)
}

fn read_day(reader: &mut Reader<'_>) -> Result<Date, Unreadable> {
    reader.tag(TAG_DAYS)?;
    let days = i32::try_from(reader.int()?).map_err(|_| Unreadable)?;
    let span = jiff::Span::new().try_days(days).map_err(|_| Unreadable)?;
    EPOCH.checked_add(span).map_err(|_| Unreadable)
}

fn read_cnf(reader: &mut Reader<'_>) -> Result<HolderKey, Unreadable> {
    if reader.map()? != 1 {
        return Err(Unreadable);
    }
    reader.key(1)?;
    if reader.map()? != 4 {
        return Err(Unreadable);
    }
    for fixed in [1, 2, -1, 1, -2] {
        reader.key(fixed)?;
    }
    let x = reader.bytes_of()?;
    reader.key(-3)?;
    Ok(HolderKey(PublicKey { x, y: reader.bytes_of()? }))
}

fn read_status(reader: &mut Reader<'_>) -> Result<StatusRef, Unreadable> {
    if reader.map()? != 1 {
        return Err(Unreadable);
    }
    reader.text_key("status_list")?;
    if reader.map()? != 2 {
        return Err(Unreadable);
    }
    reader.text_key("idx")?;
    let idx = reader.unsigned()?;
    reader.text_key("uri")?;
    Ok(StatusRef { idx, uri: reader.text()?.to_owned() })
}

/// At least one digest, in ascending order, none twice.
fn read_digests(reader: &mut Reader<'_>) -> Result<Vec<[u8; 32]>, Unreadable> {
    let digests = (0..reader.array()?).map(|_| reader.bytes_of()).collect::<Result<Vec<[u8; 32]>, _>>()?;
    if digests.is_empty() || !digests.is_sorted_by(|a, b| a < b) { Err(Unreadable) } else { Ok(digests) }
}
