//! A thousand presentations, and the server that answers them is killed again and again.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use population::Rng;
use store::{Clock as _, Db, SystemClock};
use tegata::bench::client::{Answer, Connection, decision_request};
use tegata::bench::scene::{Closed, Holder, Scene, Site};

use super::bridge::free_address;
use super::{Folder, Tegata, assert_unbroken, chance, empty_database, engines, pack};

const RESIDENTS: u32 = 2_000;
const HOLDERS: usize = 20;
const PRESENTATIONS: usize = 1_000;
const CONNECTIONS: usize = 24;
const KILLS: usize = 6;
/// Of what was answered, how many are asked again after each restart.
const ASKED_AGAIN: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presentations_are_answered_once_however_often_the_server_is_killed() {
    for server in engines() {
        let mut rng = chance("presentations");
        let folder = Folder::new();
        let site = Site::make(&pack(), &folder.0).unwrap();
        let database = empty_database(&site, server.as_deref()).await;
        let scene = Scene::at(site, database, RESIDENTS, HOLDERS).await.unwrap().close().await.unwrap();
        let answered = run(&scene, &mut rng).await;
        let db = Db::open(&scene.database).await.unwrap();
        assert_unbroken(&db).await;
        assert_each_once(&db, &answered).await;
    }
}

/// What was asked with an id, and asked again in the very same words.
#[derive(Clone)]
struct Asked {
    id: String,
    request: Vec<u8>,
}

/// Yes, or the code of the refusal.
type Verdict = Result<(), String>;

/// What all counters share.
#[derive(Default)]
struct Queue {
    /// Presentations nobody has made yet.
    fresh: usize,
    /// Asked and not answered, or to be asked once more.
    again: VecDeque<Asked>,
    answered: BTreeMap<String, (Verdict, Asked)>,
    /// Requests that went unanswered because the server was killed.
    cut_off: usize,
}

type Shared = Arc<Mutex<Queue>>;

fn lock(queue: &Shared) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves, kills and serves again until every presentation has its answer.
async fn run(scene: &Closed, rng: &mut Rng) -> BTreeMap<String, (Verdict, Asked)> {
    let queue = Shared::default();
    lock(&queue).fresh = PRESENTATIONS;
    let listen = free_address();
    // A kill comes once so many are answered, at a moment of its own then.
    let last = u32::try_from(PRESENTATIONS - CONNECTIONS).unwrap();
    let mut kills: Vec<usize> = (0..KILLS).map(|_| rng.below(last) as usize).collect();
    kills.sort_unstable();
    for kill in kills.into_iter().map(Some).chain([None]) {
        let mut server = Tegata::serve(&scene.site, &scene.database, listen);
        server.answers(listen).await;
        // Before anything is asked again: what was acknowledged must be there by itself.
        let acknowledged = lock(&queue).answered.clone();
        assert_written(&Db::open(&scene.database).await.unwrap(), &acknowledged).await;
        let counter = |_| tokio::spawn(counter(scene.holders.clone(), listen, Arc::clone(&scene.token), Arc::clone(&queue)));
        let counters: Vec<_> = (0..CONNECTIONS).map(counter).collect();
        if let Some(enough) = kill {
            while lock(&queue).answered.len() < enough {
                assert!(server.runs(), "the server ended by itself");
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            tokio::time::sleep(Duration::from_micros(rng.below(20_000).into())).await;
            assert!(server.kill(), "the server ended by itself");
        }
        for counter in counters {
            counter.await.unwrap();
        }
        if kill.is_some() {
            ask_some_again(&queue, rng);
        }
    }
    let queue = std::mem::take(&mut *lock(&queue));
    println!("presentations: {} answered, {} times cut off", queue.answered.len(), queue.cut_off);
    assert_eq!(queue.answered.len(), PRESENTATIONS);
    assert!(queue.cut_off > 0, "no request was under way when the server was killed");
    queue.answered
}

/// Asks one after the other until nothing is left to ask or the server is gone.
async fn counter(holders: Vec<Arc<Holder>>, listen: SocketAddr, token: Arc<str>, queue: Shared) {
    let Ok(mut connection) = Connection::open(listen).await else { return };
    loop {
        let Some(asked) = next(&holders, &token, &queue) else { return };
        match connection.ask(&asked.request).await {
            Ok(answer) => take(&queue, asked, &answer),
            Err(_) => {
                let mut queue = lock(&queue);
                queue.cut_off += 1;
                queue.again.push_front(asked);
                return;
            }
        }
    }
}

fn next(holders: &[Arc<Holder>], token: &str, queue: &Shared) -> Option<Asked> {
    let turn = {
        let mut queue = lock(queue);
        if let Some(again) = queue.again.pop_front() {
            return Some(again);
        }
        queue.fresh = queue.fresh.checked_sub(1)?;
        queue.fresh
    };
    let now = SystemClock.now();
    let id = cards::UseId::new(now);
    let presentation = holders[turn % holders.len()].present(now).unwrap();
    Some(Asked { id: id.to_string(), request: decision_request(token, id, &presentation) })
}

fn take(queue: &Shared, asked: Asked, answer: &Answer) {
    let verdict = answer.verdict().unwrap().map_err(|refusal| {
        let refusal: serde_json::Value = serde_json::from_str(&refusal).unwrap();
        refusal["code"].as_str().unwrap().to_owned()
    });
    let mut queue = lock(queue);
    match queue.answered.get(&asked.id) {
        Some((before, _)) => assert_eq!(*before, verdict, "asked again, the answer is another"),
        None => drop(queue.answered.insert(asked.id.clone(), (verdict, asked))),
    }
}

/// Puts some of those that have their answer on the list again, as a counter does whose screen went dark.
fn ask_some_again(queue: &Shared, rng: &mut Rng) {
    let mut queue = lock(queue);
    let mut answered: Vec<Asked> = queue.answered.values().map(|(_, asked)| asked.clone()).collect();
    rng.shuffle(&mut answered);
    queue.again.extend(answered.into_iter().take(ASKED_AGAIN));
}

/// Every answer that was given is written down, with its verdict.
async fn assert_written(db: &Db, answered: &BTreeMap<String, (Verdict, Asked)>) {
    let mut tx = db.read().await.unwrap();
    let rows = tx.query::<(String, bool, Option<String>)>("select id, accepted, refusal from cards_use", &[]).await.unwrap();
    let written: BTreeMap<_, _> = rows.into_iter().map(|(id, accepted, refusal)| (id, refusal.map_or(Ok(accepted), Err))).collect();
    for (id, (verdict, _)) in answered {
        let found = written.get(id).unwrap_or_else(|| panic!("{id} was answered {verdict:?} and is not written down"));
        assert_eq!(*found, verdict.clone().map(|()| true), "{id} was answered otherwise than it is written down");
    }
}

/// Every presentation has one row of use, one event and, where the answer was yes, one line of the trail: and there is nothing else.
async fn assert_each_once(db: &Db, answered: &BTreeMap<String, (Verdict, Asked)>) {
    assert_written(db, answered).await;
    let mut tx = db.read().await.unwrap();
    let uses = tx.query::<(String, Option<String>)>("select id, shown_key from cards_use order by id", &[]).await.unwrap();
    assert!(uses.iter().map(|(id, _)| id).eq(answered.keys()), "the rows of use are not those that were asked");
    let mut shown: Vec<_> = uses.iter().filter_map(|(_, key)| key.as_ref()).collect();
    let yes = answered.values().filter(|(verdict, _)| verdict.is_ok()).count();
    assert_eq!(shown.len(), yes, "every yes, and no refusal, takes its presentation");
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), yes, "a presentation was accepted twice");
    assert!(answered.values().all(|(verdict, _)| *verdict != Err("replayed".to_owned())), "a retry was taken for a replay");
    assert!(yes > PRESENTATIONS / 10, "only {yes} of {PRESENTATIONS} were accepted");

    let events = tx.query::<(String,)>("select payload from store_event where kind = 'cards.decided'", &[]).await.unwrap();
    let mut told: Vec<String> =
        events.iter().map(|(payload,)| serde_json::from_str::<(String, String, String)>(payload).unwrap().0).collect();
    told.sort_unstable();
    assert!(told.iter().eq(answered.keys()), "the events are not those of the answers");
    let (trail,) = tx.query_one::<(i64,)>("select count(*) from store_audit where action = 'card.shown'", &[]).await.unwrap();
    assert_eq!(usize::try_from(trail).unwrap(), yes, "a line of the trail for every yes");
}
