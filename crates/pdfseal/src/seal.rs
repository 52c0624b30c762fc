use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use jiff::tz;
use lopdf::xref::XrefType;
use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::cms;
use crate::sealer::{Sealer, SealerError};
use crate::update::{Update, text, write_dictionary};

/// Bytes left for the signature beside the certificates.
const ROOM: usize = 2048;
/// Digits of a place in the file, as they are left open.
const PLACE: &str = "__________";

/// Why a file cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PdfFault {
    /// It is no PDF, or one that readers have to mend.
    #[error("the file is not a PDF that can be read as it is")]
    Broken,
    /// It asks for a password.
    #[error("the file is encrypted")]
    Encrypted,
    /// Another signature in it forbids any change.
    #[error("a signature in the file forbids changes")]
    Locked,
    /// It has no page.
    #[error("the file has no page")]
    Empty,
    /// The key or the certificate.
    #[error(transparent)]
    Sealer(#[from] SealerError),
}

/// Says whether a file can be signed.
///
/// # Errors
/// [`PdfFault`] with the reason.
pub fn inspect(pdf: &[u8]) -> Result<(), PdfFault> {
    Opened::read(pdf).map(drop)
}

/// A file that can be signed.
struct Opened {
    document: Document,
    catalog: (ObjectId, Dictionary),
    page: (ObjectId, Dictionary),
    /// Where its last table stands.
    table: usize,
}

impl Opened {
    fn read(pdf: &[u8]) -> Result<Self, PdfFault> {
        if !pdf.starts_with(b"%PDF-") {
            return Err(PdfFault::Broken);
        }
        let document = match Document::load_mem(pdf) {
            Ok(document) => document,
            Err(lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) | lopdf::Error::UnsupportedSecurityHandler(_)) => {
                return Err(PdfFault::Encrypted);
            }
            Err(_) => return Err(PdfFault::Broken),
        };
        if document.is_encrypted() || document.was_encrypted() {
            return Err(PdfFault::Encrypted);
        }
        let table = last_table(pdf).ok_or(PdfFault::Broken)?;
        if document.xref_recovery.is_some() {
            return Err(PdfFault::Broken);
        }
        let root = document.trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| PdfFault::Broken)?;
        let catalog = document.get_dictionary(root).map_err(|_| PdfFault::Broken)?.clone();
        if locked(&document, &catalog) {
            return Err(PdfFault::Locked);
        }
        let first = document.page_iter().next().ok_or(PdfFault::Empty)?;
        let page = document.get_dictionary(first).map_err(|_| PdfFault::Broken)?.clone();
        Ok(Self { document, catalog: (root, catalog), page: (first, page), table })
    }

    /// A list in a dictionary, wherever it stands, with one more in it.
    fn joined(&self, holder: &Dictionary, key: &[u8], more: ObjectId) -> Object {
        let before = holder.get(key).ok().and_then(|list| self.document.dereference(list).ok()).and_then(|(_, list)| list.as_array().ok());
        let mut list = before.cloned().unwrap_or_default();
        list.push(Object::Reference(more));
        Object::Array(list)
    }
}

/// A certifying signature that allows nothing after it (ISO 32000-1 section 12.8.2.2).
fn locked(document: &Document, catalog: &Dictionary) -> bool {
    let certified = || -> lopdf::Result<i64> {
        let permissions = document.get_dict_in_dict(catalog, b"Perms")?;
        let signature = document.get_dict_in_dict(permissions, b"DocMDP")?;
        let (_, references) = document.dereference(signature.get(b"Reference")?)?;
        let first = references.as_array()?.first().ok_or(lopdf::Error::DictKey("Reference".to_owned()))?;
        let (_, first) = document.dereference(first)?;
        document.get_dict_in_dict(first.as_dict()?, b"TransformParams")?.get(b"P")?.as_i64()
    };
    certified().is_ok_and(|allowed| allowed == 1)
}

/// Where the last table of a file stands, by its end.
fn last_table(pdf: &[u8]) -> Option<usize> {
    let tail = &pdf[pdf.len().saturating_sub(2048)..];
    let at = tail.windows(9).rposition(|word| word == b"startxref")?;
    let words = std::str::from_utf8(&tail[at + 9..]).ok()?;
    words.split_ascii_whitespace().next()?.parse().ok().filter(|place| *place < pdf.len())
}

/// Signs a file: everything that was in it stands, byte for byte, at its beginning. `reason` is what readers show beside the signature.
///
/// # Errors
/// [`PdfFault`] for a file that cannot be signed.
pub fn seal(pdf: &[u8], sealer: &Sealer, reason: &str, at: Timestamp) -> Result<Vec<u8>, PdfFault> {
    let opened = Opened::read(pdf)?;
    let size = opened.document.trailer.get(b"Size").and_then(Object::as_i64).ok().and_then(|size| u32::try_from(size).ok());
    let first = size.unwrap_or_default().max(opened.document.max_id + 1);
    let (signature, field) = ((first, 0), (first + 1, 0));
    let mut update = Update::of(pdf);

    let room = sealer.chain().iter().map(Vec::len).sum::<usize>() + ROOM;
    let start = update.bytes.len();
    update.put_raw(signature, &signature_words(sealer, reason, at, room));
    update.put(field, &field_words(&opened, signature, field));
    for (id, words) in joined(&opened, field) {
        update.put(id, &words);
    }
    let stream = matches!(opened.document.reference_table.cross_reference_type, XrefType::CrossReferenceStream).then_some(first + 2);
    let mut trailer = Dictionary::new();
    for key in ["Root", "Info", "ID"] {
        if let Ok(value) = opened.document.trailer.get(key.as_bytes()) {
            trailer.set(key, value.clone());
        }
    }
    trailer.set("Size", Object::Integer(i64::from(first) + if stream.is_some() { 3 } else { 2 }));
    let bytes = update.finish(trailer, opened.table, stream);
    fill(bytes, start, room, sealer, at)
}

/// The signature's dictionary with its places left open.
fn signature_words(sealer: &Sealer, reason: &str, at: Timestamp, room: usize) -> Vec<u8> {
    let mut words = Dictionary::new();
    for (key, name) in [("Type", "Sig"), ("Filter", "Adobe.PPKLite"), ("SubFilter", "adbe.pkcs7.detached")] {
        words.set(key, Object::Name(name.as_bytes().to_vec()));
    }
    let moment = at.to_zoned(tz::offset(9).to_time_zone()).strftime("D:%Y%m%d%H%M%S+09'00'").to_string();
    words.set("M", Object::string_literal(moment));
    words.set("Name", text(sealer.name()));
    words.set("Reason", text(reason));
    let mut out = Vec::new();
    write_dictionary(&mut out, &words);
    out.truncate(out.len() - 2);
    out.extend_from_slice(format!("/ByteRange [0 {PLACE} {PLACE} {PLACE}]/Contents <").as_bytes());
    out.resize(out.len() + room * 2, b'0');
    out.extend_from_slice(b">>>");
    out
}

/// The field that holds the signature; it is not drawn on the page.
fn field_words(opened: &Opened, signature: ObjectId, field: ObjectId) -> Dictionary {
    let mut words = Dictionary::new();
    for (key, name) in [("Type", "Annot"), ("Subtype", "Widget"), ("FT", "Sig")] {
        words.set(key, Object::Name(name.as_bytes().to_vec()));
    }
    words.set("T", Object::string_literal(format!("Seal{}", field.0)));
    words.set("V", Object::Reference(signature));
    words.set("P", Object::Reference(opened.page.0));
    words.set("Rect", Object::Array(vec![Object::Integer(0); 4]));
    // Printed, and locked against being moved.
    words.set("F", Object::Integer(132));
    words
}

/// The catalogue, form and page with the field in them.
fn joined(opened: &Opened, field: ObjectId) -> Vec<(ObjectId, Dictionary)> {
    let mut page = opened.page.1.clone();
    page.set("Annots", opened.joined(&opened.page.1, b"Annots", field));
    let mut changed = vec![(opened.page.0, page)];
    let (root, catalog) = &opened.catalog;
    let form = catalog.get(b"AcroForm").ok();
    let before = form.and_then(|form| opened.document.dereference(form).ok()).and_then(|(_, form)| form.as_dict().ok());
    let mut after = before.cloned().unwrap_or_default();
    after.set("Fields", opened.joined(&after, b"Fields", field));
    // Signatures are there, and the file is only to be added to.
    after.set("SigFlags", Object::Integer(3));
    match form.and_then(|form| form.as_reference().ok()) {
        Some(id) if before.is_some() => changed.push((id, after)),
        _ => {
            let mut catalog = catalog.clone();
            catalog.set("AcroForm", Object::Dictionary(after));
            changed.push((*root, catalog));
        }
    }
    changed
}

/// Signs the file and puts the signature into its place.
fn fill(mut bytes: Vec<u8>, start: usize, room: usize, sealer: &Sealer, at: Timestamp) -> Result<Vec<u8>, PdfFault> {
    let place_of = |bytes: &[u8], words: &[u8]| bytes[start..].windows(words.len()).position(|found| found == words).map(|at| start + at);
    let range = place_of(&bytes, b"/ByteRange [").ok_or(PdfFault::Broken)?;
    let opens = place_of(&bytes, b"/Contents <").ok_or(PdfFault::Broken)? + b"/Contents ".len();
    let closes = opens + room * 2 + 2;
    let words = format!("/ByteRange [0 {opens:>10} {closes:>10} {:>10}]", bytes.len() - closes);
    bytes[range..range + words.len()].copy_from_slice(words.as_bytes());
    let content = digest(&SHA256, &[&bytes[..opens], &bytes[closes..]].concat());
    let signature = cms::sign(sealer, content.as_ref(), at)?;
    let hex: Vec<u8> = signature.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    if hex.len() > room * 2 {
        return Err(SealerError::Unusable.into());
    }
    bytes[opens + 1..opens + 1 + hex.len()].copy_from_slice(&hex);
    Ok(bytes)
}
