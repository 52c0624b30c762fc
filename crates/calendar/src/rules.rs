//! Pure decisions: which garbage on which day, what an item is, registration, and calendars as others read them.

pub mod feed;
pub mod garbage;
pub mod ical;
pub mod list;
pub mod search;
