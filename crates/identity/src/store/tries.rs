use ::store::{Ctx, params};
use civil::Timestamp;

use crate::{CodeKind, Result, TrySource};

::store::queries! {
    TRIES = "select began_at, tries from identity_code_try where kind = $1 and source = $2";
    SAVE = "insert into identity_code_try (kind, source, began_at, tries) values ($1, $2, $3, $4)
        on conflict (kind, source) do update set began_at = excluded.began_at, tries = excluded.tries";
    GIVE_BACK = "update identity_code_try set tries = tries - 1 where kind = $1 and source = $2 and tries > 0";
    FORGET = "delete from identity_code_try where began_at < $1";
}

/// Since when and how often.
pub(crate) async fn find(ctx: &mut Ctx, kind: CodeKind, source: TrySource) -> Result<Option<(Timestamp, u32)>> {
    Ok(ctx.tx().query_opt(TRIES, params![kind, source.0]).await?)
}

pub(crate) async fn save(ctx: &mut Ctx, kind: CodeKind, source: TrySource, began_at: Timestamp, tries: u32) -> Result<()> {
    ctx.tx().execute(SAVE, params![kind, source.0, began_at, tries]).await?;
    Ok(())
}

pub(crate) async fn give_back(ctx: &mut Ctx, kind: CodeKind, source: TrySource) -> Result<()> {
    ctx.tx().execute(GIVE_BACK, params![kind, source.0]).await?;
    Ok(())
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}
