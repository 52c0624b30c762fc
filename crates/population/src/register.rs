use std::borrow::Cow;
use std::io::{self, Write};

use crate::cells::Cells;
use crate::model::Resident;

/// A column of the register's export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// 宛名番号, ten digits.
    ResidentId,
    /// 世帯番号, ten digits.
    HouseholdId,
    /// 氏名.
    Name,
    /// 氏名カナ.
    NameKana,
    /// 生年月日, `YYYY-MM-DD` with zeros for what is unknown.
    DateOfBirth,
    /// 性別: 男, 女, or empty.
    Sex,
    /// 続柄.
    Relation,
    /// 住所.
    Address,
    /// 地区.
    District,
    /// 状態: 在住, 転出, 死亡.
    Status,
    /// 異動事由: 出生, 転入, 転居, 転出, 死亡, 世帯主変更.
    Event,
    /// 異動日.
    EventOn,
    /// 住民となった日.
    BecameResidentOn,
    /// 転出日: the day of moving out, or empty; not in the default layout.
    MovedOutOn,
    /// 死亡日: the day of death, or empty; not in the default layout.
    DiedOn,
    /// 支援措置: `1` or `0`.
    Protected,
    /// 子ども医療受給者番号, seven digits or empty.
    ChildMedicalNo,
    /// ひとり親: `1` or `0`.
    SingleParent,
    /// ひとり親医療認定日, or empty.
    SingleParentCertifiedOn,
    /// ひとり親医療受給者番号, seven digits or empty.
    SingleParentMedicalNo,
    /// 部活動遠距離: `1` or `0`.
    ClubPupil,
}

impl Column {
    /// All columns in the order of the default layout, with their headers.
    pub const DEFAULT: [(Self, &'static str); 19] = [
        (Self::ResidentId, "宛名番号"),
        (Self::HouseholdId, "世帯番号"),
        (Self::Name, "氏名"),
        (Self::NameKana, "氏名カナ"),
        (Self::DateOfBirth, "生年月日"),
        (Self::Sex, "性別"),
        (Self::Relation, "続柄"),
        (Self::Address, "住所"),
        (Self::District, "地区"),
        (Self::Status, "状態"),
        (Self::Event, "異動事由"),
        (Self::EventOn, "異動日"),
        (Self::BecameResidentOn, "住民となった日"),
        (Self::Protected, "支援措置"),
        (Self::ChildMedicalNo, "子ども医療受給者番号"),
        (Self::SingleParent, "ひとり親"),
        (Self::SingleParentCertifiedOn, "ひとり親医療認定日"),
        (Self::SingleParentMedicalNo, "ひとり親医療受給者番号"),
        (Self::ClubPupil, "部活動遠距離"),
    ];

    /// Gives the column of a field or fact by the name rules and packs use; `None` when generated residents have no such fact.
    pub fn of_field(name: &str) -> Option<Self> {
        Some(match name {
            "resident_id" => Self::ResidentId,
            "household" => Self::HouseholdId,
            "name" => Self::Name,
            "name_kana" => Self::NameKana,
            "date_of_birth" => Self::DateOfBirth,
            "sex" => Self::Sex,
            "relation" => Self::Relation,
            "address" => Self::Address,
            "district" => Self::District,
            "status" => Self::Status,
            "status_on" => Self::EventOn,
            "became_resident_on" => Self::BecameResidentOn,
            "moved_out_on" => Self::MovedOutOn,
            "died_on" => Self::DiedOn,
            "protected" => Self::Protected,
            "child_medical_no" => Self::ChildMedicalNo,
            "single_parent" => Self::SingleParent,
            "single_parent_certified_on" => Self::SingleParentCertifiedOn,
            "single_parent_medical_no" => Self::SingleParentMedicalNo,
            "club_pupil" | "club_travels_far" => Self::ClubPupil,
            _ => return None,
        })
    }

    fn value(self, resident: &Resident) -> Cow<'_, str> {
        let flag = |yes: bool| Cow::Borrowed(if yes { "1" } else { "0" });
        let number = |number: Option<civil::RecipientNumber>| number.map_or(Cow::Borrowed(""), |n| n.to_string().into());
        let day = |day: Option<civil::Date>| day.map_or(Cow::Borrowed(""), |day| day.to_string().into());
        match self {
            Self::ResidentId => resident.resident_id().into(),
            Self::HouseholdId => resident.household_id().into(),
            Self::Name => resident.name.as_str().into(),
            Self::NameKana => resident.name_kana.as_str().into(),
            Self::DateOfBirth => resident.date_of_birth.to_string().into(),
            Self::Sex => Cow::Borrowed(match resident.sex {
                civil::Sex::Male => "男",
                civil::Sex::Female => "女",
                civil::Sex::NotStated => "",
            }),
            Self::Relation => resident.relation.label().into(),
            Self::Address => resident.address.as_str().into(),
            Self::District => Cow::Borrowed(&resident.district),
            Self::Status => resident.status.label().into(),
            Self::Event => resident.event.label().into(),
            Self::EventOn => resident.event_on.to_string().into(),
            Self::BecameResidentOn => resident.became_resident_on.to_string().into(),
            Self::MovedOutOn => day(resident.moved_out_on()),
            Self::DiedOn => day(resident.died_on()),
            Self::Protected => flag(resident.protected),
            Self::ChildMedicalNo => number(resident.child_medical_no),
            Self::SingleParent => flag(resident.single_parent),
            Self::SingleParentCertifiedOn => day(resident.single_parent_certified_on),
            Self::SingleParentMedicalNo => number(resident.single_parent_medical_no),
            Self::ClubPupil => flag(resident.club_pupil),
        }
    }
}

/// Which columns an export has, in which order, under which headers. The default is described in `docs/formats/resident-register.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Columns with their headers.
    pub columns: Vec<(Column, String)>,
}

impl Default for Layout {
    fn default() -> Self {
        Self { columns: Column::DEFAULT.map(|(column, header)| (column, header.to_owned())).into() }
    }
}

impl Layout {
    /// Gives the layout with another header for a column, which is added at the end if it was not there: what a pack's own column names ask.
    pub fn with_header(mut self, column: Column, header: impl Into<String>) -> Self {
        match self.columns.iter_mut().find(|(other, _)| *other == column) {
            Some((_, old)) => *old = header.into(),
            None => self.columns.push((column, header.into())),
        }
        self
    }
}

/// How an export is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    #[default]
    Utf8,
    /// UTF-8 with a byte order mark, as spreadsheets expect it.
    Utf8WithBom,
    /// Shift_JIS with the extensions of Windows (CP932). Variation selectors are left out, other characters it lacks become 〓.
    ShiftJis,
}

/// What an export holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows below the header.
    pub rows: u64,
    /// Characters written as 〓 because the encoding lacks them.
    pub replaced: u64,
}

/// Writes the rows as CSV (RFC 4180, CRLF) under a header.
///
/// # Errors
/// Only those of `out`.
pub fn write_csv<'a>(
    out: impl Write,
    residents: impl IntoIterator<Item = &'a Resident>,
    layout: &Layout,
    encoding: Encoding,
) -> io::Result<Written> {
    let mut out = out;
    if encoding == Encoding::Utf8WithBom {
        out.write_all("\u{FEFF}".as_bytes())?;
    }
    // the second bytes of Shift_JIS are neither comma, quote nor line end, so encoded cells can be joined as they are
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).buffer_capacity(1 << 16).from_writer(out);
    let mut written = Written::default();
    let mut cells = Cells::new(encoding);
    let mut record = csv::ByteRecord::new();
    for (_, header) in &layout.columns {
        record.push_field(&cells.encoded(header, &mut written.replaced));
    }
    csv.write_byte_record(&record)?;
    for resident in residents {
        record.clear();
        for (column, _) in &layout.columns {
            record.push_field(&cells.encoded(&column.value(resident), &mut written.replaced));
        }
        csv.write_byte_record(&record)?;
        written.rows += 1;
    }
    csv.flush()?;
    Ok(written)
}
