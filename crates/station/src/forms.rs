//! The forms this station has shown: a password is handed to the card only from one of them, once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Forms that may be open at a time; the oldest is forgotten first.
const OPEN_MAX: usize = 64;

/// The forms shown and not yet sent back.
#[derive(Default)]
pub(crate) struct Forms(Mutex<VecDeque<Shown>>);

struct Shown {
    token: String,
    code: String,
    card: String,
}

impl Forms {
    /// Notes that a form for this code and card is shown, and gives what it carries.
    pub(crate) fn show(&self, code: &str, card: &str) -> String {
        let token = token();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.push_back(Shown { token: token.clone(), code: code.to_owned(), card: card.to_owned() });
        while open.len() > OPEN_MAX {
            open.pop_front();
        }
        token
    }

    /// Takes a form that was sent back; false when none was shown for this code and card with this token, or it was sent before.
    pub(crate) fn take(&self, token: &str, code: &str, card: &str) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = open.iter().position(|shown| shown.token == token);
        place.and_then(|place| open.remove(place)).is_some_and(|shown| shown.code == code && shown.card == card)
    }
}

/// What nobody guesses.
pub(crate) fn token() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_counts_once_for_its_own_code_and_card() {
        let forms = Forms::default();
        let token = forms.show("ABCD-EFGH", "parent");
        assert!(!forms.take("", "ABCD-EFGH", "parent"));
        assert!(forms.take(&token, "ABCD-EFGH", "parent"));
        assert!(!forms.take(&token, "ABCD-EFGH", "parent"));
        for (code, card) in [("OTHER", "parent"), ("ABCD-EFGH", "other")] {
            assert!(!forms.take(&forms.show("ABCD-EFGH", "parent"), code, card));
        }
    }

    #[test]
    fn open_forms_are_bounded() {
        let forms = Forms::default();
        let first = forms.show("a", "b");
        let after: Vec<String> = (0..OPEN_MAX).map(|_| forms.show("a", "b")).collect();
        assert!(!forms.take(&first, "a", "b"));
        assert!(after.iter().all(|token| forms.take(token, "a", "b")));
    }
}
