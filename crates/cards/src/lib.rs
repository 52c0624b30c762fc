//! Programmes, entitlements, cards, presentations and decisions.
