use ::store::{AccountId, Ctx, FromRow, MatchKey, MatchKeys, Row, params};
use civil::PartialDate;

use crate::{Account, Proof, Result};

::store::queries! {
    ACCOUNT = "select id, name, date_of_birth, assurance, four_items, three_items, substitutes, opened_at, closed_at from identity_account where id = $1";
    INSERT_ACCOUNT = "insert into identity_account (id, name, date_of_birth, assurance, four_items, three_items, substitutes, opened_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE_ACCOUNT = "update identity_account set name = $2, date_of_birth = $3, assurance = $4, four_items = $5, three_items = $6, substitutes = $7 where id = $1";
    BY_FOUR_ITEMS = "select id from identity_account where four_items = $1 order by id limit 1";
    BY_SERIAL = "select account from identity_certificate where serial_key = $1";
    SAVE_CERTIFICATE = "insert into identity_certificate (serial_key, account, kind, first_used_at, last_used_at) values ($1, $2, $3, $4, $4)
        on conflict (serial_key) do update set last_used_at = excluded.last_used_at";
    INSERT_PROOF = "insert into identity_proof (id, account, kind, ial, aal, at, until, evidence) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    PROOFS_OF = "select id, account, kind, ial, aal, at, until, evidence from identity_proof where account = $1 order by at desc, id desc";
}

impl FromRow for Account {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let born: Option<String> = row.get(2)?;
        let date_of_birth = born.map(|text| text.parse::<PartialDate>()).transpose();
        let keys = match (row.get::<Option<MatchKey>>(4)?, row.get::<Option<MatchKey>>(5)?) {
            (Some(four_items), Some(three_items)) => Some(MatchKeys { four_items, three_items }),
            _ => None,
        };
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            date_of_birth: date_of_birth.map_err(|_| ::store::Error::Decode { column: 2, reason: "not a date of birth".to_owned() })?,
            assurance: row.get(3)?,
            keys,
            substitutes: row.get(6)?,
            opened_at: row.get(7)?,
            closed_at: row.get(8)?,
        })
    }
}

::store::from_row!(Proof { id, account, kind, ial, aal, at, until, evidence });

pub(crate) async fn find_account(ctx: &mut Ctx, id: AccountId) -> Result<Option<Account>> {
    Ok(ctx.tx().query_opt(ACCOUNT, params![id]).await?)
}

/// An account that was not closed.
pub(crate) async fn open_account(ctx: &mut Ctx, id: AccountId) -> Result<Option<Account>> {
    Ok(find_account(ctx, id).await?.filter(|account| account.closed_at.is_none()))
}

pub(crate) async fn insert_account(ctx: &mut Ctx, account: &Account) -> Result<()> {
    let born = account.date_of_birth.map(|born| born.to_string());
    let (four, three) = (account.keys.map(|keys| keys.four_items), account.keys.map(|keys| keys.three_items));
    let values = params![account.id, account.name.as_str(), born, account.assurance, four, three, account.substitutes, account.opened_at];
    ctx.tx().execute(INSERT_ACCOUNT, values).await?;
    Ok(())
}

pub(crate) async fn update_account(ctx: &mut Ctx, account: &Account) -> Result<()> {
    let born = account.date_of_birth.map(|born| born.to_string());
    let (four, three) = (account.keys.map(|keys| keys.four_items), account.keys.map(|keys| keys.three_items));
    let values = params![account.id, account.name.as_str(), born, account.assurance, four, three, account.substitutes];
    ctx.tx().execute(UPDATE_ACCOUNT, values).await?;
    Ok(())
}

pub(crate) async fn account_by_items(ctx: &mut Ctx, four_items: MatchKey) -> Result<Option<AccountId>> {
    Ok(ctx.tx().query_opt::<(AccountId,)>(BY_FOUR_ITEMS, params![four_items]).await?.map(|(id,)| id))
}

pub(crate) async fn account_by_serial(ctx: &mut Ctx, key: jpki::SerialKey) -> Result<Option<AccountId>> {
    Ok(ctx.tx().query_opt::<(AccountId,)>(BY_SERIAL, params![key.0]).await?.map(|(id,)| id))
}

pub(crate) async fn save_certificate(ctx: &mut Ctx, key: jpki::SerialKey, kind: jpki::CertificateKind, account: AccountId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(SAVE_CERTIFICATE, params![key.0, account, kind.as_str(), now]).await?;
    Ok(())
}

pub(crate) async fn insert_proof(ctx: &mut Ctx, proof: &Proof) -> Result<()> {
    let values = params![proof.id, proof.account, proof.kind, proof.ial, proof.aal, proof.at, proof.until, proof.evidence.as_str()];
    ctx.tx().execute(INSERT_PROOF, values).await?;
    Ok(())
}

pub(crate) async fn proofs(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Proof>> {
    Ok(ctx.tx().query(PROOFS_OF, params![account]).await?)
}
