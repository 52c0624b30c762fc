//! The couriers: one for each queue, so that a bulk run never delays an alert. They choose, encrypt, queue and hand over, in small steps that can stop at
//! any moment and go on where they were.

mod among;
mod fresh;
mod lanes;
mod letters;
mod pushes;
mod wording;
mod writer;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use registry::TownTable;
use rule::Rule;
use store::{Actor, Ctx, ResidentId, Store};
use web::App;

use crate::domain::dispositions::agreeing;
use crate::domain::write::{BEGUN, NoticeEvent, SENT};
use crate::line::LineChannel;
use crate::mail::MailNetwork;
use crate::model::{Audience, DeliveryId, Error, Notice, NoticeId, Queue, Result, Way};
use crate::push::{PushNetwork, Vapid};
use crate::store as rows;
use crate::store::deliveries::Put;
use crate::store::letters::QueuedLetter;
use crate::store::messages::Queued;
use crate::store::notices::Reached;
use crate::store::reach::Walk;
use among::Among;
use lanes::Lanes;
pub(crate) use wording::told;
use wording::{Wording, encrypted};

/// How long a courier with nothing to do rests.
const REST: Duration = Duration::from_millis(100);
/// The longest a step of another queue lets alerts go first: an alert that cannot be sent must not silence the town.
const AFTER_ALERTS_MAX: Duration = Duration::from_secs(5);
/// One of so many of the town is few.
const FEW: usize = 8;
/// How often it looks whether they have gone.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// People reached in one step: the database is held for some tens of milliseconds, so that an alert comes between. An alert's own are fewer, so that
/// the first of them leave at once.
fn step_people(queue: Queue) -> usize {
    if queue == Queue::Alert { 1000 } else { 2000 }
}

/// What couriers work with.
pub struct Courier {
    app: App,
    vapid: Arc<Vapid>,
    network: Arc<dyn PushNetwork>,
    mail: Option<Arc<dyn MailNetwork>>,
    line: Option<Arc<LineChannel>>,
    lanes: Lanes,
    chosen: Mutex<Vec<Chosen>>,
    /// By queue: each goes through one notice after the other.
    ahead: Mutex<BTreeMap<Queue, Ahead>>,
    /// An alert is being sent: everything else waits for it.
    alerting: AtomicBool,
}

/// The parts of a courier's work, which do not wait for each other: how slowly a push service or a mail server takes what it is handed keeps nobody from
/// being reached, nor anybody else from being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Choosing people, encrypting, putting into inboxes and on the lists.
    Reach,
    /// Handing over what is on the list of a way.
    HandOver(Way),
}

impl Work {
    /// All of it.
    pub const ALL: &'static [Self] = &[Self::Reach, Self::HandOver(Way::Push), Self::HandOver(Way::Mail), Self::HandOver(Way::Line)];
}

/// A step that was made ready while the one before it was written down.
struct Ahead {
    notice: NoticeId,
    /// Where the run must have come to for it to be the next.
    from: String,
    step: Step,
}

/// Whom a notice's rule selects, in the order of ids, as the register stands.
#[derive(Clone)]
struct Chosen {
    notice: NoticeId,
    bundle: u64,
    day: civil::Date,
    people: Arc<Vec<ResidentId>>,
}

/// What one step of a run puts: deliveries, messages, and how far it has come.
struct Step {
    people: Vec<(DeliveryId, ResidentId)>,
    messages: Vec<Queued>,
    letters: Vec<QueuedLetter>,
    after: String,
    last: bool,
    /// The deliveries are there already: a list's.
    listed: bool,
}

impl Courier {
    /// A courier office for a house.
    pub fn new(app: App, vapid: Arc<Vapid>, network: Arc<dyn PushNetwork>) -> Self {
        let (chosen, ahead, alerting) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        Self { app, vapid, network, mail: None, line: None, lanes: Lanes::default(), chosen, ahead, alerting }
    }

    /// Has it hand letters over, too, in a town that has e-mail.
    #[must_use]
    pub fn with_mail(self, mail: Option<Arc<dyn MailNetwork>>) -> Self {
        Self { mail, ..self }
    }

    /// Has it write by LINE, too, in a town that does.
    #[must_use]
    pub fn with_line(self, line: Option<Arc<LineChannel>>) -> Self {
        Self { line, ..self }
    }

    /// Does one part of a queue's work for as long as the house stands; at once done where there is no such way.
    pub async fn serve(&self, queue: Queue, work: Work) {
        while self.has(work) {
            match self.once(queue, work).await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(rest(work)).await,
                Err(error) => {
                    tracing::error!(queue = queue.as_str(), ?work, error = store::error_chain(&error), "courier");
                    tokio::time::sleep(REST * 10).await;
                }
            }
        }
    }

    /// Does what is due in a queue, once; false when there was nothing to do.
    ///
    /// # Errors
    /// The database's. What a push service, a mail server or LINE answers is no error.
    pub async fn step(&self, queue: Queue) -> Result<bool> {
        let mut did = false;
        for work in Work::ALL {
            did |= self.once(queue, *work).await?;
        }
        Ok(did)
    }

    /// As [`step`](Self::step), of one part of the work.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub async fn once(&self, queue: Queue, work: Work) -> Result<bool> {
        match work {
            Work::HandOver(way) => self.hand_over(queue, way).await,
            Work::Reach => {
                let told = queue == Queue::Normal && self.tell_fresh().await?;
                Ok(self.reach(queue).await? || told)
            }
        }
    }

    fn has(&self, work: Work) -> bool {
        match work {
            Work::Reach | Work::HandOver(Way::Push) => true,
            Work::HandOver(Way::Mail) => self.mail.is_some(),
            Work::HandOver(Way::Line) => self.line.is_some(),
        }
    }

    fn store(&self) -> &Store {
        self.app.store()
    }

    /// Reaches the next people of the queue's next notice. While they are written down, those after them are chosen and their messages encrypted.
    async fn reach(&self, queue: Queue) -> Result<bool> {
        let mut ctx = self.store().read(Actor::System).await?;
        let due = rows::notices::due(&mut ctx, queue).await?;
        drop(ctx);
        if queue == Queue::Alert {
            self.alerting.store(due.is_some(), Ordering::Relaxed);
        }
        let Some(notice) = due else { return Ok(false) };
        if queue != Queue::Alert {
            self.let_alerts_go_first().await;
        }
        let step = match self.take_ahead(&notice) {
            Some(step) => step,
            None => self.next(&notice).await?,
        };
        if step.last {
            self.put(&notice, step).await?;
            return Ok(true);
        }
        let after = Notice { reached: step.after.clone(), ..notice.clone() };
        let (next, put) = tokio::join!(self.next(&after), self.put(&notice, step));
        put?;
        lock(&self.ahead).insert(queue, Ahead { notice: notice.id, from: after.reached, step: next? });
        Ok(true)
    }

    /// The step made ready for where a notice has come to. One for where it is no more was somebody else's to take.
    fn take_ahead(&self, notice: &Notice) -> Option<Step> {
        let found = lock(&self.ahead).remove(&notice.queue)?;
        (found.notice == notice.id && found.from == notice.reached).then_some(found.step)
    }

    async fn let_alerts_go_first(&self) {
        let began = tokio::time::Instant::now();
        while self.alerting.load(Ordering::Relaxed) && began.elapsed() < AFTER_ALERTS_MAX {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Makes the next step of a notice ready.
    async fn next(&self, notice: &Notice) -> Result<Step> {
        let mut ctx = self.store().read(Actor::System).await?;
        match &notice.audience {
            Audience::List { .. } => self.next_of_list(&mut ctx, notice).await,
            _ => self.next_of_rule(&mut ctx, notice).await,
        }
    }

    async fn next_of_rule(&self, ctx: &mut Ctx, notice: &Notice) -> Result<Step> {
        let chosen = self.chosen(ctx, notice).await?;
        let from = chosen.partition_point(|resident| resident.to_string().as_str() <= notice.reached.as_str());
        let to = chosen.len().min(from + step_people(notice.queue));
        let now = ctx.now();
        let people: Vec<(DeliveryId, ResidentId)> = chosen[from..to].iter().map(|resident| (DeliveryId::new(now), *resident)).collect();
        self.step_of(ctx, notice, people, to == chosen.len(), false).await
    }

    async fn next_of_list(&self, ctx: &mut Ctx, notice: &Notice) -> Result<Step> {
        let most = step_people(notice.queue);
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let listed = rows::deliveries::listed(ctx, notice.id, &notice.reached, limit).await?;
        let last = listed.len() < most;
        let people = listed.into_iter().map(|(delivery, resident, _)| (delivery, resident)).collect();
        self.step_of(ctx, notice, people, last, true).await
    }

    async fn step_of(
        &self,
        ctx: &mut Ctx,
        notice: &Notice,
        people: Vec<(DeliveryId, ResidentId)>,
        last: bool,
        listed: bool,
    ) -> Result<Step> {
        let Some((_, end)) = people.last() else {
            return Ok(Step { people, messages: Vec::new(), letters: Vec::new(), after: notice.reached.clone(), last: true, listed });
        };
        let after = end.to_string();
        let disposition = if listed { rows::dispositions::of(ctx, notice.id).await? } else { None };
        let agreeing = agreeing(ctx, disposition.as_ref()).await?;
        let muting = match ctx.town().notice_topic(&notice.topic) {
            Some(topic) if topic.always => HashSet::new(),
            _ => rows::subscriptions::muting(ctx, notice.topic.as_str()).await?,
        };
        // Of a list, everybody's words are their own.
        let chosen = if listed { None } else { Some(self.chosen(ctx, notice).await?) };
        let among = Among { people: &people, muting: &muting, agreeing: agreeing.as_ref(), chosen: chosen.as_deref().map(Vec::as_slice) };
        let walk = match is_for_few(ctx, notice).await? {
            true => Walk::To(&people),
            false => Walk::Along { after: &notice.reached, up_to: &after },
        };
        let reaching = rows::reach::browsers(ctx, walk).await?;
        let browsers = among.told(ctx, reaching).await?;
        let letters = self.letters_of_step(ctx, &among, walk).await?;
        let words = Wording::of(&self.app, notice, disposition.is_some());
        let messages = encrypted(words, browsers).await?;
        Ok(Step { people, messages, letters, after, last, listed })
    }

    /// Whom the notice's rule selects now, sorted; found once for the register as it stands.
    async fn chosen(&self, ctx: &mut Ctx, notice: &Notice) -> Result<Arc<Vec<ResidentId>>> {
        let town = registry::table(ctx).await?;
        let kept = |chosen: &Chosen| chosen.notice == notice.id && chosen.bundle == town.bundle && chosen.day == town.day;
        if let Some(found) = lock(&self.chosen).iter().find(|chosen| kept(chosen)) {
            return Ok(Arc::clone(&found.people));
        }
        let mut people = select(&town, &notice.audience)?;
        if let Audience::Rule { rule } = &notice.audience {
            let rule = Rule::check(rule, town.table.schema()).map_err(Error::Rule)?;
            people.extend(identity::guests_selected(ctx, &rule).await?);
            people.sort_unstable();
        }
        let people = Arc::new(people);
        let mut all = lock(&self.chosen);
        all.retain(|chosen| chosen.notice != notice.id);
        all.push(Chosen { notice: notice.id, bundle: town.bundle, day: town.day, people: Arc::clone(&people) });
        Ok(people)
    }

    /// Writes a step down: people, messages and the place to go on from are one change, so that whoever is stopped anywhere reaches nobody twice.
    async fn put(&self, notice: &Notice, step: Step) -> Result<()> {
        let mut ctx = self.store().begin(Actor::System).await?;
        let people = u32::try_from(step.people.len()).unwrap_or(u32::MAX);
        let reached = Reached { before: &notice.reached, after: &step.after, people, last: step.last };
        if !rows::notices::reach(&mut ctx, notice.id, &reached).await? {
            return Ok(());
        }
        if step.listed {
            let ids: Vec<DeliveryId> = step.people.iter().map(|(id, _)| *id).collect();
            rows::deliveries::put_listed(&mut ctx, &ids).await?;
            crate::domain::dispositions::proof::arrived(&mut ctx, notice.id, &ids).await?;
        } else {
            let at = ctx.now();
            let notice = Some(notice.id);
            let mut puts = step.people.iter().map(|(id, resident)| Put {
                id: *id,
                notice,
                resident: Some(*resident),
                account: None,
                occasion: "",
                tell: None,
                at,
            });
            rows::deliveries::put_all(&mut ctx, &mut puts).await?;
        }
        rows::messages::queue_all(&mut ctx, notice.queue, &mut step.messages.into_iter()).await?;
        rows::letters::queue_all(&mut ctx, notice.queue, &step.letters).await?;
        if notice.begun_at.is_none() {
            ctx.record(BEGUN, &NoticeEvent { notice: notice.id, people: notice.people }).await?;
        }
        if step.last {
            ctx.record(SENT, &NoticeEvent { notice: notice.id, people: notice.chosen + people }).await?;
            lock(&self.chosen).retain(|chosen| chosen.notice != notice.id);
        }
        ctx.commit().await?;
        Ok(())
    }
}

/// How long a part of the work rests that found nothing to do: letters are in less of a hurry.
fn rest(work: Work) -> Duration {
    if work == Work::HandOver(Way::Mail) { REST * 3 } else { REST }
}

fn lock<T>(kept: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a notice is for so few of the town that it is quicker to look each of them up than to walk along everybody between them.
async fn is_for_few(ctx: &mut Ctx, notice: &Notice) -> Result<bool> {
    let town = registry::table(ctx).await?;
    Ok(notice.people as usize * FEW < town.residents.len())
}

/// Whom an audience selects, in the order of ids.
fn select(town: &TownTable, audience: &Audience) -> Result<Vec<ResidentId>> {
    let Some(source) = audience.rule() else { return Ok(Vec::new()) };
    let rule = Rule::check(&source, town.table.schema()).map_err(Error::Rule)?;
    let mut people: Vec<ResidentId> = rule.select(&town.table, town.day).rows().map(|row| town.residents[row]).collect();
    people.sort_unstable();
    Ok(people)
}
