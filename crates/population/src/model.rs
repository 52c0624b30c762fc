use std::sync::Arc;

use civil::{Date, PartialDate, RecipientNumber, Sex};

/// A person in the generated register, living there, moved out or dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// Number of the person (宛名番号); written with ten digits, see [`Resident::resident_id`].
    pub number: u32,
    /// Number of the household (世帯番号); written with ten digits, see [`Resident::household_id`].
    pub household: u32,
    /// Name as the register gives it, family and given name parted by a full-width blank; old characters and variation selectors kept.
    pub name: String,
    /// Reading in full-width katakana.
    pub name_kana: String,
    /// Birth day, partly unknown for a few very old people.
    pub date_of_birth: PartialDate,
    /// Sex.
    pub sex: Sex,
    /// Relation to the head of the household.
    pub relation: Relation,
    /// Full address with prefecture and town, numbers in full width.
    pub address: String,
    /// District (地区) as the plan names it.
    pub district: Arc<str>,
    /// Whether the person lives here.
    pub status: Status,
    /// What changed the row last.
    pub event: Event,
    /// The day of that change.
    pub event_on: Date,
    /// The day the person became a resident (住民となった日), of birth for those born here.
    pub became_resident_on: Date,
    /// Under protection measures (支援措置): never to be revealed.
    pub protected: bool,
    /// Of another nationality.
    pub foreign: bool,
    /// Number of the child's medical certificate, for children up to the end of the school year in which they attain 18.
    pub child_medical_no: Option<RecipientNumber>,
    /// Parent without partner, or child of one.
    pub single_parent: bool,
    /// The day the household was certified for the single-parent medical certificate.
    pub single_parent_certified_on: Option<Date>,
    /// Number of the single-parent medical certificate.
    pub single_parent_medical_no: Option<RecipientNumber>,
    /// Pupil, from 小4 to 中3, who travels far to a regional club.
    pub club_pupil: bool,
}

impl Resident {
    /// Gives the number of the person as text: ten digits.
    pub fn resident_id(&self) -> String {
        format!("{:010}", self.number)
    }

    /// Gives the number of the household as text: ten digits.
    pub fn household_id(&self) -> String {
        format!("{:010}", self.household)
    }

    /// Gives the family name: the part of the name before the blank.
    pub fn family_name(&self) -> &str {
        self.name.split(['　', ' ']).next().unwrap_or(&self.name)
    }

    /// Gives the earliest day the person can have been born; what age is generated from.
    pub fn born_on(&self) -> Date {
        self.date_of_birth.earliest().unwrap_or(Date::constant(1900, 1, 1))
    }

    /// Whether the person lives here.
    pub fn is_current(&self) -> bool {
        self.status == Status::Current
    }

    /// Gives the day of moving out, if the person did.
    pub fn moved_out_on(&self) -> Option<Date> {
        (self.status == Status::MovedOut).then_some(self.event_on)
    }

    /// Gives the day of death, if the person died.
    pub fn died_on(&self) -> Option<Date> {
        (self.status == Status::Died).then_some(self.event_on)
    }

    /// Gives the facts beyond the register's own columns under the names rules use.
    pub fn facts(&self) -> [(&'static str, FactValue); 5] {
        let number = |n: Option<RecipientNumber>| n.map_or(FactValue::None, |n| FactValue::Text(n.to_string()));
        [
            ("child_medical_no", number(self.child_medical_no)),
            ("single_parent", FactValue::Bool(self.single_parent)),
            ("single_parent_certified_on", self.single_parent_certified_on.map_or(FactValue::None, FactValue::Day)),
            ("single_parent_medical_no", number(self.single_parent_medical_no)),
            ("club_pupil", FactValue::Bool(self.club_pupil)),
        ]
    }
}

/// The value of an extra fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// Not held for this person.
    None,
    /// Yes or no.
    Bool(bool),
    /// A day.
    Day(Date),
    /// A number or code as text.
    Text(String),
}

/// Whether a person in the register lives in the town.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 在住.
    Current,
    /// 転出.
    MovedOut,
    /// 死亡.
    Died,
}

impl Status {
    /// Gives the register's word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Current => "在住",
            Self::MovedOut => "転出",
            Self::Died => "死亡",
        }
    }
}

/// What changed a row of the register last (異動事由).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// 出生.
    Born,
    /// 転入.
    MovedIn,
    /// 転居.
    MovedWithin,
    /// 転出.
    MovedOut,
    /// 死亡.
    Died,
    /// 世帯主変更.
    NewHead,
}

impl Event {
    /// Gives the register's word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Born => "出生",
            Self::MovedIn => "転入",
            Self::MovedWithin => "転居",
            Self::MovedOut => "転出",
            Self::Died => "死亡",
            Self::NewHead => "世帯主変更",
        }
    }
}

/// The relation to the head of the household (続柄).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// 世帯主.
    Head,
    /// 妻.
    Wife,
    /// 夫.
    Husband,
    /// 子.
    Child,
    /// 子の妻.
    ChildsWife,
    /// 子の夫.
    ChildsHusband,
    /// 子の子.
    Grandchild,
    /// 父.
    Father,
    /// 母.
    Mother,
    /// 夫の父.
    HusbandsFather,
    /// 夫の母.
    HusbandsMother,
    /// 妻の父.
    WifesFather,
    /// 妻の母.
    WifesMother,
    /// 兄.
    ElderBrother,
    /// 弟.
    YoungerBrother,
    /// 姉.
    ElderSister,
    /// 妹.
    YoungerSister,
    /// 縁故者: a relative of any other kind.
    Relative,
}

impl Relation {
    /// Gives the register's word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Head => "世帯主",
            Self::Wife => "妻",
            Self::Husband => "夫",
            Self::Child => "子",
            Self::ChildsWife => "子の妻",
            Self::ChildsHusband => "子の夫",
            Self::Grandchild => "子の子",
            Self::Father => "父",
            Self::Mother => "母",
            Self::HusbandsFather => "夫の父",
            Self::HusbandsMother => "夫の母",
            Self::WifesFather => "妻の父",
            Self::WifesMother => "妻の母",
            Self::ElderBrother => "兄",
            Self::YoungerBrother => "弟",
            Self::ElderSister => "姉",
            Self::YoungerSister => "妹",
            Self::Relative => "縁故者",
        }
    }
}
