use ::store::{AccountId, Ctx, params};
use civil::Timestamp;
use town::PlaceId;

use crate::rules::Begun;
use crate::{Assurance, Entry, PasskeyId, Result, Session, SessionId, SessionKind, SignedIn, rules};

/// What a token stands for, with what is needed to say who asks.
pub(crate) struct Carried {
    pub(crate) id: SessionId,
    pub(crate) kind: SessionKind,
    pub(crate) owner: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// Of staff who have not left.
    pub(crate) roles: Option<String>,
    /// Of devices that are still trusted.
    pub(crate) place: Option<PlaceId>,
}

::store::queries! {
    /// One read by the index on the token's hash.
    BY_TOKEN = "select s.id, s.kind, s.owner, s.expires_at, s.ends_at, t.roles, d.place
        from identity_session s
        left join identity_staff t on t.id = s.owner and t.ended_at is null
        left join identity_device d on d.id = s.owner and d.ended_at is null
        where s.token_hash = $1 and s.expires_at > $2";
    INSERT = "insert into identity_session (id, token_hash, kind, owner, label, entry, passkey, started_at, expires_at, ends_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BY_ID = "select kind, owner, ends_at from identity_session where id = $1 and expires_at > $2";
    /// With the card's proof that came shortly before. An app's is none, since its provider may know the person from before; unless the card signed by it.
    SIGNED_IN = "select s.owner, s.started_at, s.entry, a.assurance,
        (select max(p.at) from identity_proof p where p.account = a.id and p.kind in ('signature', 'user_auth', 'app_signature') and p.at <= s.started_at and p.at > s.started_at - $3)
        from identity_session s join identity_account a on a.id = s.owner where s.id = $1 and s.kind = 'holder' and s.expires_at > $2";
    /// With the proof of whatever kind that came shortly before.
    BEGUN = "select s.owner, s.started_at, s.entry,
        (select max(p.at) from identity_proof p where p.account = s.owner and p.at <= s.started_at and p.at > s.started_at - $3)
        from identity_session s where s.id = $1 and s.kind = 'holder' and s.expires_at > $2";
    REFRESH = "update identity_session set expires_at = $2 where id = $1 and expires_at < $2";
    RENEW = "update identity_session set token_hash = $2, entry = $3, passkey = $4, started_at = $5, expires_at = $6, ends_at = $7 where id = $1";
    OF_OWNER = "select id, kind, label, entry, started_at, expires_at from identity_session where kind = $1 and owner = $2 and expires_at > $3 order by started_at, id";
    DELETE = "delete from identity_session where id = $1";
    DELETE_OF = "delete from identity_session where kind = $1 and owner = $2";
    FORGET = "delete from identity_session where expires_at < $1";
}

::store::from_row!(Carried { id, kind, owner, expires_at, ends_at, roles, place });
::store::from_row!(Begun { account, at, entry, proof_at });
::store::from_row!(Session { id, kind, label, entry, started_at, expires_at });

pub(crate) async fn by_token(ctx: &mut Ctx, token_hash: [u8; 32]) -> Result<Option<Carried>> {
    let now = ctx.now();
    Ok(ctx.tx().query_opt(BY_TOKEN, params![token_hash, now]).await?)
}

/// By what a session is begun.
#[derive(Clone, Copy, Default)]
pub(crate) struct By<'a> {
    /// None for staff and devices.
    pub(crate) entry: Option<Entry>,
    pub(crate) passkey: Option<&'a PasskeyId>,
}

impl By<'_> {
    pub(crate) fn entry(entry: Entry) -> Self {
        Self { entry: Some(entry), passkey: None }
    }
}

/// A session as it is kept.
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) token_hash: [u8; 32],
    pub(crate) kind: SessionKind,
    pub(crate) owner: String,
    pub(crate) label: &'a str,
    pub(crate) by: By<'a>,
    pub(crate) expires_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

pub(crate) async fn insert(ctx: &mut Ctx, new: NewSession<'_>) -> Result<()> {
    let now = ctx.now();
    let values =
        params![new.id, new.token_hash, new.kind, new.owner, new.label, new.by.entry, new.by.passkey, now, new.expires_at, new.ends_at];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn by_id(ctx: &mut Ctx, id: SessionId) -> Result<Option<(SessionKind, String, Timestamp)>> {
    let now = ctx.now();
    Ok(ctx.tx().query_opt(BY_ID, params![id, now]).await?)
}

/// Owner, beginning, entry, assurance of the account, the card's proof that came shortly before.
type SignedInRow = (AccountId, Timestamp, Option<Entry>, Assurance, Option<Timestamp>);

pub(crate) async fn signed_in(ctx: &mut Ctx, session: SessionId) -> Result<Option<SignedIn>> {
    let now = ctx.now();
    let found = ctx.tx().query_opt::<SignedInRow>(SIGNED_IN, params![session, now, rules::PROOF_TO_SESSION_US]).await?;
    Ok(found.map(|(account, at, entry, assurance, card_at)| {
        // Who comes back by a passkey right after the card has not laid it down again.
        let card_at = card_at.filter(|_| entry != Some(Entry::Passkey));
        SignedIn { account, session, at, entry, card_at, proven: assurance > Assurance::None }
    }))
}

/// What is known of the beginning of a session.
pub(crate) async fn begun(ctx: &mut Ctx, session: SessionId) -> Result<Option<Begun>> {
    let now = ctx.now();
    Ok(ctx.tx().query_opt(BEGUN, params![session, now, rules::PROOF_TO_SESSION_US]).await?)
}

pub(crate) async fn refresh(ctx: &mut Ctx, id: SessionId, expires_at: Timestamp) -> Result<()> {
    ctx.tx().execute(REFRESH, params![id, expires_at]).await?;
    Ok(())
}

/// Lets a session begin anew: everything but its owner and its label is that of the new one.
pub(crate) async fn renew(ctx: &mut Ctx, new: NewSession<'_>) -> Result<()> {
    let now = ctx.now();
    let values = params![new.id, new.token_hash, new.by.entry, new.by.passkey, now, new.expires_at, new.ends_at];
    ctx.tx().execute(RENEW, values).await?;
    Ok(())
}

pub(crate) async fn of_owner(ctx: &mut Ctx, kind: SessionKind, owner: &str) -> Result<Vec<Session>> {
    let now = ctx.now();
    Ok(ctx.tx().query(OF_OWNER, params![kind, owner, now]).await?)
}

pub(crate) async fn delete(ctx: &mut Ctx, id: SessionId) -> Result<bool> {
    Ok(ctx.tx().execute(DELETE, params![id]).await? == 1)
}

pub(crate) async fn delete_of(ctx: &mut Ctx, kind: SessionKind, owner: &str) -> Result<u64> {
    Ok(ctx.tx().execute(DELETE_OF, params![kind, owner]).await?)
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}
