//! The town pack: load, check, explain.
