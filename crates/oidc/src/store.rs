//! The room's own tables, each query once.

pub(crate) mod clients;
pub(crate) mod devices;
pub(crate) mod grants;
pub(crate) mod requests;

/// Every query of the room.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static str> {
    [clients::ALL, devices::ALL, grants::ALL, requests::ALL].concat()
}
