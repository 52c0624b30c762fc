//! Cards that are tapped for a yes or no: one card at a time, asked about once while it lies there.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand;

use crate::centre::{Centre, CentreError, Verdict};

/// The card that lies on the reader, and what the centre said of it.
#[derive(Default)]
pub(crate) struct Taps(Mutex<Option<Lying>>);

struct Lying {
    /// What the reader read of it, to notice another card laid without a pause.
    number: String,
    /// The question's name: asked again after an outage, it is the same question.
    id: String,
    verdict: Option<Verdict>,
}

impl Taps {
    /// Notes that no card lies there: the same card laid again is asked about anew.
    pub(crate) fn lifted(&self) {
        *self.lock() = None;
    }

    /// Asks the centre about the card that lies there, or says again what it said.
    ///
    /// # Errors
    /// The centre's; then the next look asks again, by the same name.
    pub(crate) fn ask(&self, centre: &Centre, number: &str, language: &str) -> Result<Verdict, CentreError> {
        let id = {
            let mut lying = self.lock();
            match &*lying {
                Some(known) if known.number == number => {
                    if let Some(verdict) = &known.verdict {
                        return Ok(verdict.clone());
                    }
                    known.id.clone()
                }
                _ => {
                    let id = new_id()?;
                    *lying = Some(Lying { number: number.to_owned(), id: id.clone(), verdict: None });
                    id
                }
            }
        };
        let verdict = centre.decide(&id, number, language)?;
        if let Some(lying) = self.lock().as_mut().filter(|lying| lying.id == id) {
            lying.verdict = Some(verdict.clone());
        }
        Ok(verdict)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Lying>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A UUID of chance (RFC 9562, version 4).
fn new_id() -> Result<String, CentreError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| CentreError::Unreachable("no random bytes".into()))?;
    let number = u128::from_be_bytes(bytes) & !(0xF << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{number:032x}");
    Ok([&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_a_name_of_the_standards_shape() {
        let id = new_id().expect("random bytes");
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
    }
}
