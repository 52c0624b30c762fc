//! What came of the scenarios, for people.

use std::fmt;
use std::path::PathBuf;

/// A scenario that was played.
#[derive(Debug, Clone)]
pub struct Played {
    /// The database engine.
    pub engine: &'static str,
    /// What the file is about.
    pub feature: String,
    /// What the scenario shows.
    pub scenario: String,
    /// The step at which it failed, if it did.
    pub failure: Option<Failure>,
}

/// A step that did not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// The step as written.
    pub step: String,
    /// What was expected and found, or what went wrong.
    pub what: String,
}

impl Played {
    /// Whether every step held.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.passed() { '✓' } else { '✗' };
        write!(f, "{mark} {} — {} [{}]", self.feature, self.scenario, self.engine)?;
        if let Some(failure) = &self.failure {
            write!(f, "\n    {}:{}\n    {}\n    {}", failure.file.display(), failure.line, failure.step, failure.what)?;
        }
        Ok(())
    }
}
