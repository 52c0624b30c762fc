//! The centre: a bundle is verified, decrypted and laid out for comparison.

use aws_lc_rs::digest::{Context, SHA256};
use hpke::{Deserializable, OpModeR};

use super::bundle::{
    CHUNK_BYTES_MAX, Digest, FORMAT, Header, MAGIC, OpeningKey, SIGNATURE_BYTES, SealAead, SealKdf, SealKem, VerifyingKey, chunk_context,
    info,
};
use super::layout::Layout;
use super::row::{RegisterId, Row, hash, id_of, is_left_out};
use super::seal::Chain;

/// Everything opening needs besides the bundle.
pub struct Opening<'a> {
    /// 全国地方公共団体コード of the town.
    pub town: &'a str,
    /// What the pack lets across.
    pub layout: &'a Layout,
    /// The keys of inner sides that are trusted (two while a key is being changed).
    pub signers: &'a [VerifyingKey],
    /// The centre's secret key.
    pub centre: &'a OpeningKey,
    /// The last bundle that was opened here.
    pub chain: Chain,
}

/// Why a bundle is refused. Each has its own words in the catalogue under `registry-refused-…`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The file is something else.
    #[error("not a bundle")]
    NotABundle,
    /// The format is newer than this program.
    #[error("bundle format {0} is not known")]
    UnknownFormat(u16),
    /// The file ends too early.
    #[error("the bundle is cut short")]
    Truncated,
    /// Signed by a key that is not trusted.
    #[error("signed by the unknown key {0}")]
    UnknownSigner(String),
    /// The signature does not hold: a byte was changed on the way.
    #[error("the signature does not hold")]
    Altered,
    /// A bundle of another town.
    #[error("a bundle of the town {0}")]
    OtherTown(String),
    /// A bundle that was opened before, or older than the last one.
    #[error("bundle {number} was opened before; {expected} is next")]
    Replayed {
        /// Its number.
        number: u64,
        /// The number that is next.
        expected: u64,
    },
    /// A bundle before this one is missing.
    #[error("bundle {number} came before {expected}")]
    Gap {
        /// Its number.
        number: u64,
        /// The number that is next.
        expected: u64,
    },
    /// The number is right, but it does not follow from the last bundle: another chain.
    #[error("the bundle does not follow from the last one")]
    OtherChain,
    /// It carries other fields than the pack lets across.
    #[error("the bundle carries other fields than the pack")]
    OtherPolicy,
    /// It is encrypted to another key.
    #[error("encrypted to the key {0}")]
    WrongKey(String),
    /// It cannot be decrypted although all else holds.
    #[error("the bundle cannot be decrypted")]
    Undecryptable,
    /// What was decrypted is no list of rows.
    #[error("row {0} is not readable")]
    Malformed(u64),
}

impl OpenError {
    /// Key of the words in the catalogue.
    pub fn text_key(&self) -> String {
        format!("registry-refused-{}", self.code().replace('_', "-"))
    }

    /// Stable code for the catalogue, the database and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotABundle => "not_a_bundle",
            Self::UnknownFormat(_) => "unknown_format",
            Self::Truncated => "truncated",
            Self::UnknownSigner(_) => "unknown_signer",
            Self::Altered => "altered",
            Self::OtherTown(_) => "other_town",
            Self::Replayed { .. } => "replayed",
            Self::Gap { .. } => "gap",
            Self::OtherChain => "other_chain",
            Self::OtherPolicy => "other_policy",
            Self::WrongKey(_) => "wrong_key",
            Self::Undecryptable => "undecryptable",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// A verified bundle's rows, in the order of their ids.
pub struct Snapshot {
    /// The bundle's header.
    pub header: Header,
    /// The bundle's digest.
    pub digest: Digest,
    chunks: Vec<Vec<u8>>,
    rows: Vec<Slot>,
    facts: usize,
}

/// Where a row stands, and what it is compared by.
struct Slot {
    id: u128,
    hash: u128,
    chunk: u32,
    offset: u32,
}

/// Reads only the header, unverified, from a bundle or its beginning: to show what a file claims to be.
///
/// # Errors
/// [`OpenError::NotABundle`], [`OpenError::UnknownFormat`] or [`OpenError::Truncated`].
pub fn peek(bundle: &[u8]) -> Result<Header, OpenError> {
    let mut rest = bundle;
    read_header(&mut rest).map(|(header, _)| header)
}

/// The digest by which a bundle is known, unverified; none for what is not even shaped like a bundle.
pub fn digest_of(bundle: &[u8]) -> Option<Digest> {
    let (signed, _) = bundle.split_last_chunk::<SIGNATURE_BYTES>()?;
    signed.starts_with(MAGIC).then(|| Digest::of(signed))
}

fn read_header<'a>(rest: &mut &'a [u8]) -> Result<(Header, &'a [u8]), OpenError> {
    *rest = rest.strip_prefix(MAGIC).ok_or(OpenError::NotABundle)?;
    let written = block(rest)?;
    let format: Format = serde_json::from_slice(written).map_err(|_| OpenError::NotABundle)?;
    if format.format != FORMAT {
        return Err(OpenError::UnknownFormat(format.format));
    }
    let header = serde_json::from_slice(written).map_err(|_| OpenError::NotABundle)?;
    Ok((header, written))
}

/// Verifies and decrypts a bundle.
///
/// # Errors
/// The first reason to refuse it, in the order of [`OpenError`]'s variants.
pub fn open(bundle: &[u8], opening: &Opening<'_>) -> Result<Snapshot, OpenError> {
    let parts = Parts::read(bundle)?;
    let (verified, rows) = std::thread::scope(|scope| {
        // Decryption proves every chunk by itself, so it need not wait for the signature; nothing of it is used unless both hold.
        let rows = scope.spawn(|| parts.decrypt(opening));
        (parts.verify(opening), rows.join())
    });
    let digest = verified?;
    let (chunks, rows) = rows.map_err(|_| OpenError::Undecryptable)??;
    let rows_declared = parts.header.rows;
    if rows_declared != rows.len() as u64 {
        return Err(OpenError::Malformed(rows.len() as u64));
    }
    Ok(Snapshot { header: parts.header, digest, chunks, rows, facts: opening.layout.facts().len() })
}

struct Parts<'a> {
    header: Header,
    header_digest: Digest,
    chunks: Vec<&'a [u8]>,
    signed: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bundle: &'a [u8]) -> Result<Self, OpenError> {
        let mut rest = bundle;
        let (header, written) = read_header(&mut rest)?;
        let mut chunks = Vec::new();
        loop {
            match block(&mut rest)? {
                [] => break,
                chunk => chunks.push(chunk),
            }
        }
        let signed = &bundle[..bundle.len() - rest.len()];
        match rest.len() {
            SIGNATURE_BYTES => Ok(Self { header, header_digest: Digest::of(written), chunks, signed, signature: rest }),
            length if length < SIGNATURE_BYTES => Err(OpenError::Truncated),
            _ => Err(OpenError::Altered),
        }
    }

    fn verify(&self, opening: &Opening<'_>) -> Result<Digest, OpenError> {
        let header = &self.header;
        let mut signers = opening.signers.iter().filter(|signer| signer.id() == header.signed_by).peekable();
        if signers.peek().is_none() {
            return Err(OpenError::UnknownSigner(header.signed_by.clone()));
        }
        let mut hashed = Context::new(&SHA256);
        hashed.update(self.signed);
        let digest = Digest::finish(hashed);
        if !signers.any(|signer| signer.verifies(digest, self.signature)) {
            return Err(OpenError::Altered);
        }
        if header.town != opening.town {
            return Err(OpenError::OtherTown(header.town.clone()));
        }
        let (number, expected) = (header.number, opening.chain.number + 1);
        if number < expected {
            return Err(OpenError::Replayed { number, expected });
        }
        if number > expected {
            return Err(OpenError::Gap { number, expected });
        }
        if header.previous != opening.chain.digest {
            return Err(OpenError::OtherChain);
        }
        if header.policy != opening.layout.policy() || header.fields != opening.layout.declared() {
            return Err(OpenError::OtherPolicy);
        }
        if header.sealed_to != opening.centre.public().id() {
            return Err(OpenError::WrongKey(header.sealed_to.clone()));
        }
        Ok(digest)
    }

    fn decrypt(&self, opening: &Opening<'_>) -> Result<(Vec<Vec<u8>>, Vec<Slot>), OpenError> {
        let header = &self.header;
        let encapsulated = hex::decode(&header.encapsulated).map_err(|_| OpenError::Undecryptable)?;
        let encapsulated = Deserializable::from_bytes(&encapsulated).map_err(|_| OpenError::Undecryptable)?;
        let bound_to = info(&header.town, header.number);
        let mut context = hpke::setup_receiver::<SealAead, SealKdf, SealKem>(&OpModeR::Base, &opening.centre.0, &encapsulated, &bound_to)
            .map_err(|_| OpenError::Undecryptable)?;
        let facts = opening.layout.facts().len();
        let mut unpacked = Vec::with_capacity(self.chunks.len());
        let mut rows = Vec::new();
        for (at, chunk) in self.chunks.iter().enumerate() {
            let aad = chunk_context(self.header_digest, at + 1 == self.chunks.len());
            let packed = context.open(chunk, &aad).map_err(|_| OpenError::Undecryptable)?;
            let chunk = unpack(&packed).ok_or(OpenError::Malformed(rows.len() as u64))?;
            index(&chunk, u32::try_from(at).unwrap_or(u32::MAX), facts, &mut rows)?;
            unpacked.push(chunk);
        }
        Ok((unpacked, rows))
    }
}

#[derive(serde::Deserialize)]
struct Format {
    format: u16,
}

/// Takes a block with its length off the front.
fn block<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], OpenError> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or(OpenError::Truncated)?;
    let (block, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(OpenError::Truncated)?;
    *rest = after;
    Ok(block)
}

fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(*packed.first_chunk()?) as usize;
    if length > CHUNK_BYTES_MAX {
        return None;
    }
    lz4_flex::block::decompress_size_prepended(packed).ok()
}

/// Notes every row of a chunk, refusing what is no row or out of order.
fn index(chunk: &[u8], number: u32, facts: usize, rows: &mut Vec<Slot>) -> Result<(), OpenError> {
    let mut at = 0;
    while at < chunk.len() {
        let malformed = || OpenError::Malformed(rows.len() as u64);
        let length = chunk[at..].first_chunk::<2>().ok_or_else(malformed)?;
        let start = at + 2;
        let end = start + usize::from(u16::from_be_bytes(*length));
        let row = chunk.get(start..end).ok_or_else(malformed)?;
        let id = id_of(row).ok_or_else(malformed)?;
        if rows.last().is_some_and(|last: &Slot| last.id >= id) || !super::row::is_row(row, facts) {
            return Err(malformed());
        }
        let offset = u32::try_from(at).unwrap_or(u32::MAX);
        rows.push(Slot { id, hash: hash(row), chunk: number, offset });
        at = end;
    }
    Ok(())
}

impl Snapshot {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Says whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at a place from 0.
    pub fn row(&self, at: usize) -> Row<'_> {
        Row::parse(self.bytes(at), self.facts).expect("every row was read when the bundle was opened")
    }

    /// The id of the row at a place from 0.
    pub fn id(&self, at: usize) -> RegisterId {
        RegisterId::from_bits(self.rows[at].id)
    }

    /// The hash a row is compared by.
    pub fn hash(&self, at: usize) -> u128 {
        self.rows[at].hash
    }

    /// Says whether the row at a place only names a person whose row was left out.
    pub fn is_left_out(&self, at: usize) -> bool {
        is_left_out(self.bytes(at))
    }

    fn bytes(&self, at: usize) -> &[u8] {
        let slot = &self.rows[at];
        let chunk = &self.chunks[slot.chunk as usize];
        let start = slot.offset as usize + 2;
        let length = usize::from(u16::from_be_bytes([chunk[start - 2], chunk[start - 1]]));
        &chunk[start..start + length]
    }
}

/// A row as yesterday's comparison knew it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The register's id.
    pub id: RegisterId,
    /// The hash of its bytes; [`Known::NOT_LISTED`] for someone who had vanished from the export.
    pub hash: u128,
}

impl Known {
    /// In place of a hash: known, but not in the last export.
    pub const NOT_LISTED: u128 = 0;

    fn is_listed(&self) -> bool {
        self.hash != Self::NOT_LISTED
    }
}

/// Which rows differ from what was known, by place. Rows that were left out count as unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Places in the snapshot of people not known before.
    pub added: Vec<u32>,
    /// Places in what was known and in the snapshot of people whose row differs.
    pub changed: Vec<(u32, u32)>,
    /// Places in what was known of people who are no longer there.
    pub gone: Vec<u32>,
}

impl Snapshot {
    /// Compares with what was known, sorted by id.
    pub fn compare(&self, known: &[Known]) -> Delta {
        compare(known, self.rows.iter().map(|slot| (slot.id, slot.hash)), |at| self.is_left_out(at))
    }

    /// What is known differently once this bundle is applied, sorted by id: who is new or changed, and who is not listed any more.
    pub fn changes(&self, known: &[Known], delta: &Delta) -> Vec<Known> {
        let of_row = |at: u32| Known { id: self.id(at as usize), hash: self.hash(at as usize) };
        let listed = delta.added.iter().chain(delta.changed.iter().map(|(_, after)| after)).map(|at| of_row(*at));
        let gone = delta.gone.iter().map(|at| Known { hash: Known::NOT_LISTED, ..known[*at as usize] });
        let mut changes: Vec<Known> = listed.chain(gone).collect();
        changes.sort_unstable_by_key(|change| change.id);
        changes
    }
}

/// Walks through both lists, sorted by id, side by side.
pub(crate) fn compare(known: &[Known], rows: impl Iterator<Item = (u128, u128)>, left_out: impl Fn(usize) -> bool) -> Delta {
    let mut delta = Delta::default();
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut before = 0;
    for (after, (id, hash)) in rows.enumerate() {
        while known.get(before).is_some_and(|known| known.id.bits() < id) {
            if known[before].is_listed() {
                delta.gone.push(place(before));
            }
            before += 1;
        }
        match known.get(before).filter(|known| known.id.bits() == id) {
            Some(known) => {
                if known.hash != hash && !left_out(after) {
                    delta.changed.push((place(before), place(after)));
                }
                before += 1;
            }
            None if left_out(after) => {}
            None => delta.added.push(place(after)),
        }
    }
    delta.gone.extend((before..known.len()).filter(|at| known[*at].is_listed()).map(place));
    delta
}

impl super::read::Export {
    /// What a later comparison needs to know of this export.
    pub fn known(&self) -> Vec<Known> {
        self.hashes().map(|(id, hash)| Known { id: RegisterId::from_bits(id), hash }).collect()
    }

    /// Compares with what was known, sorted by id: on the inner network, without a bundle.
    pub fn compare(&self, known: &[Known]) -> Delta {
        let left_out: Vec<usize> = if self.left_out == 0 {
            Vec::new()
        } else {
            self.rows().enumerate().filter(|(_, (_, row))| is_left_out(row)).map(|(at, _)| at).collect()
        };
        compare(known, self.hashes(), |at| left_out.binary_search(&at).is_ok())
    }
}
