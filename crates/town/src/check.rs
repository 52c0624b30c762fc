//! `tegata town check`: everything that is wrong with a pack, its examples included.

use std::{path::Path, sync::Arc};

use crate::{
    Town,
    cases::{self, CaseResult},
    diagnostic::{Diagnostic, Severity},
    model::{Expected, Programme},
    possible::somebody_qualifies,
    read::{self, PackFile},
    texts::Catalogue,
};

/// What a check found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The town, unless its pack cannot be read.
    pub town: Option<Arc<Town>>,
    /// Everything to put right or look at, in the order of the files.
    pub found: Vec<Diagnostic>,
    /// How the examples came out; empty if the pack cannot be read.
    pub cases: Vec<CaseResult>,
}

impl Report {
    /// Whether the pack may go live: it can be read and every example holds. Warnings do not count.
    pub fn is_good(&self) -> bool {
        self.town.is_some() && self.found.iter().all(|diagnostic| diagnostic.severity == Severity::Warning)
    }

    /// How many examples hold.
    pub fn cases_held(&self) -> usize {
        self.cases.iter().filter(|case| case.holds()).count()
    }
}

/// Checks the pack in a folder.
pub fn check(folder: &Path) -> Report {
    match read::files(folder) {
        Ok(files) => checked(&files, Some(folder)),
        Err(found) => Report { town: None, found, cases: Vec::new() },
    }
}

/// Checks a pack whose files are in memory.
pub fn check_files(files: &[PackFile]) -> Report {
    checked(files, None)
}

fn checked(files: &[PackFile], folder: Option<&Path>) -> Report {
    let (town, mut found) = match read::town(files, folder) {
        Ok(read) => read,
        Err(found) => return Report { town: None, found, cases: Vec::new() },
    };
    let cases = cases::run(&town);
    for (programme, result) in
        town.programmes.iter().flat_map(|programme| cases_of(programme, &cases).map(move |result| (programme, result)))
    {
        if let Some(case) = programme.cases.iter().find(|case| case.location == result.location)
            && !result.holds()
        {
            found.push(cases::fault(programme, case, result));
        }
    }
    found.extend(Catalogue::new(&town.languages).add_town(&town.texts).build().check());
    found.extend(town.programmes.iter().flat_map(|programme| advice(&town, programme)));
    found.sort_by(|a, b| a.location.cmp(&b.location));
    Report { town: Some(Arc::new(town)), found, cases }
}

fn cases_of<'a>(programme: &'a Programme, cases: &'a [CaseResult]) -> impl Iterator<Item = &'a CaseResult> {
    cases.iter().filter(|result| result.programme == programme.id)
}

/// What a careful official would add.
fn advice(town: &Town, programme: &Programme) -> Vec<Diagnostic> {
    let mut advice = Vec::new();
    let here = |reason: String, next: &str| Diagnostic::warning(programme.location.clone(), reason, next);
    for (expected, word) in [(Expected::Yes, "entitled"), (Expected::No, "not entitled")] {
        if !programme.cases.iter().any(|case| case.eligible == expected) {
            advice.push(here(format!("no case of {} shows somebody who is {word}", programme.id), "add a [[programme.case]]"));
        }
    }
    for version in programme.versions.iter().filter(|version| !somebody_qualifies(version, programme.last_day_of(version))) {
        let reason = format!("the rule of {} from {} answered no for every person that was made up for it", programme.id, version.from);
        advice.push(Diagnostic::warning(
            version.location.clone(),
            reason,
            "see whether anybody can be entitled at all; add a case that is",
        ));
    }
    if !town.places.iter().any(|place| place.accepts(&programme.id)) {
        advice.push(here(format!("no place accepts {}", programme.id), "add it to accepts of a [[place]]"));
    }
    advice
}
