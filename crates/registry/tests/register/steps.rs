//! Bundles applied in steps: the same register as at once, whole or not at all wherever a run stops; and past days.

use civil::Date;
use registry::{
    BUNDLE_APPLIED, BundleState, Error, ResidentId, Search, approve_bundle_in_steps, bundles, open_bundle_in_steps, person_as_of,
    process_folder, search,
};
use store::testing::databases;
use store::{Actor, Reactions, Role, StaffId};

use super::{Bridge, at, bridges, town_rows};

/// What everybody sees of the register, and how many rows there are in each table of the bridge that is to be empty between two runs.
async fn seen(bridge: &Bridge) -> (Vec<registry::Resident>, [i64; 2]) {
    let mut ctx = bridge.staff(Role::ProtectionClerk).await;
    let mut everybody = Vec::new();
    for district in ["中央", "西", "東", "北", "南"] {
        everybody.extend(search(&mut ctx, &Search { district: Some(district.into()), ..Search::default() }).await.unwrap());
    }
    everybody.sort_by_key(|resident| resident.register_id);
    let mut left = [0; 2];
    for (left, sql) in left.iter_mut().zip(["select count(*) from registry_staged", "select count(*) from registry_staging"]) {
        (*left,) = ctx.tx().query_one(sql, &[]).await.unwrap();
    }
    (everybody, left)
}

/// A day on which somebody is new, somebody changed and somebody is gone.
fn next_day() -> Vec<String> {
    let mut rows = town_rows();
    rows[2] = rows[2].replace("住民,,", "転出,2026-11-20,");
    rows[6] = rows[6].replace("東3,東", "南8,南");
    rows.remove(8);
    rows.push("10,H1,山田 二葉,2026-11-10,女,子,中央1,中央,住民,,2026-11-10,,0000010,".into());
    rows
}

#[tokio::test]
async fn in_steps_or_at_once_the_register_comes_out_the_same() {
    for (steps, whole) in bridges().await.into_iter().zip(bridges().await) {
        let (mut steps, mut whole) = (steps, whole);
        for rows in [town_rows(), next_day(), town_rows()] {
            let of_whole = whole.apply(&rows).await;
            let bundle = steps.seal(&rows);
            let of_steps = open_bundle_in_steps(&steps.store, &Actor::System, &bundle, &steps.keys).await.unwrap();
            assert_eq!((of_steps.state, of_steps.counts), (of_whole.state, of_whole.counts));
            let ((stepped, left), (wholly, _)) = (seen(&steps).await, seen(&whole).await);
            assert_eq!(left, [0, 0]);
            // Each register gives its people ids of its own.
            let nameless = |people: Vec<registry::Resident>| {
                people.into_iter().map(|one| registry::Resident { id: ResidentId::from_bytes([0; 16]), ..one }).collect::<Vec<_>>()
            };
            assert_eq!(nameless(stepped), nameless(wholly));
            steps.clock.set(steps.store.clock().now() + std::time::Duration::from_secs(86_400));
            whole.clock.set(whole.store.clock().now() + std::time::Duration::from_secs(86_400));
        }
    }
}

/// Stops a run in steps after so many awaits of the database, as a kill would: the future is dropped where it stands.
async fn stopped_after<T>(polls: usize, run: impl Future<Output = T>) -> Option<T> {
    let mut run = std::pin::pin!(run);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        run.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_run_in_steps_that_is_stopped_anywhere_leaves_nothing_or_everything() {
    for db in databases().await.unwrap() {
        // A reaction that waits once at the word that counts, so that a run can also be stopped in the middle of it.
        let mut reactions = Reactions::default();
        reactions.on(BUNDLE_APPLIED, |_, _| {
            Box::pin(async move {
                tokio::task::yield_now().await;
                Ok(())
            })
        });
        let mut bridge = Bridge::new(db, reactions).await;
        bridge.apply(&town_rows()).await;
        let (before, _) = seen(&bridge).await;
        let bundle = bridge.seal(&next_day());
        let mut polls = 1;
        let applied = loop {
            let run = stopped_after(polls, open_bundle_in_steps(&bridge.store, &Actor::System, &bundle, &bridge.keys)).await;
            let (now, _) = seen(&bridge).await;
            match run {
                Some(run) => break run,
                None if bundles(&mut bridge.staff(Role::Operator).await, None, 1).await.unwrap()[0].number == 2 => {
                    break Err(Error::NotWaiting(2));
                }
                None => assert_eq!(now, before, "stopped after {polls} polls"),
            }
            polls += 1;
        };
        // Whether the last run was stopped after its word or went through: everything holds, and the folder's next look clears up.
        assert!(matches!(applied, Ok(_) | Err(Error::NotWaiting(2))), "{applied:?}");
        let (held, _) = seen(&bridge).await;
        let folder = std::env::temp_dir().join(format!("tegata-stopped-{}-{:?}", std::process::id(), bridge.store.db().engine()));
        std::fs::create_dir_all(&folder).unwrap();
        process_folder(&bridge.store, &folder, &bridge.keys).await.unwrap();
        let (settled, left) = seen(&bridge).await;
        assert_eq!((&settled, left[0]), (&held, 0));
        assert_eq!(settled.iter().filter(|one| one.current_on(Date::constant(2026, 11, 20))).count(), 8);
        let _ = std::fs::remove_dir_all(&folder);
    }
}

#[tokio::test]
async fn what_was_staged_for_a_bundle_that_was_not_applied_has_no_effect_and_is_cleared_away() {
    for mut bridge in bridges().await {
        bridge.apply(&town_rows()).await;
        let (before, _) = seen(&bridge).await;
        // As a killed run leaves it: everybody staged as struck off for a bundle that never came.
        let mut ctx = bridge.system().await;
        let everybody = "insert into registry_staged (position, resident, register_id, household, relation, date_of_birth, sex, district, status,
            status_on, became_resident_on, protected, listed, facts, bundle, four_items, three_items)
            select (select count(*) from registry_resident o where o.resident < r.resident), resident, register_id, household, relation,
            date_of_birth, sex, district, 'struck_off', '2000-01-01', became_resident_on, protected, listed, facts, 2, four_items, three_items
            from registry_resident r";
        ctx.tx().execute(everybody, &[]).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(seen(&bridge).await.0, before);
        let bundle = bridge.seal(&next_day());
        let run = open_bundle_in_steps(&bridge.store, &Actor::System, &bundle, &bridge.keys).await.unwrap();
        assert_eq!((run.counts.moved_out, run.counts.vanished, run.counts.born, run.counts.after), (1, 1, 1, 8));
        let (now, left) = seen(&bridge).await;
        assert_eq!(left, [0, 0]);
        assert_eq!(now.iter().filter(|one| one.current_on(Date::constant(2026, 11, 20))).count(), 8);
    }
}

#[tokio::test]
async fn a_staff_member_approves_in_steps_and_only_what_still_waits() {
    for mut bridge in bridges().await {
        bridge.apply(&town_rows()).await;
        let few = bridge.seal(&town_rows()[..4]);
        let run = open_bundle_in_steps(&bridge.store, &Actor::System, &few, &bridge.keys).await.unwrap();
        assert_eq!(run.state, BundleState::Waiting);
        let of = |role| Actor::Staff(StaffId::new(bridge.store.clock().now()), vec![role]);
        let forbidden = approve_bundle_in_steps(&bridge.store, &of(Role::Clerk), 2, &bridge.keys).await.unwrap_err();
        assert!(matches!(forbidden, Error::Store(store::Error::Forbidden(_))));
        let run = approve_bundle_in_steps(&bridge.store, &of(Role::Operator), 2, &bridge.keys).await.unwrap();
        assert_eq!((run.state, run.counts.vanished), (BundleState::Applied, 5));
        assert!(run.decided_by.is_some_and(|by| by.starts_with("staff:")));
        let again = approve_bundle_in_steps(&bridge.store, &of(Role::Operator), 2, &bridge.keys).await.unwrap_err();
        assert!(matches!(again, Error::NotWaiting(2)));
    }
}

#[tokio::test]
async fn many_days_of_changes_are_folded_and_nobody_is_told_twice() {
    for mut bridge in bridges().await {
        bridge.apply(&town_rows()).await;
        let rows = [town_rows(), next_day()];
        for day in 1..=12 {
            let bundle = bridge.seal(&rows[day % 2]);
            let run = open_bundle_in_steps(&bridge.store, &Actor::System, &bundle, &bridge.keys).await.unwrap();
            assert!(run.counts.changed + run.counts.vanished > 0, "day {day}: {:?}", run.counts);
            let same = bridge.seal(&rows[day % 2]);
            let run = open_bundle_in_steps(&bridge.store, &Actor::System, &same, &bridge.keys).await.unwrap();
            assert_eq!(run.counts.phrases(), [], "day {day}");
        }
        let mut ctx = bridge.system().await;
        let (changes,): (i64,) = ctx.tx().query_one("select count(*) from registry_known_change", &[]).await.unwrap();
        assert!(changes < 12, "{changes} days wait to be folded in");
    }
}

#[tokio::test]
async fn a_past_day_is_decided_with_the_household_of_that_day() {
    for mut bridge in bridges().await {
        bridge.apply(&town_rows()).await;
        let rule = rule::Rule::check("household.any(m, m.relation == '子')", &bridge.town.schema).unwrap();
        let (head, child, mother) = (bridge.resident("1").await, bridge.resident("3").await, bridge.resident("5").await);
        bridge.clock.set(at("2026-11-21T03:00:00+09:00"));
        let mut rows = town_rows();
        // The child moves to the grandparents' in town.
        rows[2] = rows[2].replace("H1,山田 一郎,2015-04-01,男,子", "H9,山田 一郎,2015-04-01,男,世帯主");
        bridge.apply(&rows).await;
        bridge.clock.set(at("2026-11-22T03:00:00+09:00"));
        // Measures begin for the grandmother: she is left out of others' households for every day.
        rows[3] = rows[3].replace("1960-01-01,,", "1960-01-01,○,");
        bridge.apply(&rows).await;
        let decide = async |who, day: Date| {
            let person = person_as_of(&mut bridge.system().await, who, day).await.unwrap();
            (matches!(rule.decide(&person, day), Ok(true)), person.household_size())
        };
        let (before, after) = (Date::constant(2026, 11, 20), Date::constant(2026, 11, 21));
        assert_eq!(decide(head, before).await, (true, 3));
        assert_eq!(decide(head, after).await, (false, 2));
        assert_eq!(decide(child, before).await, (true, 3));
        assert_eq!(decide(child, after).await, (false, 1));
        assert_eq!(decide(mother, before).await, (true, 2));
        assert!(matches!(person_as_of(&mut bridge.system().await, head, Date::constant(2026, 11, 19)).await, Err(Error::ResidentNotFound)));
    }
}
