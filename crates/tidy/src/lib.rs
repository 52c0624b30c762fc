//! Tests that look at the whole house at once: what no single room can see of itself. They are in `tests/`; this room has nothing to import.
