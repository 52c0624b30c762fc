use civil::{Date, PartialDate, Sex};

use crate::draft::{self, Calendar};
use crate::generate::Population;
use crate::household::{Settling, draw_name, relation_to_new_head};
use crate::model::{Event, Relation, Resident, Status};
use crate::names::FamilyName;
use crate::rng::Rng;

/// How much happens in a year, for a million residents. The default is an ageing town in the country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Children born.
    pub births: u32,
    /// People dying.
    pub deaths: u32,
    /// Households moving in.
    pub households_in: u32,
    /// Households, or single grown-up children, moving out.
    pub households_out: u32,
    /// Households moving to another address in town.
    pub households_within: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { births: 5_500, deaths: 16_500, households_in: 15_500, households_out: 20_000, households_within: 12_000 }
    }
}

impl Pace {
    /// Gives a pace that many times as fast: for days on which much happens, as around 1 April.
    pub fn times(self, factor: u32) -> Self {
        let times = |rate: u32| rate.saturating_mul(factor);
        Self {
            births: times(self.births),
            deaths: times(self.deaths),
            households_in: times(self.households_in),
            households_out: times(self.households_out),
            households_within: times(self.households_within),
        }
    }
}

/// What one day changed: counts of people, except where it says rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayChanges {
    /// Born.
    pub born: u32,
    /// Died.
    pub died: u32,
    /// Moved in.
    pub moved_in: u32,
    /// Moved out.
    pub moved_out: u32,
    /// Moved within the town.
    pub moved_within: u32,
    /// Rows of others whose relation changed because the head died or left.
    pub new_relations: u32,
}

impl Population {
    /// Moves the register on to `day` and lets a day's births, deaths and moves happen at the default pace.
    ///
    /// Days must go forward; a day at or before the present one changes nothing.
    pub fn next_day(&mut self, rng: &mut Rng, day: Date) -> DayChanges {
        self.next_day_at(rng, day, Pace::default())
    }

    /// As [`Population::next_day`], at a pace of the caller's.
    pub fn next_day_at(&mut self, rng: &mut Rng, day: Date, pace: Pace) -> DayChanges {
        let mut changes = DayChanges::default();
        if day <= self.as_of {
            return changes;
        }
        self.as_of = day;
        let calendar = Calendar::on(day);
        let times = |rng: &mut Rng, per_year: u32| times_today(rng, self.plan.residents, per_year);
        let [deaths, out, within, births, moving_in] =
            [pace.deaths, pace.households_out, pace.households_within, pace.births, pace.households_in].map(|rate| times(rng, rate));
        for _ in 0..deaths {
            self.someone_dies(rng, &mut changes);
        }
        for _ in 0..out {
            self.someone_moves_out(rng, &mut changes);
        }
        for _ in 0..within {
            self.a_household_moves_within(rng, &mut changes);
        }
        for _ in 0..births {
            self.a_child_is_born(rng, &mut changes);
        }
        for _ in 0..moving_in {
            let household = if rng.chance(1, 25) { draft::foreigner(rng, &calendar) } else { draft::mover(rng, &calendar) };
            changes.moved_in += household.people.len() as u32;
            self.settle(rng, &calendar, &household, Settling::Today);
        }
        changes
    }

    /// A current resident that the test accepts; `None` when many draws found nobody.
    fn draw_current(&self, rng: &mut Rng, accept: impl Fn(&mut Rng, &Resident) -> bool) -> Option<usize> {
        const TRIES: u32 = 20_000;
        (0..TRIES).find_map(|_| {
            let row = rng.below(self.residents.len() as u32) as usize;
            self.residents.get(row).filter(|resident| resident.is_current()).filter(|resident| accept(rng, resident)).map(|_| row)
        })
    }

    fn someone_dies(&mut self, rng: &mut Rng, changes: &mut DayChanges) {
        let today = self.as_of;
        let drawn = self.draw_current(rng, |rng, resident| {
            let per_1000 = match civil::age_on(resident.born_on(), today) {
                ..40 => 1,
                40..60 => 5,
                60..70 => 25,
                70..80 => 70,
                80..90 => 220,
                90..100 => 600,
                _ => 1_000,
            };
            rng.chance(per_1000, 1_000)
        });
        if let Some(row) = drawn {
            self.leave(row, Status::Died, Event::Died);
            changes.died += 1;
            changes.new_relations += self.choose_new_head(row);
        }
    }

    fn someone_moves_out(&mut self, rng: &mut Rng, changes: &mut DayChanges) {
        let today = self.as_of;
        let drawn = self.draw_current(rng, |rng, resident| {
            let share = match civil::age_on(resident.born_on(), today) {
                18..35 => 100,
                35..65 => 15,
                _ => 5,
            };
            rng.chance(share, 100)
        });
        let Some(row) = drawn else { return };
        let resident = &self.residents[row];
        let alone = resident.relation != Relation::Head && civil::age_on(resident.born_on(), today) >= 18;
        let leaving = if alone { vec![row] } else { self.current_rows(resident.household) };
        for row in leaving {
            self.leave(row, Status::MovedOut, Event::MovedOut);
            changes.moved_out += 1;
        }
    }

    fn a_household_moves_within(&mut self, rng: &mut Rng, changes: &mut DayChanges) {
        let Some(row) = self.draw_current(rng, |_, resident| resident.relation == Relation::Head) else { return };
        let (district, address) = self.draw_address(rng);
        for row in self.current_rows(self.residents[row].household) {
            let resident = &mut self.residents[row];
            resident.address.clone_from(&address);
            resident.district = self.district_names[district].clone();
            (resident.event, resident.event_on) = (Event::MovedWithin, self.as_of);
            changes.moved_within += 1;
        }
    }

    fn a_child_is_born(&mut self, rng: &mut Rng, changes: &mut DayChanges) {
        let today = self.as_of;
        let mother = self.draw_current(rng, |_, resident| {
            resident.sex == Sex::Female
                && !resident.foreign
                && matches!(resident.relation, Relation::Wife | Relation::ChildsWife)
                && (20..44).contains(&civil::age_on(resident.born_on(), today))
        });
        let Some(mother) = mother.map(|row| self.residents[row].clone()) else { return };
        let household: Vec<Resident> = self.household(mother.household).cloned().collect();
        let sex = draft::any_sex(rng);
        // the draw wants a list's name; the mother's own is cut in two after it
        let (given, given_kana) = draw_name(rng, FamilyName { written: "", kana: "" }, sex, today.year(), &household);
        let child = Resident {
            number: self.residents.len() as u32 + 1,
            name: format!("{}{given}", mother.family_name()),
            name_kana: format!("{}{given_kana}", mother.name_kana.split('　').next().unwrap_or_default()),
            date_of_birth: PartialDate::from(today),
            sex,
            relation: if mother.relation == Relation::Wife { Relation::Child } else { Relation::Grandchild },
            event: Event::Born,
            event_on: today,
            became_resident_on: today,
            child_medical_no: self.next_child_number(),
            single_parent: false,
            single_parent_certified_on: None,
            single_parent_medical_no: None,
            club_pupil: false,
            ..mother
        };
        self.push(child);
        changes.born += 1;
    }

    fn leave(&mut self, row: usize, status: Status, event: Event) {
        let resident = &mut self.residents[row];
        (resident.status, resident.event, resident.event_on) = (status, event, self.as_of);
    }

    fn current_rows(&self, household: u32) -> Vec<usize> {
        let rows = &self.households[household as usize - 1];
        rows.iter().map(|&row| row as usize).filter(|&row| self.residents[row].is_current()).collect()
    }

    /// After the head of a household died, makes the spouse or else the oldest the head; gives the number of rows that changed.
    fn choose_new_head(&mut self, old_head: usize) -> u32 {
        if self.residents[old_head].relation != Relation::Head {
            return 0;
        }
        let rows = self.current_rows(self.residents[old_head].household);
        let spouse = |row: &&usize| matches!(self.residents[**row].relation, Relation::Wife | Relation::Husband);
        let heir = |row: &&usize| self.residents[**row].relation == Relation::Child;
        let oldest = |row: &&usize| self.residents[**row].born_on();
        let next =
            rows.iter().find(spouse).or_else(|| rows.iter().filter(heir).min_by_key(oldest)).or_else(|| rows.iter().min_by_key(oldest));
        let Some(&next) = next else { return 0 };
        let new_head = self.residents[next].clone();
        for &row in &rows {
            let resident = &mut self.residents[row];
            resident.relation = match row == next {
                true => Relation::Head,
                false => relation_to_new_head(resident.relation, resident, &new_head, new_head.relation),
            };
            (resident.event, resident.event_on) = (Event::NewHead, self.as_of);
        }
        rows.len() as u32
    }
}

/// How often something happens today that happens so often in a year to a million: the part below one by chance.
fn times_today(rng: &mut Rng, residents: u32, per_year: u32) -> u32 {
    const DAYS: u64 = 365;
    let of = DAYS * 1_000_000;
    let whole = u64::from(residents) * u64::from(per_year);
    let rest = ((whole % of) / DAYS) as u32;
    (whole / of) as u32 + u32::from(rng.chance(rest, 1_000_000))
}
