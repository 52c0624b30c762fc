use ::store::Ctx;

use crate::store::tries as store;
use crate::{CodeKind, Error, Result, TrySource, rules};

/// Counts a try at a code before it is looked at, so that tries made at the same moment count too; [`give_try_back`] when the code was right.
///
/// # Errors
/// [`Error::TooManyTries`] when this source was wrong too often lately; nothing is counted then, so asking on does not make the wait longer.
pub async fn count_try(ctx: &mut Ctx, kind: CodeKind, source: TrySource) -> Result<()> {
    let now = ctx.now();
    let before = store::find(ctx, kind, source).await?;
    let (began_at, tries) = rules::next_try(kind, before, now).map_err(|wait_s| Error::TooManyTries { wait_s })?;
    store::save(ctx, kind, source, began_at, tries).await
}

/// Takes a try back that was no wrong one.
///
/// # Errors
/// The store's.
pub async fn give_try_back(ctx: &mut Ctx, kind: CodeKind, source: TrySource) -> Result<()> {
    store::give_back(ctx, kind, source).await
}
