use std::fmt::Write;
use std::sync::Arc;

use civil::{Date, PartialDate, RecipientNumber, SchoolYear, Sex};

use crate::draft::{Calendar, Draft, Person, days_between, plus_days};
use crate::generate::Population;
use crate::model::{Event, Relation, Resident, Status};
use crate::names::{self, FamilyName};
use crate::rng::Rng;

/// How a household comes into the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settling {
    /// It was there before the first day, and has this status on it.
    Before(Status),
    /// It moves in today.
    Today,
}

/// What all members of a new household share.
struct Shared {
    household: u32,
    family_name: FamilyName,
    address: String,
    district: usize,
    /// `None` for families that always lived here.
    moved_in: Option<Date>,
    moved_within: Option<Date>,
    left: Option<(Status, Date)>,
    protected: bool,
    single_parent_certified_on: Option<Date>,
}

impl Population {
    /// Gives a household names, numbers and an address, and enters its people.
    pub(crate) fn settle(&mut self, rng: &mut Rng, calendar: &Calendar, draft: &Draft, settling: Settling) {
        let (district, address) = self.draw_address(rng);
        let single_parent = draft.people.iter().any(|person| person.single_parent);
        let moved_in = match settling {
            Settling::Today => Some(calendar.as_of),
            Settling::Before(_) => draw_moved_in(rng, calendar, draft),
        };
        let left = match settling {
            Settling::Before(status) if status != Status::Current => Some((status, draw_departure(rng, calendar, draft, moved_in))),
            _ => None,
        };
        let settled = settling != Settling::Today && left.is_none() && !draft.foreign;
        let shared = Shared {
            household: self.households.len() as u32 + 1,
            family_name: names::family_name(rng),
            address,
            district,
            moved_in,
            moved_within: (settled && rng.chance(1, 8)).then(|| plus_days(calendar.as_of, -rng.between(1, 4_000))),
            left,
            protected: rng.chance(self.plan.protected_per_10_000 * if single_parent { 8 } else { 1 }, 10_000),
            single_parent_certified_on: draw_certification(rng, calendar, draft, moved_in, left.map(|(_, day)| day)),
        };
        self.households.push(Vec::with_capacity(draft.people.len()));
        let first = self.residents.len();
        for person in &draft.people {
            let resident = self.enter(rng, calendar, &shared, person, draft.foreign, first);
            self.push(resident);
        }
    }

    /// Appends a row and keeps the list of its household.
    pub(crate) fn push(&mut self, resident: Resident) {
        self.households[resident.household as usize - 1].push(self.residents.len() as u32);
        self.residents.push(resident);
    }

    fn enter(&mut self, rng: &mut Rng, calendar: &Calendar, shared: &Shared, person: &Person, foreign: bool, first: usize) -> Resident {
        let (name, name_kana, sex) = if foreign {
            let (name, kana, sex) = names::foreign_name(rng);
            (name.to_owned(), kana.to_owned(), sex)
        } else {
            let (name, kana) = draw_name(rng, shared.family_name, person.sex, person.born.year(), &self.residents[first..]);
            (name, kana, person.sex)
        };
        let age = civil::age_on(person.born, calendar.as_of);
        let date_of_birth = match age {
            80.. => partly_unknown(rng, person.born, self.plan.unknown_birth_day_per_10_000),
            _ => PartialDate::from(person.born),
        };
        let (became_resident_on, event, event_on) = arrival(rng, shared, person, date_of_birth);
        let (status, event, event_on) = match shared.left {
            Some((Status::Died, day)) => (Status::Died, Event::Died, day.max(became_resident_on)),
            Some((status, day)) => (status, Event::MovedOut, day.max(became_resident_on)),
            None => (Status::Current, event, event_on),
        };
        let is_child = calendar.is_child(person.born);
        let certified_on = shared.single_parent_certified_on.filter(|_| person.single_parent);
        Resident {
            number: self.residents.len() as u32 + 1,
            household: shared.household,
            name,
            name_kana,
            date_of_birth,
            sex,
            relation: person.relation,
            address: shared.address.clone(),
            district: Arc::clone(&self.district_names[shared.district]),
            status,
            event,
            event_on,
            became_resident_on,
            protected: shared.protected,
            foreign,
            child_medical_no: if is_child { self.next_child_number() } else { None },
            single_parent: person.single_parent,
            single_parent_certified_on: certified_on,
            single_parent_medical_no: if certified_on.is_some() { self.next_single_parent_number() } else { None },
            club_pupil: self.draw_club_pupil(rng, calendar, person.born, shared.district),
        }
    }

    /// The next number of a child's certificate; `None` once six digits are used up.
    pub(crate) fn next_child_number(&mut self) -> Option<RecipientNumber> {
        self.last_child_serial += 1;
        RecipientNumber::from_serial(self.last_child_serial).ok()
    }

    fn next_single_parent_number(&mut self) -> Option<RecipientNumber> {
        self.last_single_parent_serial += 1;
        RecipientNumber::from_serial(self.last_single_parent_serial).ok()
    }

    /// Two of five pupils from 小4 to 中3 are in a club; those of far districts travel, and a few others.
    fn draw_club_pupil(&self, rng: &mut Rng, calendar: &Calendar, born: Date, district: usize) -> bool {
        let in_clubs = (SchoolYear::Elementary4..=SchoolYear::JuniorHigh3).contains(&civil::school_year(born, calendar.as_of));
        in_clubs && rng.chance(if self.plan.districts[district].far { 40 } else { 2 }, 100)
    }

    /// A district by its weight, and an address in it.
    pub(crate) fn draw_address(&self, rng: &mut Rng) -> (usize, String) {
        let at = rng.weighted(&self.district_weights);
        let district = &self.plan.districts[at];
        let place = match district.places.len() as u32 {
            0 => &district.name,
            places => &district.places[rng.below(places) as usize],
        };
        let mut address = format!("{}{place}", self.plan.address_prefix);
        if place.ends_with("丁目") {
            push_wide(&mut address, rng.between(1, 40));
            address.push('番');
            push_wide(&mut address, rng.between(1, 30));
            address.push('号');
        } else {
            push_wide(&mut address, rng.between(1, 400));
            address.push_str("番地");
            if rng.chance(3, 5) {
                push_wide(&mut address, rng.between(1, 60));
            }
        }
        if rng.chance(1, 14) {
            const HOUSES: [&str; 5] = ["　コーポあおば", "　メゾン桜", "　ハイツ港", "　市営住宅", "　グリーンハイツ"];
            address.push_str(HOUSES[rng.below(5) as usize]);
            push_wide(&mut address, rng.between(1, 3) * 100 + rng.between(1, 8));
            address.push('号');
        }
        (at, address)
    }
}

/// A number in full-width digits, as registers write it.
fn push_wide(text: &mut String, number: i32) {
    let mut digits = String::new();
    let _ = write!(digits, "{number}");
    text.extend(digits.chars().map(|digit| char::from_u32(digit as u32 + 0xFEE0).unwrap_or(digit)));
}

/// A name no other of the household has (after some tries), with its reading.
pub(crate) fn draw_name(rng: &mut Rng, family: FamilyName, sex: Sex, year_of_birth: i16, household: &[Resident]) -> (String, String) {
    let mut given = names::given_name(rng, sex, year_of_birth);
    for _ in 0..20 {
        if household.iter().all(|other| !other.name.ends_with(given.0)) {
            break;
        }
        given = names::given_name(rng, sex, year_of_birth);
    }
    (format!("{}　{}", family.written, given.0), format!("{}　{}", family.kana, given.1))
}

/// Half of the households always lived here; the others came after their head had left school.
fn draw_moved_in(rng: &mut Rng, calendar: &Calendar, draft: &Draft) -> Option<Date> {
    if draft.foreign {
        return Some(plus_days(calendar.as_of, -rng.between(20, 1_800)));
    }
    let grown_up = plus_days(draft.people.first()?.born, 19 * 365);
    let days = days_between(grown_up, calendar.as_of);
    (days > 0 && rng.chance(1, 2)).then(|| plus_days(grown_up, rng.between(0, days)))
}

/// A day within the last year on which the household left or the person died.
fn draw_departure(rng: &mut Rng, calendar: &Calendar, draft: &Draft, moved_in: Option<Date>) -> Date {
    let youngest = draft.people.iter().map(|person| person.born).max().unwrap_or(calendar.as_of);
    plus_days(calendar.as_of, -rng.between(0, 364)).max(youngest).max(moved_in.unwrap_or(youngest))
}

/// A day since the youngest child was there on which most single parents were certified.
fn draw_certification(rng: &mut Rng, calendar: &Calendar, draft: &Draft, moved_in: Option<Date>, left: Option<Date>) -> Option<Date> {
    let youngest = draft.people.iter().filter(|person| person.single_parent).map(|person| person.born).max()?;
    let (from, to) = (moved_in.map_or(youngest, |day| day.max(youngest)), left.unwrap_or(calendar.as_of));
    rng.chance(85, 100).then(|| plus_days(from, rng.between(0, days_between(from, to).max(0))))
}

/// When a person became a resident, and the last event with its day.
fn arrival(rng: &mut Rng, shared: &Shared, person: &Person, date_of_birth: PartialDate) -> (Date, Event, Date) {
    let born = date_of_birth.latest().unwrap_or(person.born);
    let married_in = matches!(person.relation, Relation::Wife | Relation::Husband | Relation::ChildsWife | Relation::ChildsHusband)
        && shared.moved_in.is_none()
        && rng.chance(1, 2);
    let came = if married_in { Some(plus_days(person.born, rng.between(19 * 365, 20 * 365))) } else { shared.moved_in };
    let (became, event) = match came {
        Some(day) if day > born => (day, Event::MovedIn),
        _ => (born, Event::Born),
    };
    match shared.moved_within {
        Some(day) if day > became => (became, Event::MovedWithin, day),
        _ => (became, event, became),
    }
}

/// The birth day as the register knows it: for a few of the very old without day or even month.
fn partly_unknown(rng: &mut Rng, born: Date, per_10_000: u32) -> PartialDate {
    if !rng.chance(per_10_000, 10_000) {
        return born.into();
    }
    let month = if rng.chance(1, 2) { 0 } else { born.month() };
    PartialDate::new(born.year(), month, 0).unwrap_or(born.into())
}

/// The relation of each remaining member once somebody else is the head.
pub(crate) fn relation_to_new_head(old: Relation, of: &Resident, new_head: &Resident, head_was: Relation) -> Relation {
    let older = of.born_on() < new_head.born_on();
    match (head_was, old) {
        (Relation::Wife | Relation::Husband, Relation::Child | Relation::ChildsWife | Relation::ChildsHusband | Relation::Grandchild) => {
            old
        }
        (Relation::Wife, Relation::Father) => Relation::HusbandsFather,
        (Relation::Wife, Relation::Mother) => Relation::HusbandsMother,
        (Relation::Husband, Relation::Father) => Relation::WifesFather,
        (Relation::Husband, Relation::Mother) => Relation::WifesMother,
        (Relation::Child, Relation::ChildsWife) => Relation::Wife,
        (Relation::Child, Relation::ChildsHusband) => Relation::Husband,
        (Relation::Child, Relation::Grandchild) => Relation::Child,
        (Relation::Child, Relation::Child) => match (of.sex, older) {
            (Sex::Male, true) => Relation::ElderBrother,
            (Sex::Male, false) => Relation::YoungerBrother,
            (_, true) => Relation::ElderSister,
            (_, false) => Relation::YoungerSister,
        },
        _ => Relation::Relative,
    }
}
