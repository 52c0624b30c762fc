//! Decisions about residents: pure, values and days in, answers out.

use civil::{Date, ResidenceEnd, is_resident_on};
use town::Thresholds;

use crate::bridge::{Row, Status};
use crate::model::{Counts, Resident, Threshold};

/// Says whether someone with this status is a resident on `day`: see [`civil::is_resident_on`] for the first and last days.
pub fn current_on(status: Status, status_on: Option<Date>, became_resident_on: Option<Date>, day: Date) -> bool {
    let ended = match status {
        Status::Current => None,
        Status::Died => Some((ResidenceEnd::AfterTheDay, status_on)),
        Status::MovedOut | Status::StruckOff => Some((ResidenceEnd::OnTheDay, status_on)),
    };
    is_resident_on(became_resident_on, ended, day)
}

/// What of a row counts for the difference; the rest of it is only stored.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) status: Status,
    pub(crate) listed: bool,
    pub(crate) protected: bool,
    pub(crate) four_items: &'a [u8],
    pub(crate) three_items: &'a [u8],
    pub(crate) household: &'a str,
    pub(crate) relation: &'a str,
    pub(crate) date_of_birth: &'a str,
    pub(crate) sex: &'a str,
    pub(crate) facts: &'a str,
}

impl Counts {
    /// Counts a person who is new.
    pub(crate) fn add_new(&mut self, row: &Row<'_>, sealed_on: Date) {
        let newborn = row.date_of_birth.date().is_some_and(|born| {
            let earliest = sealed_on.checked_sub(jiff::Span::new().days(NEWBORN_DAYS)).unwrap_or(sealed_on);
            born >= earliest
        });
        match row.status {
            Status::Current if newborn => self.born += 1,
            Status::Current => self.moved_in += 1,
            _ => self.past += 1,
        }
        self.protected += u64::from(row.protected);
    }

    /// Counts a person whose row differs: once in `changed`, and once for each thing that is different.
    pub(crate) fn add_change(&mut self, before: Side<'_>, after: Side<'_>) {
        self.changed += 1;
        let resident = |side: &Side<'_>| side.listed && side.status == Status::Current;
        let mut other = true;
        let mut count = |counter: &mut u64, differs: bool| {
            *counter += u64::from(differs);
            other &= !differs;
        };
        let ended = resident(&before) && !resident(&after);
        count(&mut self.returned, !resident(&before) && resident(&after));
        count(&mut self.moved_out, ended && after.status == Status::MovedOut);
        count(&mut self.died, ended && after.status == Status::Died);
        count(&mut self.struck_off, ended && after.status == Status::StruckOff);
        count(&mut self.protected, !before.protected && after.protected);
        count(&mut self.unprotected, before.protected && !after.protected);
        count(&mut self.household, (before.household, before.relation) != (after.household, after.relation));
        let corrected = (before.date_of_birth, before.sex) != (after.date_of_birth, after.sex);
        count(&mut self.corrected, corrected);
        // The key of three items covers birth and sex too: only without a correction does it tell of the name.
        let renamed = before.three_items != after.three_items && !corrected;
        count(&mut self.name, renamed);
        // … and the key of four items also the address: only when the other three are the same does it tell of that.
        count(&mut self.address, before.four_items != after.four_items && before.three_items == after.three_items);
        count(&mut self.facts, before.facts != after.facts);
        self.other += u64::from(other);
    }

    /// Counts a person who is no longer in the export; says whether the person was a resident till then.
    pub(crate) fn add_gone(&mut self, status: Status) -> bool {
        let vanished = status == Status::Current;
        self.vanished += u64::from(vanished);
        vanished
    }

    /// Residents who end: moved out, died, struck off, vanished.
    pub fn ended(&self) -> u64 {
        self.moved_out + self.died + self.struck_off + self.vanished
    }

    /// Residents who begin: moved in, born, returned.
    pub fn begun(&self) -> u64 {
        self.moved_in + self.born + self.returned
    }

    /// Which thresholds of the pack the difference is above: above the share of yesterday's town and above the least number, both.
    /// The first bundle of a town is above none: there is nobody yet to lose.
    pub fn exceeded(&self, thresholds: &Thresholds) -> Vec<Threshold> {
        if self.before == 0 {
            return Vec::new();
        }
        let above = |people: u64, percent: u32| people > u64::from(thresholds.at_least) && people * 100 > self.before * u64::from(percent);
        let all = [
            (Threshold::Vanished, self.ended(), thresholds.vanished_percent),
            (Threshold::Appeared, self.begun(), thresholds.appeared_percent),
            (Threshold::Changed, self.changed, thresholds.changed_percent),
        ];
        all.into_iter().filter(|(_, people, percent)| above(*people, *percent)).map(|(threshold, ..)| threshold).collect()
    }

    /// The difference as keys of the catalogue with their numbers, most telling first; empty when nothing differs.
    pub fn phrases(&self) -> Vec<(&'static str, u64)> {
        let all = [
            ("registry-difference-vanished", self.vanished),
            ("registry-difference-moved-in", self.moved_in),
            ("registry-difference-born", self.born),
            ("registry-difference-returned", self.returned),
            ("registry-difference-moved-out", self.moved_out),
            ("registry-difference-died", self.died),
            ("registry-difference-struck-off", self.struck_off),
            ("registry-difference-protected", self.protected),
            ("registry-difference-unprotected", self.unprotected),
            ("registry-difference-address", self.address),
            ("registry-difference-name", self.name),
            ("registry-difference-household", self.household),
            ("registry-difference-corrected", self.corrected),
            ("registry-difference-facts", self.facts),
            ("registry-difference-other", self.other),
            ("registry-difference-past", self.past),
        ];
        all.into_iter().filter(|(_, people)| *people > 0).collect()
    }
}

/// Someone new in the register and not older than this was born here.
const NEWBORN_DAYS: i64 = 90;

/// How someone stands to the head of the household, as far as it tells who is whose child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kin {
    /// 世帯主.
    Head,
    /// 夫 or 妻 of the head.
    Spouse { wife: bool },
    /// 子, 長男, 二女, 養子 …: child of the head and of the head's spouse.
    Child,
    /// 妻の子 or 夫の子: child of the spouse alone.
    SpousesChild { wife: bool },
    /// 子の妻 or 子の夫.
    ChildsSpouse,
    /// 子の子: child of a child of the house.
    Grandchild,
    /// 父 or 母 of the head.
    Parent,
    /// Anyone else.
    Other,
}

/// Reads a 続柄.
pub(crate) fn kin(relation: &str) -> Kin {
    match relation {
        "世帯主" | "本人" => Kin::Head,
        "妻" | "妻（未届）" | "妻(未届)" | "未届の妻" => Kin::Spouse { wife: true },
        "夫" | "夫（未届）" | "夫(未届)" | "未届の夫" => Kin::Spouse { wife: false },
        "妻の子" | "妻(未届)の子" => Kin::SpousesChild { wife: true },
        "夫の子" | "夫(未届)の子" => Kin::SpousesChild { wife: false },
        "子の子" | "孫" => Kin::Grandchild,
        "子の妻" | "子の夫" => Kin::ChildsSpouse,
        "父" | "母" => Kin::Parent,
        "子" | "養子" | "養女" | "実子" => Kin::Child,
        other => {
            let number = other.strip_suffix(['男', '女']);
            let counted = |number: &str| number.chars().all(|c| "長一二三四五六七八九十次".contains(c));
            if number.is_some_and(|number| !number.is_empty() && counted(number)) { Kin::Child } else { Kin::Other }
        }
    }
}

/// Gives the parents, in the register's eyes, of a child among those who live with it.
///
/// 子の子 is a child of one of the house's children, and the register does not say of which: where more than one couple could be meant nobody is given,
/// and a clerk must look. Who is not at least twelve years older cannot be meant.
pub(crate) fn parents<'a>(child: &Resident, others: &'a [Resident]) -> Vec<&'a Resident> {
    let of = kin(&child.relation);
    let parents: Vec<&Resident> = others
        .iter()
        .filter(|other| other.id != child.id && is_parent_of(kin(&other.relation), of))
        .filter(|other| of != Kin::Grandchild || could_be_parent(other, child))
        .collect();
    let count = |wanted: Kin| parents.iter().filter(|parent| kin(&parent.relation) == wanted).count();
    let several = of == Kin::Grandchild && (count(Kin::Child) > 1 || count(Kin::ChildsSpouse) > 1);
    if several { Vec::new() } else { parents }
}

/// Whether the register tells the parents of this one only as children of the house.
pub(crate) fn is_grandchild(child: &Resident) -> bool {
    kin(&child.relation) == Kin::Grandchild
}

/// Whether the ages allow one to be the other's parent; what is not known allows it.
fn could_be_parent(parent: &Resident, child: &Resident) -> bool {
    let year = |resident: &Resident| resident.date_of_birth.and_then(|birth| birth.year());
    year(parent).zip(year(child)).is_none_or(|(parent, child)| child >= parent + PARENT_YEARS)
}

/// Nobody is a parent younger than this.
const PARENT_YEARS: i16 = 12;

/// Says whether someone of one relation can be a parent, in the register's eyes, of someone of the other in the same household.
fn is_parent_of(parent: Kin, child: Kin) -> bool {
    match child {
        Kin::Child => matches!(parent, Kin::Head | Kin::Spouse { .. }),
        Kin::SpousesChild { wife } => parent == (Kin::Spouse { wife }),
        Kin::Grandchild => matches!(parent, Kin::Child | Kin::ChildsSpouse),
        Kin::Head => parent == Kin::Parent,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i16, month: i8, day: i8) -> Option<Date> {
        Some(Date::constant(year, month, day))
    }

    #[test]
    fn the_day_of_moving_out_is_lost_and_the_day_of_death_is_not() {
        let on = |status, today: Option<Date>| current_on(status, day(2026, 11, 20), None, today.unwrap());
        assert!(on(Status::MovedOut, day(2026, 11, 19)));
        assert!(!on(Status::MovedOut, day(2026, 11, 20)));
        assert!(on(Status::Died, day(2026, 11, 20)));
        assert!(!on(Status::Died, day(2026, 11, 21)));
        assert!(!on(Status::StruckOff, day(2026, 11, 20)));
        assert!(on(Status::Current, day(2026, 11, 21)));
        assert!(!current_on(Status::MovedOut, None, None, Date::constant(2026, 1, 1)));
    }

    #[test]
    fn parents_are_told_from_the_relations() {
        assert_eq!(kin("長男"), Kin::Child);
        assert_eq!(kin("二女"), Kin::Child);
        assert_eq!(kin("男"), Kin::Other);
        assert!(is_parent_of(kin("妻"), kin("子")) && is_parent_of(kin("世帯主"), kin("三女")));
        assert!(is_parent_of(kin("妻"), kin("妻の子")) && !is_parent_of(kin("世帯主"), kin("妻の子")));
        assert!(is_parent_of(kin("子"), kin("子の子")) && !is_parent_of(kin("世帯主"), kin("子の子")));
        assert!(!is_parent_of(kin("子"), kin("子")) && !is_parent_of(kin("弟"), kin("子")));
    }

    fn resident(n: u8, relation: &str, born: &str) -> Resident {
        Resident {
            id: crate::ResidentId::from_bytes([n; 16]),
            register_id: crate::bridge::RegisterId::parse(&[b'0' + n]).unwrap(),
            household: crate::bridge::RegisterId::parse(b"H"),
            relation: relation.to_owned(),
            date_of_birth: born.parse().ok(),
            sex: civil::Sex::Female,
            district: String::new(),
            status: Status::Current,
            status_on: None,
            became_resident_on: None,
            protected: false,
            listed: true,
            facts: std::collections::BTreeMap::new(),
            recorded_at: civil::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_grandchild_has_parents_only_where_one_couple_can_be_meant() {
        let child = resident(9, "子の子", "2018-05-05");
        let ids = |others: &[Resident]| parents(&child, others).iter().map(|parent| parent.id.bytes()[0]).collect::<Vec<_>>();
        let (head, son, wife) =
            (resident(1, "世帯主", "1955-01-01"), resident(2, "長男", "1985-01-01"), resident(3, "子の妻", "1986-01-01"));
        let (aunt, girl, unknown) = (resident(4, "長女", "1988-01-01"), resident(5, "二女", "2009-01-01"), resident(6, "二男", ""));
        assert_eq!(ids(&[head.clone(), son.clone(), wife.clone()]), [2, 3]);
        assert_eq!(ids(std::slice::from_ref(&wife)), [3]);
        // An aunt who lives there could be the mother as well as the son the father.
        assert_eq!(ids(&[head.clone(), son.clone(), wife.clone(), aunt.clone()]), [0u8; 0]);
        assert_eq!(ids(&[son.clone(), wife.clone(), resident(7, "子の夫", "1980-01-01")]), [0u8; 0]);
        // A girl who was nine at the birth could not; somebody of unknown age could.
        assert_eq!(ids(&[son.clone(), wife.clone(), girl]), [2, 3]);
        assert_eq!(ids(&[son, wife, unknown]), [0u8; 0]);
    }

    #[test]
    fn a_threshold_counts_only_above_both_share_and_number() {
        let thresholds = Thresholds { vanished_percent: 5, appeared_percent: 5, changed_percent: 10, at_least: 20 };
        let counts = |vanished, before| Counts { vanished, before, ..Counts::default() };
        assert_eq!(counts(50, 1_000).exceeded(&thresholds), []);
        assert_eq!(counts(51, 1_000).exceeded(&thresholds), [Threshold::Vanished]);
        assert_eq!(counts(20, 100).exceeded(&thresholds), []);
        assert_eq!(counts(21, 100).exceeded(&thresholds), [Threshold::Vanished]);
        assert_eq!(counts(21, 0).exceeded(&thresholds), []);
    }
}
