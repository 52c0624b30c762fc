//! The citizens' guide as people meet it: over HTTP as it is served, on every engine there is.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

// The same invented authority as in identity's stories.
#[path = "../../../identity/tests/stories/card.rs"]
#[allow(dead_code, reason = "these stories need no station")]
mod card;
mod moderating;
mod open_data;
mod parting;
mod photos;
mod reading;
mod world;
mod writing;

pub(crate) use world::ORIGIN;
