//! What rooms that know no register may ask it: who is meant, and who may be known of.
//!
//! Accounts and residents live on one floor and do not import each other. What one must be sure of before it ties the two together, or shows what a
//! person told, is therefore asked through [`Register`]; the room above hands the register in.

use std::pin::Pin;

use crate::{Ctx, MatchKeys, ResidentId, Result};

/// What a look-up by match keys found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Exactly one resident has all four items.
    One(ResidentId),
    /// Several residents fit, or one fits in all but the address: a clerk decides.
    Ambiguous(u32),
    /// Nobody fits.
    None,
    /// Someone under protection measures fits. Outwardly this is answered like [`Match::None`]; only the queue of staff with that role is told.
    Protected,
}

/// The register's answer, once it has looked.
pub type Looked<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The register of residents. Only the room that keeps it implements this; a test of the whole house looks.
pub trait Register: Send + Sync {
    /// Finds whom match keys mean as the register stands now.
    fn find<'a>(&'a self, ctx: &'a mut Ctx, keys: MatchKeys) -> Looked<'a, Match>;

    /// Says whether there is such a resident and the caller may know of them: of people under protection measures only staff with that role may.
    fn may_know<'a>(&'a self, ctx: &'a mut Ctx, resident: ResidentId) -> Looked<'a, bool>;
}
