//! What a service sees of single sign-on, and what a person can do about it: on every engine there is, over HTTP as it is served.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

// The same invented people and their authority as in identity's stories.
#[path = "../../../identity/tests/stories/card.rs"]
#[allow(dead_code, reason = "these stories need no station")]
mod card;
mod consent;
mod device;
mod flow;
mod fraud;
mod sensitive;
mod sign_out;
mod world;

pub(crate) use world::ORIGIN;
