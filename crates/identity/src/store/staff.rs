use ::store::{Ctx, FromRow, Role, Row, StaffId, params};
use civil::Timestamp;

use crate::{Result, StaffMember};

::store::queries! {
    MEMBER = "select id, name, roles, joined_at, ended_at from identity_staff where id = $1";
    EVERYONE = "select id, name, roles, joined_at, ended_at from identity_staff order by id";
    INSERT = "insert into identity_staff (id, name, roles, invited_at) values ($1, $2, $3, $4)";
    SET_ROLES = "update identity_staff set roles = $2 where id = $1";
    JOIN = "update identity_staff set joined_at = $2 where id = $1 and joined_at is null";
    END = "update identity_staff set ended_at = $2 where id = $1 and ended_at is null";
    INSERT_INVITATION = "insert into identity_invitation (code_hash, staff, expires_at) values ($1, $2, $3)";
    INVITATION = "select staff, expires_at from identity_invitation where code_hash = $1";
    DELETE_INVITATION = "delete from identity_invitation where code_hash = $1";
    DELETE_INVITATIONS_OF = "delete from identity_invitation where staff = $1";
    FORGET_INVITATIONS = "delete from identity_invitation where expires_at < $1";
}

impl FromRow for StaffMember {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let roles: String = row.get(2)?;
        let roles = roles_from(&roles).ok_or_else(|| ::store::Error::Decode { column: 2, reason: "not a list of roles".to_owned() })?;
        Ok(Self { id: row.get(0)?, name: row.get(1)?, roles, joined_at: row.get(3)?, ended_at: row.get(4)? })
    }
}

/// Roles as they are kept: their codes with commas between.
pub(crate) fn roles_text(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(",")
}

pub(crate) fn roles_from(text: &str) -> Option<Vec<Role>> {
    text.split(',').filter(|code| !code.is_empty()).map(|code| code.parse().ok()).collect()
}

pub(crate) async fn find(ctx: &mut Ctx, id: StaffId) -> Result<Option<StaffMember>> {
    Ok(ctx.tx().query_opt(MEMBER, params![id]).await?)
}

pub(crate) async fn everyone(ctx: &mut Ctx) -> Result<Vec<StaffMember>> {
    Ok(ctx.tx().query(EVERYONE, params![]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, id: StaffId, name: &str, roles: &[Role]) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(INSERT, params![id, name, roles_text(roles), now]).await?;
    Ok(())
}

pub(crate) async fn set_roles(ctx: &mut Ctx, id: StaffId, roles: &[Role]) -> Result<()> {
    ctx.tx().execute(SET_ROLES, params![id, roles_text(roles)]).await?;
    Ok(())
}

pub(crate) async fn join(ctx: &mut Ctx, id: StaffId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(JOIN, params![id, now]).await?;
    Ok(())
}

/// Ends a member of staff, with an open invitation.
pub(crate) async fn end(ctx: &mut Ctx, id: StaffId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(END, params![id, now]).await?;
    ctx.tx().execute(DELETE_INVITATIONS_OF, params![id]).await?;
    Ok(())
}

pub(crate) async fn insert_invitation(ctx: &mut Ctx, code_hash: [u8; 32], staff: StaffId, expires_at: Timestamp) -> Result<()> {
    ctx.tx().execute(INSERT_INVITATION, params![code_hash, staff, expires_at]).await?;
    Ok(())
}

pub(crate) async fn invitation(ctx: &mut Ctx, code_hash: [u8; 32]) -> Result<Option<(StaffId, Timestamp)>> {
    Ok(ctx.tx().query_opt(INVITATION, params![code_hash]).await?)
}

pub(crate) async fn delete_invitation(ctx: &mut Ctx, code_hash: [u8; 32]) -> Result<bool> {
    Ok(ctx.tx().execute(DELETE_INVITATION, params![code_hash]).await? == 1)
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET_INVITATIONS, params![before]).await?)
}
