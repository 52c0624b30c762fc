//! The whole online decision over HTTP: presentation, decision, durable row.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use store::{Clock as _, Db, SystemClock};

use super::Options;
use super::client::Connection;
use super::measure::{Line, Stopwatch, thread_cpu};
use super::scene::{Holder, Scene};
use crate::Outcome;

const RESIDENTS: u32 = 3_000;
const HOLDERS: u32 = 500;
/// Presentations made ahead of being posted for the first time, and at most.
const BATCH: usize = 1_000;
const BATCH_MAX: usize = 20_000;
/// Afterwards as many as are posted in so many seconds: none may be thirty seconds old before its turn.
const BATCH_S: f64 = 4.0;

/// What a batch came to.
struct Posted {
    each: Vec<Duration>,
    yes: u64,
    client_cpu: Duration,
}

pub(super) async fn run(options: &Options) -> Outcome<Vec<Line>> {
    let holders = options.n.unwrap_or(HOLDERS);
    let scene = Scene::make(&options.town, &options.data, options.residents.unwrap_or(RESIDENTS), holders as usize).await?;
    let before = used(&scene.database).await?;
    // The first hundred warm connections, caches and prepared statements; they count for the check but not for the time.
    let warm = post(&scene, requests(&scene.holders, &scene.token, 100)?, options.connections).await?;
    let (mut posted, mut wall_s, mut cpu_s) = (Posted { each: Vec::new(), yes: 0, client_cpu: Duration::ZERO }, 0.0, 0.0);
    let mut size = BATCH;
    while wall_s < options.seconds as f64 {
        let batch = requests(&scene.holders, &scene.token, size)?;
        let watch = Stopwatch::start();
        let done = post(&scene, batch, options.connections).await?;
        let (wall, cpu) = watch.stop();
        (wall_s, cpu_s) = (wall_s + wall, cpu_s + cpu);
        posted.each.extend(done.each);
        posted.yes += done.yes;
        posted.client_cpu += done.client_cpu;
        size = ((posted.each.len() as f64 / wall_s * BATCH_S) as usize).clamp(100, BATCH_MAX);
    }
    let n = posted.each.len() as u64;
    let rows = used(&scene.database).await? - before;
    check(n + 100, warm.yes + posted.yes, rows)?;
    let client_s = posted.client_cpu.as_secs_f64();
    let line = Line::new("present: decision over HTTP, durable", n, Some(wall_s), cpu_s)
        .times(posted.each)
        .with("per_s", n as f64 / wall_s)
        .with("client_cpu_s", client_s)
        .with("server_per_cpu_s", n as f64 / (cpu_s - client_s).max(f64::EPSILON))
        .with("holders", f64::from(holders))
        .with("connections", options.connections as f64);
    Ok(vec![line])
}

/// A fast wrong answer is no answer: all were good cards, and every yes must be found in the database by another connection.
fn check(asked: u64, yes: u64, rows: u64) -> Outcome {
    if yes != asked {
        return Err(format!("{} of {asked} good cards were refused", asked - yes).into());
    }
    if rows != yes {
        return Err(format!("{yes} yes answers, but {rows} rows").into());
    }
    Ok(())
}

/// Yes answers written down, read by a connection that has nothing to do with the house's.
async fn used(database: &str) -> Outcome<u64> {
    let db = Db::open(database).await?;
    let (rows,) = db.read().await?.query_one::<(i64,)>("select count(*) from cards_use where accepted", &[]).await?;
    Ok(u64::try_from(rows)?)
}

/// Makes so many requests, the holders taking turns, on all cores.
fn requests(holders: &[Arc<Holder>], token: &str, count: usize) -> Outcome<VecDeque<Vec<u8>>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = |start: usize| -> Outcome<Vec<Vec<u8>>> {
        let turns = (start..count).step_by(threads);
        turns.map(|turn| holders[turn % holders.len()].request(token, SystemClock.now())).collect()
    };
    let parts = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|start| scope.spawn(move || part(start))).collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| "a phone failed")?).collect::<Outcome<Vec<_>>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}

/// Posts them all from a thread of its own, over so many connections.
async fn post(scene: &Scene, requests: VecDeque<Vec<u8>>, connections: usize) -> Outcome<Posted> {
    let (address, queue) = (scene.address, Arc::new(Mutex::new(requests)));
    let (done, posted) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = done.send(counters(address, &queue, connections));
    });
    posted.await?
}

fn counters(address: SocketAddr, queue: &Arc<Mutex<VecDeque<Vec<u8>>>>, connections: usize) -> Outcome<Posted> {
    let cpu = thread_cpu();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut posted = Posted { each: Vec::new(), yes: 0, client_cpu: Duration::ZERO };
    runtime.block_on(async {
        let running: Vec<_> = (0..connections).map(|_| tokio::spawn(counter(address, Arc::clone(queue)))).collect();
        for counter in running {
            let (each, yes) = counter.await??;
            posted.each.extend(each);
            posted.yes += yes;
        }
        Ok::<_, crate::Failure>(())
    })?;
    posted.client_cpu = thread_cpu().saturating_sub(cpu);
    Ok(posted)
}

async fn counter(address: SocketAddr, queue: Arc<Mutex<VecDeque<Vec<u8>>>>) -> Outcome<(Vec<Duration>, u64)> {
    let mut connection = Connection::open(address).await?;
    let (mut each, mut yes) = (Vec::new(), 0);
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(request) = next else { return Ok((each, yes)) };
        let start = Instant::now();
        let answer = connection.ask(&request).await?;
        each.push(start.elapsed());
        match answer.verdict()? {
            Ok(()) => yes += 1,
            Err(refusal) => return Err(format!("a good card was refused: {refusal}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_card_or_a_lost_row_is_no_result() {
        assert!(check(10, 10, 10).is_ok());
        assert!(check(10, 9, 9).is_err());
        assert!(check(10, 10, 9).is_err());
    }
}
