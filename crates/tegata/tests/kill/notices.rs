//! A notice to everybody, and whoever sends it is killed again and again.

use std::time::Duration;

use notices::bench::{self, Browsers};
use notices::{Audience, NoticeId, Queue};
use store::{Db, Store, params};
use tegata::bench::scene::{Scene, Site};

use super::bridge::free_address;
use super::{Folder, Tegata, assert_unbroken, chance, empty_database, engines, pack};

const RESIDENTS: u32 = 12_000;
const KILLS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_reaches_everybody_once_however_often_its_courier_is_killed() {
    for server in engines() {
        let mut rng = chance("notices");
        let folder = Folder::new();
        let site = Site::make(&pack(), &folder.0).unwrap();
        let database = empty_database(&site, server.as_deref()).await;
        let scene = Scene::at(site, database, RESIDENTS, 0).await.unwrap();
        let subscribed = Browsers::new(50).unwrap().subscribe_everybody(scene.store()).await.unwrap();
        let notice = bench::send(scene.store(), Queue::Bulk, Audience::Everybody, "断水のお知らせ").await.unwrap();
        let people = bench::outcome(scene.store(), notice).await.unwrap().people;
        let store = scene.store().clone();
        let scene = scene.close().await.unwrap();

        // A kill comes once so many are reached, at a moment of its own then.
        let mut kills: Vec<u32> = (0..KILLS).map(|_| rng.below(people - people / 8)).collect();
        kills.sort_unstable();
        let mut under_way = 0;
        for kill in kills {
            let mut server = Tegata::serve(&scene.site, &scene.database, free_address());
            while server.runs() && reached(&store, notice).await < kill.max(1) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_micros(rng.below(20_000).into())).await;
            assert!(server.kill(), "the server ended by itself");
            let reached = reached(&store, notice).await;
            under_way += usize::from(reached < people);
            assert_eq!(count(&store, "select count(*) from notices_delivery where notice = $1", notice).await, i64::from(reached));
        }
        assert!(under_way > 0, "every kill came too late");
        let mut server = Tegata::serve(&scene.site, &scene.database, free_address());
        while server.runs() && !bench::outcome(&store, notice).await.unwrap().sent {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(server.kill(), "the server ended by itself");

        assert_eq!(reached(&store, notice).await, people);
        assert_eq!(bench::twice(&store, notice).await.unwrap(), 0, "somebody has it twice");
        assert_eq!(count(&store, "select count(*) from notices_delivery where notice = $1", notice).await, i64::from(people));
        // Nobody can be reached at the made-up addresses: every message still waits, one for each browser.
        let messages = "select count(*) from notices_message m join notices_delivery d on d.id = m.delivery where d.notice = $1";
        assert!(subscribed >= u64::from(people));
        assert_eq!(count(&store, messages, notice).await, i64::from(people));
        assert_eq!(
            count(&store, "select count(*) from store_event where kind = 'notices.sent' and payload like '%' || $1 || '%'", notice).await,
            1
        );
        assert_unbroken(&Db::open(&scene.database).await.unwrap()).await;
    }
}

async fn reached(store: &Store, notice: NoticeId) -> u32 {
    bench::outcome(store, notice).await.unwrap().reached
}

async fn count(store: &Store, sql: &'static str, notice: NoticeId) -> i64 {
    store.db().read().await.unwrap().query_one::<(i64,)>(sql, params![notice]).await.unwrap().0
}
