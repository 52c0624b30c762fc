//! What the person who keeps the servers does: bring people in, keep lists fresh, copy, restore, look.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod apps;
mod backup;
mod codes;
mod doctor;
mod document;
mod helpers;
mod lists;
mod ocsp;
mod phone_cards;
mod reader;
mod staff;
