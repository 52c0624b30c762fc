//! The room's own tables, each query once.

pub(crate) mod posts;
pub(crate) mod readers;

/// Every query of the room.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static str> {
    [posts::ALL, readers::ALL].concat()
}
