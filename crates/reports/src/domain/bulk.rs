//! What staff do with several reports at once. Each person hears of it once, however many of the reports are theirs.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::{AccountId, Ctx, Permission, StaffId};
use town::ReportSectionId;
use web::Tell;

use super::desk::{self, join, say_and_step};
use super::{answering, note_event, settings};
use crate::model::{Error, Report, ReportId, Result, Status};
use crate::store::reports as rows;

/// Reports that may be picked at once.
pub(crate) const PICKED_MAX: usize = 200;

/// How much was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reach {
    /// Reports.
    pub(crate) reports: usize,
    /// People who hear of it.
    pub(crate) people: usize,
}

/// Who is to hear of which reports.
#[derive(Default)]
struct Hearers(BTreeMap<AccountId, Vec<(ReportId, i64, &'static str)>>);

impl Hearers {
    fn add(&mut self, account: AccountId, report: &Report, text: &'static str) {
        self.0.entry(account).or_default().push((report.id, report.number.unwrap_or_default(), text));
    }

    fn add_all(&mut self, report: &Report, followers: Vec<AccountId>, text: &'static str) {
        report.account.into_iter().for_each(|account| self.add(account, report, text));
        // Who follows a report hears of the step, not of what was answered.
        followers
            .into_iter()
            .filter(|follower| report.account != Some(*follower))
            .for_each(|one| self.add(one, report, "reports-told-step"));
    }

    /// Tells each of them once.
    async fn tell(self, ctx: &mut Ctx) -> Result<usize> {
        let people = self.0.len();
        for (account, heard) in self.0 {
            let (text, args, href) = match heard.as_slice() {
                [(id, number, text)] => (*text, ("number", number.to_string()), format!("/reports/{id}")),
                several => ("reports-told-several", ("count", several.len().to_string()), "/reports".to_owned()),
            };
            let args = vec![(args.0.to_owned(), args.1)];
            Tell { account, text: text.to_owned(), args, href, topic: "reports".to_owned() }.record(ctx).await?;
        }
        Ok(people)
    }
}

/// The sent reports of some ids, each once.
async fn picked(ctx: &mut Ctx, ids: &[ReportId]) -> Result<Vec<Report>> {
    answering(ctx)?;
    let mut reports: Vec<Report> = Vec::new();
    for id in ids.iter().take(PICKED_MAX) {
        if reports.iter().all(|report| report.id != *id) {
            reports.push(desk::sent(ctx, *id).await?);
        }
    }
    if reports.is_empty() { Err(Error::Unknown("report")) } else { Ok(reports) }
}

/// Puts reports into another section's charge; who worked on one for the old section works on it no more.
///
/// # Errors
/// [`Error::Unknown`] for a section the pack has not; [`Error::NoSuchReport`]; the store's `Forbidden`. Then none is moved.
pub(crate) async fn route(ctx: &mut Ctx, ids: &[ReportId], section: &ReportSectionId) -> Result<usize> {
    let reports = picked(ctx, ids).await?;
    let town = Arc::clone(ctx.town());
    settings(&town)?.section(section).ok_or(Error::Unknown("section"))?;
    let mut moved = 0;
    for mut report in reports.into_iter().filter(|report| report.section != *section) {
        report.section = section.clone();
        report.assignee = None;
        rows::save(ctx, &report).await?;
        note_event(ctx, super::CHANGED, report.id).await?;
        moved += 1;
    }
    Ok(moved)
}

/// Says who works on reports, or that nobody does any more.
///
/// # Errors
/// [`Error::Unknown`] for somebody who does not answer reports; as [`route`].
pub(crate) async fn assign(ctx: &mut Ctx, ids: &[ReportId], to: Option<StaffId>) -> Result<usize> {
    let reports = picked(ctx, ids).await?;
    if let Some(to) = to {
        let colleagues = identity::colleagues(ctx, Permission::AnswerReports).await?;
        colleagues.iter().find(|member| member.id == to).ok_or(Error::Unknown("staff"))?;
    }
    let mut given = 0;
    for mut report in reports.into_iter().filter(|report| report.assignee != to) {
        report.assignee = to;
        rows::save(ctx, &report).await?;
        note_event(ctx, super::CHANGED, report.id).await?;
        given += 1;
    }
    Ok(given)
}

/// Says that reports mean the same as another, which is found by its number; that one itself may be among them. Their reporters follow it from now on.
///
/// # Errors
/// [`Error::NoSuchReport`] when there is no such number; [`Error::State`] when it is a duplicate itself; as [`route`]. Then none is merged.
pub(crate) async fn merge(ctx: &mut Ctx, ids: &[ReportId], into: i64) -> Result<Reach> {
    let staff = answering(ctx)?;
    let reports = picked(ctx, ids).await?;
    let other = desk::mergeable(ctx, into).await?;
    let (mut merged, mut hearers) = (0, Hearers::default());
    for mut report in reports.into_iter().filter(|report| report.id != other.id && report.duplicate_of != Some(other.id)) {
        join(ctx, staff, &mut report, &other).await?;
        report.account.into_iter().for_each(|account| hearers.add(account, &report, "reports-told-step"));
        merged += 1;
    }
    Ok(Reach { reports: merged, people: hearers.tell(ctx).await? })
}

/// The open ones among reports, with whom closing them would tell.
async fn to_close(ctx: &mut Ctx, ids: &[ReportId]) -> Result<(Vec<Report>, Hearers)> {
    let mut hearers = Hearers::default();
    let mut open = Vec::new();
    for report in picked(ctx, ids).await?.into_iter().filter(|report| report.status.is_open()) {
        let followers = rows::supporters(ctx, report.id).await?;
        hearers.add_all(&report, followers, "reports-told-answer");
        open.push(report);
    }
    Ok((open, hearers))
}

/// How many reports and people [`close`] would reach, to be looked at before.
///
/// # Errors
/// As [`route`].
pub(crate) async fn reach(ctx: &mut Ctx, ids: &[ReportId]) -> Result<Reach> {
    let (open, hearers) = to_close(ctx, ids).await?;
    Ok(Reach { reports: open.len(), people: hearers.0.len() })
}

/// Closes the open ones among reports with one answer to all their reporters.
///
/// # Errors
/// [`Error::Text`] without an answer; [`Error::State`] for a step that closes nothing; as [`route`]. Then none is closed.
pub(crate) async fn close(ctx: &mut Ctx, ids: &[ReportId], words: &str, step: Status) -> Result<Reach> {
    let staff = answering(ctx)?;
    if !matches!(step, Status::Done | Status::NotOurs) {
        return Err(Error::State(step));
    }
    let words = super::mine::some_words(words)?;
    let (open, hearers) = to_close(ctx, ids).await?;
    let reports = open.len();
    for mut report in open {
        say_and_step(ctx, staff, &mut report, &words, Some(step)).await?;
    }
    Ok(Reach { reports, people: hearers.tell(ctx).await? })
}
