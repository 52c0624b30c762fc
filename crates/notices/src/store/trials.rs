use civil::Timestamp;
use store::{AccountId, Ctx, StaffId, params};

use crate::model::{DeliveryId, NoticeId, Result, Tester, TesterId};

store::queries! {
    OF_STAFF = "select id, staff, account, joined_at from notices_tester where staff = $1 order by joined_at, id";
    OF_ACCOUNT = "select id, staff, account, joined_at from notices_tester where account = $1 order by joined_at, id";
    JOIN = "insert into notices_tester (id, staff, account, joined_at) values ($1, $2, $3, $4) on conflict (staff, account) do nothing";
    LEAVE = "delete from notices_tester where id = $1";
    LEAVE_ALL = "delete from notices_tester where account = $1";
    CODE = "insert into notices_tester_code (code_hash, staff, until) values ($1, $2, $3)";
    CODE_OF = "select staff from notices_tester_code where code_hash = $1 and until > $2";
    USED = "delete from notices_tester_code where staff = $1";
    FORGET_CODES = "delete from notices_tester_code where until < $1";
    PUT = "insert into notices_delivery (id, account, occasion, put_at, kept, trial_of) values ($1, $2, 'trial', $3, false, $4)";
    FORGET = "delete from notices_delivery where trial_of is not null and put_at < $1";
}

store::from_row!(Tester { id, staff, account, joined_at });

pub(crate) async fn of_staff(ctx: &mut Ctx, staff: StaffId) -> Result<Vec<Tester>> {
    Ok(ctx.tx().query(OF_STAFF, params![staff]).await?)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Tester>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account]).await?)
}

pub(crate) async fn join(ctx: &mut Ctx, staff: StaffId, account: AccountId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(JOIN, params![TesterId::new(now), staff, account, now]).await?;
    Ok(())
}

pub(crate) async fn leave(ctx: &mut Ctx, id: TesterId) -> Result<()> {
    ctx.tx().execute(LEAVE, params![id]).await?;
    Ok(())
}

pub(crate) async fn leave_all(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(LEAVE_ALL, params![account]).await?;
    Ok(())
}

pub(crate) async fn keep_code(ctx: &mut Ctx, hash: &[u8], staff: StaffId, until: Timestamp) -> Result<()> {
    ctx.tx().execute(CODE, params![hash.to_vec(), staff, until]).await?;
    Ok(())
}

/// Whose code this is, while it holds.
pub(crate) async fn staff_of_code(ctx: &mut Ctx, hash: &[u8]) -> Result<Option<StaffId>> {
    let now = ctx.now();
    Ok(ctx.tx().query_opt::<(StaffId,)>(CODE_OF, params![hash.to_vec(), now]).await?.map(|(staff,)| staff))
}

/// Ends every code of a member of staff.
pub(crate) async fn used(ctx: &mut Ctx, staff: StaffId) -> Result<()> {
    ctx.tx().execute(USED, params![staff]).await?;
    Ok(())
}

/// Puts a draft into an account's inbox to be looked at.
pub(crate) async fn put(ctx: &mut Ctx, id: DeliveryId, account: AccountId, notice: NoticeId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(PUT, params![id, account, now, notice]).await?;
    Ok(())
}

/// Deletes what was looked at, and codes that are over.
pub(crate) async fn forget(ctx: &mut Ctx, put_before: Timestamp) -> Result<u64> {
    let now = ctx.now();
    let codes = ctx.tx().execute(FORGET_CODES, params![now]).await?;
    Ok(codes + ctx.tx().execute(FORGET, params![put_before]).await?)
}
