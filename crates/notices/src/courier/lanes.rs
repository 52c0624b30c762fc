//! How messages leave, whatever the way: how many at once, how many a second, and what becomes of each by its answer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use civil::Timestamp;
use jiff::SignedDuration;
use store::Ctx;
use tokio::time::Instant;

use super::{Courier, lock};
use crate::model::{Answer, DeliveryId, Halt, Pace, Queue, Result, Way};
use crate::rules;
use crate::store as rows;

/// How long a way that takes nothing is left alone.
const HALTED_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Messages handed over in one step, and how many of them at the same time: mail servers allow one sender few connections.
fn step_of(way: Way, queue: Queue) -> (u32, usize) {
    match (way, queue) {
        (Way::Push, Queue::Alert) => (1024, 128),
        (Way::Line, Queue::Alert) => (512, 64),
        (Way::Push | Way::Line, _) => (256, 32),
        (Way::Mail, _) => (64, 8),
    }
}

/// How much of a step is taken now, and how much of it at the same time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) limit: u32,
    pub(super) at_once: usize,
}

/// When the next may go where so many go a second: of a queue of a way, and of a way as a whole.
#[derive(Default)]
pub(super) struct Lanes(Mutex<BTreeMap<(Way, Option<Queue>), Instant>>);

impl Lanes {
    /// Has so many more go: gives when they may.
    fn turn(&self, lane: (Way, Option<Queue>), count: usize, per_s: u32) -> Instant {
        let now = Instant::now();
        if per_s == 0 {
            return now;
        }
        let mut lanes = lock(&self.0);
        let next = lanes.entry(lane).or_insert(now);
        let start = now.max(*next);
        *next = start + Duration::from_secs_f64(count as f64 / f64::from(per_s));
        start
    }
}

impl Courier {
    /// Hands over what is due in a queue of a way, once; false when nothing was.
    pub(super) async fn hand_over(&self, queue: Queue, way: Way) -> Result<bool> {
        if !self.has(super::Work::HandOver(way)) {
            return Ok(false);
        }
        let (most, at_once) = step_of(way, queue);
        let limit = self.per_s(queue, way).into_iter().filter(|(_, per_s)| *per_s > 0).fold(most, |limit, (_, per_s)| limit.min(per_s));
        let share = Share { limit, at_once };
        match way {
            Way::Push => self.hand_pushes(queue, share).await,
            Way::Mail | Way::Line => self.hand_letters(queue, way, share).await,
        }
    }

    /// What goes a second at most, by lane; 0 where as many go as will: push services, and our own counters, have others to serve, and LINE has its limits.
    fn per_s(&self, queue: Queue, way: Way) -> [((Way, Option<Queue>), u32); 2] {
        let town = self.app.town();
        let bulk = if queue == Queue::Bulk { town.notices.bulk_per_s } else { 0 };
        let whole = town.line.as_ref().filter(|_| way == Way::Line).map_or(0, |line| line.per_s);
        [((way, Some(queue)), bulk), ((way, None), whole)]
    }

    /// Waits until so many more may go.
    pub(super) async fn turn(&self, queue: Queue, way: Way, count: usize) {
        for (lane, per_s) in self.per_s(queue, way) {
            tokio::time::sleep_until(self.lanes.turn(lane, count, per_s)).await;
        }
    }
}

/// A message that was handed over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handed {
    pub(super) delivery: Option<DeliveryId>,
    pub(super) queued_at: Timestamp,
    /// This time among them.
    pub(super) attempts: u32,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is taken, or given up.
    Done,
    /// Whom it is for is gone.
    Gone,
    /// It is tried again.
    Again(Timestamp),
}

/// The answers of one step.
pub(super) struct Ledger {
    way: Way,
    now: Timestamp,
    pace: Pace,
    delivered: Vec<DeliveryId>,
    halt: Option<Halt>,
}

impl Ledger {
    pub(super) fn new(ctx: &Ctx, queue: Queue, way: Way) -> Self {
        let pace = Pace { queue, day: ctx.today(), handed: 0, within_10s: 0, gone: 0, refused: 0 };
        Self { way, now: ctx.now(), pace, delivered: Vec::new(), halt: None }
    }

    /// Notes an answer, and says what becomes of the message.
    pub(super) fn fate(&mut self, message: &Handed, answer: Result<Answer, String>) -> Fate {
        let way = self.way.as_str();
        let after_s = match answer {
            Ok(Answer::Taken) => {
                self.pace.handed += 1;
                self.pace.within_10s += u32::from(self.now <= message.queued_at + rules::QUICK);
                self.delivered.extend(message.delivery);
                return Fate::Done;
            }
            Ok(Answer::Gone(status)) => {
                tracing::info!(way, status, "a reader is gone");
                self.pace.gone += 1;
                return Fate::Gone;
            }
            Ok(Answer::Refused(status)) => {
                tracing::warn!(way, status, "a message was refused");
                self.pace.refused += 1;
                return Fate::Done;
            }
            Ok(Answer::Halted(halt)) => {
                tracing::error!(way, reason = halt.as_str(), "nothing is taken from the town");
                self.halt = Some(halt);
                u32::try_from(HALTED_FOR.as_secs()).ok()
            }
            Ok(Answer::Later { status, after_s }) => {
                tracing::warn!(way, status, "asked to wait");
                after_s
            }
            Err(reason) => {
                tracing::warn!(way, reason, "no answer");
                None
            }
        };
        if message.attempts >= rules::ATTEMPTS_MAX {
            self.pace.refused += 1;
            return Fate::Done;
        }
        Fate::Again(self.now + rules::wait_before_again(message.attempts, after_s))
    }

    /// Notes how many were given up without being handed over.
    pub(super) fn given_up(&mut self, count: u64) {
        self.pace.refused += u32::try_from(count).unwrap_or(u32::MAX);
    }

    /// Writes down what came of the step.
    pub(super) async fn close(self, ctx: &mut Ctx) -> Result<()> {
        rows::deliveries::delivered(ctx, &self.delivered).await?;
        rows::pace::add(ctx, self.way, &self.pace).await?;
        match self.halt {
            Some(halt) => rows::pace::halt(ctx, self.way, halt, self.now + HALTED_FOR).await,
            None if self.pace.handed > 0 && self.way == Way::Line => rows::pace::go_on(ctx, self.way).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_go_a_second_whoever_sends_them() {
        let (lanes, began) = (Lanes::default(), Instant::now());
        let lane = (Way::Line, None);
        let starts: Vec<Duration> = [500, 500, 250, 250].map(|count| lanes.turn(lane, count, 500) - began).into();
        for (start, expected_ms) in starts.iter().zip([0, 1000, 2000, 2500]) {
            let expected = Duration::from_millis(expected_ms);
            assert!(*start >= expected && *start < expected + Duration::from_millis(200), "{starts:?}");
        }
        assert!(lanes.turn((Way::Mail, None), 500, 500) - began < Duration::from_millis(500), "another lane is free");
        assert!(lanes.turn(lane, 1_000_000, 0) - began < Duration::from_millis(500), "as many as will");
    }
}
