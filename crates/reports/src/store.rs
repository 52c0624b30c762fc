//! The room's own tables, each query once.

pub(crate) mod calls;
pub(crate) mod clients;
pub(crate) mod photos;
pub(crate) mod reports;
pub(crate) mod talk;

/// Every query of the room.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static str> {
    [calls::ALL, clients::ALL, photos::ALL, reports::ALL, talk::ALL].concat()
}
