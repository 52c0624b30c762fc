//! The one decision about a presentation, the same on the server, at a station and in the browser.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, offset};
use serde::{Deserialize, Serialize};

use crate::{CardId, ClaimValue, Credential, HolderKey, IssuerPublicKey, Presentation, Refusal, Status, StatusRef, StatusToken, TownCode};

/// The length of a presentation's nonce.
pub const NONCE_BYTES: usize = 8;

const JAPAN: Offset = offset(9);

/// Decides whether a presentation is by the holder of a valid card, here and now.
///
/// The checks go from the cheap to the dear and from the doubtful to the certain: town, key, the town's signature, expiry, the
/// phone's proof, the clock, replay, status. What is refused first is what is told.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn judge(
    presentation: &Presentation,
    scene: &Scene<'_>,
    signatures: &mut impl Signatures,
    seen: &impl Replay,
) -> Result<Checked, Refusal> {
    let credential = presentation.credential();
    let claims = credential.claims();
    if claims.town != scene.town {
        return Err(Refusal::OtherTown { town: claims.town });
    }
    let key = scene.keys.iter().find(|key| key.kid() == credential.kid()).ok_or(Refusal::UnknownKey)?;
    if !signatures.issuer(credential, key) {
        return Err(Refusal::BadIssuerSignature);
    }
    if scene.now >= claims.expires_at || claims.valid_until.is_some_and(|last| today_in_japan(scene.now) > last) {
        return Err(Refusal::ExpiredCard);
    }
    if !presentation.proof_fits() || !signatures.holder(presentation) {
        return Err(Refusal::CopiedCard);
    }
    if !presentation.disclosures().iter().all(|disclosure| credential.covers(disclosure)) {
        return Err(Refusal::Malformed);
    }
    let fresh_until = fresh_until(presentation, scene)?;
    if !seen.first_time(claims.card, presentation.nonce(), fresh_until, scene.now) {
        return Err(Refusal::Replayed);
    }
    if let Some(lists) = scene.statuses {
        check_status(&claims.status, lists, scene.now)?;
    }
    Ok(Checked {
        card: claims.card,
        programme: claims.programme.clone(),
        valid_until: claims.valid_until,
        issued_at: claims.issued_at,
        expires_at: claims.expires_at,
        status: claims.status.clone(),
        holder: claims.holder,
        disclosed: presentation.disclosures().iter().map(|d| (d.name().to_owned(), d.value().clone())).collect(),
        shown_at: presentation.shown_at(),
        nonce: presentation.nonce(),
    })
}

/// Where and when a presentation is judged.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The town whose cards are taken here.
    pub town: TownCode,
    /// That town's keys.
    pub keys: &'a [IssuerPublicKey],
    /// What is allowed between the phone's clock and ours.
    pub policy: Policy,
    /// The verifier's time.
    pub now: Timestamp,
    /// Status lists whose signatures were checked; none if the caller looks the status up elsewhere.
    pub statuses: Option<&'a [StatusToken]>,
}

/// How fresh a presentation must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The greatest age, in seconds.
    pub max_age_s: i64,
    /// How far the phone's clock may be ahead, in seconds.
    pub max_ahead_s: i64,
}

impl Default for Policy {
    /// Thirty seconds either way.
    fn default() -> Self {
        Self { max_age_s: 30, max_ahead_s: 30 }
    }
}

/// Who answers whether a signature verifies.
pub trait Signatures {
    /// Whether the town's signature over a card verifies under this key.
    fn issuer(&mut self, credential: &Credential, key: &IssuerPublicKey) -> bool;
    /// Whether the phone's signature over a presentation verifies under the key in its card. Asked only after the town's.
    fn holder(&mut self, presentation: &Presentation) -> bool;
}

/// Who remembers what was shown.
pub trait Replay {
    /// Takes note of a presentation and tells whether it is new. It need not be remembered after `fresh_until`, as it is stale then.
    fn first_time(&self, card: CardId, nonce: [u8; NONCE_BYTES], fresh_until: Timestamp, now: Timestamp) -> bool;
}

/// A presentation that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The card.
    pub card: CardId,
    /// Its programme.
    pub programme: String,
    /// The entitlement's last day, if any.
    pub valid_until: Option<Date>,
    /// When the town signed it.
    pub issued_at: Timestamp,
    /// When it must have been renewed by.
    pub expires_at: Timestamp,
    /// Where its status is kept.
    pub status: StatusRef,
    /// The phone's key.
    pub holder: HolderKey,
    /// The claims the phone opened, by name.
    pub disclosed: BTreeMap<String, ClaimValue>,
    /// When the phone made it, by the phone's clock.
    pub shown_at: Timestamp,
    /// What makes it unique, with the card.
    pub nonce: [u8; NONCE_BYTES],
}

/// From when on a presentation is stale; refuses it if that is past, or too far off.
fn fresh_until(presentation: &Presentation, scene: &Scene<'_>) -> Result<Timestamp, Refusal> {
    let age_s = scene.now.as_second().saturating_sub(presentation.shown_at().as_second());
    if age_s > scene.policy.max_age_s {
        return Err(Refusal::Stale { seconds: age_s });
    }
    if -age_s > scene.policy.max_ahead_s {
        return Err(Refusal::ClockAhead { seconds: -age_s });
    }
    // ages are counted in whole seconds, so the last one is fresh to its end
    let until = presentation.shown_at().as_second().saturating_add(scene.policy.max_age_s).saturating_add(1);
    Ok(Timestamp::from_second(until).unwrap_or(Timestamp::MAX))
}

fn check_status(status: &StatusRef, lists: &[StatusToken], now: Timestamp) -> Result<(), Refusal> {
    let age_s = |token: &StatusToken| now.as_second().saturating_sub(token.issued_at.as_second()).max(0);
    let Some(token) = lists.iter().find(|token| token.list.uri() == status.uri) else {
        // a list begun after the last visit of the centre: nothing is known about the card
        return Err(Refusal::KnowledgeTooOld { seconds: lists.iter().map(age_s).min().unwrap_or(0) });
    };
    match token.list.get(status.idx) {
        Some(Status::Invalid | Status::Suspended) => Err(Refusal::Revoked),
        Some(Status::PhoneEnded) => Err(Refusal::PhoneRevoked),
        Some(Status::Valid) if now < token.expires_at => Ok(()),
        Some(Status::Valid) | None => Err(Refusal::KnowledgeTooOld { seconds: age_s(token) }),
    }
}

/// Cards count days as people do, in Japan; the country knows one time and no summer time.
fn today_in_japan(now: Timestamp) -> Date {
    JAPAN.to_datetime(now).date()
}

/// Remembers presentations in memory, only while they could still be shown again.
#[derive(Debug, Default)]
pub struct Seen(Mutex<Generations>);

/// Two sets that take turns: one is filled, the other forgotten whole once everything in it is stale.
#[derive(Debug, Default)]
struct Generations {
    filling: HashSet<(CardId, [u8; NONCE_BYTES])>,
    filling_until: Timestamp,
    resting: HashSet<(CardId, [u8; NONCE_BYTES])>,
    resting_until: Timestamp,
}

impl Seen {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // a panic elsewhere cannot leave a set of plain values half changed
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replay for Seen {
    fn first_time(&self, card: CardId, nonce: [u8; NONCE_BYTES], fresh_until: Timestamp, now: Timestamp) -> bool {
        let mut sets = self.lock();
        if now > sets.resting_until {
            let filled = std::mem::take(&mut sets.filling);
            sets.resting = filled;
            sets.resting_until = sets.filling_until;
        }
        sets.filling_until = sets.filling_until.max(fresh_until);
        !sets.resting.contains(&(card, nonce)) && sets.filling.insert((card, nonce))
    }
}
