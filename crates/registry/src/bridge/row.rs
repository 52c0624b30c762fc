//! One resident as a bundle carries it: a fixed head, then the texts, in one canonical form, so that equal people have equal bytes and equal hashes.

use civil::{Date, PartialDate, Sex};

/// The register's own id of a person or household (宛名番号, 世帯番号): up to 16 ASCII letters, digits and hyphens, ordered as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegisterId(u128);

impl RegisterId {
    /// Reads an id; `None` when it is empty, too long, or holds anything else than letters, digits and hyphens.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > 16 || !text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
            return None;
        }
        let mut bytes = [0; 16];
        bytes[..text.len()].copy_from_slice(text);
        Some(Self(u128::from_be_bytes(bytes)))
    }

    pub(crate) fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    pub(crate) fn bits(self) -> u128 {
        self.0
    }
}

impl std::fmt::Display for RegisterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.0.to_be_bytes();
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        f.write_str(std::str::from_utf8(text).unwrap_or_default())
    }
}

/// Ids are not for logs: debugging output shows none of it.
impl std::fmt::Debug for RegisterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegisterId(…)")
    }
}

/// Where a person stands in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// 住民: lives here.
    Current = 0,
    /// 転出: moved out; the status day is the day of moving, no longer a resident's day.
    MovedOut = 1,
    /// 死亡: died; the status day is the day of death, the last day as a resident.
    Died = 2,
    /// 職権消除 and the like: struck off; the status day is the first day that no longer counts.
    StruckOff = 3,
}

impl Status {
    /// Stable code for the database and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::MovedOut => "moved_out",
            Self::Died => "died",
            Self::StruckOff => "struck_off",
        }
    }

    /// Reads [`Self::code`] back.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Current, Self::MovedOut, Self::Died, Self::StruckOff].into_iter().find(|status| status.code() == code)
    }

    fn from_number(number: u8) -> Option<Self> {
        [Self::Current, Self::MovedOut, Self::Died, Self::StruckOff].get(usize::from(number)).copied()
    }
}

/// A calendar day, or one with an unknown month or day, as the number yyyymmdd (00 for unknown); 0 when there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayNumber(pub u32);

impl DayNumber {
    /// The day, if there is one and it is wholly known.
    pub fn date(self) -> Option<Date> {
        let (year, month, day) = self.parts();
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    /// The day with what is known of it, if there is one.
    pub fn partial(self) -> Option<PartialDate> {
        let (year, month, day) = self.parts();
        let year = i16::try_from(year).ok().filter(|year| *year > 0)?;
        PartialDate::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    /// Year, month and day as numbers; 0 for what is not known.
    pub fn parts(self) -> (u32, u32, u32) {
        (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

impl From<Date> for DayNumber {
    fn from(date: Date) -> Self {
        let number = i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day());
        Self(u32::try_from(number).unwrap_or(0))
    }
}

impl From<PartialDate> for DayNumber {
    fn from(date: PartialDate) -> Self {
        let part = |part: Option<i8>| i32::from(part.unwrap_or(0));
        let number = i32::from(date.year().unwrap_or(0)) * 10_000 + part(date.month()) * 100 + part(date.day());
        Self(u32::try_from(number).unwrap_or(0))
    }
}

/// A keyed hash of a person's items, 128 bits of an HMAC-SHA-256.
pub type MatchKey = [u8; 16];

/// One resident, borrowed from a bundle's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The register's number of the person.
    pub id: RegisterId,
    /// The register's number of the household, if it crosses.
    pub household: Option<RegisterId>,
    /// Date of birth as the register has it, 0 if it does not cross.
    pub date_of_birth: DayNumber,
    /// The day the status took effect; 0 when none is given.
    pub status_on: DayNumber,
    /// The day the person became a resident; 0 when none is given.
    pub resident_since: DayNumber,
    /// Sex; not stated if it does not cross.
    pub sex: Sex,
    /// Where the person stands in the register.
    pub status: Status,
    /// The person is under protective measures (支援措置).
    pub protected: bool,
    /// The row was bad and left out: only the id counts, everything else stays as the centre knows it.
    pub left_out: bool,
    /// Keyed hash of name, date of birth, sex and address.
    pub four_items: MatchKey,
    /// Keyed hash of name, date of birth and sex.
    pub three_items: MatchKey,
    /// Relation to the head of the household, empty if it does not cross.
    pub relation: &'a str,
    /// District, empty if it does not cross.
    pub district: &'a str,
    /// The facts' texts, in the order the header declares them; empty means not stated.
    pub facts: Vec<&'a str>,
}

/// Bytes of the fixed head; see the offsets below.
pub(crate) const HEAD: usize = 79;
pub(crate) const FOUR_AT: usize = 47;
pub(crate) const THREE_AT: usize = 63;
const PROTECTED: u8 = 1;
const LEFT_OUT: u8 = 2;

/// The fixed head, as the reader fills it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head {
    pub(crate) id: u128,
    pub(crate) household: u128,
    pub(crate) date_of_birth: u32,
    pub(crate) status_on: u32,
    pub(crate) resident_since: u32,
    pub(crate) sex: u8,
    pub(crate) status: u8,
    pub(crate) protected: bool,
    pub(crate) left_out: bool,
}

impl Head {
    /// Appends the head; the match keys stay zero until they are computed.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut head = [0; HEAD];
        head[..16].copy_from_slice(&self.id.to_be_bytes());
        head[16..32].copy_from_slice(&self.household.to_be_bytes());
        head[32..36].copy_from_slice(&self.date_of_birth.to_be_bytes());
        head[36..40].copy_from_slice(&self.status_on.to_be_bytes());
        head[40..44].copy_from_slice(&self.resident_since.to_be_bytes());
        head[44] = self.sex;
        head[45] = self.status;
        head[46] = u8::from(self.protected) * PROTECTED + u8::from(self.left_out) * LEFT_OUT;
        out.extend_from_slice(&head);
    }
}

pub(crate) fn sex_number(sex: Sex) -> u8 {
    match sex {
        Sex::NotStated => 0,
        Sex::Male => 1,
        Sex::Female => 2,
    }
}

/// Appends a short text with its length.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    let length = u8::try_from(text.len()).expect("the reader refuses cells over 255 bytes");
    out.push(length);
    out.extend_from_slice(text);
}

/// Reads the id off a row's bytes; `None` when they are too few.
pub(crate) fn id_of(row: &[u8]) -> Option<u128> {
    row.first_chunk::<16>().map(|bytes| u128::from_be_bytes(*bytes))
}

/// Says whether the row only names a person whose row was left out.
pub(crate) fn is_left_out(row: &[u8]) -> bool {
    row.get(46).is_some_and(|flags| flags & LEFT_OUT != 0)
}

/// Says whether bytes are a row with so many facts, as [`Row::parse`] would find, without laying it out.
pub(crate) fn is_row(row: &[u8], facts: usize) -> bool {
    if row.len() < HEAD || row[44] > 2 || row[45] > 3 {
        return false;
    }
    let mut rest = &row[HEAD..];
    for _ in 0..2 + facts {
        let Some((text, after)) = rest.split_first().and_then(|(length, after)| after.split_at_checked(usize::from(*length))) else {
            return false;
        };
        if !text.is_ascii() && std::str::from_utf8(text).is_err() {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

/// Hash of a row's bytes, to tell a changed row from the same one. Not a secret and no protection: the bundle's signature is that.
pub(crate) fn hash(row: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(row)
}

impl<'a> Row<'a> {
    /// Reads a row back from its bytes; `None` when they are no row with so many facts.
    pub(crate) fn parse(bytes: &'a [u8], facts: usize) -> Option<Self> {
        let (head, mut texts) = bytes.split_at_checked(HEAD)?;
        let number = |at: usize| Some(u32::from_be_bytes(*head[at..].first_chunk()?));
        let key = |at: usize| head[at..].first_chunk::<16>().copied();
        let household = u128::from_be_bytes(key(16)?);
        let sex = match head[44] {
            0 => Sex::NotStated,
            1 => Sex::Male,
            2 => Sex::Female,
            _ => return None,
        };
        let mut text = || {
            let (length, rest) = texts.split_first()?;
            let (text, rest) = rest.split_at_checked(usize::from(*length))?;
            texts = rest;
            std::str::from_utf8(text).ok()
        };
        let row = Self {
            id: RegisterId(id_of(head)?),
            household: (household != 0).then_some(RegisterId(household)),
            date_of_birth: DayNumber(number(32)?),
            status_on: DayNumber(number(36)?),
            resident_since: DayNumber(number(40)?),
            sex,
            status: Status::from_number(head[45])?,
            protected: head[46] & PROTECTED != 0,
            left_out: head[46] & LEFT_OUT != 0,
            four_items: key(FOUR_AT)?,
            three_items: key(THREE_AT)?,
            relation: text()?,
            district: text()?,
            facts: (0..facts).map(|_| text()).collect::<Option<_>>()?,
        };
        texts.is_empty().then_some(row)
    }
}
