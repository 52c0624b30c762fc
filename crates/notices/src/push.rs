//! Web Push: a message for one browser, readable by that browser alone (RFC 8291), from a server the push service knows again (VAPID, RFC 8292).
//!
//! Pure but for chance; [`PushNetwork`] sends.

mod encrypt;
mod vapid;

pub(crate) use encrypt::open;
pub use encrypt::{BrowserKeys, EncryptError, PLAIN_BYTES_MAX, encrypt};
pub use vapid::{Vapid, VapidError};

use crate::model::{Answer, Queue};

/// A message on its way to a push service (RFC 8030).
#[derive(Debug, Clone)]
pub struct PushRequest {
    /// The subscription's address.
    pub endpoint: String,
    /// `Authorization`: `vapid t=…, k=…`.
    pub authorization: String,
    /// The encrypted body, `Content-Encoding: aes128gcm`.
    pub body: Vec<u8>,
    /// How long the push service keeps trying, in seconds.
    pub ttl_s: u32,
    /// `Urgency`: `high`, `normal` or `low`.
    pub urgency: &'static str,
    /// `Topic`: a message with the same one that was not delivered yet is replaced, so that sending twice shows once.
    pub topic: String,
}

/// What a push service says of a message by a status of RFC 8030, and `Retry-After` in seconds: 404 and 410 end the subscription.
pub fn answer(status: u16, after_s: Option<u32>) -> Answer {
    match status {
        200..=299 => Answer::Taken,
        404 | 410 => Answer::Gone(status),
        429 | 500..=599 => Answer::Later { status, after_s },
        other => Answer::Refused(other),
    }
}

/// Speaks HTTP to push services, for a room that may not reach out itself. It blocks; callers run it on a thread that may.
pub trait PushNetwork: Send + Sync {
    /// Posts a message.
    ///
    /// # Errors
    /// In words for the log, when no answer came; it is tried again.
    fn post(&self, request: &PushRequest) -> Result<Answer, String>;
}

/// How long a push service keeps a message of a queue, in seconds: an alert that comes a day late misleads.
pub(crate) fn ttl_s(queue: Queue) -> u32 {
    match queue {
        Queue::Alert => 60 * 60,
        Queue::Normal => 3 * 24 * 60 * 60,
        Queue::Bulk => 7 * 24 * 60 * 60,
    }
}

/// The urgency of a queue (RFC 8030 section 5.3).
pub(crate) fn urgency(queue: Queue) -> &'static str {
    match queue {
        Queue::Alert => "high",
        Queue::Normal => "normal",
        Queue::Bulk => "low",
    }
}
