//! The room's stories: a reader at a software card, a verifier at what came back, and two foreign programs looking at both.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod card;
mod foreign;
mod helpers;
mod published;
mod reader;
mod revocation;
mod verifier;
