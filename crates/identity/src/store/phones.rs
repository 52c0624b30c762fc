use ::store::{AccountId, Ctx, FromRow, Row, params};
use civil::Timestamp;
use credential::HolderKey;

use crate::{Error, Phone, PhoneChallengeId, PhoneEnd, PhoneId, Result, SessionId};

::store::queries! {
    PHONE = "select id, account, key, thumbprint, label, registered_at, ended_at from identity_phone where id = $1";
    PHONES_OF = "select id, account, key, thumbprint, label, registered_at, ended_at from identity_phone where account = $1 order by registered_at, id";
    INSERT = "insert into identity_phone (id, account, key, thumbprint, label, registered_at) values ($1, $2, $3, $4, $5, $6)
        on conflict (thumbprint) do nothing";
    END = "update identity_phone set ended_at = $2, ended_why = $3 where id = $1 and ended_at is null";
    /// The phone a holder's session speaks for, if it speaks for one.
    OF_SESSION = "select phone from identity_session where id = $1 and kind = 'holder' and owner = $2";
    SPEAK_FOR = "update identity_session set phone = $2 where id = $1";
    /// Sessions of an account that speak for no phone that is still trusted.
    END_SESSIONS = "delete from identity_session where kind = 'holder' and owner = $1
        and (phone is null or phone not in (select id from identity_phone where account = $1 and ended_at is null))";
    INSERT_CHALLENGE = "insert into identity_phone_challenge (id, account, nonce, expires_at) values ($1, $2, $3, $4)";
    CHALLENGE = "select account, nonce, expires_at from identity_phone_challenge where id = $1";
    TAKE_CHALLENGE = "delete from identity_phone_challenge where id = $1";
    FORGET = "delete from identity_phone_challenge where expires_at < $1";
}

impl FromRow for Phone {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let key: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            account: row.get(1)?,
            key: HolderKey::from_jwk(&key).map_err(|_| ::store::Error::Decode { column: 2, reason: "not a phone key".to_owned() })?,
            thumbprint: row.get(3)?,
            label: row.get(4)?,
            registered_at: row.get(5)?,
            ended_at: row.get(6)?,
        })
    }
}

pub(crate) async fn find(ctx: &mut Ctx, id: PhoneId) -> Result<Option<Phone>> {
    Ok(ctx.tx().query_opt(PHONE, params![id]).await?)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Phone>> {
    Ok(ctx.tx().query(PHONES_OF, params![account]).await?)
}

/// Keeps a phone; false when its key is known.
pub(crate) async fn insert(ctx: &mut Ctx, phone: &Phone) -> Result<bool> {
    let key = serde_json::to_string(&phone.key).map_err(::store::Error::from)?;
    let values = params![phone.id, phone.account, key, phone.thumbprint.as_str(), phone.label.as_str(), phone.registered_at];
    Ok(ctx.tx().execute(INSERT, values).await? == 1)
}

pub(crate) async fn end(ctx: &mut Ctx, id: PhoneId, why: PhoneEnd) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, now, why]).await? == 1)
}

/// The phone a session of the account speaks for; the outer none when the account has no such session.
pub(crate) async fn of_session(ctx: &mut Ctx, session: SessionId, account: AccountId) -> Result<Option<Option<PhoneId>>> {
    let found = ctx.tx().query_opt::<(Option<PhoneId>,)>(OF_SESSION, params![session, account.to_string()]).await?;
    Ok(found.map(|(phone,)| phone))
}

pub(crate) async fn speak_for(ctx: &mut Ctx, session: SessionId, phone: PhoneId) -> Result<()> {
    ctx.tx().execute(SPEAK_FOR, params![session, phone]).await?;
    Ok(())
}

/// Ends the sessions of an account that speak for no trusted phone.
pub(crate) async fn end_sessions(ctx: &mut Ctx, account: AccountId) -> Result<u64> {
    Ok(ctx.tx().execute(END_SESSIONS, params![account.to_string()]).await?)
}

pub(crate) async fn insert_challenge(
    ctx: &mut Ctx,
    id: PhoneChallengeId,
    account: AccountId,
    nonce: [u8; 32],
    expires_at: Timestamp,
) -> Result<()> {
    ctx.tx().execute(INSERT_CHALLENGE, params![id, account, nonce, expires_at]).await?;
    Ok(())
}

/// Takes a challenge away and gives its nonce; none when it is not this account's, over, or was taken before.
pub(crate) async fn take_challenge(ctx: &mut Ctx, id: PhoneChallengeId, account: AccountId) -> Result<Option<[u8; 32]>> {
    let now = ctx.now();
    let Some((of, nonce, expires_at)) = ctx.tx().query_opt::<(AccountId, Vec<u8>, Timestamp)>(CHALLENGE, params![id]).await? else {
        return Ok(None);
    };
    if of != account || ctx.tx().execute(TAKE_CHALLENGE, params![id]).await? != 1 || now >= expires_at {
        return Ok(None);
    }
    nonce.try_into().map(Some).map_err(|_| Error::Stored { what: "phone challenge" })
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}
