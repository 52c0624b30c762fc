use ::store::{AccountId, Ctx, ResidentId, params};

use super::{media, proxies};
use crate::Result;

::store::queries! {
    WITH_SEVERAL = "select resident from identity_link group by resident having count(*) > 1 order by resident limit $1";
    MOVE_CERTIFICATES = "update identity_certificate set account = $2 where account = $1";
    MOVE_SUBJECTS = "update identity_app_subject set account = $2 where account = $1";
    MOVE_PROOFS = "update identity_proof set account = $2 where account = $1";
    FORGET_CERTIFICATES = "delete from identity_certificate where account = $1";
    /// What is left is that there was an account, and when it was closed.
    CLOSE = "update identity_account set name = '', date_of_birth = null, assurance = 'none', four_items = null, three_items = null,
        substitutes = false, closed_at = $2 where id = $1";
}

pub(crate) async fn with_several(ctx: &mut Ctx, limit: u32) -> Result<Vec<ResidentId>> {
    let rows: Vec<(ResidentId,)> = ctx.tx().query(WITH_SEVERAL, params![limit]).await?;
    Ok(rows.into_iter().map(|(resident,)| resident).collect())
}

/// Lets what leads to one account lead to another.
pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    for sql in [MOVE_CERTIFICATES, MOVE_SUBJECTS, MOVE_PROOFS] {
        ctx.tx().execute(sql, params![from, to]).await?;
    }
    media::give_over(ctx, from, to).await?;
    proxies::give_over(ctx, from, to).await
}

pub(crate) async fn close(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(FORGET_CERTIFICATES, params![account]).await?;
    ctx.tx().execute(CLOSE, params![account, now]).await?;
    Ok(())
}
