use ::store::{AccountId, Ctx, FromRow, MatchKey, MatchKeys, Row, params};
use civil::Sex;

use crate::{MatchCase, MatchRequest, MatchRequestId, Result};

::store::queries! {
    OPEN = "select id, account, reason, asked_at, four_items, three_items from identity_match_request
        where answered_at is null and (reason <> 'protected' or $1) order by asked_at, id limit $2";
    UNPROTECTED = "select id, four_items, three_items from identity_match_request where answered_at is null and reason <> 'protected' order by id";
    PROTECT = "update identity_match_request set reason = 'protected' where id = $1 and answered_at is null";
    OPEN_OF = "select id, account, reason, asked_at from identity_match_request where account = $1 and answered_at is null";
    CASE = "select id, account, reason, asked_at, name, address, date_of_birth, sex, four_items, three_items
        from identity_match_request where id = $1 and answered_at is null";
    INSERT = "insert into identity_match_request (id, account, reason, name, address, date_of_birth, sex, four_items, three_items, asked_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Once answered, nothing of the person is left but who was matched.
    ANSWER = "update identity_match_request
        set answered_at = $2, outcome = $3, name = null, address = null, date_of_birth = null, sex = null
        where account = $1 and answered_at is null";
}

::store::from_row!(MatchRequest { id, account, reason, asked_at });

impl FromRow for MatchCase {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let decode = |column, reason: &str| ::store::Error::Decode { column, reason: reason.to_owned() };
        Ok(Self {
            request: MatchRequest::from_row(row)?,
            name: row.get(4)?,
            address: row.get(5)?,
            date_of_birth: row.get::<String>(6)?.parse().map_err(|_| decode(6, "not a date of birth"))?,
            sex: Sex::from_code(&row.get::<String>(7)?),
            keys: MatchKeys { four_items: row.get(8)?, three_items: row.get(9)? },
        })
    }
}

/// A request with what residents are looked up by.
struct WithKeys(MatchRequest, MatchKeys);

impl FromRow for WithKeys {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        Ok(Self(MatchRequest::from_row(row)?, MatchKeys { four_items: row.get(4)?, three_items: row.get(5)? }))
    }
}

pub(crate) async fn open(ctx: &mut Ctx, with_protected: bool, limit: u32) -> Result<Vec<(MatchRequest, MatchKeys)>> {
    let rows: Vec<WithKeys> = ctx.tx().query(OPEN, params![with_protected, limit]).await?;
    Ok(rows.into_iter().map(|WithKeys(request, keys)| (request, keys)).collect())
}

/// The open requests nobody has marked as protected.
pub(crate) async fn unprotected(ctx: &mut Ctx) -> Result<Vec<(MatchRequestId, MatchKeys)>> {
    let rows: Vec<(MatchRequestId, MatchKey, MatchKey)> = ctx.tx().query(UNPROTECTED, &[]).await?;
    Ok(rows.into_iter().map(|(id, four_items, three_items)| (id, MatchKeys { four_items, three_items })).collect())
}

pub(crate) async fn protect(ctx: &mut Ctx, id: MatchRequestId) -> Result<()> {
    ctx.tx().execute(PROTECT, params![id]).await?;
    Ok(())
}

pub(crate) async fn open_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<MatchRequest>> {
    Ok(ctx.tx().query_opt(OPEN_OF, params![account]).await?)
}

pub(crate) async fn case(ctx: &mut Ctx, id: MatchRequestId) -> Result<Option<MatchCase>> {
    Ok(ctx.tx().query_opt(CASE, params![id]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, case: &MatchCase) -> Result<()> {
    let request = &case.request;
    let values = params![
        request.id,
        request.account,
        request.reason,
        case.name.as_str(),
        case.address.as_str(),
        case.date_of_birth.to_string(),
        case.sex.code(),
        case.keys.four_items,
        case.keys.three_items,
        request.asked_at,
    ];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn answer(ctx: &mut Ctx, account: AccountId, outcome: &str) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(ANSWER, params![account, now, outcome]).await? == 1)
}
