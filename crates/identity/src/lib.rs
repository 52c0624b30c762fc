//! Accounts, proofs, media, sessions, passkeys, roles.
