use std::time::Duration;

use civil::{Date, Sex};

use crate::model::Relation;
use crate::rng::Rng;

/// A household before it has a name, a number and an address. The head comes first.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) people: Vec<Person>,
    pub(crate) foreign: bool,
}

/// A person before a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) born: Date,
    pub(crate) sex: Sex,
    pub(crate) relation: Relation,
    pub(crate) single_parent: bool,
}

/// The days households are drawn around.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    pub(crate) as_of: Date,
    /// The first birth day whose school year of 18 has not ended.
    pub(crate) first_child: Date,
}

impl Calendar {
    pub(crate) fn on(as_of: Date) -> Self {
        // born on 2 April, 18 fiscal years ago: attains 18 on 1 April of the present one
        let year = civil::fiscal_year(as_of).saturating_sub(18);
        Self { as_of, first_child: Date::new(year, 4, 2).unwrap_or(Date::MIN) }
    }

    pub(crate) fn is_child(&self, born: Date) -> bool {
        born >= self.first_child
    }

    /// A birth day of somebody of that age who is past school.
    fn born_at_age(&self, rng: &mut Rng, age: i32) -> Date {
        let oldest = plus_days(civil::birthday(self.as_of, (-1 - age) as i16), 1);
        let born = plus_days(oldest, rng.below(365) as i32);
        if self.is_child(born) { plus_days(self.first_child, -1 - rng.below(300) as i32) } else { born }
    }

    /// A birth day of a child; fewer are born every year, so the older ones are more.
    fn child_born(&self, rng: &mut Rng) -> Date {
        let span = days_between(self.first_child, self.as_of) as u32 + 1;
        let (one, other) = (rng.below(span), rng.below(span));
        let drawn = if rng.chance(1, 5) { one.min(other) } else { one };
        plus_days(self.first_child, drawn as i32)
    }
}

/// Draws a household with children: both parents or one, in some the grandparents too.
pub(crate) fn family(rng: &mut Rng, calendar: &Calendar) -> Draft {
    let children = siblings(rng, calendar);
    let (youngest, oldest) = (children[0], children[children.len() - 1]);
    let mother_born = mothers_birth(rng, youngest, oldest, children.len());
    let father_born = plus_days(mother_born, rng.between(-6 * 365, 2 * 365)).min(plus_days(oldest, -19 * 365));
    let parents = match rng.below(100) {
        0..87 => vec![(father_born, Sex::Male), (mother_born, Sex::Female)],
        87..98 => vec![(mother_born, Sex::Female)],
        _ => vec![(father_born, Sex::Male)],
    };
    let single = parents.len() == 1;
    let grandparents = if rng.chance(if single { 30 } else { 16 }, 100) { grandparents(rng, calendar, parents[0].0) } else { Vec::new() };

    let mut draft = Draft::default();
    let old_head = !grandparents.is_empty() && rng.chance(1, 2);
    let relation = |is_first: bool, sex: Sex, elder: bool| match (old_head, elder, is_first, sex) {
        (true, true, true, _) | (false, false, true, _) => Relation::Head,
        (true, true, false, Sex::Male) | (false, false, false, Sex::Male) => Relation::Husband,
        (true, true, false, _) | (false, false, false, _) => Relation::Wife,
        (true, false, true, _) => Relation::Child,
        (true, false, false, Sex::Male) => Relation::ChildsHusband,
        (true, false, false, _) => Relation::ChildsWife,
        (false, true, _, Sex::Male) => Relation::Father,
        (false, true, _, _) => Relation::Mother,
    };
    for (i, (born, sex)) in grandparents.iter().enumerate() {
        draft.people.push(Person { born: *born, sex: *sex, relation: relation(i == 0, *sex, true), single_parent: false });
    }
    for (i, (born, sex)) in parents.iter().enumerate() {
        draft.people.push(Person { born: *born, sex: *sex, relation: relation(i == 0, *sex, false), single_parent: single });
    }
    for born in children.into_iter().rev() {
        let relation = if old_head { Relation::Grandchild } else { Relation::Child };
        draft.people.push(Person { born, sex: any_sex(rng), relation, single_parent: single && calendar.is_child(born) });
    }
    draft.people.sort_by_key(|person| person.relation != Relation::Head);
    draft
}

/// Birth days of brothers and sisters, youngest first; the youngest is a child, grown-up ones stay in a third of the cases.
fn siblings(rng: &mut Rng, calendar: &Calendar) -> Vec<Date> {
    let mut born = vec![calendar.child_born(rng)];
    let mut latest = born[0];
    for _ in 0..rng.weighted(&[34, 45, 17, 4]) {
        latest = if rng.chance(1, 90) { latest } else { plus_days(latest, -rng.between(500, 1_600)) };
        if calendar.is_child(latest) || rng.chance(1, 3) {
            born.push(latest);
        }
    }
    born
}

/// The mother is 21 to 41 at the birth of the youngest and at least 19 at that of the oldest.
fn mothers_birth(rng: &mut Rng, youngest: Date, oldest: Date, children: usize) -> Date {
    let age = 20 + 2 * children as i32 + rng.between(0, 8) + rng.between(0, 8);
    plus_days(youngest, -age * 365 - rng.between(0, 364)).min(plus_days(oldest, -19 * 365 - rng.between(0, 364)))
}

/// One or two parents of somebody, if they can still be alive.
fn grandparents(rng: &mut Rng, calendar: &Calendar, child_born: Date) -> Vec<(Date, Sex)> {
    let mother = plus_days(child_born, -rng.between(21 * 365, 32 * 365));
    let father = plus_days(mother, -rng.between(-365, 6 * 365));
    let alive = |rng: &mut Rng, born: Date| rng.chance(survivors_per_100(civil::age_on(born, calendar.as_of)), 100);
    let mut both = Vec::new();
    if alive(rng, father) {
        both.push((father, Sex::Male));
    }
    if alive(rng, mother) {
        both.push((mother, Sex::Female));
    }
    both
}

fn survivors_per_100(age: i16) -> u32 {
    match age {
        ..60 => 98,
        60..70 => 92,
        70..80 => 80,
        80..90 => 50,
        90..98 => 15,
        _ => 0,
    }
}

/// Draws a household without children, as an ageing town in the country has them.
pub(crate) fn adults(rng: &mut Rng, calendar: &Calendar) -> Draft {
    // single: young, middle, old; couple: old, middle; parents with grown children; an old parent with a grown child
    match rng.weighted(&[12, 17, 19, 18, 11, 14, 9]) {
        0 => one(rng, calendar, |rng| 18 + rng.between(1, 10) + rng.between(0, 11)),
        1 => one(rng, calendar, |rng| rng.between(40, 64)),
        2 => one(rng, calendar, old_age),
        3 => couple(rng, calendar, old_age),
        4 => couple(rng, calendar, |rng| rng.between(28, 64)),
        5 => parents_with_grown_children(rng, calendar),
        _ => old_parent_with_grown_child(rng, calendar),
    }
}

/// Draws a person living alone, of any age past school.
pub(crate) fn single(rng: &mut Rng, calendar: &Calendar) -> Draft {
    one(rng, calendar, |rng| rng.between(20, 80))
}

/// Draws a household that moves: mostly the young.
pub(crate) fn mover(rng: &mut Rng, calendar: &Calendar) -> Draft {
    match rng.below(10) {
        0..5 => one(rng, calendar, |rng| rng.between(19, 34)),
        5..7 => couple(rng, calendar, |rng| rng.between(25, 45)),
        7..9 => family(rng, calendar),
        _ => one(rng, calendar, |rng| rng.between(50, 85)),
    }
}

/// Draws an old person living alone: who died.
pub(crate) fn deceased(rng: &mut Rng, calendar: &Calendar) -> Draft {
    one(rng, calendar, |rng| if rng.chance(1, 10) { rng.between(45, 69) } else { old_age(rng).max(rng.between(70, 95)) })
}

/// Draws a person of another nationality: mostly young trainees living alone.
pub(crate) fn foreigner(rng: &mut Rng, calendar: &Calendar) -> Draft {
    let mut draft = one(rng, calendar, |rng| rng.between(20, 38) + if rng.chance(1, 6) { rng.between(5, 30) } else { 0 });
    draft.foreign = true;
    draft
}

/// Ages from 65 on as the pyramid of an ageing town has them.
fn old_age(rng: &mut Rng) -> i32 {
    let band = rng.weighted(&[20, 24, 21, 15, 11, 7, 2]) as i32;
    65 + band * 5 + rng.between(0, 4)
}

fn one(rng: &mut Rng, calendar: &Calendar, age: impl Fn(&mut Rng) -> i32) -> Draft {
    let age = age(rng);
    // women live longer
    let women_per_100 = match age {
        ..40 => 42,
        40..75 => 47,
        75..85 => 62,
        _ => 75,
    };
    let sex = if rng.chance(women_per_100, 100) { Sex::Female } else { Sex::Male };
    Draft { people: vec![head(calendar.born_at_age(rng, age), sex)], foreign: false }
}

fn couple(rng: &mut Rng, calendar: &Calendar, age: impl Fn(&mut Rng) -> i32) -> Draft {
    let age = age(rng);
    let husband = calendar.born_at_age(rng, age);
    let youngest = plus_days(calendar.first_child, -1);
    let wife = plus_days(husband, rng.between(-2 * 365, 6 * 365)).min(youngest);
    Draft { people: vec![head(husband, Sex::Male), member(wife, Sex::Female, Relation::Wife)], foreign: false }
}

fn parents_with_grown_children(rng: &mut Rng, calendar: &Calendar) -> Draft {
    let mut draft = couple(rng, calendar, |rng| rng.between(48, 80));
    if rng.chance(1, 4) {
        draft.people.swap_remove(0);
        draft.people[0].relation = Relation::Head;
    }
    let youngest_parent = draft.people.iter().map(|person| person.born).max().unwrap_or(calendar.first_child);
    for _ in 0..=rng.weighted(&[75, 25]) {
        let born = plus_days(youngest_parent, rng.between(21 * 365, 33 * 365));
        if !calendar.is_child(born) {
            draft.people.push(member(born, any_sex(rng), Relation::Child));
        }
    }
    draft
}

fn old_parent_with_grown_child(rng: &mut Rng, calendar: &Calendar) -> Draft {
    let age = old_age(rng).max(75);
    let parent = calendar.born_at_age(rng, age);
    let child = plus_days(parent, rng.between(21 * 365, 33 * 365));
    let (parent_sex, child_sex) = (if rng.chance(3, 4) { Sex::Female } else { Sex::Male }, any_sex(rng));
    let mut people = vec![head(child, child_sex)];
    if rng.chance(1, 3) {
        let (spouse, relation) = if child_sex == Sex::Male { (Sex::Female, Relation::Wife) } else { (Sex::Male, Relation::Husband) };
        people.push(member(plus_days(child, rng.between(-1_000, 1_500)), spouse, relation));
    }
    people.push(member(parent, parent_sex, if parent_sex == Sex::Male { Relation::Father } else { Relation::Mother }));
    Draft { people, foreign: false }
}

fn head(born: Date, sex: Sex) -> Person {
    member(born, sex, Relation::Head)
}

fn member(born: Date, sex: Sex, relation: Relation) -> Person {
    Person { born, sex, relation, single_parent: false }
}

pub(crate) fn any_sex(rng: &mut Rng) -> Sex {
    if rng.chance(512, 1_000) { Sex::Male } else { Sex::Female }
}

const DAY_S: u64 = 24 * 60 * 60;

/// A day some days later or, if negative, earlier; held at the ends of the calendar.
pub(crate) fn plus_days(day: Date, days: i32) -> Date {
    let by = Duration::from_secs(u64::from(days.unsigned_abs()) * DAY_S);
    if days < 0 { day.checked_sub(by).unwrap_or(Date::MIN) } else { day.checked_add(by).unwrap_or(Date::MAX) }
}

/// Days from one day to another, negative when it is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    (from.duration_until(to).as_secs() / DAY_S as i64) as i32
}
