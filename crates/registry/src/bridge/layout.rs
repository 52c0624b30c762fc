//! Which column of the export is which field, and what of it may leave the inner network.

use std::collections::BTreeMap;

use super::bundle::Digest;
use town::{BadRows, BridgeField, Column, FactKind};

/// What a column of the resident-register export means to the bridge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// 宛名番号: the register's own number of the person; never shown to residents.
    ResidentId,
    /// 世帯番号: the register's number of the household.
    Household,
    /// 氏名: used for the match keys on the inner side, never carried.
    Name,
    /// 氏名カナ: read and dropped.
    NameKana,
    /// 生年月日, also with an unknown month or day.
    DateOfBirth,
    /// 性別.
    Sex,
    /// 続柄 to the head of the household.
    Relation,
    /// 住所: used for the match keys on the inner side, never carried.
    Address,
    /// 地区.
    District,
    /// 状態: living here, moved out, died, struck off.
    Status,
    /// 異動日: the day the status took effect, whatever the status.
    StatusOn,
    /// 転出日: the day of moving out, in registers that keep it apart.
    MovedOutOn,
    /// 死亡日: the day of death, in registers that keep it apart.
    DiedOn,
    /// 住民となった日.
    ResidentSince,
    /// 支援措置: the person is protected (DV and the like).
    Protected,
    /// A further fact the town's programmes ask about.
    Fact(FactColumn),
}

/// A fact column: its name in rules and how its cells are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FactColumn {
    /// The name rules use, as in `facts.child_medical_no`.
    pub name: String,
    /// What a cell may hold.
    pub kind: FactKind,
}

/// How an export is read and what of it crosses: the pack's `[bridge]` table, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    headers: BTreeMap<String, Field>,
    crosses: Crossing,
    facts: Vec<FactColumn>,
    /// What bad rows do to the bundle.
    pub bad_rows: BadRows,
}

/// Which of the standard fields cross the bridge. Identity, status and protection always do: without them nothing can be ended in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crossing {
    /// Date of birth.
    pub date_of_birth: bool,
    /// Sex.
    pub sex: bool,
    /// District.
    pub district: bool,
    /// Household number.
    pub household: bool,
    /// Relation to the head of the household.
    pub relation: bool,
    /// The day the person became a resident.
    pub resident_since: bool,
}

/// Why a layout cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// `[bridge] fields` names something that is neither a standard field nor a declared fact.
    #[error("bridge field {0:?} is neither a standard field nor a declared fact")]
    UnknownField(String),
    /// A field that must never cross was named.
    #[error("bridge field {0:?} must not leave the inner network")]
    MustNotCross(String),
    /// More facts than a bundle row can carry.
    #[error("at most {FACTS_MAX} facts can cross")]
    TooManyFacts,
}

/// The most fact columns that can cross.
pub const FACTS_MAX: usize = 200;

/// The default headers of docs/formats/resident-register.md, with the other names registers use for the same.
const DEFAULT_HEADERS: [(&str, Field); 17] = [
    ("宛名番号", Field::ResidentId),
    ("世帯番号", Field::Household),
    ("氏名", Field::Name),
    ("氏名カナ", Field::NameKana),
    ("生年月日", Field::DateOfBirth),
    ("性別", Field::Sex),
    ("続柄", Field::Relation),
    ("住所", Field::Address),
    ("地区", Field::District),
    ("町字", Field::District),
    ("状態", Field::Status),
    ("住民状態", Field::Status),
    ("異動日", Field::StatusOn),
    ("転出日", Field::MovedOutOn),
    ("死亡日", Field::DiedOn),
    ("住民となった日", Field::ResidentSince),
    ("支援措置", Field::Protected),
];

impl Layout {
    /// Gives the layout a town pack describes.
    ///
    /// # Errors
    /// As [`Self::new`]; a loaded pack has been checked for the rest.
    pub fn of(bridge: &town::Bridge, facts: &[town::Fact]) -> Result<Self, LayoutError> {
        let heading = |name: &town::FactName| bridge.heading(&Column::Field(BridgeField::Fact(name.clone()))).to_owned();
        let facts: Vec<_> =
            facts.iter().map(|fact| (heading(&fact.name), FactColumn { name: fact.name.as_str().to_owned(), kind: fact.kind })).collect();
        let fields: Vec<&str> = bridge.fields.iter().map(BridgeField::name).collect();
        let mut layout = Self::new(&fields, &facts)?.with_bad_rows(bridge.bad_rows);
        for (column, heading) in &bridge.columns {
            if let Some(field) = register_field(column) {
                layout = layout.with_header(heading, field);
            }
        }
        Ok(layout)
    }

    /// Gives the default layout with the named fields crossing; `facts` pairs each fact column's header with its declaration.
    ///
    /// # Errors
    /// A field that is unknown, or one that must never cross (name, address, My Number).
    pub fn new<S: AsRef<str>>(fields: &[S], facts: &[(String, FactColumn)]) -> Result<Self, LayoutError> {
        let mut layout = Self {
            headers: DEFAULT_HEADERS.into_iter().map(|(header, field)| (header_key(header), field)).collect(),
            crosses: Crossing::default(),
            facts: Vec::new(),
            bad_rows: BadRows::Hold,
        };
        for (header, fact) in facts {
            layout.headers.insert(header_key(header), Field::Fact(fact.clone()));
        }
        for field in fields {
            layout.let_cross(field.as_ref(), facts)?;
        }
        if layout.facts.len() > FACTS_MAX {
            return Err(LayoutError::TooManyFacts);
        }
        Ok(layout)
    }

    fn let_cross(&mut self, field: &str, facts: &[(String, FactColumn)]) -> Result<(), LayoutError> {
        let crosses = &mut self.crosses;
        match field {
            "resident_id" | "status" | "status_on" | "moved_out_on" | "died_on" | "protected" => {}
            "date_of_birth" => crosses.date_of_birth = true,
            "sex" => crosses.sex = true,
            "district" => crosses.district = true,
            "household" => crosses.household = true,
            "relation" => crosses.relation = true,
            "became_resident_on" => crosses.resident_since = true,
            "name" | "name_kana" | "address" | "my_number" => return Err(LayoutError::MustNotCross(field.to_owned())),
            other => match facts.iter().find(|(_, fact)| fact.name == other) {
                Some((_, fact)) => self.facts.push(fact.clone()),
                None => return Err(LayoutError::UnknownField(other.to_owned())),
            },
        }
        Ok(())
    }

    /// Reads `header` as `field` too, for a register that names its columns otherwise.
    #[must_use]
    pub fn with_header(mut self, header: &str, field: Field) -> Self {
        self.headers.insert(header_key(header), field);
        self
    }

    /// Sets what bad rows do.
    #[must_use]
    pub fn with_bad_rows(mut self, bad_rows: BadRows) -> Self {
        self.bad_rows = bad_rows;
        self
    }

    /// The facts that cross, in the order rows carry them.
    pub fn facts(&self) -> &[FactColumn] {
        &self.facts
    }

    /// Which standard fields cross.
    pub fn crosses(&self) -> Crossing {
        self.crosses
    }

    /// The field a header means, if the layout knows it; blanks at the ends, width and kind of dash do not matter.
    pub fn field(&self, header: &str) -> Option<&Field> {
        self.headers.get(&header_key(header))
    }

    /// Fingerprint of what crosses and how: both sides must have the same.
    pub fn policy(&self) -> Digest {
        let mut text = self.declared().join("\n");
        text.push_str("\nbad_rows ");
        text.push_str(self.bad_rows.word());
        Digest::of(text.as_bytes())
    }

    /// The names of everything that crosses, in order: what a bundle's header declares.
    pub fn declared(&self) -> Vec<String> {
        let crosses = self.crosses;
        let standard = [
            (true, "resident_id"),
            (crosses.date_of_birth, "date_of_birth"),
            (crosses.sex, "sex"),
            (crosses.district, "district"),
            (crosses.household, "household"),
            (crosses.relation, "relation"),
            (crosses.resident_since, "became_resident_on"),
            (true, "status"),
            (true, "status_on"),
            (true, "protected"),
            (true, "match_keys"),
        ];
        let standard = standard.into_iter().filter(|(on, _)| *on).map(|(_, name)| name.to_owned());
        standard.chain(self.facts.iter().map(|fact| format!("facts.{}:{}", fact.name, fact.kind.word()))).collect()
    }
}

/// The field of a pack's column; facts are mapped by their heading.
fn register_field(column: &Column) -> Option<Field> {
    Some(match column {
        Column::Name => Field::Name,
        Column::Address => Field::Address,
        Column::Field(field) => match field {
            BridgeField::ResidentId => Field::ResidentId,
            BridgeField::DateOfBirth => Field::DateOfBirth,
            BridgeField::Sex => Field::Sex,
            BridgeField::District => Field::District,
            BridgeField::Household => Field::Household,
            BridgeField::Relation => Field::Relation,
            BridgeField::Status => Field::Status,
            BridgeField::BecameResidentOn => Field::ResidentSince,
            BridgeField::MovedOutOn => Field::MovedOutOn,
            BridgeField::DiedOn => Field::DiedOn,
            BridgeField::Protected => Field::Protected,
            BridgeField::Fact(_) => return None,
        },
    })
}

/// Brings a header to the form it is compared in: NFKC, without blanks, one kind of dash.
fn header_key(header: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    header
        .nfkc()
        .filter(|c| !c.is_whitespace() && *c != '\u{feff}')
        .map(|c| match c {
            '―' | '‐' | '–' | '—' | '−' | '-' => 'ー',
            other => other,
        })
        .collect()
}

/// Says whether a header names the My Number (個人番号) or the 住民票コード, which must not even be in the file.
pub(crate) fn names_my_number(header: &str) -> bool {
    let key = header_key(header);
    key.contains("個人番号")
        || key.contains("住民票コード")
        || key.contains("マイナンバー")
        || key.to_ascii_lowercase().replace('_', "").contains("mynumber")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_match_whatever_their_width_blanks_and_dashes() {
        let layout = Layout::new(&["resident_id"], &[]).unwrap();
        assert_eq!(layout.field(" 宛名番号　"), Some(&Field::ResidentId));
        assert_eq!(layout.field("氏名ｶﾅ"), Some(&Field::NameKana));
        assert_eq!(layout.field("電話"), None);
    }

    #[test]
    fn names_and_addresses_cannot_be_let_across() {
        assert_eq!(Layout::new(&["name"], &[]).unwrap_err(), LayoutError::MustNotCross("name".into()));
        assert_eq!(Layout::new(&["shoe_size"], &[]).unwrap_err(), LayoutError::UnknownField("shoe_size".into()));
    }

    #[test]
    fn a_my_number_column_is_known_by_its_header() {
        assert!(names_my_number("個人番号"));
        assert!(names_my_number("My_Number"));
        assert!(!names_my_number("宛名番号"));
    }
}
