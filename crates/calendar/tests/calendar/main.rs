//! The calendar through the house, on every engine there is.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod events;
mod feeds;
mod garbage;
mod lists;
mod reading;
mod towns;
mod world;
