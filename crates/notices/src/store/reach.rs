use store::{AccountId, Ctx, ResidentId, params};

use crate::model::{AddressId, DeliveryId, Result, Subscription, Way};

store::queries! {
    CLEAR = "delete from notices_reach where account = $1";
    ADD = "insert into notices_reach (resident, account, own) values ($1, $2, $3) on conflict (resident, account) do update set own = excluded.own";
    /// The browsers of the people between two ids, in the order of ids: what a run over the town walks along.
    BROWSERS = "select r.resident, r.own, s.id, s.account, s.endpoint, s.point, s.auth, s.language from notices_reach r
        join notices_subscription s on s.account = r.account where r.resident > $1 and r.resident <= $2 order by r.resident";
    /// The same of addresses of a way.
    ADDRESSES = "select r.resident, r.own, a.id, a.account from notices_reach r join notices_address a on a.account = r.account
        where r.resident > $1 and r.resident <= $2 and a.way = $3 and a.confirmed_at is not null and a.unreachable_at is null order by r.resident, a.id";
    BROWSERS_OF = "select r.resident, r.own, s.id, s.account, s.endpoint, s.point, s.auth, s.language from notices_reach r
        join notices_subscription s on s.account = r.account where r.resident = $1";
    ADDRESSES_OF = "select r.resident, r.own, a.id, a.account from notices_reach r join notices_address a on a.account = r.account
        where r.resident = $1 and a.way = $2 and a.confirmed_at is not null and a.unreachable_at is null order by a.id";
    ACCOUNTS_OF = "select account from notices_reach where resident = $1 order by account";
    ACCOUNTS = "select account from notices_subscription where account > $1 union select account from notices_address where account > $1
        order by account limit $2";
    IS_TOLD = "select count(*) from (select id from notices_subscription where account = $1
        union all select id from notices_address where account = $1) ways";
    COUNT_BY_BROWSER = "select count(distinct r.resident) from notices_reach r where r.own
        and exists (select 1 from notices_subscription s where s.account = r.account)";
    COUNT_BY_ADDRESS = "select count(distinct r.resident) from notices_reach r where r.own and exists (select 1 from notices_address a
        where a.account = r.account and a.way = $1 and a.confirmed_at is not null and a.unreachable_at is null)";
    FORGET = "delete from notices_reach where not exists (select 1 from notices_subscription s where s.account = notices_reach.account)
        and not exists (select 1 from notices_address a where a.account = notices_reach.account)";
}

/// On the way of a run: whose notices an account is told of, whether they are its person's own, and by which browser or address.
#[derive(Debug, Clone)]
pub(crate) struct Reaching<T> {
    pub(crate) resident: ResidentId,
    pub(crate) own: bool,
    pub(crate) account: AccountId,
    pub(crate) by: T,
}

impl store::FromRow for Reaching<Subscription> {
    fn from_row(row: &store::Row) -> store::Result<Self> {
        let account = row.get(3)?;
        Ok(Self {
            resident: row.get(0)?,
            own: row.get(1)?,
            account,
            by: Subscription {
                id: row.get(2)?,
                account,
                endpoint: row.get(4)?,
                point: row.get(5)?,
                auth: row.get(6)?,
                language: row.get(7)?,
            },
        })
    }
}

impl store::FromRow for Reaching<AddressId> {
    fn from_row(row: &store::Row) -> store::Result<Self> {
        Ok(Self { resident: row.get(0)?, own: row.get(1)?, by: row.get(2)?, account: row.get(3)? })
    }
}

/// Says anew whose notices an account is told of.
pub(crate) async fn set(ctx: &mut Ctx, account: AccountId, own: Option<ResidentId>, wards: &[ResidentId]) -> Result<()> {
    clear(ctx, account).await?;
    for ward in wards {
        ctx.tx().execute(ADD, params![*ward, account, false]).await?;
    }
    if let Some(own) = own {
        ctx.tx().execute(ADD, params![own, account, true]).await?;
    }
    Ok(())
}

/// Notes that an account is told of nobody's.
pub(crate) async fn clear(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(CLEAR, params![account]).await?;
    Ok(())
}

/// How a step finds who is told of its people, who stand in the order of ids.
#[derive(Clone, Copy)]
pub(crate) enum Walk<'a> {
    /// Along everybody with an id after one and up to another: for a run that reaches most of them.
    Along { after: &'a str, up_to: &'a str },
    /// To each by themself: for a district of a city, of whose ids a thousand others' lie between.
    To(&'a [(DeliveryId, ResidentId)]),
}

/// The browsers told of notices of a step's people; along the way, of others', too.
pub(crate) async fn browsers(ctx: &mut Ctx, walk: Walk<'_>) -> Result<Vec<Reaching<Subscription>>> {
    match walk {
        Walk::Along { after, up_to } => Ok(ctx.tx().query(BROWSERS, params![after, up_to]).await?),
        Walk::To(people) => {
            let mut found = Vec::with_capacity(people.len());
            for (_, resident) in people {
                found.extend(ctx.tx().query(BROWSERS_OF, params![*resident]).await?);
            }
            Ok(found)
        }
    }
}

/// The same of the addresses of a way.
pub(crate) async fn addresses(ctx: &mut Ctx, way: Way, walk: Walk<'_>) -> Result<Vec<Reaching<AddressId>>> {
    match walk {
        Walk::Along { after, up_to } => Ok(ctx.tx().query(ADDRESSES, params![after, up_to, way]).await?),
        Walk::To(people) => {
            let mut found = Vec::new();
            for (_, resident) in people {
                found.extend(ctx.tx().query(ADDRESSES_OF, params![*resident, way]).await?);
            }
            Ok(found)
        }
    }
}

/// The accounts told of a resident's notices, by whatever.
pub(crate) async fn accounts_of(ctx: &mut Ctx, resident: ResidentId) -> Result<Vec<AccountId>> {
    Ok(ctx.tx().query::<(AccountId,)>(ACCOUNTS_OF, params![resident]).await?.into_iter().map(|(id,)| id).collect())
}

/// Accounts with a browser or an address, in pages by id.
pub(crate) async fn accounts(ctx: &mut Ctx, after: &str, limit: u32) -> Result<Vec<AccountId>> {
    Ok(ctx.tx().query::<(AccountId,)>(ACCOUNTS, params![after, limit]).await?.into_iter().map(|(id,)| id).collect())
}

/// Whether an account has a browser or an address.
pub(crate) async fn is_told(ctx: &mut Ctx, account: AccountId) -> Result<bool> {
    Ok(ctx.tx().query_one::<(i64,)>(IS_TOLD, params![account]).await?.0 > 0)
}

/// How many residents are told by a way of their own.
pub(crate) async fn count(ctx: &mut Ctx, way: Way) -> Result<i64> {
    let counted = match way {
        Way::Push => ctx.tx().query_one::<(i64,)>(COUNT_BY_BROWSER, &[]).await?,
        Way::Mail | Way::Line => ctx.tx().query_one::<(i64,)>(COUNT_BY_ADDRESS, params![way]).await?,
    };
    Ok(counted.0)
}

/// Deletes what is noted of accounts that are told by nothing any more.
pub(crate) async fn forget(ctx: &mut Ctx) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, &[]).await?)
}
