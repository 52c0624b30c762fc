//! What can be done with the register, one function each.

mod apply;
pub(crate) mod bundles;
pub(crate) mod folder;
pub(crate) mod people;
pub(crate) mod town;
