//! The few words an export uses over and over, resolved once per spelling, and days in every form registers write them.

use std::borrow::Cow;

use civil::Sex;
use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use super::problem::Reason;
use super::row::Status;
use super::text::{Encoding, trim};

/// Meaning of each spelling seen so far, by its raw bytes.
pub(crate) struct Words<T> {
    read: fn(&str) -> Result<T, Reason>,
    encoding: Encoding,
    /// The short spellings that come again and again, each in the one place its bytes point to.
    often: Vec<(Packed, Result<T, Reason>)>,
    seen: FxHashMap<Box<[u8]>, Result<T, Reason>>,
}

/// Spellings remembered at most, so that a column of free text cannot fill the memory.
const SPELLINGS_MAX: usize = 20_000;
/// Places for short spellings, and one more for whichever long one was asked about last.
const OFTEN: usize = 256;

/// A spelling of at most sixteen bytes, to be compared in one go.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Packed {
    bytes: u128,
    length: usize,
}

impl Packed {
    fn of(cell: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes.get_mut(..cell.len())?.copy_from_slice(cell);
        Some(Self { bytes: u128::from_le_bytes(bytes), length: cell.len() })
    }

    fn place(self) -> usize {
        let folded = (self.bytes as u64) ^ ((self.bytes >> 64) as u64).rotate_left(29) ^ self.length as u64;
        (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % OFTEN
    }
}

impl<T: Clone> Words<T> {
    pub(crate) fn new(encoding: Encoding, read: fn(&str) -> Result<T, Reason>) -> Self {
        let blank = (Packed { bytes: 0, length: 0 }, read(""));
        Self { read, encoding, often: vec![blank; OFTEN + 1], seen: FxHashMap::default() }
    }

    /// Gives what a cell means.
    pub(crate) fn meaning(&mut self, cell: &[u8]) -> Result<&T, Reason> {
        let packed = Packed::of(cell);
        let place = packed.map_or(0, Packed::place);
        if packed.is_none_or(|packed| self.often[place].0 != packed) {
            let meaning = self.look_up(cell);
            match packed {
                Some(packed) => self.often[place] = (packed, meaning),
                // Too long to be compared in one go, and so in nobody's way in a place no short one points to.
                None => self.often[OFTEN] = (Packed { bytes: 0, length: usize::MAX }, meaning),
            }
        }
        let place = if packed.is_some() { place } else { OFTEN };
        self.often[place].1.as_ref().map_err(|reason| *reason)
    }

    fn look_up(&mut self, cell: &[u8]) -> Result<T, Reason> {
        if let Some(meaning) = self.seen.get(cell) {
            return meaning.clone();
        }
        let meaning = match self.encoding.decode(trim(cell, self.encoding)) {
            Some(text) => (self.read)(&text.nfkc().collect::<String>()),
            None => Err(undecodable(self.encoding)),
        };
        if self.seen.len() < SPELLINGS_MAX {
            self.seen.insert(cell.into(), meaning.clone());
        }
        meaning
    }
}

pub(crate) fn undecodable(encoding: Encoding) -> Reason {
    match encoding {
        Encoding::Utf8 => Reason::BadUtf8,
        Encoding::ShiftJis => Reason::BadShiftJis,
    }
}

/// Reads a status; blank means living here.
pub(crate) fn status(word: &str) -> Result<Status, Reason> {
    Ok(match word {
        "" | "住民" | "現存" | "在住" | "住登" | "住登者" | "現住" | "住民登録" | "0" => Status::Current,
        "転出" | "転出予定" | "転出確定" | "国外転出" | "1" => Status::MovedOut,
        "死亡" | "2" => Status::Died,
        "職権消除" | "消除" | "職権削除" | "失踪" | "失踪宣告" | "国籍喪失" | "抹消" | "除票" | "9" => {
            Status::StruckOff
        }
        _ => return Err(Reason::UnknownStatus),
    })
}

/// Reads a sex; other and unknown are not stated.
pub(crate) fn sex(word: &str) -> Result<Sex, Reason> {
    Ok(match word {
        "男" | "男性" | "1" | "M" | "m" => Sex::Male,
        "女" | "女性" | "2" | "F" | "f" => Sex::Female,
        "" | "不明" | "その他" | "未記載" | "0" | "3" | "9" | "-" => Sex::NotStated,
        _ => return Err(Reason::UnknownSex),
    })
}

/// Reads a yes or no; `None` when it is not stated.
pub(crate) fn yes_no(word: &str) -> Result<Option<bool>, Reason> {
    Ok(match word {
        "1" | "1.0" | "○" | "〇" | "◯" | "有" | "あり" | "有り" | "可" | "該当" | "対象" | "はい" | "true" | "TRUE" => {
            Some(true)
        }
        "0" | "0.0" | "×" | "無" | "なし" | "無し" | "否" | "非該当" | "対象外" | "いいえ" | "false" | "FALSE" => {
            Some(false)
        }
        "" | "-" | "---" | "*" => None,
        _ => return Err(Reason::NotYesNo),
    })
}

/// Reads whether the person is protected; a blank cell says no.
pub(crate) fn protected(word: &str) -> Result<bool, Reason> {
    match word {
        "支援措置" | "支援措置対象" | "支援措置中" | "DV" => Ok(true),
        _ => Ok(yes_no(word)?.unwrap_or(false)),
    }
}

/// Reads a short text that is kept: a relation, a district.
pub(crate) fn short_text(word: &str) -> Result<Box<str>, Reason> {
    if word.len() > 255 { Err(Reason::TooLong) } else { Ok(word.into()) }
}

/// Reads a day as yyyymmdd, 00 for an unknown month or day; 0 for a blank cell.
pub(crate) fn day(cell: &[u8], encoding: Encoding) -> Result<u32, Reason> {
    let number = match digits(cell) {
        Some(number) => number,
        None => {
            let cell = trim(cell, encoding);
            match digits(cell) {
                Some(number) => number,
                None if cell.is_empty() => return Ok(0),
                None => return written_day(&encoding.decode(cell).ok_or(undecodable(encoding))?),
            }
        }
    };
    real_day(number)
}

/// Lets a number through that is a day, or a year or month without its days, of the register's centuries.
fn real_day(number: u32) -> Result<u32, Reason> {
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    if !(1868..2200).contains(&year) {
        return Err(Reason::DateOutOfRange);
    }
    let real = match (month, day) {
        (0..=12, 0) => true,
        _ => day >= 1 && day <= days_in_month(year, month),
    };
    if real { Ok(number) } else { Err(Reason::BadDate) }
}

/// The number yyyymmdd of `yyyy-mm-dd`, `yyyy/mm/dd` or `yyyymmdd`.
fn digits(cell: &[u8]) -> Option<u32> {
    let packed: [u8; 8] = match *cell {
        [a, b, c, d, b'-', e, f, b'-', g, h] | [a, b, c, d, b'/', e, f, b'/', g, h] | [a, b, c, d, e, f, g, h] => [a, b, c, d, e, f, g, h],
        _ => return None,
    };
    // Eight digits at once: all of them 0x30 to 0x39, then pairs, fours and the eight joined.
    let bytes = u64::from_le_bytes(packed);
    let high = 0xf0f0_f0f0_f0f0_f0f0;
    if bytes & high != 0x3030_3030_3030_3030 || bytes.wrapping_add(0x0606_0606_0606_0606) & high != 0x3030_3030_3030_3030 {
        return None;
    }
    let digits = bytes & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff) as u32)
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Reads the rarer forms: 和暦, `2024年2月29日`, `2024/2/9`, any width, `昭和15年月日不詳`; 0 when not even the year is known.
fn written_day(text: &str) -> Result<u32, Reason> {
    let narrow: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    if matches!(narrow.as_str(), "不詳" | "年月日不詳" | "生年月日不詳") {
        return Ok(0);
    }
    if let Ok(partial) = civil::wareki::parse(&narrow) {
        let part = |number: Option<i8>| u32::try_from(number.unwrap_or(0)).unwrap_or(0);
        let year = partial.year().and_then(|year| u32::try_from(year).ok()).ok_or(Reason::BadDate)?;
        return real_day(year * 10_000 + part(partial.month()) * 100 + part(partial.day()));
    }
    let (known, unknown) = narrow.strip_suffix("不詳").map_or((narrow.as_str(), false), |known| (known, true));
    let mut parts = known.strip_suffix('日').unwrap_or(known).split(['年', '月', '-', '/', '.']);
    let mut number = 0;
    for digits_max in [4, 2, 2] {
        let part = parts.next().unwrap_or("");
        let plain = part.len() <= digits_max && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || (part.is_empty() && !unknown) {
            return Err(Reason::BadDate);
        }
        number = number * 10_u32.pow(u32::from(digits_max == 2) * 2) + part.parse::<u32>().unwrap_or(0);
    }
    if parts.next().is_some() { Err(Reason::BadDate) } else { real_day(number) }
}

/// Reads a fact's cell into the one text that stands for it.
pub(crate) fn number_text(text: &str) -> Result<Cow<'_, str>, Reason> {
    let plain = text.nfkc().filter(|c| *c != ',').collect::<String>();
    if plain.is_empty() || matches!(plain.as_str(), "-" | "---" | "*") {
        return Ok(Cow::Borrowed(""));
    }
    let number: i64 = plain.strip_suffix(".0").unwrap_or(&plain).parse().map_err(|_| Reason::NotANumber)?;
    Ok(Cow::Owned(number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_every_form_and_only_if_they_exist() {
        let read = |text: &str| day(text.as_bytes(), Encoding::Utf8);
        for text in
            ["2024-02-29", "2024/02/29", "20240229", " 20240229", "令和6年2月29日", "R06.02.29", "２０２４年２月２９日", "2024/2/29"]
        {
            assert_eq!(read(text), Ok(20_240_229), "{text}");
        }
        assert_eq!(read("2023-02-29"), Err(Reason::BadDate));
        assert_eq!(read("2023-13-01"), Err(Reason::BadDate));
        assert_eq!(read("1492-10-12"), Err(Reason::DateOutOfRange));
        assert_eq!(read("きのう"), Err(Reason::BadDate));
        assert_eq!(read(""), Ok(0));
    }

    #[test]
    fn eight_digits_are_read_at_once_and_nothing_else_is() {
        for text in [*b"20240229", *b"00000000", *b"99999999", *b"12345678"] {
            assert_eq!(digits(&text), std::str::from_utf8(&text).unwrap().parse().ok());
        }
        for at in 0..8 {
            for byte in (0..=255u8).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"20240229";
                text[at] = byte;
                assert_eq!(digits(&text), None, "{byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn every_spelling_keeps_its_own_meaning() {
        let mut words = Words::new(Encoding::Utf8, short_text);
        for _ in 0..2 {
            for number in 0..2_000 {
                for cell in [format!("{number}"), format!("中央{number}丁目"), format!("a long name of a district, number {number}")] {
                    assert_eq!(words.meaning(cell.as_bytes()).map(|text| text.to_string()), Ok(cell));
                }
            }
        }
        assert_eq!(words.meaning(b"").map(|text| text.to_string()), Ok(String::new()));
    }

    #[test]
    fn unknown_birth_days_keep_what_is_known() {
        assert_eq!(day("昭和15年月日不詳".as_bytes(), Encoding::Utf8), Ok(19_400_000));
        assert_eq!(day("1940年5月日不詳".as_bytes(), Encoding::Utf8), Ok(19_400_500));
        assert_eq!(day(b"1940-05-00", Encoding::Utf8), Ok(19_400_500));
        assert_eq!(day("不詳".as_bytes(), Encoding::Utf8), Ok(0));
        assert_eq!(day("1940年".as_bytes(), Encoding::Utf8), Err(Reason::BadDate));
    }

    #[test]
    fn blank_means_not_stated_and_never_no() {
        assert_eq!(yes_no(""), Ok(None));
        assert_eq!(yes_no("○"), Ok(Some(true)));
        assert_eq!(yes_no("たぶん"), Err(Reason::NotYesNo));
    }
}
