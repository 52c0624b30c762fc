//! `tegata town check | explain`: a pack, checked and told in plain words.

use std::path::Path;

use civil::Date;
use town::Language;

use crate::Outcome;

/// Checks a pack and prints what is wrong with it; fails when something is.
///
/// # Errors
/// When the pack is not good.
pub fn check(folder: &Path) -> Outcome {
    let report = town::check(folder);
    for found in &report.found {
        eprintln!("{found}");
    }
    let held = report.cases_held();
    println!("{}: {held} of {} cases hold", folder.display(), report.cases.len());
    if report.is_good() { Ok(()) } else { Err("the pack is not good".into()) }
}

/// Tells a pack in plain words.
///
/// # Errors
/// When the pack cannot be read.
pub fn explain(folder: &Path, language: &Language, today: Date) -> Outcome {
    let town = town::Town::load(folder).map_err(|faults| faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())?;
    let explanation = town::explain(&town, language, today);
    println!("{explanation}");
    Ok(())
}
