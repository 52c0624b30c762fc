use std::sync::Mutex;

use civil::Date;
use jiff::Timestamp;

/// Tells the moment. Only [`SystemClock`] asks the machine; tests and the demo set theirs.
pub trait Clock: Send + Sync + 'static {
    /// The moment now.
    fn now(&self) -> Timestamp;

    /// The day it is in Japan now.
    fn today(&self) -> Date {
        self.day_of(self.now())
    }

    /// The day rules are asked about at a moment: the one in Japan. A simulator may turn the calendar's leaves while moments stay as they are.
    fn day_of(&self, moment: Timestamp) -> Date {
        civil::day_in_japan(moment)
    }
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands where it was set, for tests and scenarios.
#[derive(Debug)]
pub struct SetClock(Mutex<Timestamp>);

impl SetClock {
    /// Makes a clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
