//! What people and timetables do: look at places, bring new data, decide about them.

pub(crate) mod bring;
pub(crate) mod fetch;
pub(crate) mod keep;
pub(crate) mod look;
