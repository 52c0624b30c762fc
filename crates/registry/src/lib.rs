//! Residents, households, facts, and the data bridge that brings them.

pub mod bridge;
