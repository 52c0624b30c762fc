//! Answers the centre could not take: kept in memory and handed in again by themselves until their question is over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Station;
use crate::centre::{Answer, CentreError, Question};
use crate::forms::token;

/// How often it is tried.
const PAUSE: Duration = Duration::from_secs(2);
/// Answers remembered at a time, finished ones too; the oldest is forgotten first.
const KEPT_MAX: usize = 32;

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Became {
    /// The centre is still away.
    Waiting,
    /// The centre has it.
    HandedIn,
    /// The centre said no.
    Refused(String),
    /// The question was over before the centre came back.
    TooLate,
}

/// The answers of this station that could not be handed in at once.
#[derive(Default)]
pub(crate) struct Kept(Mutex<VecDeque<(String, Became)>>);

impl Kept {
    /// What became of an answer; nothing when it is not known here.
    pub(crate) fn became(&self, ticket: &str) -> Option<Became> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == ticket).map(|(_, became)| became.clone())
    }

    fn remember(&self, ticket: &str, became: Became) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| known != ticket);
        kept.push_back((ticket.to_owned(), became));
        while kept.len() > KEPT_MAX {
            kept.pop_front();
        }
    }
}

/// Keeps an answer and hands it in when the centre is back; gives the ticket by which the page asks for it.
pub(crate) fn keep(station: &Arc<Station>, question: Question, answer: Answer) -> String {
    let ticket = token();
    station.kept.remember(&ticket, Became::Waiting);
    let (station, kept) = (Arc::clone(station), ticket.clone());
    tokio::spawn(async move {
        let became = hand_in(&station, question, answer).await;
        tracing::info!(?became, "an answer that was kept");
        station.kept.remember(&kept, became);
    });
    ticket
}

async fn hand_in(station: &Arc<Station>, question: Question, answer: Answer) -> Became {
    let until = question.until;
    let (question, answer) = (Arc::new(question), Arc::new(answer));
    while Instant::now() < until {
        tokio::time::sleep(PAUSE).await;
        let (centre, question, answer) = (station.centre.clone(), Arc::clone(&question), Arc::clone(&answer));
        match tokio::task::spawn_blocking(move || centre.answer(&question, &answer)).await {
            Ok(Ok(())) => return Became::HandedIn,
            Ok(Err(refused)) => {
                if let Some(became) = after(&refused) {
                    return became;
                }
            }
            Err(error) => tracing::error!(%error, "handing in fell over"),
        }
    }
    Became::TooLate
}

/// What a refusal means for an answer that may have arrived before, when only the centre's word was lost; nothing when it has to be tried again.
fn after(refused: &CentreError) -> Option<Became> {
    match refused {
        CentreError::Unreachable(_) => None,
        CentreError::Refused { code } if code == "proof_replayed" => Some(Became::HandedIn),
        CentreError::Refused { code } if code == "proof_expired" || code == "proof_not_found" => Some(Became::TooLate),
        CentreError::Refused { code } => Some(Became::Refused(code.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_remembered_by_its_ticket_and_the_oldest_forgotten() {
        let kept = Kept::default();
        kept.remember("first", Became::Waiting);
        kept.remember("first", Became::HandedIn);
        assert_eq!(kept.became("first"), Some(Became::HandedIn));
        assert_eq!(kept.became("other"), None);
        for n in 0..KEPT_MAX {
            kept.remember(&n.to_string(), Became::Waiting);
        }
        assert_eq!(kept.became("first"), None);
        assert_eq!(kept.became("0"), Some(Became::Waiting));
    }

    #[test]
    fn an_answer_that_arrived_although_nobody_said_so_is_handed_in() {
        let refused = |code: &str| after(&CentreError::Refused { code: code.to_owned() });
        assert_eq!(refused("proof_replayed"), Some(Became::HandedIn));
        assert_eq!(refused("proof_expired"), Some(Became::TooLate));
        assert_eq!(refused("revoked"), Some(Became::Refused("revoked".to_owned())));
        assert_eq!(after(&CentreError::Unreachable("away".into())), None);
    }
}
