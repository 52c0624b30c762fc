//! The stories as they are written: every scenario with its background, every step with its line.

use std::fs;
use std::path::{Path, PathBuf};

use gherkin::{Background, Feature, GherkinEnv, Scenario};

use crate::Outcome;

/// A scenario ready to be played.
pub(super) struct Story {
    /// The file it stands in.
    pub(super) file: PathBuf,
    /// What the file is about.
    pub(super) feature: String,
    /// What the scenario shows.
    pub(super) name: String,
    /// The background's steps and its own, in order.
    pub(super) lines: Vec<Line>,
}

/// A step as written.
pub(super) struct Line {
    /// Line of the file, from 1.
    pub(super) number: usize,
    /// The words without the keyword in front.
    pub(super) text: String,
    /// The table below it, headings first.
    pub(super) table: Vec<Vec<String>>,
}

/// Reads all stories of a pack, file by file in the order of their names.
///
/// # Errors
/// A file that cannot be read or is no story; a pack without any.
pub(super) fn read(pack: &Path) -> Outcome<Vec<Story>> {
    let folder = pack.join("scenarios");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "feature"));
    files.sort();
    let mut stories = Vec::new();
    for file in files {
        stories.extend(stories_of(&file)?);
    }
    if stories.is_empty() { Err(format!("{}: no scenarios", folder.display()).into()) } else { Ok(stories) }
}

fn stories_of(file: &Path) -> Outcome<Vec<Story>> {
    let feature = Feature::parse_path(file, GherkinEnv::default()).map_err(|error| format!("{}: {error}", file.display()))?;
    let own = feature.scenarios.iter().map(|scenario| (scenario, vec![feature.background.as_ref()]));
    let ruled = feature.rules.iter().flat_map(|rule| {
        let backgrounds = vec![feature.background.as_ref(), rule.background.as_ref()];
        rule.scenarios.iter().map(move |scenario| (scenario, backgrounds.clone()))
    });
    own.chain(ruled).map(|(scenario, backgrounds)| story(file, &feature.name, &backgrounds, scenario)).collect()
}

fn story(file: &Path, feature: &str, backgrounds: &[Option<&Background>], scenario: &Scenario) -> Outcome<Story> {
    let fault = |line: usize, what: &str| Err(format!("{}:{line}: {what}", file.display()).into());
    if !scenario.examples.is_empty() {
        return fault(scenario.position.line, "scenarios with examples are not played: write each one out");
    }
    let steps = backgrounds.iter().flatten().flat_map(|background| &background.steps).chain(&scenario.steps);
    let mut lines = Vec::new();
    for step in steps {
        if step.docstring.is_some() {
            return fault(step.position.line, "no step takes a text of several lines");
        }
        let table = step.table.as_ref().map_or_else(Vec::new, |table| table.rows.clone());
        lines.push(Line { number: step.position.line, text: step.value.trim().to_owned(), table });
    }
    if lines.is_empty() {
        return fault(scenario.position.line, "a scenario without steps");
    }
    Ok(Story { file: file.to_owned(), feature: feature.to_owned(), name: scenario.name.clone(), lines })
}
