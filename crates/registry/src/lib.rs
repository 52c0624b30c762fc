//! Residents, households, facts, and the data bridge that brings them.
