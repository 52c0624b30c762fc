//! Letters, by e-mail and by LINE: who is written to in a step of a run, and what the mail server or LINE is handed. Their lists are apart from that of
//! pushes, and from each other: a server that takes its time holds nobody's phone up.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::{Actor, Ctx};
use web::Tell;

use super::Courier;
use super::among::Among;
use super::lanes::{Fate, Handed, Ledger, Share};
use super::writer::{Sheet, Writer};
use crate::domain::mail::make_code;
use crate::model::{Answer, Delivery, Error, Notice, NoticeId, Queue, Result, State, Way};
use crate::store as rows;
use crate::store::letters::{DueLetter, QueuedLetter};
use crate::store::reach::Walk;

/// For how long a courier has a letter to itself. Longer than a whole step takes with a server that does not answer; whoever was killed meanwhile has it
/// sent again after this, under the same `Message-ID` and the same retry key.
const TAKEN: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);
/// What a way that takes nothing from the town has kept waiting for a day is given up: who reads it on the first of the next month is misled.
const WAITS: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// A letter that is on its way, and what is noted when it arrived.
struct Underway {
    due: DueLetter,
    sheet: Sheet,
}

type Answers = Vec<(Underway, Result<Answer, String>)>;

impl Courier {
    /// Hands over the letters of a queue that are due.
    pub(super) async fn hand_letters(&self, queue: Queue, way: Way, share: Share) -> Result<bool> {
        let mut ctx = self.store().read(Actor::System).await?;
        let limit = match rows::pace::halted(&mut ctx, way).await? {
            Some(halted) if ctx.now() < halted.until => return Ok(false),
            // One tells whether it takes anything again.
            Some(_) => {
                drop(ctx);
                self.give_up_old(queue, way).await?;
                ctx = self.store().read(Actor::System).await?;
                1
            }
            None => share.limit,
        };
        let due = rows::letters::due(&mut ctx, way, queue, limit).await?;
        drop(ctx);
        if due.is_empty() {
            return Ok(false);
        }
        let underway = self.take_letters(due).await?;
        self.turn(queue, way, underway.len()).await;
        let answers = self.send_all(underway, share.at_once).await;
        self.note_letters(queue, way, answers).await?;
        Ok(true)
    }

    /// Gives up what a way that takes nothing has kept waiting too long.
    async fn give_up_old(&self, queue: Queue, way: Way) -> Result<()> {
        let mut ctx = self.store().begin(Actor::System).await?;
        let before = ctx.now() - WAITS;
        let mut ledger = Ledger::new(&ctx, queue, way);
        ledger.given_up(rows::letters::expire(&mut ctx, way, queue, before).await?);
        ledger.close(&mut ctx).await?;
        ctx.commit().await?;
        Ok(())
    }

    /// Takes what is due, as far as nobody else did, and words it.
    async fn take_letters(&self, due: Vec<DueLetter>) -> Result<Vec<Underway>> {
        let mut ctx = self.store().begin(Actor::System).await?;
        let until = ctx.now() + TAKEN;
        let mut notices = BTreeMap::new();
        let mut underway = Vec::with_capacity(due.len());
        for due in due {
            if !rows::letters::take(&mut ctx, &due, until).await? {
                continue;
            }
            match self.worded(&mut ctx, &due, &mut notices).await? {
                Some(sheet) => underway.push(Underway { due, sheet }),
                // Its address ended, or its notice was withdrawn, while it waited.
                None => rows::letters::done(&mut ctx, due.id).await?,
            }
        }
        ctx.commit().await?;
        Ok(underway)
    }

    /// A letter in its reader's language, as things stand now; none where there is nothing to say any more.
    async fn worded(&self, ctx: &mut Ctx, due: &DueLetter, notices: &mut BTreeMap<NoticeId, Notice>) -> Result<Option<Sheet>> {
        let Some(address) = rows::letters::find(ctx, due.address).await? else { return Ok(None) };
        let writer = Writer::new(&self.app, &address, due.id, ctx.now());
        let Some(id) = due.delivery else {
            let code = make_code(ctx, address.id).await?;
            return Ok(Some(writer.code(&code)));
        };
        let Some(delivery) = rows::deliveries::find(ctx, id).await? else { return Ok(None) };
        if !address.is_told() {
            return Ok(None);
        }
        if let Some(tell) = tell_of(&delivery) {
            return Ok(Some(writer.tell(id, &tell)));
        }
        let Some(of) = delivery.notice.or(delivery.trial_of) else { return Ok(None) };
        if let std::collections::btree_map::Entry::Vacant(entry) = notices.entry(of) {
            entry.insert(rows::notices::find(ctx, of).await?.ok_or(Error::Stored("notice"))?);
        }
        let notice = notices.get(&of).filter(|notice| notice.state != State::Cancelled);
        Ok(notice.map(|notice| writer.notice(id, notice, delivery.trial_of.is_some())))
    }

    /// Hands letters over, a few at the same time, on threads that may wait.
    async fn send_all(&self, underway: Vec<Underway>, at_once: usize) -> Answers {
        let mut answers = Vec::with_capacity(underway.len());
        let mut waiting = underway.into_iter();
        loop {
            let mut some = tokio::task::JoinSet::new();
            for one in waiting.by_ref().take(at_once) {
                let (mail, line) = (self.mail.clone(), self.line.as_ref().map(|line| Arc::clone(&line.network)));
                some.spawn_blocking(move || {
                    let answer = match (&one.sheet, mail, line) {
                        (Sheet::Letter(letter), Some(mail), _) => mail.send(letter),
                        (Sheet::Line(request), _, Some(line)) => line.post(request).map(|reply| reply.answer()),
                        _ => Err("there is no such way".to_owned()),
                    };
                    (one, answer)
                });
            }
            if some.is_empty() {
                return answers;
            }
            answers.extend(some.join_all().await);
        }
    }

    /// Notes what was answered.
    async fn note_letters(&self, queue: Queue, way: Way, answers: Answers) -> Result<()> {
        let mut ctx = self.store().begin(Actor::System).await?;
        let mut ledger = Ledger::new(&ctx, queue, way);
        let doubtful = is_doubtful(answers.iter().map(|(_, answer)| answer));
        if doubtful {
            tracing::error!(way = way.as_str(), "most letters are refused: nothing is believed of their addresses");
        }
        for (Underway { due, .. }, answer) in answers {
            let answer = match answer {
                Ok(Answer::Gone(status) | Answer::Refused(status)) if doubtful => Ok(Answer::Later { status, after_s: None }),
                other => other,
            };
            let handed = Handed { delivery: due.delivery, queued_at: due.queued_at, attempts: due.attempts + 1 };
            match ledger.fate(&handed, answer) {
                Fate::Done => rows::letters::done(&mut ctx, due.id).await?,
                Fate::Gone => rows::letters::unreachable(&mut ctx, due.address).await?,
                Fate::Again(at) => rows::letters::again(&mut ctx, due.id, at).await?,
            }
        }
        ledger.close(&mut ctx).await?;
        ctx.commit().await?;
        Ok(())
    }

    /// The letters of one step of a run, to the addresses told of its people.
    pub(super) async fn letters_of_step(&self, ctx: &mut Ctx, among: &Among<'_>, walk: Walk<'_>) -> Result<Vec<QueuedLetter>> {
        let mut letters = Vec::new();
        for way in [Way::Line, Way::Mail] {
            if !self.writes(ctx, way) {
                continue;
            }
            let reaching = rows::reach::addresses(ctx, way, walk).await?;
            let told = among.told(ctx, reaching).await?.into_iter();
            letters.extend(told.map(|(delivery, address)| QueuedLetter { way, delivery: Some(delivery), address }));
        }
        Ok(letters)
    }
}

/// More refusals than this in one step, and more than half of its letters, are the server's doing or our own: a sender it does not know, an address of ours on
/// somebody's list. Nobody's address is given up for that.
const REFUSALS_BELIEVED: usize = 3;

fn is_doubtful<'a>(answers: impl Iterator<Item = &'a Result<Answer, String>>) -> bool {
    let (mut all, mut refused) = (0, 0);
    for answer in answers {
        all += 1;
        refused += usize::from(matches!(answer, Ok(Answer::Gone(_) | Answer::Refused(_))));
    }
    refused > REFUSALS_BELIEVED && refused * 2 > all
}

fn tell_of(delivery: &Delivery) -> Option<Tell> {
    delivery.tell.as_deref().and_then(|tell| serde_json::from_str(tell).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_refuses_everybody_is_not_believed() {
        let answers = |gone: usize, taken: usize| {
            let gone = std::iter::repeat_n(Ok(Answer::Gone(550)), gone);
            gone.chain(std::iter::repeat_n(Ok(Answer::Taken), taken)).collect::<Vec<Result<Answer, String>>>()
        };
        for (gone, taken, doubtful) in [(1, 0, false), (3, 0, false), (4, 0, true), (4, 4, false), (5, 4, true), (10, 54, false)] {
            assert_eq!(is_doubtful(answers(gone, taken).iter()), doubtful, "{gone} of {}", gone + taken);
        }
    }
}
