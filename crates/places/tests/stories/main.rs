//! What everybody sees of the town's places, and what the staff can do about the data: on every engine there is, over HTTP as it is served.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod ground;
mod keep;
mod look;
mod timetable;
mod world;
