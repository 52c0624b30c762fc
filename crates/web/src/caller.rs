use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use store::{Actor, Ctx, Permission};

use crate::{App, Problem, language::cookie};

/// The residents' session.
pub const HOLDER_COOKIE: &str = "tegata_session";
/// The staff's session.
pub const STAFF_COOKIE: &str = "tegata_staff";
/// A paired verifier's session.
pub const VERIFIER_COOKIE: &str = "tegata_verifier";

/// Which of the three sessions a path belongs to: one browser may hold all of them, as in the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// A resident or family member.
    Holder,
    /// A member of staff.
    Staff,
    /// A verifier at a place.
    Verifier,
}

impl SessionKind {
    fn of_path(path: &str) -> Self {
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        if path.starts_with("/staff") {
            Self::Staff
        } else if path.starts_with("/verif") || path.starts_with("/decisions") {
            Self::Verifier
        } else {
            Self::Holder
        }
    }

    /// The cookie that carries it.
    pub fn cookie(self) -> &'static str {
        match self {
            Self::Holder => HOLDER_COOKIE,
            Self::Staff => STAFF_COOKIE,
            Self::Verifier => VERIFIER_COOKIE,
        }
    }
}

/// Who asks, with a transaction to look: GET handlers take it.
pub struct Reader(pub Ctx);

/// Who asks, with a transaction to change: the handler commits it in plain sight.
pub struct Caller(pub Ctx);

/// Who asks, once it is known: a handler that takes several of these asks the database once.
#[derive(Clone)]
struct Known(Option<identity::Caller>);

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(Known(caller)) = parts.extensions.get() {
            let actor = caller.as_ref().map_or(Actor::Anonymous, |caller| caller.actor.clone());
            return Ok(Self(app.store().read(actor).await?));
        }
        let (ctx, caller) = look(parts, app).await?;
        parts.extensions.insert(Known(caller));
        Ok(Self(ctx))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // Known before the line of writers is joined, so that strangers hold nobody up.
        let caller = known(parts, app).await?;
        let actor = caller.as_ref().map_or(Actor::Anonymous, |caller| caller.actor.clone());
        let mut ctx = app.store().begin(actor).await?;
        if let Some(caller) = caller.filter(|caller| caller.refresh_due) {
            identity::refresh_session(&mut ctx, caller.session).await?;
        }
        Ok(Self(ctx))
    }
}

/// The session a holder asks with, for the phone it speaks for; none for who is not signed in.
pub struct Session(pub Option<identity::SessionId>);

impl FromRequestParts<App> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(known(parts, app).await?.map(|caller| caller.session)))
    }
}

/// Finds out who asks, unless it was found out for this request before.
async fn known(parts: &mut Parts, app: &App) -> Result<Option<identity::Caller>, Problem> {
    if let Some(Known(caller)) = parts.extensions.get() {
        return Ok(caller.clone());
    }
    let caller = look(parts, app).await?.1;
    parts.extensions.insert(Known(caller.clone()));
    Ok(caller)
}

/// Who asks, without a transaction: for a handler whose change joins others in a group.
pub struct Who(pub Option<identity::Caller>);

impl FromRequestParts<App> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(known(parts, app).await?))
    }
}

/// Begins to look on behalf of whoever carries the session's token.
pub(crate) async fn look(parts: &Parts, app: &App) -> Result<(Ctx, Option<identity::Caller>), Problem> {
    let mut ctx = app.store().read(Actor::Anonymous).await?;
    let kind = SessionKind::of_path(parts.uri.path());
    let caller = match bearer(&parts.headers).or_else(|| cookie(&parts.headers, kind.cookie())) {
        Some(token) => identity::actor_of(&mut ctx, token).await?,
        None => None,
    };
    if let Some(caller) = &caller {
        ctx.actor = caller.actor.clone();
    }
    Ok((ctx, caller))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Refuses who is nobody yet.
///
/// # Errors
/// [`Problem::not_signed_in`].
pub fn signed_in(ctx: &Ctx) -> Result<(), Problem> {
    if ctx.actor == Actor::Anonymous { Err(Problem::not_signed_in()) } else { Ok(()) }
}

/// Gives the name of the member of staff who is signed in, for the head of the page.
///
/// # Errors
/// [`Problem::not_signed_in`] for anybody else; the store's.
pub async fn staff_name(ctx: &mut Ctx) -> Result<String, Problem> {
    match ctx.actor {
        Actor::Staff(id, _) => Ok(identity::staff_member(ctx, id).await?.map(|member| member.name).unwrap_or_default()),
        _ => Err(Problem::not_signed_in()),
    }
}

/// Refuses a staff page to who may not see it, before anything is read; gives the name of who is signed in.
///
/// # Errors
/// As [`staff_name`]; forbidden to a member of staff without the role.
pub async fn staff(ctx: &mut Ctx, permission: Permission) -> Result<String, Problem> {
    let name = staff_name(ctx).await?;
    ctx.allow(permission)?;
    Ok(name)
}
