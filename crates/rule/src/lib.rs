//! The eligibility language: check, explain, one person, the whole town. Pure.
