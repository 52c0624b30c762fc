use ::store::{AccountId, Actor, Ctx, Permission};
use civil::Date;
use jiff::{SignedDuration, ToSpan as _};
use town::ProgrammeId;

use crate::store::{people, proxies as store};
use crate::{Error, OneTimeCode, Proxy, ProxyAgreed, ProxyEnd, ProxyEnded, ProxyId, ProxyScope, Result, rules, secret};

const CODE: &str = "proxy";
/// How long the agent may take to agree: a letter, a visit at the weekend.
const CODE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 14);
/// The longest a proxy lasts before it must be declared again, in days: three years.
const MOST_DAYS: i64 = 1096;

/// Declares that whoever is given the code, once they agree, may act for somebody: by the person, or by a clerk to whom the person or a paper said so.
///
/// # Errors
/// [`Error::ProxyDays`] for days that are past, out of order or more than three years; [`Error::NotProven`] for an account that is not known to be
/// anybody's; [`Error::Text`] for the label; [`Error::AccountNotFound`]; the store's `Forbidden`.
pub async fn declare_proxy(
    ctx: &mut Ctx,
    principal: AccountId,
    scope: ProxyScope,
    (from, until): (Date, Date),
    label: &str,
) -> Result<(Proxy, OneTimeCode)> {
    if super::is_own(ctx, principal) {
        ctx.allow(Permission::OwnAccount)?;
    } else {
        ctx.allow(Permission::ServeCounter)?;
    }
    people::open_account(ctx, principal).await?.ok_or(Error::AccountNotFound)?.keys.ok_or(Error::NotProven)?;
    let today = ctx.today();
    if until < from || until < today || until > from.max(today).saturating_add(MOST_DAYS.days()) {
        return Err(Error::ProxyDays);
    }
    let label = rules::kept_text(label)?;
    let proxy = Proxy {
        id: ProxyId::new(ctx.now()),
        principal,
        agent: None,
        scope,
        label,
        from,
        until,
        declared_at: ctx.now(),
        agreed_at: None,
        ended_at: None,
    };
    let code = secret::code();
    let code_hash = secret::code_hash(CODE, &code).ok_or(Error::Stored { what: "code" })?;
    let expires_at = ctx.now() + CODE_LIFE;
    store::insert(ctx, &proxy, code_hash, expires_at).await?;
    ctx.audit("proxy.declared", Some(principal.to_string()), "").await?;
    Ok((proxy, OneTimeCode { code: format!("{}-{}", &code[..4], &code[4..]), expires_at }))
}

/// Gives what a code offers and for whom, so that the agent knows before agreeing.
///
/// # Errors
/// [`Error::CodeNotValid`]; [`Error::ProxySelf`]; [`Error::NotProven`] for an agent who is not known to be anybody; the store's `Forbidden`.
pub async fn proxy_offered(ctx: &mut Ctx, typed: &str) -> Result<(Proxy, String)> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(agent) = ctx.actor else { return Err(Error::CodeNotValid) };
    let code_hash = secret::code_hash(CODE, typed).ok_or(Error::CodeNotValid)?;
    let today = ctx.today();
    let proxy = store::by_code(ctx, code_hash).await?.filter(|proxy| !proxy.is_over(today)).ok_or(Error::CodeNotValid)?;
    if proxy.principal == agent {
        return Err(Error::ProxySelf);
    }
    people::find_account(ctx, agent).await?.ok_or(Error::AccountNotFound)?.keys.ok_or(Error::NotProven)?;
    let principal = people::find_account(ctx, proxy.principal).await?.ok_or(Error::CodeNotValid)?;
    Ok((proxy, principal.name))
}

/// Agrees to act for somebody, by the code they gave.
///
/// # Errors
/// As [`proxy_offered`].
pub async fn agree_to_proxy(ctx: &mut Ctx, typed: &str) -> Result<ProxyId> {
    let (proxy, _) = proxy_offered(ctx, typed).await?;
    let Actor::Holder(agent) = ctx.actor else { return Err(Error::CodeNotValid) };
    if !store::agree(ctx, proxy.id, agent).await? {
        return Err(Error::CodeNotValid);
    }
    ctx.audit("proxy.agreed", Some(proxy.principal.to_string()), "").await?;
    ctx.record(ProxyAgreed::KIND, &ProxyAgreed { proxy: proxy.id, principal: proxy.principal, agent }).await?;
    Ok(proxy.id)
}

/// Ends a proxy at once: the principal, the agent, a clerk at the counter, or the house. Twice changes nothing.
///
/// # Errors
/// [`Error::ProxyNotFound`] when there is none or it is others'; the store's `Forbidden`.
pub async fn end_proxy(ctx: &mut Ctx, id: ProxyId) -> Result<()> {
    let proxy = store::find(ctx, id).await?.ok_or(Error::ProxyNotFound)?;
    let why = match ctx.actor {
        Actor::Holder(own) if own == proxy.principal => ProxyEnd::ByPrincipal,
        Actor::Holder(own) if Some(own) == proxy.agent => ProxyEnd::ByAgent,
        Actor::Holder(_) => return Err(Error::ProxyNotFound),
        _ => {
            ctx.allow(Permission::ServeCounter)?;
            ProxyEnd::ByTown
        }
    };
    end(ctx, &proxy, why).await
}

async fn end(ctx: &mut Ctx, proxy: &Proxy, why: ProxyEnd) -> Result<()> {
    if store::end(ctx, proxy.id, why).await? {
        ctx.audit("proxy.ended", Some(proxy.principal.to_string()), why.as_str()).await?;
        ctx.record(ProxyEnded::KIND, &ProxyEnded { proxy: proxy.id, principal: proxy.principal, agent: proxy.agent }).await?;
    }
    Ok(())
}

/// Ends every proxy an account has part in, whoever asks.
pub(crate) async fn end_all(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    let mut proxies = store::of_principal(ctx, account).await?;
    proxies.extend(store::of_agent(ctx, account).await?);
    for proxy in proxies {
        end(ctx, &proxy, ProxyEnd::AccountClosed).await?;
    }
    Ok(())
}

/// Gives who acts or acted for an account, those who did not agree yet too: to the person, and to clerks.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn agents_of(ctx: &mut Ctx, principal: AccountId) -> Result<Vec<Proxy>> {
    super::own_or(ctx, principal, Permission::ServeCounter)?;
    store::of_principal(ctx, principal).await
}

/// Gives for whom an account acts today. Rooms ask this for their own decisions, with [`proxy_allows`].
///
/// # Errors
/// The store's.
pub async fn principals_of(ctx: &mut Ctx, agent: AccountId) -> Result<Vec<Proxy>> {
    let today = ctx.today();
    Ok(store::of_agent(ctx, agent).await?.into_iter().filter(|proxy| proxy.in_force(today)).collect())
}

/// Says whether an account acts for another in a programme today.
///
/// # Errors
/// The store's.
pub async fn proxy_allows(ctx: &mut Ctx, agent: AccountId, principal: AccountId, programme: &ProgrammeId) -> Result<bool> {
    let acting = principals_of(ctx, agent).await?;
    Ok(acting.iter().any(|proxy| proxy.principal == principal && proxy.scope.covers(programme)))
}
