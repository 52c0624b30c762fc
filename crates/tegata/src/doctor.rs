//! `tegata doctor`: looks at everything a town needs to be served, one thing after another, and says what to do about what is not right. Changes nothing.

mod data;
mod ground;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use store::{Clock as _, SystemClock};

use crate::Outcome;
use crate::centre::Centre;

/// What `tegata doctor` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    #[command(flatten)]
    centre: Centre,
    /// The data folder is a demonstration's: its test roots are believed.
    #[arg(long)]
    demo: bool,
    /// Give the findings as JSON.
    #[arg(long)]
    json: bool,
}

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// The town is served, and somebody should look.
    Notice,
    /// Something does not work, or will not be noticed when it stops.
    Fault,
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: a stable word.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub says: String,
    /// What to do next, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    fn good(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, state: State::Good, says: says.into(), next: None }
    }

    fn notice(check: &'static str, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, state: State::Notice, says: says.into(), next: Some(next.into()) }
    }

    fn fault(check: &'static str, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, state: State::Fault, says: says.into(), next: Some(next.into()) }
    }
}

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Patient {
    /// The town pack's folder.
    pub town: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The database's address.
    pub database: String,
    /// Whether test roots are believed.
    pub demo: bool,
    /// The moment it is looked at.
    pub now: Timestamp,
}

/// `tegata doctor`.
///
/// # Errors
/// When anything is at fault: the exit code says so too.
pub async fn command(options: Options) -> Outcome {
    let Centre { town, data } = options.centre.clone();
    let patient = Patient { town, data, database: options.centre.database(), demo: options.demo, now: SystemClock.now() };
    let findings = examine(&patient).await;
    let faults = findings.iter().filter(|finding| finding.state == State::Fault).count();
    if options.json {
        let report = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"), "at": patient.now, "good": faults == 0, "findings": findings,
        });
        println!("{report:#}");
    } else {
        for finding in &findings {
            println!("{}", in_words(finding));
        }
    }
    match faults {
        0 => Ok(()),
        1 => Err("one thing is at fault".into()),
        more => Err(format!("{more} things are at fault").into()),
    }
}

fn in_words(finding: &Finding) -> String {
    let mark = match finding.state {
        State::Good => "good  ",
        State::Notice => "look  ",
        State::Fault => "FAULT ",
    };
    let next = finding.next.as_ref().map(|next| format!("\n        → {next}")).unwrap_or_default();
    format!("{mark}  {}: {}{next}", finding.check, finding.says)
}

/// Looks at everything; what cannot be looked at because something before it is at fault is left out.
pub async fn examine(patient: &Patient) -> Vec<Finding> {
    let mut findings = ground::keys(patient);
    findings.push(ground::disk(patient));
    let town = match ground::pack(patient) {
        Ok((town, finding)) => {
            findings.insert(0, finding);
            town
        }
        Err(finding) => {
            findings.insert(0, finding);
            return findings;
        }
    };
    findings.extend(ground::identity_apps(patient, &town));
    findings.extend(ground::phone_cards(patient, &town));
    findings.extend(ground::lists(patient, &town));
    findings.extend(ground::bridge_folder(patient));
    findings.extend(data::database(patient, &town).await);
    findings
}
