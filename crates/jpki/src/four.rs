//! The four items of identity (基本4情報): name, address, date of birth, sex, kept as given.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::asn1::{self, Items};

/// The most characters a name may have here; longer is refused as malformed.
pub(crate) const MAX_NAME_CHARS: usize = 200;
/// The most characters an address may have here; longer is refused as malformed.
pub(crate) const MAX_ADDRESS_CHARS: usize = 400;

/// Name, address, date of birth and sex as the card gives them. Personal: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FourItems {
    /// The name as in the register, U+3000 between its parts.
    pub name: String,
    /// The address, full text.
    pub address: String,
    /// The date of birth, parts of which may be unknown.
    pub date_of_birth: PartialDate,
    /// Sex as recorded.
    pub sex: Sex,
    /// A character of the name was replaced because it has no standard code: do not expect equality with the register, let staff look.
    #[serde(default)]
    pub name_has_substitutes: bool,
    /// The same of the address.
    #[serde(default)]
    pub address_has_substitutes: bool,
}

impl FourItems {
    /// Whether a character of the name or the address was replaced, so that equality with the register means nothing.
    pub fn has_substitutes(&self) -> bool {
        self.name_has_substitutes || self.address_has_substitutes
    }
}

impl std::fmt::Debug for FourItems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FourItems(hidden)")
    }
}

/// Sex as recorded on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男, code 1.
    Male,
    /// 女, code 2.
    Female,
    /// Any other digit: its meaning is not confirmed.
    NotStated,
}

impl Sex {
    /// The sex for a card's one-digit code; `None` for anything that is not one digit.
    pub fn from_code(code: &[u8]) -> Option<Self> {
        match code {
            b"1" => Some(Self::Male),
            b"2" => Some(Self::Female),
            [b'0'..=b'9'] => Some(Self::NotStated),
            _ => None,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::NotStated => "0",
        }
    }
}

/// A Gregorian date of birth of which parts may be unknown, as the register allows; written `YYYYMMDD` with zeros for what is unknown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    year: i16,
    month: i8,
    day: i8,
}

impl PartialDate {
    /// The date written as eight digits, zeros for unknown parts; `None` when no such day can exist.
    pub fn parse(digits: &str) -> Option<Self> {
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let date = Self { year: digits[..4].parse().ok()?, month: digits[4..6].parse().ok()?, day: digits[6..].parse().ok()? };
        // A leap year stands in for an unknown year, a month of 31 days for an unknown month.
        let year = if date.year == 0 { 2000 } else { date.year };
        let month = if date.month == 0 { 1 } else { date.month };
        let day = if date.day == 0 { 1 } else { date.day };
        Date::new(year, month, day).ok().map(|_| date)
    }

    /// The whole day, when all of it is known.
    pub fn date(self) -> Option<Date> {
        Date::new(self.year, self.month, self.day).ok().filter(|_| self.year > 0)
    }

    /// The year, when known.
    pub fn year(self) -> Option<i16> {
        (self.year != 0).then_some(self.year)
    }

    /// The month, when known.
    pub fn month(self) -> Option<i8> {
        (self.month != 0).then_some(self.month)
    }

    /// The day of the month, when known.
    pub fn day(self) -> Option<i8> {
        (self.day != 0).then_some(self.day)
    }

    /// The first and the last day it may stand for; `None` when the year is unknown.
    pub fn range(self) -> Option<(Date, Date)> {
        let year = self.year()?;
        let first = Date::new(year, self.month().unwrap_or(1), self.day().unwrap_or(1)).ok()?;
        if self.day != 0 && self.month != 0 {
            return Some((first, first));
        }
        let last_month = Date::new(year, self.month().unwrap_or(12), 1).ok()?;
        Some((first, last_month.last_of_month()))
    }

    /// Whether the era digit of a certificate (1 明治 to 5 令和) can belong to this date.
    ///
    /// On the day an era changed both are accepted. An unknown year goes with any era, also `0`.
    pub fn agrees_with_era(self, era: u8) -> bool {
        let Some((first, last)) = self.range() else { return era <= 5 };
        let (from, to) = match era {
            1 => (Date::constant(1868, 1, 1), Date::constant(1912, 7, 30)),
            2 => (Date::constant(1912, 7, 30), Date::constant(1926, 12, 25)),
            3 => (Date::constant(1926, 12, 25), Date::constant(1989, 1, 7)),
            4 => (Date::constant(1989, 1, 8), Date::constant(2019, 4, 30)),
            5 => (Date::constant(2019, 5, 1), Date::MAX),
            _ => return false,
        };
        first <= to && from <= last
    }

    /// The era digit a certificate writes for it.
    pub fn era_digit(self) -> u8 {
        let Some((first, _)) = self.range() else { return 0 };
        match first {
            d if d < Date::constant(1912, 7, 30) => 1,
            d if d < Date::constant(1926, 12, 25) => 2,
            d if d < Date::constant(1989, 1, 8) => 3,
            d if d < Date::constant(2019, 5, 1) => 4,
            _ => 5,
        }
    }
}

impl std::fmt::Display for PartialDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

impl std::fmt::Debug for PartialDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PartialDate(hidden)")
    }
}

impl From<Date> for PartialDate {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: date.month(), day: date.day() }
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for PartialDate {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a date of eight digits")
    }
}

/// Why the subjectAltName of a 署名用 certificate does not give four items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FourItemsError {
    /// A part is not there; its number after the arc is given.
    #[error("part .{0} of the alternative name is missing")]
    Missing(u8),
    /// A part stands there twice.
    #[error("part .{0} of the alternative name stands there twice")]
    Twice(u8),
    /// The structure is not what the profile says.
    #[error("alternative name is not otherNames of UTF-8 text")]
    Structure,
    /// A part is not UTF-8.
    #[error("part .{0} of the alternative name is not UTF-8")]
    NotUtf8(u8),
    /// A part is empty or longer than any register entry.
    #[error("part .{0} of the alternative name is empty or too long")]
    Length(u8),
    /// The substitute flags do not go with the text.
    #[error("substitute flags .{0} do not fit their text")]
    Substitutes(u8),
    /// The date of birth cannot exist.
    #[error("date of birth cannot exist")]
    Birth,
    /// The era digit and the date contradict each other.
    #[error("era and date of birth contradict each other")]
    Era,
    /// Sex is not one digit.
    #[error("sex is not one digit")]
    Sex,
}

/// 1.2.392.200149.8.5.5, under which the six parts are numbered.
pub(crate) const ARC: &[u8] = &[0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x05];

/// The four items of a subjectAltName extension value.
pub(crate) fn from_alternative_name(value: &[u8]) -> Result<FourItems, FourItemsError> {
    let parts = other_names(value)?;
    let text = |n: u8| -> Result<&str, FourItemsError> {
        let bytes = parts[usize::from(n)].ok_or(FourItemsError::Missing(n))?;
        std::str::from_utf8(bytes).map_err(|_| FourItemsError::NotUtf8(n))
    };
    let (name, address) = (text(1)?, text(5)?);
    for (n, text, most) in [(1, name, MAX_NAME_CHARS), (5, address, MAX_ADDRESS_CHARS)] {
        if text.is_empty() || text.chars().count() > most {
            return Err(FourItemsError::Length(n));
        }
    }
    Ok(FourItems {
        name: name.to_owned(),
        address: address.to_owned(),
        date_of_birth: birth(text(4)?)?,
        sex: Sex::from_code(text(3)?.as_bytes()).ok_or(FourItemsError::Sex)?,
        name_has_substitutes: substitutes(2, text(2)?, name)?,
        address_has_substitutes: substitutes(6, text(6)?, address)?,
    })
}

/// The value of each numbered part, in whatever order they stand. Names of other kinds and other arcs are passed over.
fn other_names(value: &[u8]) -> Result<[Option<&[u8]>; 7], FourItemsError> {
    let structure = |_| FourItemsError::Structure;
    let mut parts = [None; 7];
    let mut names = asn1::sole(value, asn1::SEQUENCE).map_err(structure)?.items();
    while !names.is_empty() {
        let name = names.any().map_err(structure)?;
        if name.tag != 0xA0 {
            continue;
        }
        let mut inner: Items<'_> = name.items();
        let id = inner.expect(asn1::OID).map_err(structure)?;
        let explicit = inner.expect(0xA0).map_err(structure)?;
        inner.finish().map_err(structure)?;
        let Some([n @ 1..=6]) = id.value.strip_prefix(ARC) else { continue };
        let mut text = explicit.items();
        let bytes = text.expect(asn1::UTF8).map_err(structure)?.value;
        text.finish().map_err(structure)?;
        if parts[usize::from(*n)].replace(bytes).is_some() {
            return Err(FourItemsError::Twice(*n));
        }
    }
    Ok(parts)
}

fn birth(text: &str) -> Result<PartialDate, FourItemsError> {
    let (era @ b'0'..=b'9', digits) = text.as_bytes().split_first().ok_or(FourItemsError::Birth)? else {
        return Err(FourItemsError::Birth);
    };
    let digits = std::str::from_utf8(digits).map_err(|_| FourItemsError::Birth)?;
    let date = PartialDate::parse(digits).ok_or(FourItemsError::Birth)?;
    if date.agrees_with_era(era - b'0') { Ok(date) } else { Err(FourItemsError::Era) }
}

/// One digit per character; any that is not `0` means that character was replaced.
fn substitutes(n: u8, flags: &str, text: &str) -> Result<bool, FourItemsError> {
    if flags.len() != text.chars().count() || !flags.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FourItemsError::Substitutes(n));
    }
    Ok(flags.bytes().any(|byte| byte != b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn san(parts: &[(u8, &[u8])]) -> Vec<u8> {
        let names: Vec<_> = parts
            .iter()
            .map(|(n, text)| {
                let id = asn1::tlv(asn1::OID, &[ARC, &[*n]].concat());
                asn1::tlv(0xA0, &[id, asn1::tlv(0xA0, &asn1::tlv(asn1::UTF8, text))].concat())
            })
            .collect();
        asn1::seq(&names)
    }

    fn good() -> Vec<(u8, &'static [u8])> {
        vec![(1, "青空　花子".as_bytes()), (4, b"319800217"), (3, b"2"), (5, "青空町１－２".as_bytes()), (2, b"00000"), (6, b"000000")]
    }

    fn with(n: u8, text: &'static [u8]) -> Result<FourItems, FourItemsError> {
        let parts: Vec<_> = good().into_iter().map(|part| if part.0 == n { (n, text) } else { part }).collect();
        from_alternative_name(&san(&parts))
    }

    #[test]
    fn the_four_items_are_read_in_any_order() {
        let mut parts = good();
        let first = from_alternative_name(&san(&parts)).unwrap();
        assert_eq!(first.name, "青空　花子");
        assert_eq!(first.address, "青空町１－２");
        assert_eq!(first.date_of_birth.date(), Some(Date::constant(1980, 2, 17)));
        assert_eq!(first.sex, Sex::Female);
        assert!(!first.name_has_substitutes && !first.address_has_substitutes);
        parts.reverse();
        assert!(from_alternative_name(&san(&parts)).unwrap() == first);
    }

    #[test]
    fn a_missing_or_doubled_part_is_refused() {
        for n in 1..=6 {
            let parts: Vec<_> = good().into_iter().filter(|part| part.0 != n).collect();
            assert_eq!(from_alternative_name(&san(&parts)).unwrap_err(), FourItemsError::Missing(n));
        }
        let mut parts = good();
        parts.push((3, b"1"));
        assert_eq!(from_alternative_name(&san(&parts)).unwrap_err(), FourItemsError::Twice(3));
    }

    #[test]
    fn non_zero_substitute_digits_are_told_and_flags_of_the_wrong_length_refused() {
        assert!(with(2, b"00100").unwrap().name_has_substitutes);
        assert!(with(6, b"900000").unwrap().address_has_substitutes);
        assert_eq!(with(2, b"0000").unwrap_err(), FourItemsError::Substitutes(2));
        assert_eq!(with(6, b"00000x").unwrap_err(), FourItemsError::Substitutes(6));
    }

    #[test]
    fn partial_dates_are_kept_and_impossible_ones_refused() {
        let year_only = with(4, b"319800000").unwrap().date_of_birth;
        assert_eq!((year_only.year(), year_only.month(), year_only.day(), year_only.date()), (Some(1980), None, None, None));
        assert_eq!(year_only.to_string(), "19800000");
        assert_eq!(with(4, b"000000000").unwrap().date_of_birth.year(), None);
        assert_eq!(with(4, b"319800230").unwrap_err(), FourItemsError::Birth);
        assert_eq!(with(4, b"319801301").unwrap_err(), FourItemsError::Birth);
        assert_eq!(with(4, b"31980021").unwrap_err(), FourItemsError::Birth);
        assert_eq!(with(4, b"").unwrap_err(), FourItemsError::Birth);
    }

    #[test]
    fn an_era_that_contradicts_the_date_is_refused_and_the_day_of_change_goes_with_both() {
        assert_eq!(with(4, b"419800217").unwrap_err(), FourItemsError::Era);
        assert_eq!(with(4, b"619800217").unwrap_err(), FourItemsError::Era);
        assert_eq!(with(4, b"019800217").unwrap_err(), FourItemsError::Era);
        for (era, day) in [(2, "19261225"), (3, "19261225"), (3, "19890107"), (4, "19890108"), (4, "20190430"), (5, "20190501")] {
            assert!(PartialDate::parse(day).unwrap().agrees_with_era(era), "{era} {day}");
        }
        for (era, day) in [(4, "19890107"), (3, "19890108"), (5, "20190430"), (4, "20190501"), (2, "19261226")] {
            assert!(!PartialDate::parse(day).unwrap().agrees_with_era(era), "{era} {day}");
        }
        assert!(PartialDate::parse("19890000").unwrap().agrees_with_era(3));
        assert!(PartialDate::parse("19890000").unwrap().agrees_with_era(4));
    }

    #[test]
    fn text_that_is_not_utf8_or_is_over_long_is_refused() {
        assert_eq!(with(1, &[0xFF, 0xFE]).unwrap_err(), FourItemsError::NotUtf8(1));
        static LONG: [u8; 401] = [b'a'; 401];
        assert_eq!(with(1, &LONG[..201]).unwrap_err(), FourItemsError::Length(1));
        assert_eq!(with(5, &LONG).unwrap_err(), FourItemsError::Length(5));
        assert_eq!(with(1, b"").unwrap_err(), FourItemsError::Length(1));
        assert_eq!(with(3, b"12").unwrap_err(), FourItemsError::Sex);
    }

    #[test]
    fn sex_codes_other_than_one_and_two_are_not_stated() {
        assert_eq!(with(3, b"9").unwrap().sex, Sex::NotStated);
        assert_eq!(Sex::from_code(b"x"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = from_alternative_name(&bytes);
        }

        #[test]
        fn a_date_reads_back_as_written(year in 1868i16..2100, month in 0i8..13, day in 0i8..32) {
            let text = format!("{year:04}{month:02}{day:02}");
            if let Some(date) = PartialDate::parse(&text) {
                prop_assert_eq!(date.to_string(), text);
                prop_assert!(date.agrees_with_era(date.era_digit()));
            }
        }
    }
}
