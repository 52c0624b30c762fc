//! The room's own tables, each query once.

pub(crate) mod events;
pub(crate) mod people;
pub(crate) mod sources;

/// Every query of the room.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static str> {
    [events::ALL, people::ALL, sources::ALL].concat()
}
