//! A message for one browser, and a notice to everybody in a city while an alert is sent.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use notices::bench::{self, Browsers};
use notices::push::{PushNetwork, PushRequest, Vapid, encrypt};
use notices::{Answer, Audience, Courier, Queue, Work};
use store::{Clock as _, SystemClock};

use super::Options;
use super::measure::{Line, Stopwatch, thread_cpu};
use super::scene::{ORIGIN, Scene};
use crate::Outcome;

const MESSAGES: u32 = 20_000;
const RECIPIENTS: u32 = 500_000;
/// Browsers with keys of their own; the others have the same again, which costs whoever writes to them no less.
const BROWSERS: usize = 5_000;
/// The part of the run after which the alert is sent, in hundredths.
const ALERT_AFTER: u32 = 40;
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Encrypting and signing, message by message, as for a push service each.
pub(super) fn push(options: &Options) -> Outcome<Vec<Line>> {
    let n = options.n.unwrap_or(MESSAGES);
    let browsers = Browsers::new(BROWSERS)?;
    let vapid = Vapid::new(&identity::jose::make_es256()?, ORIGIN)?;
    let text = serde_json::json!({ "title": "断水のお知らせ", "body": "明日の午前9時から午後3時まで断水します。", "href": "/inbox/1" })
        .to_string();
    let mut each = Vec::with_capacity(n as usize);
    let mut bodies = Vec::with_capacity(n as usize);
    let (wall, cpu) = (Instant::now(), thread_cpu());
    for number in 0..n as usize {
        let start = Instant::now();
        let endpoint = format!("https://push.example/{number}");
        black_box(vapid.authorization(&endpoint, SystemClock.now())?);
        bodies.push(encrypt(browsers.keys(number), text.as_bytes())?);
        each.push(start.elapsed());
    }
    let (wall_s, cpu_s) = (wall.elapsed().as_secs_f64(), (thread_cpu().saturating_sub(cpu)).as_secs_f64());
    if bodies.iter().enumerate().any(|(number, body)| browsers.open(number, body).as_deref() != Some(text.as_bytes())) {
        return Err("a message was not opened by the browser it is for".into());
    }
    Ok(vec![Line::new("push: a message encrypted and signed", n.into(), Some(wall_s), cpu_s).times(each)])
}

/// A push service that takes everything at once, and knows when it took what is urgent.
#[derive(Default)]
struct Takes {
    urgent: AtomicU64,
    others: AtomicU64,
}

impl PushNetwork for Takes {
    fn post(&self, request: &PushRequest) -> Result<Answer, String> {
        let count = if request.urgency == "high" { &self.urgent } else { &self.others };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(Answer::Taken)
    }
}

/// A notice to everybody: chosen by a rule, encrypted, put into inboxes and on the list, durable; and an alert to one district meanwhile.
pub(super) async fn notice(options: &Options) -> Outcome<Vec<Line>> {
    let recipients = options.n.or(options.residents).unwrap_or(RECIPIENTS);
    let scene = Scene::make(&options.town, &options.data, recipients, 0).await?;
    let browsers = Browsers::new(BROWSERS)?;
    browsers.subscribe_everybody(&scene.store).await?;

    let takes = Arc::new(Takes::default());
    let vapid = Arc::new(Vapid::new(&identity::jose::make_es256()?, ORIGIN)?);
    let courier = Arc::new(Courier::new(scene.app.clone(), vapid, Arc::clone(&takes) as Arc<dyn PushNetwork>));
    for queue in Queue::ALL {
        for work in Work::ALL {
            let courier = Arc::clone(&courier);
            tokio::spawn(async move { courier.serve(*queue, *work).await });
        }
    }
    let (watch, start) = (Stopwatch::start(), Instant::now());
    let bulk = bench::send(&scene.store, Queue::Bulk, Audience::Rule { rule: "today >= birthday(0)".to_owned() }, "断水のお知らせ").await?;
    let alert = alert_meanwhile(&scene, bulk, &takes).await?;
    let outcome = loop {
        let outcome = bench::outcome(&scene.store, bulk).await?;
        if outcome.sent {
            break outcome;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    let wall = start.elapsed();
    let (_, cpu_s) = watch.stop();
    let twice = bench::twice(&scene.store, bulk).await?;
    let (waiting, opened) = browsers.open_some(&scene.store, bulk).await?;
    let handed = takes.others.load(Ordering::Relaxed);
    if outcome.reached != outcome.people || twice != 0 || waiting as u64 + handed < outcome.people.into() {
        return Err(format!("{outcome:?}, {twice} twice, {waiting} messages wait, {handed} were taken").into());
    }
    let line = Line::new("notice: everybody reached, every message queued", outcome.people.into(), Some(wall.as_secs_f64()), cpu_s)
        .with("taken_meanwhile", handed as f64)
        .with("opened_again", opened as f64);
    Ok(vec![line, alert])
}

/// Sends an alert to a district once the run is well under way; from its being handed in to its first and its last message being taken.
async fn alert_meanwhile(scene: &Scene, bulk: notices::NoticeId, takes: &Takes) -> Outcome<Line> {
    loop {
        let outcome = bench::outcome(&scene.store, bulk).await?;
        if outcome.reached > outcome.people / 100 * ALERT_AFTER {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let district = scene.site.town.districts.first().ok_or("the town has no districts")?.name.clone();
    let (watch, start) = (Stopwatch::start(), Instant::now());
    let alert = bench::send(&scene.store, Queue::Alert, Audience::Districts { districts: vec![district] }, "避難指示").await?;
    let people: u64 = bench::outcome(&scene.store, alert).await?.people.into();
    let mut first = None;
    while takes.urgent.load(Ordering::Relaxed) < people {
        if first.is_none() && takes.urgent.load(Ordering::Relaxed) > 0 {
            first = Some(start.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let last = start.elapsed();
    let (_, cpu_s) = watch.stop();
    let first = first.unwrap_or(last).as_secs_f64();
    Ok(Line::new("notice: an alert meanwhile, to its last message", people, Some(last.as_secs_f64()), cpu_s).with("first_s", first))
}
