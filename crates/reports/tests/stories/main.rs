//! What residents, neighbours, staff and programs of others see of reports: on every engine there is, over HTTP as it is served.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

// The same invented people and their authority as in identity's stories.
mod calls;
#[path = "../../../identity/tests/stories/card.rs"]
#[allow(dead_code, reason = "these stories need no station")]
mod card;
mod desk;
mod open311;
mod pictures;
mod sending;
mod triage;
mod world;

pub(crate) use world::ORIGIN;
