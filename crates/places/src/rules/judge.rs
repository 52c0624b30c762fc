//! Verdicts: is a place there twice, is a file good enough as a whole, has it lost too much.

use std::collections::{BTreeMap, BTreeSet};

use town::{Dataset, DatasetLimits};

use super::Expected;
use super::row::Row;
use crate::model::{Lost, Place, Reason, Refusal, Report};

/// Names of lost places that a report gives.
const NAMES_MAX: usize = 10;

/// The places of a file so far, by their keys.
#[derive(Default)]
pub(crate) struct Seen(BTreeMap<String, u32>);

impl Seen {
    /// Takes a place once.
    pub(crate) fn once(&mut self, place: Place, row: &mut Row<'_>) -> Option<Place> {
        if let Some(first) = self.0.get(&place.key) {
            let cell = format!("{} ({first})", place.name);
            row.fault("", Reason::Twice, &cell);
            return None;
        }
        self.0.insert(place.key.clone(), row.line);
        Some(place)
    }
}

/// Judges a file as a whole. A single faulty row never stops a file: the share would be a matter of how small the town is.
///
/// # Errors
/// Why it is refused.
pub(crate) fn whole(places: Vec<Place>, expected: &Expected<'_>, report: &Report) -> Result<Vec<Place>, Refusal> {
    if places.is_empty() {
        return Err(Refusal::NoPlaces);
    }
    let faulty = report.rows.saturating_sub(report.taken);
    let percent = expected.dataset.limits.faulty_percent;
    if faulty > 1 && u64::from(faulty) * 100 > u64::from(report.rows) * u64::from(percent) {
        return Err(Refusal::Faulty { faulty, rows: report.rows, percent });
    }
    Ok(places)
}

/// What a new file lost of the version before, when it is more than the pack allows. One place may always go.
pub(crate) fn lost(before: &[Place], after: &[Place], dataset: &Dataset) -> Option<Lost> {
    let DatasetLimits { lost_percent: percent, .. } = dataset.limits;
    let there: BTreeSet<&str> = after.iter().map(|place| place.key.as_str()).collect();
    let gone: Vec<&Place> = before.iter().filter(|place| !there.contains(place.key.as_str())).collect();
    let too_many = gone.len() > 1 && gone.len() * 100 > before.len() * usize::try_from(percent).unwrap_or(usize::MAX);
    too_many.then(|| Lost {
        before: count(before.len()),
        gone: count(gone.len()),
        percent,
        names: gone.iter().take(NAMES_MAX).map(|place| place.name.clone()).collect(),
    })
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
