use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Actor, Ctx, Error, Pending, Result, Store, Tx, params};

crate::id!(JobId, "A piece of work that follows a change.");

/// After this many failures a job waits for somebody to look.
const ATTEMPTS_MAX: i32 = 20;
/// Jobs that wait for the network at the same time.
const OUTSIDE_AT_ONCE: i64 = 16;
/// The longest wait between two tries.
const BACKOFF_MAX_S: i64 = 3600;

/// A piece of work that follows a change.
#[derive(Debug, Clone)]
pub struct Job {
    id: JobId,
    /// `room.what_to_do`.
    pub kind: String,
    /// The room's own JSON.
    pub payload: String,
    attempts: i32,
}

crate::from_row!(Job { id, kind, payload, attempts });

impl Job {
    /// Reads the payload as the room's own type.
    ///
    /// # Errors
    /// [`Error::Json`] when it is another.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.payload)?)
    }
}

/// What a room does for a job, in the transaction that also takes the job off the list.
pub type JobHandler = Arc<dyn for<'a> Fn(&'a mut Ctx, &'a Job) -> Pending<'a, ()> + Send + Sync>;

/// What a room does for a job that waits for the network: no transaction is open meanwhile. It may be done again when the house stops in the middle, so
/// it must bear being done twice.
pub type OutsideHandler = Arc<dyn for<'a> Fn(&'a Store, &'a Job) -> Pending<'a, ()> + Send + Sync>;

/// The handlers of all rooms, by job kind.
#[derive(Default, Clone)]
pub struct JobHandlers {
    by_kind: HashMap<&'static str, JobHandler>,
    outside: HashMap<&'static str, OutsideHandler>,
    /// What is due every day, and how long after midnight.
    daily: Vec<(&'static str, SignedDuration)>,
    /// The midnight up to which the days are planned.
    planned: Arc<Mutex<Option<Timestamp>>>,
}

impl JobHandlers {
    /// Says who does jobs of this kind.
    pub fn on<F>(&mut self, kind: &'static str, handler: F)
    where
        F: for<'a> Fn(&'a mut Ctx, &'a Job) -> Pending<'a, ()> + Send + Sync + 'static,
    {
        self.by_kind.insert(kind, Arc::new(handler));
    }

    /// Says who does jobs of this kind, which wait for the network; [`Ctx::enqueue_outside`] puts them on the list.
    pub fn on_outside<F>(&mut self, kind: &'static str, handler: F)
    where
        F: for<'a> Fn(&'a Store, &'a Job) -> Pending<'a, ()> + Send + Sync + 'static,
    {
        self.outside.insert(kind, Arc::new(handler));
    }

    /// Says who does what is due every day, so long after midnight in Japan. The list itself puts the next run on, whatever becomes of this one.
    pub fn every_day<F>(&mut self, kind: &'static str, after_midnight: SignedDuration, handler: F)
    where
        F: for<'a> Fn(&'a mut Ctx, &'a Job) -> Pending<'a, ()> + Send + Sync + 'static,
    {
        self.daily.push((kind, after_midnight));
        self.on(kind, handler);
    }
}

crate::queries! {
    INSERT = "insert into store_job (id, kind, unique_key, payload, run_at, outside, attempts) values ($1, $2, $3, $4, $5, $6, 0)
        on conflict (unique_key) do nothing";
    DUE = "select id, kind, payload, attempts from store_job where run_at <= $1 and attempts < $2 and not outside order by run_at limit 1";
    DUE_OUTSIDE = "select id, kind, payload, attempts from store_job where run_at <= $1 and attempts < $2 and outside order by attempts, run_at limit $3";
    DONE = "delete from store_job where id = $1";
    FAILED_ONCE = "select count(*) from store_job where attempts > 0 and attempts < $1";
    GIVEN_UP = "select count(*) from store_job where attempts >= $1";
    /// Given up, it keeps nobody else from being put on the list under its key.
    FAILED = "update store_job set attempts = attempts + 1, run_at = $2, last_error = $3,
        unique_key = case when attempts + 1 >= $4 then null else unique_key end where id = $1";
}

impl Ctx {
    /// Puts work on the list in this transaction, to run at `run_at` or soon after. A `unique_key` that waits already is not put there twice.
    ///
    /// # Errors
    /// The driver's.
    pub async fn enqueue<T: Serialize + Sync>(
        &mut self,
        kind: &'static str,
        unique_key: Option<String>,
        payload: &T,
        run_at: Timestamp,
    ) -> Result<()> {
        self.put_on_list(kind, unique_key, payload, run_at, false).await
    }

    /// As [`enqueue`](Self::enqueue), for work that waits for the network: see [`JobHandlers::on_outside`].
    ///
    /// # Errors
    /// The driver's.
    pub async fn enqueue_outside<T: Serialize + Sync>(
        &mut self,
        kind: &'static str,
        unique_key: Option<String>,
        payload: &T,
        run_at: Timestamp,
    ) -> Result<()> {
        self.put_on_list(kind, unique_key, payload, run_at, true).await
    }

    async fn put_on_list<T: Serialize + Sync>(
        &mut self,
        kind: &'static str,
        unique_key: Option<String>,
        payload: &T,
        run_at: Timestamp,
        outside: bool,
    ) -> Result<()> {
        let id = JobId::new(self.now());
        let payload = serde_json::to_string(payload)?;
        self.tx().execute(INSERT, params![id, kind, unique_key, payload, run_at, outside]).await?;
        Ok(())
    }
}

/// Jobs that did not go well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobsInTrouble {
    /// Failed, and will be tried again.
    pub failing: u32,
    /// Failed so often that they wait for somebody to look.
    pub given_up: u32,
}

/// Counts the jobs that did not go well.
///
/// # Errors
/// The driver's.
pub async fn jobs_in_trouble(tx: &mut Tx) -> Result<JobsInTrouble> {
    let (failing,) = tx.query_one::<(u32,)>(FAILED_ONCE, params![ATTEMPTS_MAX]).await?;
    let (given_up,) = tx.query_one::<(u32,)>(GIVEN_UP, params![ATTEMPTS_MAX]).await?;
    Ok(JobsInTrouble { failing, given_up })
}

/// Puts the next day's runs of what is due every day on the list, once; at start, and by [`run_due_jobs`] from then on.
///
/// # Errors
/// The driver's.
pub async fn plan_days(store: &Store, handlers: &JobHandlers) -> Result<()> {
    let next = civil::next_midnight_in_japan(store.clock().now());
    let planned = || handlers.planned.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if handlers.daily.is_empty() || *planned() == Some(next) {
        return Ok(());
    }
    let mut ctx = store.begin(Actor::System).await?;
    for (kind, after_midnight) in &handlers.daily {
        let run_at = next + *after_midnight;
        ctx.enqueue(kind, Some(format!("{kind}/{run_at}")), &(), run_at).await?;
    }
    ctx.commit().await?;
    *planned() = Some(next);
    Ok(())
}

/// Runs every job that is due, one transaction each, and gives how many were done. A job that fails waits longer each time and undoes nothing else.
///
/// # Errors
/// The driver's. A job's own failure is logged and kept beside it.
pub async fn run_due_jobs(store: &Store, handlers: &JobHandlers) -> Result<usize> {
    plan_days(store, handlers).await?;
    let mut done = 0;
    loop {
        let mut ctx = store.begin(Actor::System).await?;
        let now = ctx.now();
        let Some(job) = ctx.tx().query_opt::<Job>(DUE, params![now, ATTEMPTS_MAX]).await? else {
            return Ok(done);
        };
        match attempt(&mut ctx, handlers, &job).await {
            Ok(()) => {
                ctx.tx().execute(DONE, params![job.id]).await?;
                ctx.commit().await?;
                done += 1;
            }
            Err(error) => {
                drop(ctx);
                put_off(store, &job, &error).await?;
            }
        }
    }
}

/// Does every job that is due and waits for the network, several at a time and those that never failed first, and gives how many were done. Apart from
/// [`run_due_jobs`], so that a network that does not answer keeps nobody from midnight's work, nor one silent server all the others.
///
/// # Errors
/// The driver's. A job's own failure is logged and kept beside it.
pub async fn run_due_jobs_outside(store: &Store, handlers: &JobHandlers) -> Result<usize> {
    let mut done = 0;
    loop {
        let mut ctx = store.read(Actor::System).await?;
        let now = ctx.now();
        let due: Vec<Job> = ctx.tx().query(DUE_OUTSIDE, params![now, ATTEMPTS_MAX, OUTSIDE_AT_ONCE]).await?;
        drop(ctx);
        if due.is_empty() {
            return Ok(done);
        }
        for finished in join_all(due.iter().map(|job| do_outside(store, handlers, job))).await {
            done += usize::from(finished?);
        }
    }
}

/// Does one job outside; false when it is put off.
async fn do_outside(store: &Store, handlers: &JobHandlers, job: &Job) -> Result<bool> {
    if let Err(error) = attempt_outside(store, handlers, job).await {
        put_off(store, job, &error).await?;
        return Ok(false);
    }
    let mut ctx = store.begin(Actor::System).await?;
    ctx.tx().execute(DONE, params![job.id]).await?;
    ctx.commit().await?;
    Ok(true)
}

async fn attempt_outside(store: &Store, handlers: &JobHandlers, job: &Job) -> Result<()> {
    let within = |source| Error::Within { what: format!("job {}", job.kind), source };
    let handler = handlers.outside.get(job.kind.as_str()).ok_or_else(|| within("nobody does this kind of job".into()))?;
    let done = AssertUnwindSafe(handler(store, job)).catch_unwind().await;
    done.unwrap_or_else(|_| Err("it panicked".into())).map_err(within)
}

async fn attempt(ctx: &mut Ctx, handlers: &JobHandlers, job: &Job) -> Result<()> {
    let within = |source| Error::Within { what: format!("job {}", job.kind), source };
    let handler = handlers.by_kind.get(job.kind.as_str()).ok_or_else(|| within("nobody does this kind of job".into()))?;
    // A job that panics fails like any other: whoever runs the list goes on.
    let done = AssertUnwindSafe(handler(ctx, job)).catch_unwind().await;
    done.unwrap_or_else(|_| Err("it panicked".into())).map_err(within)
}

async fn put_off(store: &Store, job: &Job, error: &Error) -> Result<()> {
    let reason = crate::error_chain(error);
    tracing::warn!(job = %job.id, kind = job.kind, attempts = job.attempts + 1, reason, "job failed");
    let mut ctx = store.begin(Actor::System).await?;
    let wait_s = (1_i64 << job.attempts.clamp(0, 12)).min(BACKOFF_MAX_S);
    let next = ctx.now() + SignedDuration::from_secs(wait_s);
    ctx.tx().execute(FAILED, params![job.id, next, reason, ATTEMPTS_MAX]).await?;
    ctx.commit().await
}
