use ::store::{Ctx, params};
use civil::Timestamp;

use crate::model::{OwnerKind, PasskeyOwner};
use crate::passkeys::Kept;
use crate::{CeremonyId, Error, OwnPasskey, PasskeyId, Result, SessionId};

::store::queries! {
    INSERT = "insert into identity_passkey (credential_id, kind, owner, label, passkey, added_at) values ($1, $2, $3, $4, $5, $6)
        on conflict (credential_id) do nothing";
    /// As the library reads them.
    KEPT_OF = "select passkey from identity_passkey where kind = $1 and owner = $2 order by added_at, credential_id";
    /// As their owner reads them.
    LIST = "select credential_id, label, added_at, used_at from identity_passkey where kind = $1 and owner = $2 order by added_at, credential_id";
    USE = "update identity_passkey set passkey = $2, used_at = $3 where credential_id = $1";
    NAME = "update identity_passkey set label = $4 where credential_id = $1 and kind = $2 and owner = $3";
    DELETE = "delete from identity_passkey where credential_id = $1 and kind = $2 and owner = $3";
    DELETE_OF = "delete from identity_passkey where kind = $1 and owner = $2";
    /// Sessions that were begun by a passkey, but for the one that ends it.
    END_SESSIONS = "delete from identity_session where passkey = $1 and id <> $2";

    INSERT_CEREMONY = "insert into identity_ceremony (id, kind, owner_kind, owner, state, expires_at) values ($1, $2, $3, $4, $5, $6)";
    CEREMONY = "select owner, state, expires_at from identity_ceremony where id = $1 and kind = $2 and owner_kind = $3";
    DELETE_CEREMONY = "delete from identity_ceremony where id = $1";
    FORGET = "delete from identity_ceremony where expires_at < $1";
}

::store::from_row!(OwnPasskey { id, label, added_at, used_at });

/// Keeps a passkey; false when its id is known.
pub(crate) async fn insert(ctx: &mut Ctx, owner: PasskeyOwner, label: &str, new: &Kept) -> Result<bool> {
    let values = params![&new.id, owner.kind(), owner.text(), label, new.passkey.as_str(), ctx.now()];
    Ok(ctx.tx().execute(INSERT, values).await? == 1)
}

pub(crate) async fn kept_of(ctx: &mut Ctx, owner: PasskeyOwner) -> Result<Vec<String>> {
    let rows = ctx.tx().query::<(String,)>(KEPT_OF, params![owner.kind(), owner.text()]).await?;
    Ok(rows.into_iter().map(|(passkey,)| passkey).collect())
}

pub(crate) async fn list(ctx: &mut Ctx, owner: PasskeyOwner) -> Result<Vec<OwnPasskey>> {
    Ok(ctx.tx().query(LIST, params![owner.kind(), owner.text()]).await?)
}

/// Notes that a passkey was used, with its counter as it is now.
pub(crate) async fn note_use(ctx: &mut Ctx, used: &Kept) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(USE, params![&used.id, used.passkey.as_str(), now]).await?;
    Ok(())
}

pub(crate) async fn name(ctx: &mut Ctx, owner: PasskeyOwner, id: &PasskeyId, label: &str) -> Result<bool> {
    Ok(ctx.tx().execute(NAME, params![id, owner.kind(), owner.text(), label]).await? == 1)
}

pub(crate) async fn delete(ctx: &mut Ctx, owner: PasskeyOwner, id: &PasskeyId) -> Result<bool> {
    Ok(ctx.tx().execute(DELETE, params![id, owner.kind(), owner.text()]).await? == 1)
}

/// Ends all of an owner's; gives how many there were.
pub(crate) async fn delete_of(ctx: &mut Ctx, owner: PasskeyOwner) -> Result<u64> {
    Ok(ctx.tx().execute(DELETE_OF, params![owner.kind(), owner.text()]).await?)
}

pub(crate) async fn end_sessions(ctx: &mut Ctx, id: &PasskeyId, but: Option<SessionId>) -> Result<u64> {
    let but = but.map(|session| session.to_string()).unwrap_or_default();
    Ok(ctx.tx().execute(END_SESSIONS, params![id, but]).await?)
}

/// A ceremony under way.
pub(crate) struct Begun<'a> {
    pub(crate) id: CeremonyId,
    /// What is being done.
    pub(crate) kind: &'static str,
    pub(crate) owner_kind: OwnerKind,
    /// By whom; not known while somebody signs in.
    pub(crate) owner: Option<PasskeyOwner>,
    pub(crate) state: &'a str,
    pub(crate) expires_at: Timestamp,
}

pub(crate) async fn insert_ceremony(ctx: &mut Ctx, new: Begun<'_>) -> Result<()> {
    let owner = new.owner.map(PasskeyOwner::text);
    ctx.tx().execute(INSERT_CEREMONY, params![new.id, new.kind, new.owner_kind, owner, new.state, new.expires_at]).await?;
    Ok(())
}

/// Takes a ceremony away and gives who began it, as text, and its state.
///
/// # Errors
/// [`Error::CeremonyOver`] when it is over, was taken before, or is of another kind.
pub(crate) async fn take_ceremony(
    ctx: &mut Ctx,
    id: CeremonyId,
    kind: &'static str,
    owner_kind: OwnerKind,
) -> Result<(Option<String>, String)> {
    let now = ctx.now();
    let found = ctx.tx().query_opt::<(Option<String>, String, Timestamp)>(CEREMONY, params![id, kind, owner_kind]).await?;
    let (owner, state, expires_at) = found.ok_or(Error::CeremonyOver)?;
    let taken = ctx.tx().execute(DELETE_CEREMONY, params![id]).await? == 1;
    if taken && now < expires_at { Ok((owner, state)) } else { Err(Error::CeremonyOver) }
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}
