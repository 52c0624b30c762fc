//! The data bridge: one way, from the network that holds the resident register to the town's own centre.
//!
//! Inside, an export becomes a numbered, encrypted, signed bundle of the fields the pack names ([`seal`]). Outside, [`open`] verifies it and
//! refuses replays, gaps and foreign bundles; [`difference`] says what changed since yesterday. Everything here is pure: bytes and keys in,
//! bytes and findings out; randomness and the time are passed in.

mod bundle;
mod columns;
mod csv;
mod layout;
mod open;
mod piece;
mod problem;
mod read;
mod row;
mod seal;
mod text;
mod words;

pub use bundle::{BadKey, Digest, Header, OpeningKey, SealingKey, SigningKey, VerifyingKey};
pub use layout::{Crossing, FACTS_MAX, FactColumn, Field, Layout, LayoutError};
pub use open::{Delta, Known, OpenError, Opening, Snapshot, digest_of, open, peek};
pub use problem::{LISTED_MAX, Problem, Problems, Reason};
pub use read::{Export, Hashing};
pub use row::{DayNumber, MatchKey, RegisterId, Row, Status};
pub use seal::{Chain, SealError, Sealed, Sealing, seal, seal_export};
pub use store::{MatchItems, MatchKeys, MatchSecret};
pub use text::Encoding;
pub use town::{BadRows, FactKind};
