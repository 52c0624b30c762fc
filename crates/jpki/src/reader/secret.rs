//! What a holder types: checked for its form here, so that a slip of the finger never costs a try, and cleared when dropped.

use zeroize::Zeroizing;

use super::error::{CardError, PinForm};

/// Which secret of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinKind {
    /// 利用者証明用電子証明書の暗証番号: 4 digits, 3 tries.
    UserAuthentication,
    /// 署名用電子証明書のパスワード: 6 to 16 of A-Z and 0-9, 5 tries.
    Signature,
    /// 券面事項入力補助用の暗証番号: 4 digits, 3 tries.
    Text,
    /// 住民基本台帳用の暗証番号: 4 digits, 3 tries.
    Juki,
    /// The key that writes a town's own number into the free area of our software card: 16 bytes, 3 tries.
    Town,
}

impl PinKind {
    /// The stable code by which catalogues name it.
    pub fn code(self) -> &'static str {
        match self {
            Self::UserAuthentication => "user_authentication",
            Self::Signature => "signature",
            Self::Text => "text",
            Self::Juki => "juki",
            Self::Town => "town",
        }
    }
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $check:expr) => {
        $(#[$doc])*
        pub struct $name(Zeroizing<Vec<u8>>);

        impl $name {
            /// The secret, if its form is right.
            ///
            /// # Errors
            /// [`CardError::MalformedPin`]; nothing has reached the card then.
            pub fn new(typed: &str) -> Result<Self, CardError> {
                let check: fn(&str) -> Result<Zeroizing<Vec<u8>>, PinForm> = $check;
                check(typed).map(Self).map_err(|form| CardError::MalformedPin { which: $kind, form })
            }

            pub(crate) fn bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    };
}

secret!(
    /// 利用者証明用電子証明書の暗証番号, exactly four digits.
    UserAuthPin, PinKind::UserAuthentication, four_digits
);
secret!(
    /// 署名用電子証明書のパスワード, 6 to 16 letters and digits; small letters are made capital, as the card compares bytes.
    SignaturePassword, PinKind::Signature, password
);
secret!(
    /// 券面事項入力補助用の暗証番号, exactly four digits.
    TextPin, PinKind::Text, four_digits
);
secret!(
    /// The town's key to the free area of the software card: 32 hexadecimal digits.
    TownKey, PinKind::Town, sixteen_bytes
);

fn four_digits(typed: &str) -> Result<Zeroizing<Vec<u8>>, PinForm> {
    if typed.len() != 4 {
        return Err(PinForm::FourDigits);
    }
    if !typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PinForm::FourDigits);
    }
    Ok(Zeroizing::new(typed.as_bytes().to_vec()))
}

fn password(typed: &str) -> Result<Zeroizing<Vec<u8>>, PinForm> {
    if !(6..=16).contains(&typed.len()) || !typed.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(PinForm::SixToSixteen);
    }
    let mut bytes = Zeroizing::new(typed.as_bytes().to_vec());
    bytes.make_ascii_uppercase();
    Ok(bytes)
}

fn sixteen_bytes(typed: &str) -> Result<Zeroizing<Vec<u8>>, PinForm> {
    let mut bytes = Zeroizing::new(vec![0; 16]);
    hex::decode_to_slice(typed, &mut bytes).map_err(|_| PinForm::SixteenBytes)?;
    Ok(bytes)
}

/// The holder was told that one try is left and chose to use it; pass it on for that one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpendLastTry(());

impl SpendLastTry {
    /// The holder has been told and has agreed.
    pub fn the_holder_agreed() -> Self {
        Self(())
    }
}

/// How many tries a secret has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// This many, at least one.
    Left(u8),
    /// None: only the municipal counter can help (for the two certificates also a kiosk, if the other secret is known).
    Blocked,
    /// The card does not say.
    NotTold,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_secret_is_refused_with_the_form_it_should_have() {
        for typed in ["", "123", "12345", "12a4", "１２３４", "12 4"] {
            assert!(matches!(UserAuthPin::new(typed), Err(CardError::MalformedPin { form: PinForm::FourDigits, .. })), "{typed}");
        }
        for typed in ["ABC12", "ABCDEFGHIJKLMNOPQ", "ABC-123", "ＡＢＣ１２３"] {
            assert!(matches!(SignaturePassword::new(typed), Err(CardError::MalformedPin { form: PinForm::SixToSixteen, .. })), "{typed}");
        }
    }

    #[test]
    fn the_signature_password_is_made_capital() {
        assert_eq!(SignaturePassword::new("abc123xyz").unwrap().bytes(), b"ABC123XYZ");
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", UserAuthPin::new("1234").unwrap()), "UserAuthPin(hidden)");
    }
}
