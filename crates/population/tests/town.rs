//! What a generated town must look like, whatever the seed.

use std::collections::{HashMap, HashSet};

use civil::{Date, Sex, age_on, school_year_end_after};
use population::{District, Event, Pace, Plan, Population, Relation, Resident, Rng, Status, generate};
use proptest::prelude::*;

const DAY: Date = Date::constant(2026, 11, 23);

fn plan(seed: u64, residents: u32) -> Plan {
    let mut hills = District::new("山里地区", 1_000);
    hills.places = vec!["大字山里".into(), "大字山里字上野".into()];
    hills.far = true;
    Plan {
        seed,
        residents,
        as_of: DAY,
        address_prefix: "青空県青空市".into(),
        districts: vec![District::new("中央一丁目", 3_000), District::new("港町", 1_500), hills],
        ..Plan::default()
    }
}

fn town(seed: u64, residents: u32) -> Population {
    generate(&plan(seed, residents)).expect("a sound plan")
}

fn is_child(resident: &Resident, day: Date) -> bool {
    day <= school_year_end_after(resident.born_on(), 18)
}

#[test]
fn a_city_of_53_884_has_about_6_200_children_with_a_certificate() {
    for seed in 0..3 {
        let town = town(seed, 53_884);
        assert_eq!(town.current().count(), 53_884);
        let children = town.current().filter(|r| is_child(r, DAY)).count();
        assert!((6_014..=6_386).contains(&children), "{children}");
        assert!(town.current().all(|r| r.child_medical_no.is_some() == is_child(r, DAY)));
    }
}

#[test]
fn the_ages_are_those_of_an_ageing_town() {
    let town = town(5, 53_884);
    let share = |from: i16, to: i16| {
        let count = town.current().filter(|r| (from..to).contains(&age_on(r.born_on(), DAY))).count();
        count * 1_000 / 53_884
    };
    let bands = [share(0, 15), share(15, 65), share(65, 75), share(75, 200)];
    println!("per mille: {bands:?}");
    assert!((80..=115).contains(&bands[0]), "{bands:?}");
    assert!((480..=580).contains(&bands[1]), "{bands:?}");
    assert!((140..=200).contains(&bands[2]), "{bands:?}");
    assert!((160..=220).contains(&bands[3]), "{bands:?}");
    assert!(town.current().all(|r| age_on(r.born_on(), DAY) < 112));
}

#[test]
fn there_are_people_of_every_kind_that_rules_must_get_right() {
    let town = town(1, 53_884);
    let count = |kind: fn(&Resident) -> bool| town.residents().iter().filter(|r| kind(r)).count();
    let kinds = [
        ("moved out", count(|r| r.status == Status::MovedOut), 1_500..2_200),
        ("died", count(|r| r.status == Status::Died), 700..1_000),
        ("protected", count(|r| r.protected), 30..400),
        ("birth day partly unknown", count(|r| r.date_of_birth.exact().is_none()), 3..60),
        ("foreign", count(|r| r.foreign && r.is_current()), 300..350),
        ("single parents and their children", count(|r| r.single_parent && r.is_current()), 600..2_500),
        ("single-parent certificates", count(|r| r.single_parent_medical_no.is_some()), 500..2_500),
        ("far club pupils", count(|r| r.club_pupil && r.is_current()), 100..600),
        ("names with 髙", count(|r| r.name.contains('髙')), 100..2_500),
        ("names with a variation selector", count(|r| r.name.contains(['\u{E0100}', '\u{E010F}'])), 20..1_000),
        ("names with U+FA19", count(|r| r.name.contains('\u{FA19}')), 10..400),
        ("born on 1 April", count(|r| r.date_of_birth.exact().is_some_and(|d| (d.month(), d.day()) == (4, 1))), 50..300),
        ("born on 29 February", count(|r| r.date_of_birth.exact().is_some_and(|d| (d.month(), d.day()) == (2, 29))), 10..100),
    ];
    for (name, found, expected) in kinds {
        println!("{name}: {found}");
        assert!(expected.contains(&found), "{name}: {found}");
    }
}

#[test]
fn districts_are_filled_by_their_weights() {
    let town = town(2, 20_000);
    let mut by_district: HashMap<&str, u32> = HashMap::new();
    for resident in town.current() {
        *by_district.entry(&resident.district).or_default() += 1;
    }
    for (district, expected) in [("中央一丁目", 10_909u32), ("港町", 5_454), ("山里地区", 3_636)] {
        assert!(by_district[district].abs_diff(expected) < 500, "{by_district:?}");
    }
    assert!(town.residents().iter().all(|r| r.address.starts_with("青空県青空市")));
    assert!(town.current().filter(|r| &*r.district == "山里地区").all(|r| r.address.contains("大字山里")));
}

#[test]
fn the_same_seed_gives_the_same_town_for_years() {
    let (mut one, mut other) = (town(7, 2_000), town(7, 2_000));
    assert_ne!(one.residents()[..50], town(8, 2_000).residents()[..50]);
    let (mut rng, mut same) = (Rng::from_seed(1), Rng::from_seed(1));
    for days in 1..400 {
        let day = DAY.checked_add(std::time::Duration::from_secs(days * 86_400)).unwrap();
        assert_eq!(one.next_day(&mut rng, day), other.next_day(&mut same, day));
    }
    assert_eq!(one.residents(), other.residents());
}

#[test]
fn a_year_changes_the_town_as_a_year_does() {
    let mut town = town(3, 20_000);
    let rows = town.residents().len();
    let mut rng = Rng::from_seed(9);
    let (mut born, mut died, mut moved_in, mut moved_out) = (0, 0, 0, 0);
    for days in 1..=365 {
        let day = DAY.checked_add(std::time::Duration::from_secs(days * 86_400)).unwrap();
        let before: Vec<Resident> = town.residents().to_vec();
        let changes = town.next_day(&mut rng, day);
        let differing = before.iter().zip(town.residents()).filter(|(a, b)| a != b).count() as u32;
        let arrived = (town.residents().len() - before.len()) as u32;
        assert_eq!(arrived, changes.born + changes.moved_in);
        assert!(differing <= changes.died + changes.moved_out + changes.moved_within + changes.new_relations);
        assert!(differing >= changes.died + changes.moved_out);
        (born, died) = (born + changes.born, died + changes.died);
        (moved_in, moved_out) = (moved_in + changes.moved_in, moved_out + changes.moved_out);
    }
    assert_eq!(town.residents().len(), rows + (born + moved_in) as usize);
    println!("born {born}, died {died}, in {moved_in}, out {moved_out}");
    assert!((90..=130).contains(&born) && (280..=380).contains(&died), "{born} {died}");
    assert!((400..=800).contains(&moved_in) && (400..=900).contains(&moved_out), "{moved_in} {moved_out}");
    households_hang_together(&town);
}

#[test]
fn a_day_that_is_not_later_changes_nothing() {
    let mut town = town(4, 300);
    let before = town.residents().to_vec();
    assert_eq!(town.next_day_at(&mut Rng::from_seed(0), DAY, Pace::default().times(1_000)), Default::default());
    assert_eq!(town.residents(), before);
}

#[test]
fn an_emptied_town_still_has_days() {
    let mut town = town(4, 0);
    let day = DAY.tomorrow().unwrap();
    assert_eq!(town.next_day_at(&mut Rng::from_seed(0), day, Pace::default().times(1_000)).died, 0);
}

#[test]
fn plans_that_cannot_be_carried_out_are_refused() {
    use population::Error;
    let refused = |change: fn(&mut Plan)| {
        let mut plan = plan(0, 10);
        change(&mut plan);
        generate(&plan).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(|p| p.districts.clear()), Error::NoDistricts);
    assert_eq!(refused(|p| p.districts[0].weight = u32::MAX), Error::WeightsTooLarge);
    assert_eq!(refused(|p| p.children_per_10_000 = 4_001), Error::ShareTooLarge { name: "children_per_10_000", most: 4_000 });
    assert_eq!(refused(|p| p.residents = u32::MAX), Error::TooManyResidents { most: Plan::MOST_RESIDENTS });
    assert_eq!(refused(|p| p.as_of = Date::MAX), Error::DayOutOfRange);
}

#[test]
fn a_plan_is_read_from_configuration_and_unknown_words_are_refused() {
    let text = "seed = 4\nresidents = 12\nas_of = \"2026-04-01\"\n[[districts]]\nname = \"港町\"\nweight = 2\nfar = true\n";
    let plan: Plan = toml::from_str(text).expect("a plan");
    assert_eq!((plan.residents, plan.districts[0].far, plan.children_per_10_000), (12, true, 1_151));
    assert!(toml::from_str::<Plan>("sead = 4").is_err());
}

/// Checks what must be true of every row and household on any day.
fn households_hang_together(town: &Population) {
    let today = town.as_of();
    let (mut numbers, mut certificates) = (HashSet::new(), HashSet::new());
    let mut households: HashMap<u32, Vec<&Resident>> = HashMap::new();
    for resident in town.residents() {
        assert!(numbers.insert(resident.number));
        assert!(resident.child_medical_no.is_none_or(|number| certificates.insert(number)));
        assert!(resident.born_on() <= resident.became_resident_on, "{resident:?}");
        assert!(resident.became_resident_on <= resident.event_on && resident.event_on <= today, "{resident:?}");
        assert_eq!(resident.is_current(), !matches!(resident.event, Event::MovedOut | Event::Died));
        if let Some(day) = resident.single_parent_certified_on {
            assert!(resident.single_parent && resident.single_parent_medical_no.is_some());
            assert!(resident.became_resident_on <= day && day <= today, "{resident:?}");
        }
        if resident.is_current() {
            households.entry(resident.household).or_default().push(resident);
        }
    }
    for members in households.values() {
        let heads: Vec<_> = members.iter().filter(|r| r.relation == Relation::Head).collect();
        assert_eq!(heads.len(), 1, "{members:?}");
        let head = heads[0];
        assert!(age_on(head.born_on(), today) >= 18 || members.iter().all(|r| age_on(r.born_on(), today) < 80), "{members:?}");
        for member in members {
            let years_older = |elder: &Resident, younger: &Resident| age_on(elder.born_on(), younger.born_on());
            match member.relation {
                Relation::Child => assert!(years_older(head, member) >= 18, "{members:?}"),
                Relation::Grandchild => assert!(years_older(head, member) >= 36, "{members:?}"),
                Relation::Father | Relation::Mother => assert!(years_older(member, head) >= 18, "{members:?}"),
                Relation::Wife => assert_eq!((member.sex, head.sex), (Sex::Female, Sex::Male)),
                Relation::Husband => assert_eq!((member.sex, head.sex), (Sex::Male, Sex::Female)),
                _ => {}
            }
            assert_eq!((&member.address, &member.district), (&head.address, &head.district));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn households_hang_together_whatever_the_seed(seed: u64, residents in 0u32..1_500, pace in 1u32..200, days in 0u64..20) {
        let mut town = town(seed, residents);
        prop_assert_eq!(town.current().count() as u32, residents);
        households_hang_together(&town);
        let mut rng = Rng::from_seed(seed);
        for day in 1..=days {
            let day = DAY.checked_add(std::time::Duration::from_secs(day * 86_400)).unwrap();
            town.next_day_at(&mut rng, day, Pace::default().times(pace));
        }
        households_hang_together(&town);
    }
}
