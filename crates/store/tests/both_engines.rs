//! The store's promises, kept on every engine there is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use store::{
    Actor, AuditFault, Error, JobHandlers, Migrations, Permission, Reactions, Role, SetClock, StaffId, Store, StoreBuilder, params,
    plan_days, run_due_jobs, run_due_jobs_outside, testing, verify_audit,
};

const NOTES: Migrations = Migrations {
    room: "notes",
    files: &[(
        "202611230900_create.sql",
        "create table notes_note (id text primary key, body text not null, at bigint not null);
    create table notes_kind (day text, at bigint, yes boolean, nobody text, bytes bytea);",
    )],
};

const INSERT: &str = "insert into notes_note (id, body, at) values ($1, $2, $3)";
const COUNT: &str = "select count(*) from notes_note";

fn town() -> Arc<town::Town> {
    let pack = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo");
    town::Town::load(&pack).expect("the demo pack is good")
}

fn noon() -> Timestamp {
    "2026-06-01T03:00:00Z".parse().unwrap()
}

struct Opened {
    test: testing::TestDb,
    store: Store,
    clock: Arc<SetClock>,
}

async fn stores(reactions: fn(&mut Reactions)) -> Vec<Opened> {
    let mut all = Vec::new();
    for test in testing::databases().await.unwrap() {
        let clock = Arc::new(SetClock::new(noon()));
        let mut reacting = Reactions::default();
        reactions(&mut reacting);
        let builder =
            StoreBuilder { db: test.db.clone(), town: town(), clock: clock.clone(), migrations: vec![NOTES], reactions: reacting };
        all.push(Opened { store: builder.open().await.unwrap(), test, clock });
    }
    all
}

async fn count(store: &Store) -> i64 {
    store.read(Actor::System).await.unwrap().tx().query_one::<(i64,)>(COUNT, &[]).await.unwrap().0
}

#[tokio::test]
async fn what_is_not_committed_leaves_nothing_behind() {
    for opened in stores(|_| {}).await {
        let mut ctx = opened.store.begin(Actor::System).await.unwrap();
        ctx.tx().execute(INSERT, params!["a", "body", noon()]).await.unwrap();
        ctx.record("notes.written", &"a").await.unwrap();
        drop(ctx);
        assert_eq!(count(&opened.store).await, 0);
        let mut ctx = opened.store.begin(Actor::System).await.unwrap();
        ctx.tx().execute(INSERT, params!["a", "body", noon()]).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(count(&opened.store).await, 1);
    }
}

#[tokio::test]
async fn a_failing_reaction_takes_the_change_with_it() {
    let failing = |reactions: &mut Reactions| reactions.on("notes.written", |_, _| Box::pin(async { Err("no".into()) }));
    for opened in stores(failing).await {
        let mut ctx = opened.store.begin(Actor::System).await.unwrap();
        ctx.tx().execute(INSERT, params!["a", "body", noon()]).await.unwrap();
        let refused = ctx.record("notes.written", &"a").await;
        assert!(matches!(refused, Err(Error::Within { .. })));
        drop(ctx);
        assert_eq!(count(&opened.store).await, 0);
    }
}

#[tokio::test]
async fn one_bad_change_of_a_group_spoils_no_other() {
    for opened in stores(|_| {}).await {
        let writes = (0..100).map(|number| {
            let store = opened.store.clone();
            tokio::spawn(async move {
                // Ninety-nine notes and one that takes an id that is taken.
                let id = if number == 42 { "note-0".to_owned() } else { format!("note-{number}") };
                let id: &'static str = id.leak();
                store
                    .grouped(Actor::System, move |ctx| {
                        Box::pin(async move {
                            ctx.tx().execute(INSERT, params![id, "body", noon()]).await?;
                            Ok(())
                        })
                    })
                    .await
            })
        });
        let mut refused = 0;
        for write in writes.collect::<Vec<_>>() {
            refused += usize::from(write.await.unwrap().is_err());
        }
        assert_eq!(refused, 1, "{:?}", opened.test.db);
        assert_eq!(count(&opened.store).await, 99);
    }
}

#[tokio::test]
async fn work_that_panics_spoils_no_other_and_stops_nobody_after_it() {
    for opened in stores(|_| {}).await {
        let write = |id: &'static str, bad: bool| {
            opened.store.grouped(Actor::System, move |ctx| {
                Box::pin(async move {
                    assert!(!bad, "as a bug would");
                    ctx.tx().execute(INSERT, params![id, "body", noon()]).await?;
                    Ok(())
                })
            })
        };
        let (first, bad, third) = tokio::join!(write("first", false), write("bad", true), write("third", false));
        assert!(first.is_ok() && bad.is_err() && third.is_ok(), "{:?}", opened.test.db);
        write("after", false).await.unwrap();
        assert_eq!(count(&opened.store).await, 3);
    }
}

#[tokio::test]
async fn the_audit_trail_shows_every_change_made_behind_its_back() {
    for opened in stores(|_| {}).await {
        let mut ctx = opened.store.begin(Actor::System).await.unwrap();
        for number in 0..5 {
            ctx.audit("person.seen", Some(format!("resident-{number}")), "because").await.unwrap();
        }
        ctx.commit().await.unwrap();
        let verify = async || verify_audit(&mut opened.store.db().read().await.unwrap()).await.unwrap();
        assert_eq!(verify().await, Ok(5));

        let mut tx = opened.store.db().begin().await.unwrap();
        tx.execute("update store_audit set detail = 'another reason' where seq = 3", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(verify().await, Err(AuditFault::Broken { seq: 3 }));

        let mut tx = opened.store.db().begin().await.unwrap();
        tx.execute("delete from store_audit where seq = 2", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(verify().await, Err(AuditFault::Gap { seq: 2 }));
    }
}

static DONE: AtomicUsize = AtomicUsize::new(0);

#[tokio::test]
async fn a_job_runs_once_when_it_is_due_and_again_later_when_it_failed() {
    for opened in stores(|_| {}).await {
        DONE.store(0, Ordering::SeqCst);
        let mut handlers = JobHandlers::default();
        handlers.on("notes.remind", |_, _| {
            Box::pin(async {
                // The first try fails.
                if DONE.fetch_add(1, Ordering::SeqCst) == 0 { Err("not today".into()) } else { Ok(()) }
            })
        });
        let mut ctx = opened.store.begin(Actor::System).await.unwrap();
        let due = noon() + SignedDuration::from_secs(60);
        ctx.enqueue("notes.remind", Some("once".into()), &(), due).await.unwrap();
        ctx.enqueue("notes.remind", Some("once".into()), &(), due).await.unwrap();
        ctx.commit().await.unwrap();

        assert_eq!(run_due_jobs(&opened.store, &handlers).await.unwrap(), 0);
        opened.clock.set(due);
        assert_eq!(run_due_jobs(&opened.store, &handlers).await.unwrap(), 0, "it fails and is put off");
        opened.clock.set(due + SignedDuration::from_secs(5));
        assert_eq!(run_due_jobs(&opened.store, &handlers).await.unwrap(), 1);
        assert_eq!(run_due_jobs(&opened.store, &handlers).await.unwrap(), 0);
        assert_eq!(DONE.load(Ordering::SeqCst), 2);
    }
}

static TOLD: AtomicUsize = AtomicUsize::new(0);

#[tokio::test]
async fn what_waits_for_the_network_holds_nobody_up_and_is_tried_again() {
    for opened in stores(|_| {}).await {
        TOLD.store(0, Ordering::SeqCst);
        let mut handlers = JobHandlers::default();
        handlers.on_outside("notes.tell", |store, _| {
            Box::pin(async {
                // Others write meanwhile.
                store.begin(Actor::System).await?.commit().await?;
                if TOLD.fetch_add(1, Ordering::SeqCst) == 0 { Err("nobody answers".into()) } else { Ok(()) }
            })
        });
        let mut ctx = opened.store.begin(Actor::System).await.unwrap();
        ctx.enqueue_outside("notes.tell", Some("once".into()), &(), noon()).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(run_due_jobs(&opened.store, &handlers).await.unwrap(), 0, "another list");
        assert_eq!(run_due_jobs_outside(&opened.store, &handlers).await.unwrap(), 0, "it fails and is put off");
        opened.clock.set(noon() + SignedDuration::from_secs(5));
        assert_eq!(run_due_jobs_outside(&opened.store, &handlers).await.unwrap(), 1);
        assert_eq!(run_due_jobs_outside(&opened.store, &handlers).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_is_due_every_day_comes_again_whatever_became_of_the_day_before() {
    for opened in stores(|_| {}).await {
        let mut handlers = JobHandlers::default();
        handlers.every_day("notes.tidy", SignedDuration::from_hours(3), |ctx, _| {
            let now = ctx.now();
            Box::pin(async move {
                assert!(now > noon() + SignedDuration::from_hours(24), "as a bug on the first day would");
                Ok(())
            })
        });
        plan_days(&opened.store, &handlers).await.unwrap();
        let night = civil::next_midnight_in_japan(noon()) + SignedDuration::from_hours(3);
        opened.clock.set(night);
        assert_eq!(run_due_jobs(&opened.store, &handlers).await.unwrap(), 0, "it panics, and is put off");
        // The first one's next try and the second night's run.
        opened.clock.set(night + SignedDuration::from_hours(24));
        assert_eq!(run_due_jobs(&opened.store, &handlers).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_refused() {
    const CHANGED: Migrations =
        Migrations { room: "notes", files: &[("202611230900_create.sql", "create table notes_note (id text primary key);")] };
    for opened in stores(|_| {}).await {
        let again = store::migrate(&opened.test.db, &[CHANGED], &store::SystemClock).await;
        assert!(matches!(again, Err(Error::Migration { .. })), "{again:?}");
        assert_eq!(store::migrate(&opened.test.db, &[NOTES], &store::SystemClock).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn who_is_not_permitted_is_refused_before_anything_happens() {
    for opened in stores(|_| {}).await {
        let clerk = Actor::Staff(StaffId::new(noon()), vec![Role::Clerk]);
        let ctx = opened.store.begin(clerk).await.unwrap();
        assert!(ctx.allow(Permission::SeePerson).is_ok());
        assert!(matches!(ctx.allow(Permission::ApproveBundle), Err(Error::Forbidden(Permission::ApproveBundle))));
    }
}

#[tokio::test]
async fn values_come_back_as_they_went() {
    for opened in stores(|_| {}).await {
        let mut tx = opened.store.db().begin().await.unwrap();
        let day: civil::Date = "2024-02-29".parse().unwrap();
        let insert = "insert into notes_kind (day, at, yes, nobody, bytes) values ($1, $2, $3, $4, $5)";
        tx.execute(insert, params![day, noon(), true, None::<String>, &[0u8, 255][..]]).await.unwrap();
        let rows = "select day, at, yes, nobody, bytes from notes_kind where yes";
        let row = tx.query_one::<(civil::Date, Timestamp, bool, Option<String>, Vec<u8>)>(rows, &[]).await.unwrap();
        assert_eq!(row, (day, noon(), true, None, vec![0, 255]), "{:?}", opened.test.db);
    }
}
