//! The inner side: an export becomes a bundle.

use std::convert::Infallible;
use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{OpModeS, Serializable};
use jiff::Timestamp;
use town::BadRows;

use super::bundle::{CHUNK_BYTES, Digest, FORMAT, Header, MAGIC, SealAead, SealKdf, SealKem, SealingKey, SigningKey, chunk_context, info};
use super::layout::Layout;
use super::problem::Problems;
use super::read::{Export, Hashing};
use super::text::Encoding;
use store::MatchSecret;

/// Everything sealing needs besides the export itself.
pub struct Sealing<'a> {
    /// 全国地方公共団体コード of the town.
    pub town: &'a str,
    /// How the export is read and what crosses.
    pub layout: &'a Layout,
    /// The export's encoding, if the pack names it.
    pub encoding: Option<Encoding>,
    /// The secret of the match keys.
    pub match_secret: &'a MatchSecret,
    /// Signs the bundle.
    pub signing: &'a SigningKey,
    /// The centre, to which it is encrypted.
    pub centre: &'a SealingKey,
    /// The last bundle sealed here.
    pub chain: Chain,
    /// The moment of sealing.
    pub now: Timestamp,
    /// 32 random bytes, used for this bundle only.
    pub randomness: [u8; 32],
}

/// Where a chain of bundles stands: number and digest of the last one. Both sides keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Chain {
    /// Number of the last bundle, 0 before the first.
    pub number: u64,
    /// Its digest.
    pub digest: Option<Digest>,
}

/// A bundle that was written.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Its header.
    pub header: Header,
    /// Where the chain stands now: to be kept for the next bundle once this one is safely written.
    pub chain: Chain,
    /// Size of the bundle.
    pub bytes: u64,
    /// What was wrong with the export.
    pub problems: Problems,
}

/// Why no bundle was sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The export has problems, and they hold the bundle.
    #[error("the export has {} problems that hold the bundle", .0.total)]
    Held(Problems),
    /// The export has a header but not one row: an empty town is not believed.
    #[error("the export has no rows")]
    Empty,
    /// Encryption refused, which its limits make impossible for a town.
    #[error("encryption failed")]
    Encryption,
    /// The bundle could not be written.
    #[error("the bundle could not be written")]
    Write(#[from] io::Error),
}

/// Seals an export file into a bundle.
///
/// Nothing is written when problems hold the bundle: always those of [`Reason::always_holds`](super::Reason::always_holds), and any when the
/// pack says so. Otherwise a bad row crosses as its id alone, and the centre keeps what it knows about that person.
///
/// # Errors
/// [`SealError::Held`] with the problems, [`SealError::Empty`], or what writing says.
pub fn seal(export: &[u8], sealing: &Sealing<'_>, out: &mut impl Write) -> Result<Sealed, SealError> {
    let export = Export::read(export, sealing.encoding, sealing.layout, Hashing::Keyed(sealing.match_secret));
    seal_export(export, sealing, out)
}

/// Seals an export already read with [`Hashing::Keyed`].
///
/// # Errors
/// As [`seal`].
pub fn seal_export(export: Export, sealing: &Sealing<'_>, out: &mut impl Write) -> Result<Sealed, SealError> {
    let strict = sealing.layout.bad_rows == BadRows::Hold;
    if export.problems.always_hold || (strict && !export.problems.is_empty()) {
        return Err(SealError::Held(export.problems));
    }
    if export.is_empty() {
        return Err(SealError::Empty);
    }
    let number = sealing.chain.number + 1;
    let mode = OpModeS::<SealKem>::Base;
    let mut chance = Chance { seed: sealing.randomness, block: 0 };
    let bound_to = info(sealing.town, number);
    let (encapsulated, context) =
        hpke::setup_sender_with_rng::<SealAead, SealKdf, SealKem>(&mode, &sealing.centre.0, &bound_to, &mut chance)
            .map_err(|_| SealError::Encryption)?;
    let header = Header {
        format: FORMAT,
        town: sealing.town.to_owned(),
        number,
        previous: sealing.chain.digest,
        created_at: sealing.now,
        fields: sealing.layout.declared(),
        rows: export.len() as u64,
        left_out: export.left_out,
        lines: export.lines,
        problems: export.problems.total,
        listed: export.problems.listed.clone(),
        policy: sealing.layout.policy(),
        signed_by: sealing.signing.public().id(),
        sealed_to: sealing.centre.id(),
        encapsulated: hex::encode(encapsulated.to_bytes()),
    };
    let written = serde_json::to_vec(&header).map_err(io::Error::from)?;
    let mut writer = Writer { out, hashed: Context::new(&SHA256), bytes: 0, context, header: Digest::of(&written) };
    writer.put(MAGIC)?;
    writer.put_block(&written)?;
    writer.put_rows(&export)?;
    writer.put(&0u32.to_be_bytes())?;
    let Writer { hashed, bytes, .. } = writer;
    let digest = Digest::finish(hashed);
    out.write_all(&sealing.signing.sign(digest))?;
    out.flush()?;
    let chain = Chain { number, digest: Some(digest) };
    Ok(Sealed { header, chain, bytes: bytes + super::bundle::SIGNATURE_BYTES as u64, problems: export.problems })
}

struct Writer<'a, W> {
    out: &'a mut W,
    hashed: Context,
    bytes: u64,
    context: hpke::aead::AeadCtxS<SealAead, SealKdf, SealKem>,
    header: Digest,
}

impl<W: Write> Writer<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hashed.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn put_block(&mut self, block: &[u8]) -> io::Result<()> {
        let length = u32::try_from(block.len()).map_err(|_| io::Error::other("block too long"))?;
        self.put(&length.to_be_bytes())?;
        self.put(block)
    }

    fn put_rows(&mut self, export: &Export) -> Result<(), SealError> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + 1024);
        for (_, row) in export.rows() {
            if chunk.len() >= CHUNK_BYTES {
                self.put_chunk(&chunk, false)?;
                chunk.clear();
            }
            let length = u16::try_from(row.len()).expect("the reader keeps rows below 64 kB");
            chunk.extend_from_slice(&length.to_be_bytes());
            chunk.extend_from_slice(row);
        }
        self.put_chunk(&chunk, true)
    }

    fn put_chunk(&mut self, rows: &[u8], last: bool) -> Result<(), SealError> {
        let packed = lz4_flex::block::compress_prepend_size(rows);
        let sealed = self.context.seal(&packed, &chunk_context(self.header, last)).map_err(|_| SealError::Encryption)?;
        Ok(self.put_block(&sealed)?)
    }
}

/// The randomness the caller gave, stretched with SHA-256 for the one key HPKE makes of it.
struct Chance {
    seed: [u8; 32],
    block: u64,
}

impl TryRng for Chance {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for part in out.chunks_mut(32) {
            let block = Digest::of(&[&self.seed[..], &self.block.to_be_bytes()].concat());
            self.block += 1;
            part.copy_from_slice(&block.0[..part.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Chance {}
