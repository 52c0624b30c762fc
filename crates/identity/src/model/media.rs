//! Things that are laid on a reader in place of a phone.

use ::store::{AccountId, text_enum};
use aws_lc_rs::hmac;
use civil::Timestamp;
use town::Medium;

use crate::{Error, Result};

::store::id!(MediumId, "Something that is laid on a reader in place of a phone.");

/// A thing bound to an account: whoever has it in hand shows the account's person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundMedium {
    /// Its id.
    pub id: MediumId,
    /// Whose.
    pub account: AccountId,
    /// What it is.
    pub kind: Medium,
    /// What its owner calls it; empty for the My Number Card itself.
    pub label: String,
    /// By whom it was bound.
    pub bound_by: BoundBy,
    /// Since when.
    pub bound_at: Timestamp,
    /// The first moment it no longer counts by itself.
    pub until_at: Option<Timestamp>,
    /// Until when, if it was ended.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub ended_why: Option<MediumEnd>,
}

impl BoundMedium {
    /// Whether it counts at a moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.until_at.is_none_or(|until| now < until)
    }
}

/// How a medium came to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BoundBy {
    /// A clerk bound it for the person at the counter.
    Counter,
    /// A station wrote it into the card that had just proven its person.
    Station,
    /// The person made it in their own account.
    Holder,
}
text_enum!(BoundBy { Counter = "counter", Station = "station", Holder = "holder" });

/// Why a medium no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediumEnd {
    /// Lost or stolen.
    Lost,
    /// Its owner no longer uses it.
    NotUsed,
    /// Another took its place.
    Replaced,
    /// The town ended it.
    EndedByTown,
    /// The account was closed.
    AccountClosed,
}
text_enum!(MediumEnd {
    Lost = "lost",
    NotUsed = "not_used",
    Replaced = "replaced",
    EndedByTown = "ended_by_town",
    AccountClosed = "account_closed",
});

/// A number as a reader gives it. Whoever knows it can pass for its owner, so it is neither kept nor logged: only its keyed hash is.
#[derive(Clone, PartialEq, Eq)]
pub struct MediumNumber {
    kind: Medium,
    text: String,
}

/// Digits of chance in a number of ours: 128 bits in hexadecimal.
const OWN_DIGITS: usize = 32;
/// Digits of an IDm (JIS X 6319-4): eight bytes.
const IDM_DIGITS: usize = 16;
/// Phones that play a card make up an NFCID2 beginning so for every application or every tap (Android's host card emulation, NFC-F).
const MADE_UP: &str = "02FE";

impl MediumNumber {
    /// Reads what a reader types or a camera sees: a transit card's IDm as 16 hexadecimal digits, or a number of ours. Blanks, hyphens, colons, small
    /// letters and full width do not matter.
    ///
    /// # Errors
    /// [`Error::MediumUnreadable`]; [`Error::MediumChanging`] for a phone that gives another number each time.
    pub fn read(typed: &str) -> Result<Self> {
        let put = |c: &char| !c.is_whitespace() && !matches!(c, '-' | ':');
        let text: String = typed.chars().map(civil::half_width).filter(put).map(|c| c.to_ascii_uppercase()).take(64).collect();
        if let Some((kind, digits)) = own(&text) {
            return if digits.len() == OWN_DIGITS && is_hex(digits) { Ok(Self { kind, text }) } else { Err(Error::MediumUnreadable) };
        }
        if text.len() != IDM_DIGITS || !is_hex(&text) || text.bytes().all(|digit| digit == b'0') {
            return Err(Error::MediumUnreadable);
        }
        if text.starts_with(MADE_UP) {
            return Err(Error::MediumChanging);
        }
        Ok(Self { kind: Medium::TransitIc, text })
    }

    /// A number of ours, from 128 bits. `None` for a transit card: those bring their own.
    pub(crate) fn own(kind: Medium, bits: [u8; 16]) -> Option<Self> {
        Some(Self { kind, text: format!("TG{}{}", letter(kind)?, hex::encode_upper(bits)) })
    }

    /// What it is the number of.
    pub fn kind(&self) -> Medium {
        self.kind
    }

    /// The number, to be written into a card or drawn as a QR code (alphanumeric mode).
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for MediumNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MediumNumber({}, hidden)", self.kind)
    }
}

fn letter(kind: Medium) -> Option<char> {
    match kind {
        Medium::RegionId => Some('R'),
        Medium::Sticker => Some('S'),
        Medium::Temporary => Some('T'),
        Medium::TransitIc => None,
    }
}

fn own(text: &str) -> Option<(Medium, &str)> {
    let kind = Medium::ALL.iter().find(|kind| letter(**kind).is_some_and(|letter| text.starts_with(&format!("TG{letter}"))))?;
    Some((*kind, &text[3..]))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte))
}

/// What numbers of media are hashed under.
#[derive(Clone)]
pub struct MediaKey(hmac::Key);

impl MediaKey {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// What a medium is found by in place of its number.
    pub(crate) fn of(&self, number: &MediumNumber) -> [u8; 32] {
        self.mac("medium\0", number.text.as_bytes())
    }

    /// The number a station writes for one proof: the same however often it asks, and known to nobody before it does.
    pub(crate) fn region_number(&self, proof: &str) -> Result<MediumNumber> {
        let bits = self.mac("region_id\0", proof.as_bytes());
        let first: [u8; 16] = *bits.first_chunk().ok_or(Error::Secret)?;
        MediumNumber::own(Medium::RegionId, first).ok_or(Error::MediumUnreadable)
    }

    fn mac(&self, domain: &str, bytes: &[u8]) -> [u8; 32] {
        // No kind of certificate and no issuer is called so: keys of different things never meet.
        let mut context = hmac::Context::with_key(&self.0);
        context.update(domain.as_bytes());
        context.update(bytes);
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

impl std::fmt::Debug for MediaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MediaKey")
    }
}

/// What a clerk looked at to know who stands at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Document {
    /// マイナンバーカード, looked at and not read.
    MyNumberCard,
    /// 運転免許証 or 運転経歴証明書.
    DrivingLicence,
    /// 在留カード or 特別永住者証明書.
    ResidenceCard,
    /// 旅券.
    Passport,
    /// 身体障害者手帳 and the like.
    Handbook,
    /// Two papers without a photograph, such as 年金手帳 and a pension notice.
    TwoPapers,
}
text_enum!(Document {
    MyNumberCard = "my_number_card",
    DrivingLicence = "driving_licence",
    ResidenceCard = "residence_card",
    Passport = "passport",
    Handbook = "handbook",
    TwoPapers = "two_papers",
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_transit_card_is_read_as_readers_type_it() {
        let read = |typed: &str| MediumNumber::read(typed).map(|number| (number.kind(), number.text().to_owned()));
        let card = (Medium::TransitIc, "012E4CD2A1B3C4D5".to_owned());
        for typed in
            ["012E4CD2A1B3C4D5", "012e4cd2a1b3c4d5\n", "01:2E:4C:D2:A1:B3:C4:D5", "012E 4CD2 A1B3 C4D5", "０１２Ｅ４ＣＤ２Ａ１Ｂ３Ｃ４Ｄ５"]
        {
            assert_eq!(read(typed).unwrap(), card, "{typed}");
        }
        for typed in ["", "012E4CD2A1B3C4D", "012E4CD2A1B3C4D5A", "012E4CD2A1B3C4DG", "0000000000000000", "HC1:6BF", "TGS123", "TGX"] {
            assert!(matches!(MediumNumber::read(typed), Err(Error::MediumUnreadable)), "{typed}");
        }
        assert!(matches!(MediumNumber::read("02FE000000000001"), Err(Error::MediumChanging)));
    }

    proptest! {
        #[test]
        fn a_number_of_ours_is_read_back(bits in any::<[u8; 16]>()) {
            for kind in [Medium::RegionId, Medium::Sticker, Medium::Temporary] {
                let number = MediumNumber::own(kind, bits).unwrap();
                prop_assert_eq!(MediumNumber::read(&number.text().to_lowercase()).unwrap(), number);
            }
        }

        #[test]
        fn whatever_is_read_is_no_panic(typed in ".{0,80}") {
            let _ = MediumNumber::read(&typed);
        }
    }

    #[test]
    fn a_number_is_told_nowhere_and_hashed_under_the_towns_secret() {
        let number = MediumNumber::own(Medium::Sticker, [7; 16]).unwrap();
        assert_eq!(format!("{number:?}"), "MediumNumber(sticker, hidden)");
        assert_ne!(MediaKey::new(&[1; 32]).of(&number), MediaKey::new(&[2; 32]).of(&number));
        assert_ne!(MediaKey::new(&[1; 32]).region_number("a").unwrap(), MediaKey::new(&[1; 32]).region_number("b").unwrap());
    }
}
