use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use lopdf::{Dictionary, Document, Object};

use crate::cms;

/// What a signed file says, once it was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Who signed, as their certificate names them. Whether the certificate is to be believed is another question.
    pub name: String,
    /// Their certificate, in DER.
    pub certificate: Vec<u8>,
    /// When they say they signed.
    pub at: Option<Timestamp>,
}

/// Why a file's signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsealed {
    /// There is no signature, or the file is no PDF.
    #[error("the file is not signed")]
    Unsigned,
    /// Something was added after the last signature.
    #[error("the file was added to after it was signed")]
    Added,
    /// The file is not the one that was signed.
    #[error("the file was changed after it was signed")]
    Changed,
}

/// Checks the signature that covers the whole file.
///
/// # Errors
/// [`Unsealed`] when there is none that holds.
pub fn check(pdf: &[u8]) -> Result<Checked, Unsealed> {
    let document = Document::load_mem(pdf).map_err(|_| Unsealed::Unsigned)?;
    let signatures: Vec<[usize; 4]> = document.objects.values().filter_map(|object| range(object.as_dict().ok()?)).collect();
    if signatures.is_empty() {
        return Err(Unsealed::Unsigned);
    }
    let covers = |range: &&[usize; 4]| range[2].checked_add(range[3]) == Some(pdf.len());
    let [_, opens, closes, _] = *signatures.iter().find(covers).ok_or(Unsealed::Added)?;
    let hex = pdf.get(opens + 1..closes.saturating_sub(1)).ok_or(Unsealed::Changed)?;
    let signature = from_hex(hex).ok_or(Unsealed::Changed)?;
    let content = digest(&SHA256, &[&pdf[..opens], &pdf[closes..]].concat());
    let signed = cms::verify(&signature, content.as_ref()).ok_or(Unsealed::Changed)?;
    Ok(Checked { name: signed.read.name, certificate: signed.certificate, at: signed.at })
}

/// The four numbers of a signature, in their order and within reason.
fn range(dictionary: &Dictionary) -> Option<[usize; 4]> {
    dictionary.get(b"Contents").ok()?;
    let numbers = dictionary.get(b"ByteRange").ok()?.as_array().ok()?;
    let numbers: Vec<usize> = numbers.iter().filter_map(|number| usize::try_from(Object::as_i64(number).ok()?).ok()).collect();
    let numbers: [usize; 4] = numbers.try_into().ok()?;
    (numbers[0] == 0 && numbers[1] < numbers[2]).then_some(numbers)
}

fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits.chunks_exact(2).map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect()
}
