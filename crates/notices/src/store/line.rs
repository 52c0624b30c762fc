use civil::Timestamp;
use store::{AccountId, Ctx, params};

use crate::model::Result;

store::queries! {
    BEGIN = "insert into notices_line_link (nonce_hash, account, language, until) values ($1, $2, $3, $4)";
    FIND = "select account, language, until from notices_line_link where nonce_hash = $1";
    END = "delete from notices_line_link where nonce_hash = $1";
    END_OF = "delete from notices_line_link where account = $1";
    FORGET_LINKS = "delete from notices_line_link where until < $1";
    HEARD = "insert into notices_line_event (id, at) values ($1, $2) on conflict (id) do nothing";
    FORGET_EVENTS = "delete from notices_line_event where at < $1";
}

/// Notes that an account agreed, and is away to say whose LINE it is.
pub(crate) async fn begin(ctx: &mut Ctx, nonce_hash: &[u8], account: AccountId, language: &str, until: Timestamp) -> Result<()> {
    ctx.tx().execute(BEGIN, params![nonce_hash.to_vec(), account, language, until]).await?;
    Ok(())
}

/// Who is meant by what LINE gives back, and the language they agreed in; once.
pub(crate) async fn take(ctx: &mut Ctx, nonce_hash: &[u8]) -> Result<Option<(AccountId, String)>> {
    let found: Option<(AccountId, String, Timestamp)> = ctx.tx().query_opt(FIND, params![nonce_hash.to_vec()]).await?;
    let Some((account, language, until)) = found else { return Ok(None) };
    ctx.tx().execute(END, params![nonce_hash.to_vec()]).await?;
    Ok((ctx.now() < until).then_some((account, language)))
}

/// Forgets what an account began.
pub(crate) async fn end_of(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(END_OF, params![account]).await?;
    Ok(())
}

/// Notes that something was told; false when it was before.
pub(crate) async fn heard(ctx: &mut Ctx, id: &str) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(HEARD, params![id, now]).await? == 1)
}

/// Deletes links nobody came back from, and what was told long ago.
pub(crate) async fn forget(ctx: &mut Ctx, told_before: Timestamp) -> Result<u64> {
    let now = ctx.now();
    let links = ctx.tx().execute(FORGET_LINKS, params![now]).await?;
    Ok(links + ctx.tx().execute(FORGET_EVENTS, params![told_before]).await?)
}
