//! The decision of a verifier that cannot reach the centre, from what it knew when it last did.
//!
//! Two steps, as the browser checks signatures by itself and only asynchronously: [`questions`] lists the signatures to check,
//! then [`decide`] takes the answers, in the same order, and decides.

use std::cell::RefCell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    CardId, Checked, ClaimValue, Credential, HolderKey, IssuerPublicKey, NONCE_BYTES, Policy, Presentation, Refusal, Replay, Scene,
    Signature, Signatures, StatusToken, TownCode, judge,
};

/// What a verifier takes with it: the JSON that the centre serves to a paired place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knowledge {
    /// The town whose cards are taken.
    pub town: TownCode,
    /// When the centre made this, by the centre's clock.
    pub synced_at: Timestamp,
    /// How old it may become before it is good for nothing but a no, in seconds (the pack: 72 h, say).
    pub max_age_s: i64,
    /// The town's keys.
    pub keys: Vec<IssuerPublicKey>,
    /// The town's status list tokens, base64url.
    pub status_lists: Vec<String>,
    /// How fresh a presentation must be.
    #[serde(default)]
    pub policy: Policy,
    /// The place this is for.
    pub place: Place,
}

/// A place and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// Its name, for the screen.
    pub name: String,
    /// The programmes it takes part in.
    pub accepts: Vec<Accepted>,
}

/// A programme a place takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Its id in the pack.
    pub programme: String,
    /// Its name, by language, for the screen.
    pub name: BTreeMap<String, String>,
    /// The claims this place sees, in the order it shows them. No others come out of a decision.
    pub shows: Vec<String>,
    /// A shorter limit on the age of knowledge for this programme, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_s: Option<i64>,
}

/// A signature to check: ECDSA on P-256 over the SHA-256 of the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The key, as a JWK.
    pub key: HolderKey,
    /// The message, base64url.
    #[serde(with = "base64url")]
    pub message: Vec<u8>,
    /// r ‖ s, base64url.
    #[serde(with = "base64url_signature")]
    pub signature: Signature,
}

/// An answer for the screen and the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineDecision {
    /// Whether the card is accepted.
    pub accepted: bool,
    /// Why not.
    pub refusal: Option<Refusal>,
    /// The programme, once the town's signature held.
    pub programme: Option<String>,
    /// The card, once the town's signature held.
    pub card: Option<CardId>,
    /// The entitlement's last day, if accepted and it has one.
    pub valid_until: Option<Date>,
    /// What this place may see, in the order it shows it. Empty unless accepted.
    pub disclosed: Vec<Shown>,
    /// What it should have seen but the phone did not open.
    pub missing: Vec<String>,
    /// How old the knowledge is, in seconds; never less than nothing.
    pub knowledge_age_s: i64,
    /// To keep until it is past, and to hand in again as `seen`: this presentation was shown.
    pub remember: Option<Remember>,
}

/// A claim for the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ClaimValue,
}

/// A presentation to remember against replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remember {
    /// Card and nonce.
    pub key: String,
    /// Until when; later it is stale anyway.
    pub until: Timestamp,
}

/// The signatures to check for a presentation: those of the status lists, then the town's and the phone's on the card. A text that is
/// no presentation, or names a key unknown here, adds none.
pub fn questions(text: &str, knowledge: &Knowledge) -> Vec<Question> {
    let find = |kid| knowledge.keys.iter().find(|key| key.kid() == kid);
    let mut questions: Vec<_> = tokens(knowledge)
        .iter()
        .filter_map(|token| {
            let (message, signature) = token.signed();
            Some(Question { key: HolderKey(*find(token.kid)?.key()), message: message.to_vec(), signature: *signature })
        })
        .collect();
    if let Ok(presentation) = Presentation::parse(text)
        && let Some(issuer) = find(presentation.credential().kid())
    {
        let (message, signature) = presentation.credential().signed();
        questions.push(Question { key: HolderKey(*issuer.key()), message, signature });
        let (message, signature) = presentation.signed();
        questions.push(Question { key: presentation.credential().claims().holder, message: message.to_vec(), signature: *signature });
    }
    questions
}

/// Decides, from the answers to [`questions`] in their order. A missing answer counts as no. `seen` are the keys to
/// [`Remember`] of earlier decisions.
pub fn decide(text: &str, knowledge: &Knowledge, now: Timestamp, answers: &[bool], seen: &[String]) -> OfflineDecision {
    let age_s = now.as_second().saturating_sub(knowledge.synced_at.as_second()).max(0);
    let mut answers = answers.iter().copied();
    let lists: Vec<_> = tokens(knowledge)
        .into_iter()
        .filter(|token| knowledge.keys.iter().any(|key| key.kid() == token.kid) && answers.next().unwrap_or(false))
        .collect();
    let mut signatures = Answers { issuer: answers.next().unwrap_or(false), holder: answers.next().unwrap_or(false) };
    let memory = Memory { seen, remember: RefCell::new(None) };
    let presentation = Presentation::parse(text);
    let judged = presentation.as_ref().map_err(|refusal| *refusal).and_then(|presentation| {
        let scene = Scene { town: knowledge.town, keys: &knowledge.keys, policy: knowledge.policy, now, statuses: Some(&lists) };
        judge(presentation, &scene, &mut signatures, &memory)
    });
    let decided = judged.map_err(|refusal| with_age(refusal, age_s)).and_then(|checked| admit(checked, knowledge, age_s));
    let mut decision = match decided {
        Ok((checked, accepted)) => yes(checked, accepted, age_s),
        Err(refusal) => no(refusal, presentation.ok().as_ref(), age_s),
    };
    decision.remember = memory.remember.into_inner();
    decision
}

/// Whether knowledge of this age is good enough, and the place takes the programme.
fn admit(checked: Checked, knowledge: &Knowledge, age_s: i64) -> Result<(Checked, &Accepted), Refusal> {
    let accepted = knowledge.place.accepts.iter().find(|accepted| accepted.programme == checked.programme);
    let programme_limit = accepted.and_then(|accepted| accepted.max_age_s).unwrap_or(i64::MAX);
    if age_s > knowledge.max_age_s.min(programme_limit) {
        return Err(Refusal::KnowledgeTooOld { seconds: age_s });
    }
    accepted.map(|accepted| (checked, accepted)).ok_or(Refusal::NotAcceptedHere)
}

/// The age that counts for the reader of the screen is that of the last visit to the centre.
fn with_age(refusal: Refusal, age_s: i64) -> Refusal {
    match refusal {
        Refusal::KnowledgeTooOld { .. } => Refusal::KnowledgeTooOld { seconds: age_s },
        other => other,
    }
}

fn yes(mut checked: Checked, accepted: &Accepted, age_s: i64) -> OfflineDecision {
    let (mut disclosed, mut missing) = (Vec::new(), Vec::new());
    for name in &accepted.shows {
        match checked.disclosed.remove(name) {
            Some(value) => disclosed.push(Shown { name: name.clone(), value }),
            None => missing.push(name.clone()),
        }
    }
    OfflineDecision {
        accepted: true,
        refusal: None,
        programme: Some(checked.programme),
        card: Some(checked.card),
        valid_until: checked.valid_until,
        disclosed,
        missing,
        knowledge_age_s: age_s,
        remember: None,
    }
}

fn no(refusal: Refusal, presentation: Option<&Presentation>, age_s: i64) -> OfflineDecision {
    let claims = presentation.filter(|_| refusal.names_a_true_card()).map(|presentation| presentation.credential().claims());
    OfflineDecision {
        accepted: false,
        refusal: Some(refusal),
        programme: claims.map(|claims| claims.programme.clone()),
        card: claims.map(|claims| claims.card),
        valid_until: None,
        disclosed: Vec::new(),
        missing: Vec::new(),
        knowledge_age_s: age_s,
        remember: None,
    }
}

/// The status lists that can be read; one that cannot is as good as none, and its cards get `knowledge_too_old`.
fn tokens(knowledge: &Knowledge) -> Vec<StatusToken> {
    let read = |text: &String| StatusToken::read(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    knowledge.status_lists.iter().filter_map(read).collect()
}

struct Answers {
    issuer: bool,
    holder: bool,
}

impl Signatures for Answers {
    fn issuer(&mut self, _: &Credential, _: &IssuerPublicKey) -> bool {
        self.issuer
    }

    fn holder(&mut self, _: &Presentation) -> bool {
        self.holder
    }
}

/// What the caller remembers, and what it should remember from now on.
struct Memory<'a> {
    seen: &'a [String],
    remember: RefCell<Option<Remember>>,
}

impl Replay for Memory<'_> {
    fn first_time(&self, card: CardId, nonce: [u8; NONCE_BYTES], fresh_until: Timestamp, _: Timestamp) -> bool {
        let key = format!("{card}:{}", URL_SAFE_NO_PAD.encode(nonce));
        let new = !self.seen.contains(&key);
        *self.remember.borrow_mut() = Some(Remember { key, until: fresh_until });
        new
    }
}

/// Bytes as base64url in JSON.
mod base64url {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        URL_SAFE_NO_PAD.decode(String::deserialize(deserializer)?).map_err(|_| D::Error::custom("not base64url"))
    }
}

/// A signature as base64url in JSON.
mod base64url_signature {
    use super::{Signature, base64url};
    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(signature: &Signature, serializer: S) -> Result<S::Ok, S::Error> {
        base64url::serialize(signature, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        base64url::deserialize(deserializer)?.try_into().map_err(|_| D::Error::custom("a signature has 64 bytes"))
    }
}
