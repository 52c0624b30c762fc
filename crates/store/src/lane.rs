use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::{Actor, BoxError, Ctx, Error, Pending, Result, Store};

/// Changes that share one transaction at most.
const GROUP_MAX: usize = 512;
/// While this many changes share a transaction, the next one is begun a little later: a flush to disk costs the same for three changes as for thirty, and
/// whoever asks in a throng would wait for the flush before theirs anyway. Somebody who asks alone is never kept waiting.
const BUSY_FROM: usize = 4;
/// How much later.
const GATHER: Duration = Duration::from_millis(1);

type Answer = Box<dyn Any + Send>;
type Work = Arc<dyn for<'a> Fn(&'a mut Ctx) -> Pending<'a, Answer> + Send + Sync>;

/// Gathers short changes that arrive together into one transaction: one flush to disk for all of them.
///
/// Whoever finds nobody at work becomes the leader and serves the queue until it is empty; the others wait for their answer.
#[derive(Default, Clone)]
pub(crate) struct Lane(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    led: bool,
}

struct Waiting {
    actor: Actor,
    work: Work,
    reply: oneshot::Sender<Result<Answer>>,
}

impl Lane {
    pub(crate) async fn run<T, F>(&self, store: &Store, actor: Actor, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Ctx) -> Pending<'a, T> + Send + Sync + 'static,
    {
        let work = Arc::new(work);
        let erased: Work = Arc::new(move |ctx| {
            let work = Arc::clone(&work);
            Box::pin(async move { Ok::<_, BoxError>(Box::new(work(ctx).await?) as Answer) })
        });
        let (reply, answer) = oneshot::channel();
        if self.join(Waiting { actor, work: erased, reply }) {
            // Led on a thread of its own: a caller that goes away must not take the others' answers with it, and whoever reads requests and
            // checks signatures must not wait behind a group and its flush to disk.
            let (lane, store, runtime) = (self.clone(), store.clone(), Handle::current());
            tokio::task::spawn_blocking(move || runtime.block_on(lead(lane, store)));
        }
        let answer = answer.await.map_err(|_| Error::Closing)??;
        answer.downcast::<T>().map(|answer| *answer).map_err(|_| Error::Closing)
    }

    /// Joins the queue; true for the one who must lead it.
    fn join(&self, waiting: Waiting) -> bool {
        let mut queue = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        queue.waiting.push(waiting);
        !std::mem::replace(&mut queue.led, true)
    }

    /// Takes the next group; none ends the leader's duty.
    fn next(&self) -> Vec<Waiting> {
        let mut queue = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let take = queue.waiting.len().min(GROUP_MAX);
        let group: Vec<_> = queue.waiting.drain(..take).collect();
        if group.is_empty() {
            queue.led = false;
        }
        group
    }
}

async fn lead(lane: Lane, store: Store) {
    let mut before = 0;
    loop {
        if before >= BUSY_FROM {
            std::thread::sleep(GATHER);
        }
        let group = lane.next();
        before = group.len();
        if group.is_empty() {
            return;
        }
        match together(&store, &group).await {
            Ok(answers) => {
                for (waiting, answer) in group.into_iter().zip(answers) {
                    let _ = waiting.reply.send(Ok(answer));
                }
            }
            // One of them failed and took the others with it: each again for itself, so that only the one at fault is refused.
            Err(_) => {
                for waiting in group {
                    let answer = together(&store, std::slice::from_ref(&waiting)).await;
                    let _ = waiting.reply.send(answer.and_then(|mut answers| answers.pop().ok_or(Error::Closing)));
                }
            }
        }
    }
}

/// Does a group's work in one transaction. Work that panics fails like any other: the leader goes on, for nobody else would lead.
async fn together(store: &Store, group: &[Waiting]) -> Result<Vec<Answer>> {
    let panicked = |_| Err(Error::Within { what: "grouped work".to_owned(), source: "it panicked".into() });
    AssertUnwindSafe(in_one_change(store, group)).catch_unwind().await.unwrap_or_else(panicked)
}

async fn in_one_change(store: &Store, group: &[Waiting]) -> Result<Vec<Answer>> {
    let mut ctx = store.begin(Actor::System).await?;
    let mut answers = Vec::with_capacity(group.len());
    for waiting in group {
        ctx.turn_to(waiting.actor.clone());
        let answer = (waiting.work)(&mut ctx).await.map_err(|source| Error::Within { what: "grouped work".to_owned(), source })?;
        answers.push(answer);
    }
    ctx.commit().await?;
    Ok(answers)
}
