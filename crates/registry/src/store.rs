use std::collections::{BTreeMap, HashMap};

use civil::{Date, PartialDate, Sex, Timestamp};
use store::{Ctx, Result, Value, params};

use crate::bridge::{Chain, DayNumber, FactColumn, FactKind, Known, MatchKey, Problem, Reason, RegisterId, Row, Status};
use crate::model::{BundleRun, BundleState, Error, Resident, ResidentId};
use crate::rules::Side;

/// A resident as the tables hold it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) resident: ResidentId,
    pub(crate) register_id: String,
    pub(crate) household: String,
    pub(crate) relation: String,
    pub(crate) date_of_birth: String,
    pub(crate) sex: String,
    pub(crate) district: String,
    pub(crate) status: String,
    pub(crate) status_on: String,
    pub(crate) became_resident_on: String,
    pub(crate) protected: bool,
    pub(crate) listed: bool,
    pub(crate) facts: String,
    pub(crate) four_items: Vec<u8>,
    pub(crate) three_items: Vec<u8>,
    pub(crate) bundle: i64,
    pub(crate) recorded_at: Timestamp,
}

store::from_row!(Stored {
    resident,
    register_id,
    household,
    relation,
    date_of_birth,
    sex,
    district,
    status,
    status_on,
    became_resident_on,
    protected,
    listed,
    facts,
    four_items,
    three_items,
    bundle,
    recorded_at,
});

/// A resident as the tables held it before; the match keys of the past are not kept.
struct Version {
    resident: ResidentId,
    register_id: String,
    household: String,
    relation: String,
    date_of_birth: String,
    sex: String,
    district: String,
    status: String,
    status_on: String,
    became_resident_on: String,
    protected: bool,
    listed: bool,
    facts: String,
    bundle: i64,
    recorded_at: Timestamp,
}

store::from_row!(Version {
    resident,
    register_id,
    household,
    relation,
    date_of_birth,
    sex,
    district,
    status,
    status_on,
    became_resident_on,
    protected,
    listed,
    facts,
    bundle,
    recorded_at,
});

macro_rules! columns {
    () => {
        "resident, register_id, household, relation, date_of_birth, sex, district, status, status_on, became_resident_on, protected, listed, \
         facts, four_items, three_items, bundle, recorded_at"
    };
}

store::queries! {
    INSERT = concat!("insert into registry_resident (", columns!(),
        ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)");
    UPDATE = "update registry_resident set household = $2, relation = $3, date_of_birth = $4, sex = $5, district = $6, status = $7, status_on = $8,
        became_resident_on = $9, protected = $10, listed = true, facts = $11, four_items = $12, three_items = $13, bundle = $14, recorded_at = $15
        where register_id = $1";
    /// Someone who was a resident and is no longer in the export counts as struck off from that day.
    VANISH = "update registry_resident set listed = false,
        status_on = case when status = 'current' then $2 else status_on end,
        status = case when status = 'current' then 'struck_off' else status end,
        bundle = $3, recorded_at = $4 where register_id = $1";
    ARCHIVE = "insert into registry_resident_version
        (resident, recorded_at, recorded_until, household, relation, date_of_birth, sex, district, status, status_on, became_resident_on,
         protected, listed, facts, bundle)
        select resident, recorded_at, $2, household, relation, date_of_birth, sex, district, status, status_on, became_resident_on,
         protected, listed, facts, bundle from registry_resident where register_id = $1";
    BY_ID = concat!("select ", columns!(), " from registry_resident where resident = $1");
    BY_REGISTER_ID = concat!("select ", columns!(), " from registry_resident where register_id = $1");
    BY_HOUSEHOLD = concat!("select ", columns!(), " from registry_resident where household = $1 order by register_id");
    BY_THREE_ITEMS = concat!("select ", columns!(), " from registry_resident where three_items = $1 and listed order by register_id");
    SEARCH = concat!("select ", columns!(), " from registry_resident
        where ($1 = '' or register_id = $1) and ($2 = '' or date_of_birth = $2) and ($3 = '' or district = $3) and (protected = false or $4)
        order by register_id limit $5");
    EVERYBODY = concat!("select ", columns!(), " from registry_resident");
    VERSION_ON = "select v.resident, r.register_id, v.household, v.relation, v.date_of_birth, v.sex, v.district, v.status, v.status_on,
        v.became_resident_on, v.protected, v.listed, v.facts, v.bundle, v.recorded_at
        from registry_resident_version v join registry_resident r on r.resident = v.resident
        where v.resident = $1 and v.recorded_at < $2 order by v.recorded_at desc, v.bundle desc limit 1";

    KNOWN = "select rows from registry_known order by part";
    KNOW = "insert into registry_known (part, rows) values ($1, $2) on conflict (part) do update set rows = excluded.rows";
    KNOW_NO_MORE = "delete from registry_known where part >= $1";
    STATE = "select name, stand, applied from registry_state where id = 1";
    STAND_AT = "insert into registry_state (id, name, stand, applied) values (1, $1, $2, $3)
        on conflict (id) do update set stand = excluded.stand, applied = excluded.applied";

    LAST_BUNDLE = "select number, digest, state from registry_bundle order by number desc limit 1";
    CHAIN_BEFORE = "select number, digest, state from registry_bundle where number = $1";
    LAST_COUNTS = "select counts from registry_bundle where state = 'applied' order by number desc limit 1";
    ADD_BUNDLE = "insert into registry_bundle
        (number, state, digest, created_at, opened_at, decided_at, decided_by, rows, left_out, problems, counts, exceeded, sealed)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    DECIDE_BUNDLE = "update registry_bundle set state = $2, decided_at = $3, decided_by = $4, counts = $5, sealed = null where number = $1";
    ADD_PROBLEM = "insert into registry_bundle_problem (bundle, position, line, column_number, header, reason) values ($1, $2, $3, $4, $5, $6)";
    BUNDLES = "select number, state, digest, created_at, opened_at, decided_at, decided_by, rows, left_out, problems, counts, exceeded
        from registry_bundle where number < $1 order by number desc limit $2";
    SEALED = "select sealed from registry_bundle where number = $1 and state = 'waiting'";
    PROBLEMS = "select line, column_number, header, reason from registry_bundle_problem where bundle = $1 order by position";
}

/// The secondary indexes of the residents, left aside while a whole town is loaded and built at its end.
pub(crate) const DROP_INDEXES: [&str; 3] =
    ["drop index registry_resident_register_id", "drop index registry_resident_household", "drop index registry_resident_three_items"];
pub(crate) const MAKE_INDEXES: [&str; 3] = [
    "create unique index registry_resident_register_id on registry_resident (register_id)",
    "create index registry_resident_household on registry_resident (household)",
    "create index registry_resident_three_items on registry_resident (three_items)",
];

/// Known rows in a stored part.
const KNOWN_PER_PART: usize = 32_768;

impl Stored {
    /// The row of a bundle as the tables hold it.
    pub(crate) fn of_row(resident: ResidentId, row: &Row<'_>, facts: &[FactColumn], bundle: u64, now: Timestamp) -> Self {
        Self {
            resident,
            register_id: row.id.to_string(),
            household: row.household.map(|id| id.to_string()).unwrap_or_default(),
            relation: row.relation.to_owned(),
            date_of_birth: day_text(row.date_of_birth),
            sex: row.sex.as_str().to_owned(),
            district: row.district.to_owned(),
            status: row.status.code().to_owned(),
            status_on: day_text(row.status_on),
            became_resident_on: day_text(row.resident_since),
            protected: row.protected,
            listed: true,
            facts: facts_text(&row.facts, facts),
            four_items: row.four_items.to_vec(),
            three_items: row.three_items.to_vec(),
            bundle: number(bundle),
            recorded_at: now,
        }
    }

    pub(crate) fn side(&self) -> Side<'_> {
        Side {
            status: Status::from_code(&self.status).unwrap_or(Status::StruckOff),
            listed: self.listed,
            protected: self.protected,
            four_items: &self.four_items,
            three_items: &self.three_items,
            household: &self.household,
            relation: &self.relation,
            date_of_birth: &self.date_of_birth,
            sex: &self.sex,
            facts: &self.facts,
        }
    }

    pub(crate) fn into_resident(self) -> Result<Resident, Error> {
        Ok(Resident {
            id: self.resident,
            register_id: RegisterId::parse(self.register_id.as_bytes()).ok_or(Error::Stored("register id"))?,
            household: RegisterId::parse(self.household.as_bytes()),
            relation: self.relation,
            date_of_birth: partial(&self.date_of_birth)?,
            sex: Sex::from_code(&self.sex),
            district: self.district,
            status: Status::from_code(&self.status).ok_or(Error::Stored("status"))?,
            status_on: whole(&self.status_on)?,
            became_resident_on: whole(&self.became_resident_on)?,
            protected: self.protected,
            listed: self.listed,
            facts: serde_json::from_str(&self.facts).map_err(|_| Error::Stored("facts"))?,
            recorded_at: self.recorded_at,
        })
    }

    fn insertion(self) -> Vec<Value> {
        vec![
            self.resident.into(),
            self.register_id.into(),
            self.household.into(),
            self.relation.into(),
            self.date_of_birth.into(),
            self.sex.into(),
            self.district.into(),
            self.status.into(),
            self.status_on.into(),
            self.became_resident_on.into(),
            self.protected.into(),
            self.listed.into(),
            self.facts.into(),
            self.four_items.into(),
            self.three_items.into(),
            self.bundle.into(),
            self.recorded_at.into(),
        ]
    }

    fn update(self) -> Vec<Value> {
        vec![
            self.register_id.into(),
            self.household.into(),
            self.relation.into(),
            self.date_of_birth.into(),
            self.sex.into(),
            self.district.into(),
            self.status.into(),
            self.status_on.into(),
            self.became_resident_on.into(),
            self.protected.into(),
            self.facts.into(),
            self.four_items.into(),
            self.three_items.into(),
            self.bundle.into(),
            self.recorded_at.into(),
        ]
    }
}

/// A bundle's number as the database counts.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn day_text(day: DayNumber) -> String {
    let (year, month, date) = day.parts();
    if day.0 == 0 {
        return String::new();
    }
    let mut text = String::with_capacity(10);
    let mut digits = |number: u32, width: u32| {
        for place in (0..width).rev() {
            text.push(char::from(b'0' + (number / 10_u32.pow(place) % 10) as u8));
        }
        if width == 2 && text.len() == 10 {
            return;
        }
        text.push('-');
    };
    digits(year, 4);
    digits(month, 2);
    digits(date, 2);
    text
}

fn partial(text: &str) -> Result<Option<PartialDate>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let day = digits.parse().map(DayNumber).map_err(|_| Error::Stored("day"))?;
    day.partial().map(Some).ok_or(Error::Stored("day"))
}

fn whole(text: &str) -> Result<Option<Date>, Error> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Error::Stored("day")) }
}

/// The facts as a JSON object of those that are stated.
fn facts_text(values: &[&str], columns: &[FactColumn]) -> String {
    let mut text = String::from("{");
    for (value, column) in values.iter().zip(columns) {
        if value.is_empty() {
            continue;
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(column.name.as_str()).to_string());
        text.push(':');
        match column.kind {
            FactKind::Bool => text.push_str(if *value == "1" { "true" } else { "false" }),
            FactKind::Int => text.push_str(value),
            FactKind::String | FactKind::Date => text.push_str(&serde_json::Value::from(*value).to_string()),
        }
    }
    text.push('}');
    text
}

pub(crate) async fn insert_residents(ctx: &mut Ctx, residents: &mut (dyn Iterator<Item = Stored> + Send)) -> Result<u64> {
    ctx.tx().bulk(INSERT, &mut residents.map(Stored::insertion)).await
}

/// Moves the present rows of these people into the history.
pub(crate) async fn archive(ctx: &mut Ctx, ids: &mut (dyn Iterator<Item = RegisterId> + Send)) -> Result<u64> {
    let until = ctx.now();
    ctx.tx().bulk(ARCHIVE, &mut ids.map(|id| vec![id.to_string().into(), until.into()])).await
}

pub(crate) async fn update_residents(ctx: &mut Ctx, residents: &mut (dyn Iterator<Item = Stored> + Send)) -> Result<u64> {
    ctx.tx().bulk(UPDATE, &mut residents.map(Stored::update)).await
}

pub(crate) async fn vanish(ctx: &mut Ctx, ids: &mut (dyn Iterator<Item = RegisterId> + Send), bundle: u64) -> Result<u64> {
    let (now, today) = (ctx.now(), ctx.today());
    let mut rows = ids.map(|id| vec![id.to_string().into(), today.into(), number(bundle).into(), now.into()]);
    ctx.tx().bulk(VANISH, &mut rows).await
}

/// Runs one of the index statements above.
pub(crate) async fn index(ctx: &mut Ctx, sql: &'static str) -> Result<()> {
    ctx.tx().execute(sql, &[]).await.map(drop)
}

pub(crate) async fn find(ctx: &mut Ctx, id: ResidentId) -> Result<Option<Stored>> {
    ctx.tx().query_opt(BY_ID, params![id]).await
}

/// The rows of these people, in the order asked.
pub(crate) async fn find_all(ctx: &mut Ctx, ids: &[RegisterId]) -> Result<Vec<Option<Stored>>> {
    // Beyond this, one walk through the table is quicker than so many single questions.
    const SINGLE_MAX: usize = 20_000;
    if ids.len() <= SINGLE_MAX {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(ctx.tx().query_opt(BY_REGISTER_ID, params![id.to_string()]).await?);
        }
        return Ok(found);
    }
    let mut wanted: HashMap<String, usize> = ids.iter().enumerate().map(|(at, id)| (id.to_string(), at)).collect();
    let mut found: Vec<Option<Stored>> = Vec::new();
    found.resize_with(ids.len(), || None);
    each(ctx, &mut |stored| {
        if let Some(at) = wanted.remove(&stored.register_id) {
            found[at] = Some(stored);
        }
    })
    .await?;
    Ok(found)
}

/// Walks through everybody.
pub(crate) async fn each(ctx: &mut Ctx, each: &mut (dyn FnMut(Stored) + Send)) -> Result<()> {
    use store::FromRow;
    let mut failed = None;
    ctx.tx()
        .each(EVERYBODY, &[], &mut |row| match Stored::from_row(row) {
            Ok(stored) => each(stored),
            Err(error) => failed = failed.take().or(Some(error)),
        })
        .await?;
    failed.map_or(Ok(()), Err)
}

pub(crate) async fn household(ctx: &mut Ctx, household: &str) -> Result<Vec<Stored>> {
    if household.is_empty() {
        return Ok(Vec::new());
    }
    ctx.tx().query(BY_HOUSEHOLD, params![household]).await
}

pub(crate) async fn by_three_items(ctx: &mut Ctx, key: MatchKey) -> Result<Vec<Stored>> {
    ctx.tx().query(BY_THREE_ITEMS, params![key]).await
}

pub(crate) async fn search(
    ctx: &mut Ctx,
    register_id: &str,
    date_of_birth: &str,
    district: &str,
    protected_too: bool,
    limit: u32,
) -> Result<Vec<Stored>> {
    ctx.tx().query(SEARCH, params![register_id, date_of_birth, district, protected_too, limit]).await
}

/// The newest state recorded before a moment, if it is no longer the present one.
pub(crate) async fn version_before(ctx: &mut Ctx, id: ResidentId, before: Timestamp) -> Result<Option<Stored>> {
    let version: Option<Version> = ctx.tx().query_opt(VERSION_ON, params![id, before]).await?;
    Ok(version.map(|version| Stored {
        resident: version.resident,
        register_id: version.register_id,
        household: version.household,
        relation: version.relation,
        date_of_birth: version.date_of_birth,
        sex: version.sex,
        district: version.district,
        status: version.status,
        status_on: version.status_on,
        became_resident_on: version.became_resident_on,
        protected: version.protected,
        listed: version.listed,
        facts: version.facts,
        four_items: Vec::new(),
        three_items: Vec::new(),
        bundle: version.bundle,
        recorded_at: version.recorded_at,
    }))
}

/// What the last applied bundle said, by id and hash.
pub(crate) async fn known(ctx: &mut Ctx) -> Result<Vec<Known>> {
    let parts: Vec<(Vec<u8>,)> = ctx.tx().query(KNOWN, &[]).await?;
    let mut known = Vec::with_capacity(parts.iter().map(|(part,)| part.len() / 32).sum());
    for (part,) in &parts {
        known.extend(part.chunks_exact(32).map(|pair| {
            let number = |at: usize| u128::from_be_bytes(*pair[at..].first_chunk().expect("chunks of 32 bytes"));
            Known { id: RegisterId::from_bits(number(0)), hash: number(16) }
        }));
    }
    Ok(known)
}

pub(crate) async fn know(ctx: &mut Ctx, known: &[Known]) -> Result<()> {
    let parts = known.chunks(KNOWN_PER_PART).zip(0i64..);
    let mut rows = parts.clone().map(|(part, at)| {
        let bytes: Vec<u8> = part.iter().flat_map(|known| [known.id.bits().to_be_bytes(), known.hash.to_be_bytes()]).flatten().collect();
        vec![at.into(), bytes.into()]
    });
    ctx.tx().bulk(KNOW, &mut rows).await?;
    let parts = parts.count() as i64;
    ctx.tx().execute(KNOW_NO_MORE, params![parts]).await.map(drop)
}

/// The random names of this register and of how it stands, and the bundle applied last; none before the first bundle.
pub(crate) async fn state(ctx: &mut Ctx) -> Result<Option<(String, String, i64)>> {
    ctx.tx().query_opt(STATE, &[]).await
}

/// Notes that the register stands at a bundle. `name` counts only the first time; `stand` is new with every change.
pub(crate) async fn stand_at(ctx: &mut Ctx, name: &str, stand: &str, bundle: u64) -> Result<()> {
    ctx.tx().execute(STAND_AT, params![name, stand, number(bundle)]).await.map(drop)
}

/// Where the chain of bundles stands, and whether its last one still waits.
pub(crate) async fn chain(ctx: &mut Ctx) -> Result<(Chain, bool), Error> {
    let last: Option<(i64, String, BundleState)> = ctx.tx().query_opt(LAST_BUNDLE, &[]).await?;
    read_chain(last)
}

/// Where the chain stood before a bundle.
pub(crate) async fn chain_before(ctx: &mut Ctx, bundle: u64) -> Result<Chain, Error> {
    let before: Option<(i64, String, BundleState)> = ctx.tx().query_opt(CHAIN_BEFORE, params![number(bundle) - 1]).await?;
    read_chain(before).map(|(chain, _)| chain)
}

fn read_chain(bundle: Option<(i64, String, BundleState)>) -> Result<(Chain, bool), Error> {
    let Some((number, digest, state)) = bundle else { return Ok((Chain::default(), false)) };
    let number = u64::try_from(number).map_err(|_| Error::Stored("bundle number"))?;
    let digest = Some(digest.parse().map_err(|_| Error::Stored("digest"))?);
    Ok((Chain { number, digest }, state == BundleState::Waiting))
}

/// Residents after the last applied bundle.
pub(crate) async fn residents_before(ctx: &mut Ctx) -> Result<u64, Error> {
    let counts: Option<(String,)> = ctx.tx().query_opt(LAST_COUNTS, &[]).await?;
    let Some((counts,)) = counts else { return Ok(0) };
    let counts: crate::model::Counts = serde_json::from_str(&counts).map_err(|_| Error::Stored("counts"))?;
    Ok(counts.after)
}

pub(crate) async fn add_bundle(ctx: &mut Ctx, run: &BundleRun, problems: &[Problem], sealed: Option<&[u8]>) -> Result<()> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let values = vec![
        number(run.number).into(),
        run.state.into(),
        run.digest.to_string().into(),
        run.created_at.into(),
        run.opened_at.into(),
        run.decided_at.into(),
        run.decided_by.clone().into(),
        count(run.rows).into(),
        count(run.left_out).into(),
        count(run.problems).into(),
        serde_json::to_string(&run.counts)?.into(),
        serde_json::to_string(&run.exceeded)?.into(),
        sealed.map(<[u8]>::to_vec).into(),
    ];
    ctx.tx().execute(ADD_BUNDLE, &values).await?;
    let mut rows = problems.iter().zip(0i64..).map(|(problem, position)| {
        vec![
            number(run.number).into(),
            position.into(),
            problem.line.into(),
            i64::from(problem.column).into(),
            problem.header.as_str().into(),
            problem.reason.code().into(),
        ]
    });
    ctx.tx().bulk(ADD_PROBLEM, &mut rows).await.map(drop)
}

pub(crate) async fn decide_bundle(ctx: &mut Ctx, run: &BundleRun) -> Result<()> {
    let values = params![number(run.number), run.state, run.decided_at, run.decided_by.clone(), serde_json::to_string(&run.counts)?];
    ctx.tx().execute(DECIDE_BUNDLE, values).await.map(drop)
}

pub(crate) async fn sealed(ctx: &mut Ctx, bundle: u64) -> Result<Option<Vec<u8>>> {
    let sealed: Option<(Vec<u8>,)> = ctx.tx().query_opt(SEALED, params![number(bundle)]).await?;
    Ok(sealed.map(|(sealed,)| sealed))
}

struct RunRow {
    number: i64,
    state: BundleState,
    digest: String,
    created_at: Timestamp,
    opened_at: Timestamp,
    decided_at: Option<Timestamp>,
    decided_by: Option<String>,
    rows: i64,
    left_out: i64,
    problems: i64,
    counts: String,
    exceeded: String,
}

store::from_row!(RunRow {
    number,
    state,
    digest,
    created_at,
    opened_at,
    decided_at,
    decided_by,
    rows,
    left_out,
    problems,
    counts,
    exceeded,
});

/// Bundles with a lower number than `before`, newest first.
pub(crate) async fn bundles(ctx: &mut Ctx, before: i64, limit: u32) -> Result<Vec<BundleRun>, Error> {
    let rows: Vec<RunRow> = ctx.tx().query(BUNDLES, params![before, limit]).await?;
    let count = |count: i64| u64::try_from(count).map_err(|_| Error::Stored("count"));
    rows.into_iter()
        .map(|row| {
            Ok(BundleRun {
                number: count(row.number)?,
                state: row.state,
                digest: row.digest.parse().map_err(|_| Error::Stored("digest"))?,
                created_at: row.created_at,
                opened_at: row.opened_at,
                decided_at: row.decided_at,
                decided_by: row.decided_by,
                rows: count(row.rows)?,
                left_out: count(row.left_out)?,
                problems: count(row.problems)?,
                counts: serde_json::from_str(&row.counts).map_err(|_| Error::Stored("counts"))?,
                exceeded: serde_json::from_str(&row.exceeded).map_err(|_| Error::Stored("thresholds"))?,
            })
        })
        .collect()
}

pub(crate) async fn problems(ctx: &mut Ctx, bundle: u64) -> Result<Vec<Problem>, Error> {
    let rows: Vec<(u32, u32, String, String)> = ctx.tx().query(PROBLEMS, params![number(bundle)]).await?;
    let reasons: BTreeMap<&str, Reason> = Reason::ALL.iter().map(|reason| (reason.code(), *reason)).collect();
    rows.into_iter()
        .map(|(line, column, header, reason)| {
            let reason = *reasons.get(reason.as_str()).ok_or(Error::Stored("reason"))?;
            Ok(Problem { line, column: u16::try_from(column).unwrap_or(u16::MAX), header, reason })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_engines_understand_every_query() {
        for test in store::testing::databases().await.unwrap() {
            let clock = store::SystemClock;
            store::migrate(&test.db, &[crate::MIGRATIONS], &clock).await.unwrap();
            store::testing::prepare_all(&test.db, ALL).await.unwrap();
        }
    }

    #[test]
    fn days_are_written_with_zeros_for_what_is_unknown() {
        assert_eq!(day_text(DayNumber(20_150_401)), "2015-04-01");
        assert_eq!(day_text(DayNumber(19_400_000)), "1940-00-00");
        assert_eq!(day_text(DayNumber(0)), "");
        assert_eq!(partial("1940-05-00").unwrap().unwrap().month(), Some(5));
        assert_eq!(partial("").unwrap(), None);
    }

    #[test]
    fn only_stated_facts_are_stored_each_in_its_type() {
        let column = |name: &str, kind| FactColumn { name: name.to_owned(), kind };
        let columns = [
            column("no", FactKind::String),
            column("taxed", FactKind::Bool),
            column("children", FactKind::Int),
            column("day", FactKind::Date),
        ];
        assert_eq!(facts_text(&["00\"1", "0", "3", ""], &columns), r#"{"no":"00\"1","taxed":false,"children":3}"#);
        assert_eq!(facts_text(&["", "", "", ""], &columns), "{}");
    }
}
