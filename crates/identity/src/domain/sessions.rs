use ::store::{AccountId, Actor, Ctx, Permission};

use crate::store::sessions::{self as store, By, Carried, NewSession};
use crate::store::staff::roles_from;
use crate::store::{devices, people, staff};
use crate::{
    Caller, DeviceId, DeviceKind, Entry, Error, PasskeyId, Result, Session, SessionId, SessionKind, SessionOwner, SignedIn, SignedOut,
    Started, rules, secret,
};

/// Starts a session: for a holder who took a shared card, a member of staff whose passkey answered, a device that was paired. The page that calls this
/// has just seen to it. The token is told this once. A holder whose proof was claimed gets theirs of [`renew_session`].
///
/// # Errors
/// [`Error::AccountNotFound`], [`Error::StaffNotFound`], [`Error::DeviceNotFound`] when the owner is unknown or no longer trusted; [`Error::Text`] for
/// the label.
pub async fn start_session(ctx: &mut Ctx, owner: SessionOwner, label: &str) -> Result<Started> {
    let entry = matches!(owner, SessionOwner::Holder(_)).then_some(Entry::Code);
    start(ctx, owner, label, By { entry, passkey: None }).await
}

/// Starts a session of a person on a screen that others use after them: it ends by itself within a quarter of an hour, used or not.
///
/// # Errors
/// As [`start_session`].
pub async fn start_kiosk_session(ctx: &mut Ctx, account: AccountId, label: &str) -> Result<Started> {
    start(ctx, SessionOwner::Holder(account), label, By::entry(Entry::Kiosk)).await
}

async fn start(ctx: &mut Ctx, owner: SessionOwner, label: &str, by: By<'_>) -> Result<Started> {
    let kind = kind_of(ctx, owner).await?;
    let label = rules::kept_text(label)?;
    let (token, new) = made(ctx, SessionId::new(ctx.now()), kind, owner, &label, by);
    let started = Started { id: new.id, token, ends_at: new.ends_at };
    store::insert(ctx, new).await?;
    Ok(started)
}

/// A session that begins now, and its token.
fn made<'a>(ctx: &Ctx, id: SessionId, kind: SessionKind, owner: SessionOwner, label: &'a str, by: By<'a>) -> (String, NewSession<'a>) {
    let most = if by.entry == Some(Entry::Kiosk) { rules::KIOSK_LIFE } else { rules::life(kind).most };
    let ends_at = ctx.now() + most;
    let expires_at = rules::expires(kind, ctx.now(), ends_at);
    let token = secret::token();
    let token_hash = secret::token_hash(&token);
    (token, NewSession { id, token_hash, kind, owner: owner_text(owner), label, by, expires_at, ends_at })
}

/// Lets a resident's session begin anew, because the person has just proven who they are again in the same browser: what rests on the session goes on, and
/// only the new token counts. Another person's session, or one that is over, is not renewed: a new one is started instead.
///
/// # Errors
/// As [`start_session`].
pub async fn renew_session(ctx: &mut Ctx, session: Option<SessionId>, account: AccountId, label: &str) -> Result<Started> {
    renew(ctx, session, account, label, By::entry(Entry::Proof)).await
}

/// As [`renew_session`], for who has just been believed by a passkey.
pub(super) async fn begin_by_passkey(
    ctx: &mut Ctx,
    session: Option<SessionId>,
    account: AccountId,
    label: &str,
    passkey: Option<&PasskeyId>,
) -> Result<Started> {
    renew(ctx, session, account, label, By { entry: Some(Entry::Passkey), passkey }).await
}

async fn renew(ctx: &mut Ctx, session: Option<SessionId>, account: AccountId, label: &str, by: By<'_>) -> Result<Started> {
    let owner = SessionOwner::Holder(account);
    let same = match session {
        Some(id) => store::by_id(ctx, id).await?.filter(|(kind, of, _)| *kind == SessionKind::Holder && *of == owner_text(owner)),
        None => None,
    };
    let (Some(id), Some(_)) = (session, same) else { return start(ctx, owner, label, by).await };
    let (token, new) = made(ctx, id, SessionKind::Holder, owner, label, by);
    let started = Started { id, token, ends_at: new.ends_at };
    store::renew(ctx, new).await?;
    Ok(started)
}

/// Says who carries a token: one read, nothing written. `None` when it is unknown or over, or its owner is no longer trusted.
///
/// When [`Caller::refresh_due`] is set, call [`refresh_session`] in a context that writes.
///
/// # Errors
/// The store's.
pub async fn actor_of(ctx: &mut Ctx, token: &str) -> Result<Option<Caller>> {
    let Some(carried) = store::by_token(ctx, secret::token_hash(token)).await? else { return Ok(None) };
    let refresh_due = rules::refresh_due(carried.kind, ctx.now(), carried.expires_at, carried.ends_at);
    let (session, kind) = (carried.id, carried.kind);
    let who = who(carried)?;
    Ok(who.map(|(actor, device)| Caller { actor, session, kind, device, refresh_due }))
}

/// Puts off the end of a session that is being used.
///
/// # Errors
/// The store's.
pub async fn refresh_session(ctx: &mut Ctx, id: SessionId) -> Result<()> {
    let Some((kind, _, ends_at)) = store::by_id(ctx, id).await? else { return Ok(()) };
    let expires_at = rules::expires(kind, ctx.now(), ends_at);
    store::refresh(ctx, id, expires_at).await
}

/// Ends a session: its owner's, or any by the house.
///
/// # Errors
/// [`Error::SessionNotFound`] when there is none or it is another's.
pub async fn end_session(ctx: &mut Ctx, id: SessionId) -> Result<()> {
    let (kind, owner, _) = store::by_id(ctx, id).await?.ok_or(Error::SessionNotFound)?;
    let own = match &ctx.actor {
        Actor::Holder(account) => kind == SessionKind::Holder && owner == account.to_string(),
        Actor::Staff(staff, _) => kind == SessionKind::Staff && owner == staff.to_string(),
        Actor::Verifier(place) => {
            let place = place.clone();
            let device = owner.parse::<DeviceId>().map_err(|_| Error::Stored { what: "session owner" })?;
            kind == SessionKind::Verifier && devices::find(ctx, device).await?.is_some_and(|device| device.place == place)
        }
        Actor::Station(_, station) => kind == SessionKind::Station && owner == station.to_string(),
        Actor::System => true,
        Actor::Anonymous => false,
    };
    if !own || !store::delete(ctx, id).await? {
        return Err(Error::SessionNotFound);
    }
    if kind == SessionKind::Holder {
        signed_out(ctx, owner.parse().map_err(|_| Error::Stored { what: "session owner" })?).await?;
    }
    Ok(())
}

/// Ends every session of an owner (signed out everywhere); gives how many there were. The owner's own act, or the house's.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn end_sessions_of(ctx: &mut Ctx, owner: SessionOwner) -> Result<u64> {
    own_sessions(ctx, owner)?;
    let mut ended = 0;
    for kind in kinds(owner) {
        ended += store::delete_of(ctx, *kind, &owner_text(owner)).await?;
    }
    if let SessionOwner::Holder(account) = owner {
        signed_out(ctx, account).await?;
    }
    Ok(ended)
}

/// Ends every session of an account, whoever asks.
pub(crate) async fn end_all(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    store::delete_of(ctx, SessionKind::Holder, &account.to_string()).await?;
    signed_out(ctx, account).await
}

/// Tells the rooms that what rests on sessions of an account may be over.
pub(crate) async fn signed_out(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.record(SignedOut::KIND, &SignedOut { account }).await?;
    Ok(())
}

/// Says how a resident's session began; `None` when it is over or nobody's.
///
/// # Errors
/// The store's.
pub async fn signed_in(ctx: &mut Ctx, session: SessionId) -> Result<Option<SignedIn>> {
    store::signed_in(ctx, session).await
}

/// Says whether a session stands still.
///
/// # Errors
/// The store's.
pub async fn session_stands(ctx: &mut Ctx, session: SessionId) -> Result<bool> {
    Ok(store::by_id(ctx, session).await?.is_some())
}

/// Gives an owner the sessions that are open in their name, oldest first.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn sessions_of(ctx: &mut Ctx, owner: SessionOwner) -> Result<Vec<Session>> {
    own_sessions(ctx, owner)?;
    let mut sessions = Vec::new();
    for kind in kinds(owner) {
        sessions.extend(store::of_owner(ctx, *kind, &owner_text(owner)).await?);
    }
    Ok(sessions)
}

fn own_sessions(ctx: &Ctx, owner: SessionOwner) -> Result<()> {
    let own = match (&ctx.actor, owner) {
        (Actor::Holder(account), SessionOwner::Holder(of)) => *account == of,
        (Actor::Staff(staff, _), SessionOwner::Staff(of)) => *staff == of,
        _ => false,
    };
    if own { Ok(()) } else { Ok(ctx.allow(Permission::RunHouse)?) }
}

async fn kind_of(ctx: &mut Ctx, owner: SessionOwner) -> Result<SessionKind> {
    match owner {
        SessionOwner::Holder(id) => people::find_account(ctx, id).await?.map(|_| SessionKind::Holder).ok_or(Error::AccountNotFound),
        SessionOwner::Staff(id) => {
            let member = staff::find(ctx, id).await?.filter(|member| member.ended_at.is_none());
            member.map(|_| SessionKind::Staff).ok_or(Error::StaffNotFound)
        }
        SessionOwner::Device(id) => {
            let device = devices::find(ctx, id).await?.filter(|device| device.ended_at.is_none()).ok_or(Error::DeviceNotFound)?;
            Ok(match device.kind {
                DeviceKind::Verifier => SessionKind::Verifier,
                DeviceKind::Station => SessionKind::Station,
            })
        }
    }
}

fn kinds(owner: SessionOwner) -> &'static [SessionKind] {
    match owner {
        SessionOwner::Holder(_) => &[SessionKind::Holder],
        SessionOwner::Staff(_) => &[SessionKind::Staff],
        SessionOwner::Device(_) => &[SessionKind::Verifier, SessionKind::Station],
    }
}

fn owner_text(owner: SessionOwner) -> String {
    match owner {
        SessionOwner::Holder(id) => id.to_string(),
        SessionOwner::Staff(id) => id.to_string(),
        SessionOwner::Device(id) => id.to_string(),
    }
}

fn who(carried: Carried) -> Result<Option<(Actor, Option<DeviceId>)>> {
    let stored = |_| Error::Stored { what: "session owner" };
    Ok(match carried.kind {
        SessionKind::Holder => Some((Actor::Holder(carried.owner.parse().map_err(stored)?), None)),
        SessionKind::Staff => match carried.roles {
            None => None,
            Some(roles) => {
                let roles = roles_from(&roles).ok_or(Error::Stored { what: "roles" })?;
                Some((Actor::Staff(carried.owner.parse().map_err(stored)?, roles), None))
            }
        },
        SessionKind::Verifier | SessionKind::Station => match carried.place {
            None => None,
            Some(place) => {
                let device = carried.owner.parse().map_err(stored)?;
                let actor = if carried.kind == SessionKind::Station { Actor::Station(place, device) } else { Actor::Verifier(place) };
                Some((actor, Some(device)))
            }
        },
    })
}
