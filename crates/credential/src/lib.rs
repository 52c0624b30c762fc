//! Signed cards, presentations and status lists. Pure.
