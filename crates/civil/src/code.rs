use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A 全国地方公共団体コード: prefecture (2 digits), municipality (3) and check digit, six digits with leading zero. `209996`.
///
/// Source: JIS X 0401, JIS X 0402; check digit as the 総務省 table defines it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalGovernmentCode(u32);

impl LocalGovernmentCode {
    /// Adds the check digit to a five-digit code, as boundary and postal data carry it (`02208`).
    ///
    /// # Errors
    /// [`Error::Shape`] when the text is not five ASCII digits.
    pub fn from_five_digits(text: &str) -> Result<Self, Error> {
        let body = number(text, 5).ok_or(Error::Shape { expected: "a five-digit municipality code" })?;
        Ok(Self(body * 10 + Self::check_digit(body)))
    }

    /// Gives the first five digits, without the check digit.
    pub fn five_digits(self) -> String {
        format!("{:05}", self.0 / 10)
    }

    /// Gives the prefecture, 1 (北海道) to 47 (沖縄県).
    pub fn prefecture(self) -> u8 {
        (self.0 / 10_000) as u8
    }

    fn check_digit(body: u32) -> u32 {
        let sum: u32 = (0..5).map(|place| body / 10u32.pow(place) % 10 * (place + 2)).sum();
        (11 - sum % 11) % 10
    }
}

impl FromStr for LocalGovernmentCode {
    type Err = Error;

    /// Reads six ASCII digits and verifies the check digit.
    fn from_str(text: &str) -> Result<Self, Error> {
        let code = number(text, 6).ok_or(Error::Shape { expected: "a six-digit local government code" })?;
        if !(1..=47).contains(&(code / 10_000)) {
            return Err(Error::Shape { expected: "a local government code of prefecture 01 to 47" });
        }
        if Self::check_digit(code / 10) == code % 10 { Ok(Self(code)) } else { Err(Error::CheckDigit) }
    }
}

/// A 公費負担者番号: who pays for a publicly funded treatment. 法別番号 (2 digits), prefecture (2), payer (3), check digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PayerNumber(u32);

impl PayerNumber {
    /// Gives the 法別番号, the law or scheme that pays.
    pub fn scheme(self) -> u8 {
        (self.0 / 1_000_000) as u8
    }
}

impl FromStr for PayerNumber {
    type Err = Error;

    /// Reads eight ASCII digits and verifies the check digit.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = number(text, 8).ok_or(Error::Shape { expected: "an eight-digit payer number" })?;
        if alternating_check_digit(digits / 10) == digits % 10 { Ok(Self(digits)) } else { Err(Error::CheckDigit) }
    }
}

/// A 受給者番号: the beneficiary of a publicly funded treatment. Six digits and a check digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecipientNumber(u32);

impl RecipientNumber {
    /// Makes the number of a serial (0 to 999 999) by adding its check digit.
    ///
    /// # Errors
    /// [`Error::Shape`] when the serial has more than six digits.
    pub fn from_serial(serial: u32) -> Result<Self, Error> {
        if serial > 999_999 {
            return Err(Error::Shape { expected: "a serial of at most six digits" });
        }
        Ok(Self(serial * 10 + alternating_check_digit(serial)))
    }
}

impl FromStr for RecipientNumber {
    type Err = Error;

    /// Reads seven ASCII digits and verifies the check digit.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = number(text, 7).ok_or(Error::Shape { expected: "a seven-digit recipient number" })?;
        if alternating_check_digit(digits / 10) == digits % 10 { Ok(Self(digits)) } else { Err(Error::CheckDigit) }
    }
}

/// The check digit of payer and recipient numbers: from the right, digits times 2 and 1 in turn, digits of the products summed, the
/// difference to the next ten.
///
/// Source: 保険者番号等の設定について (昭和51年8月7日保発第45号・庁保発第34号).
fn alternating_check_digit(mut body: u32) -> u32 {
    let (mut sum, mut weight) = (0, 2);
    while body > 0 {
        let product = body % 10 * weight;
        sum += product / 10 + product % 10;
        weight = 3 - weight;
        body /= 10;
    }
    (10 - sum % 10) % 10
}

/// Reads exactly `length` ASCII digits.
fn number(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

macro_rules! text_form {
    ($type:ident, $format:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $format, self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "(", $format, ")"), self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(code: $type) -> Self {
                code.to_string()
            }
        }
    };
}

text_form!(LocalGovernmentCode, "{:06}");
text_form!(PayerNumber, "{:08}");
text_form!(RecipientNumber, "{:07}");

/// Says whether a text holds twelve digits that could be a person's My Number (個人番号): groups of digits, in any width, written together or
/// parted by single blanks or dashes, twelve in all, with the right check digit.
///
/// Used to refuse free text before anything is stored. About one of eleven other twelve-digit numbers looks so too: the person is asked to
/// write it differently. Source of the check digit: 平成26年総務省令第85号 5条.
pub fn looks_like_my_number(text: &str) -> bool {
    let (mut groups, mut gap) = (Vec::<Vec<u32>>::new(), usize::MAX);
    let mut chains = Vec::new();
    for c in text.chars() {
        if let Some(digit) = digit_of_any_width(c) {
            match gap {
                0 => groups.last_mut().expect("a digit went before").push(digit),
                1 => groups.push(vec![digit]),
                _ => {
                    chains.push(std::mem::take(&mut groups));
                    groups.push(vec![digit]);
                }
            }
            gap = 0;
        } else {
            gap = if is_separator(c) { gap.saturating_add(1) } else { usize::MAX };
        }
    }
    chains.push(groups);
    chains.iter().any(|chain| (0..chain.len()).any(|start| has_valid_twelve(&chain[start..])))
}

/// Whether the first groups together are twelve digits with the right check digit.
fn has_valid_twelve(groups: &[Vec<u32>]) -> bool {
    let mut digits = Vec::with_capacity(12);
    for group in groups {
        digits.extend_from_slice(group);
        if digits.len() >= 12 {
            break;
        }
    }
    digits.len() == 12 && {
        let sum: u32 = digits[..11].iter().rev().zip(1u32..).map(|(p, n)| p * if n <= 6 { n + 1 } else { n - 5 }).sum();
        let check = if sum % 11 <= 1 { 0 } else { 11 - sum % 11 };
        check == digits[11]
    }
}

fn digit_of_any_width(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => None,
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | '－' | 'ー' | 'ｰ' | '.' | '・' | '_')
}

/// The sex as the register and the card state it (JIS X 0303: 1 male, 2 female; everything else is not stated).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男, code `1`.
    Male,
    /// 女, code `2`.
    Female,
    /// Unknown, withheld or another code.
    #[default]
    NotStated,
}

impl Sex {
    /// Reads a card or register code: `1` or `男`, `2` or `女`, half or full width; anything else is not stated.
    pub fn from_code(code: &str) -> Self {
        match code.trim() {
            "1" | "１" | "男" | "男性" | "male" => Self::Male,
            "2" | "２" | "女" | "女性" | "female" => Self::Female,
            _ => Self::NotStated,
        }
    }

    /// Gives the one-digit code: `1`, `2`, or `9` for not stated.
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::NotStated => "9",
        }
    }

    /// Gives the name rules use: `male`, `female`, `not_stated`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::NotStated => "not_stated",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_local_government_codes_are_accepted_and_their_neighbours_refused() {
        for code in ["022080", "203050", "103837", "282014", "222127", "063231", "163431", "243434", "074462", "104485", "011002"] {
            let parsed: LocalGovernmentCode = code.parse().expect(code);
            assert_eq!(parsed.to_string(), code);
            assert_eq!(LocalGovernmentCode::from_five_digits(&code[..5]), Ok(parsed));
        }
        assert_eq!("022081".parse::<LocalGovernmentCode>(), Err(Error::CheckDigit));
        assert!("22080".parse::<LocalGovernmentCode>().is_err());
        assert!("482080".parse::<LocalGovernmentCode>().is_err());
    }

    #[test]
    fn payer_numbers_in_use_are_accepted() {
        for number in ["88138243", "88131248", "89131247", "81136244"] {
            assert_eq!(number.parse::<PayerNumber>().expect(number).to_string(), number);
        }
        assert_eq!("88138244".parse::<PayerNumber>(), Err(Error::CheckDigit));
        assert_eq!("88138243".parse::<PayerNumber>().unwrap().scheme(), 88);
    }

    #[test]
    fn a_my_number_is_seen_in_any_writing() {
        // 123456789018 is the number printed on the specimen card
        for text in ["123456789018", "１２３４ ５６７８ ９０１８", "番号は1234-5678-9018です", "平成3年 1234 5678 9018"]
        {
            assert!(looks_like_my_number(text), "{text}");
        }
        for text in ["123456789012", "1234567890181", "0175-22-1111", "", "1234  56789018"] {
            assert!(!looks_like_my_number(text), "{text}");
        }
    }

    #[test]
    fn other_sex_codes_are_not_stated() {
        assert_eq!(["1", "２", "女", "3", "9", "0", ""].map(Sex::from_code), {
            use Sex::*;
            [Male, Female, Female, NotStated, NotStated, NotStated, NotStated]
        });
    }

    proptest! {
        #[test]
        fn one_wrong_digit_in_a_payer_or_recipient_number_is_seen(serial in 0u32..1_000_000, place in 0u32..7, other in 1u32..10) {
            let good = RecipientNumber::from_serial(serial).unwrap().to_string();
            prop_assert_eq!(good.parse::<RecipientNumber>().unwrap().to_string(), good.clone());
            let mut bytes = good.into_bytes();
            let at = place as usize;
            bytes[at] = b'0' + (bytes[at] - b'0' + other as u8) % 10;
            prop_assert!(String::from_utf8(bytes).unwrap().parse::<RecipientNumber>().is_err());
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "[0-9０-９ \\-a]{0,30}|.{0,20}") {
            looks_like_my_number(&text);
            let _ = text.parse::<LocalGovernmentCode>();
            let _ = text.parse::<PayerNumber>();
        }
    }
}
