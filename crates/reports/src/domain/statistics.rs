//! Counts for the town: what comes, from where, how long people wait, and what they say of it. No person is in them.

use std::collections::BTreeMap;

use civil::{Timestamp, day_in_japan, start_of_day_in_japan};
use jiff::{SignedDuration, Span};
use store::Ctx;
use town::ReportCategoryId;

use super::{answering, settings};
use crate::model::{Confirmed, Result, Status};
use crate::rules::{self, FEW};
use crate::store::reports::{self as rows, Counted};

/// How far back is counted.
const COUNTED: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Months everybody is told of.
const PUBLIC_MONTHS: i64 = 12;

/// How long people waited, in whole hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Waits {
    /// The middle one.
    pub(crate) median_h: Option<i64>,
    /// Nine of ten waited no longer.
    pub(crate) ninth_h: Option<i64>,
}

impl Waits {
    fn of(mut hours: Vec<i64>) -> Self {
        hours.sort_unstable();
        Self { median_h: rules::rank(&hours, 50), ninth_h: rules::rank(&hours, 90) }
    }
}

/// The counts of some reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line {
    /// Reports in all.
    pub(crate) count: i64,
    /// Of them, open ones.
    pub(crate) open: i64,
    /// Until the first answer.
    pub(crate) answered: Waits,
    /// Until it was settled; what others had told before is left out.
    pub(crate) ended: Waits,
    /// Of them, those whose reporter said that it was not done.
    pub(crate) reopened: i64,
    /// Of them, those whose reporter said that it was.
    pub(crate) confirmed: i64,
}

/// What a [`Line`] is made of.
#[derive(Default)]
struct Tally {
    line: Line,
    answered: Vec<i64>,
    ended: Vec<i64>,
}

impl Tally {
    fn add(&mut self, report: &Counted) {
        let hours = |until: Option<Timestamp>| until.and_then(|until| rules::hours_between(report.sent_at, until));
        self.line.count += 1;
        self.line.open += i64::from(report.status.is_open());
        self.line.reopened += i64::from(report.reopened > 0);
        self.line.confirmed += i64::from(report.confirmed == Some(Confirmed::Yes));
        self.answered.extend(hours(report.answered_at));
        if report.status != Status::Duplicate {
            self.ended.extend(hours(report.done_at));
        }
    }

    fn line(self) -> Line {
        Line { answered: Waits::of(self.answered), ended: Waits::of(self.ended), ..self.line }
    }
}

/// The counts of a year.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    /// All of it.
    pub(crate) all: Line,
    /// By kind.
    pub(crate) by_category: BTreeMap<ReportCategoryId, Line>,
    /// By step.
    pub(crate) by_status: BTreeMap<Status, i64>,
    /// By district; an empty name is none.
    pub(crate) by_district: BTreeMap<String, Line>,
    /// By month, `YYYY-MM`, oldest first.
    pub(crate) by_month: BTreeMap<String, Line>,
}

/// The month a moment lies in, `YYYY-MM`.
fn month_of(at: Timestamp) -> String {
    let day = day_in_japan(at);
    format!("{:04}-{:02}", day.year(), day.month())
}

fn grouped<K: Ord>(counted: &[Counted], key: impl Fn(&Counted) -> K) -> BTreeMap<K, Line> {
    let mut groups: BTreeMap<K, Tally> = BTreeMap::new();
    for report in counted {
        groups.entry(key(report)).or_default().add(report);
    }
    groups.into_iter().map(|(key, tally)| (key, tally.line())).collect()
}

fn tallied(counted: &[Counted]) -> Line {
    let mut all = Tally::default();
    counted.iter().for_each(|report| all.add(report));
    all.line()
}

/// Counts the reports of the last year.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn count(ctx: &mut Ctx) -> Result<Statistics> {
    answering(ctx)?;
    let since = ctx.now() - COUNTED;
    let counted = rows::statistics(ctx, since).await?;
    let mut by_status = BTreeMap::new();
    for report in &counted {
        *by_status.entry(report.status).or_default() += 1;
    }
    Ok(Statistics {
        all: tallied(&counted),
        by_category: grouped(&counted, |report| report.category.clone()),
        by_status,
        by_district: grouped(&counted, |report| report.district.clone()),
        by_month: grouped(&counted, |report| month_of(report.sent_at)),
    })
}

/// What everybody is told: nothing that fewer than [`FEW`] reports are behind.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// The first and the last month, `YYYY-MM`.
    pub(crate) months: (String, String),
    /// Reports in all; none where they are few.
    pub(crate) total: Option<i64>,
    /// Of a hundred, how many are settled.
    pub(crate) settled_percent: i64,
    /// Hours until the first answer, the middle one; none where few were answered.
    pub(crate) median_h: Option<i64>,
    /// By kind, the most first, and the rest in one sum.
    pub(crate) by_category: (Vec<(ReportCategoryId, i64)>, i64),
    /// By district, the most first, and the rest in one sum.
    pub(crate) by_district: (Vec<(String, i64)>, i64),
    /// By month, oldest first, and the rest in one sum.
    pub(crate) by_month: (Vec<(String, i64)>, i64),
}

/// Counts what everybody is told: the last twelve months that are over, so that two looks a day apart tell nothing of the day between.
///
/// # Errors
/// [`Error::NotTaken`](crate::model::Error::NotTaken); the store's.
pub(crate) async fn totals(ctx: &mut Ctx) -> Result<Totals> {
    settings(ctx.town())?;
    let this_month = ctx.today().first_of_month();
    let first = this_month.saturating_sub(Span::new().months(PUBLIC_MONTHS));
    let (from, to) = (start_of_day_in_japan(first), start_of_day_in_japan(this_month));
    let mut counted = rows::statistics(ctx, from).await?;
    counted.retain(|report| report.sent_at < to);
    let all = tallied(&counted);
    let months = (month_of(from), month_of(to - SignedDuration::from_hours(1)));
    if all.count < FEW {
        return Ok(Totals { months, ..Totals::default() });
    }
    let answered = counted.iter().filter(|report| report.answered_at.is_some()).count();
    let counts = |line: Line| line.count;
    let mut by_month = few(grouped(&counted, |report| month_of(report.sent_at)).into_iter().map(|(key, line)| (key, counts(line))));
    by_month.0.sort();
    Ok(Totals {
        months,
        total: Some(all.count),
        settled_percent: (all.count - all.open) * 100 / all.count,
        median_h: all.answered.median_h.filter(|_| i64::try_from(answered).is_ok_and(|answered| answered >= FEW)),
        by_category: few(grouped(&counted, |report| report.category.clone()).into_iter().map(|(key, line)| (key, counts(line)))),
        by_district: few(grouped(&counted, |report| report.district.clone()).into_iter().map(|(key, line)| (key, counts(line)))),
        by_month,
    })
}

fn few<K>(counts: impl Iterator<Item = (K, i64)>) -> (Vec<(K, i64)>, i64) {
    rules::without_few(counts.collect())
}
