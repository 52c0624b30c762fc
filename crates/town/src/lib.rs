//! The town pack: load, check, explain.
//!
//! A town is a folder of configuration. [`Town::load`] reads it whole, refuses it with every fault named by file, line and column, or gives a
//! [`Town`] that the other rooms share as `Arc<Town>`. Nothing in here changes afterwards: a new pack is a new `Town`.
//!
//! ```no_run
//! match town::Town::load(std::path::Path::new("towns/demo")) {
//!     Ok(town) => println!("{} with {} programmes", town.name.ja(), town.programmes.len()),
//!     Err(faults) => faults.iter().for_each(|fault| eprintln!("{fault}")),
//! }
//! ```

mod cases;
mod check;
mod diagnostic;
mod explain;
mod fields;
mod hash;
mod model;
mod possible;
mod read;
mod rules;
mod texts;
mod words;

use std::{path::Path, sync::Arc};

use civil::{Date, LocalGovernmentCode};

pub use cases::CaseResult;
pub use check::{Report, check, check_files};
pub use diagnostic::{Diagnostic, Location, Severity};
pub use explain::{Explanation, ProgrammeExplanation, VersionExplanation, explain, texts};
pub use hash::PackHash;
pub use model::{
    Anchors, AppAssurance, AppClaims, AppEndpoints, AppId, Apply, AskOcsp, AssertionAudience, BadRows, Barcode, BarcodeKind, Bridge,
    BridgeField, Case, CaseResident, Colour, Column, Contact, Design, Disclosed, District, Encoding, Expected, Fact, FactKind, FactName,
    FactValue, Icon, IdentityApp, InvalidColour, InvalidLanguage, InvalidName, Language, Logo, MatchBy, Medium, Ocsp, Offline, Place,
    PlaceId, PlaceKind, Presentation, Programme, ProgrammeId, Proof, Revocation, ShownBy, Status, Theme, Thresholds, Timetable, Trust,
    UnknownBirthday, Version, Words,
};
pub use read::PackFile;
pub use texts::{Arg, Catalogue, CatalogueBuilder, TextFile};

/// A town, as its pack describes it. Built once and shared as `Arc<Town>`.
#[derive(Debug, Clone)]
pub struct Town {
    /// 全国地方公共団体コード.
    pub code: LocalGovernmentCode,
    /// The town's name.
    pub name: Words,
    /// The languages residents may choose, the first being the default; Japanese is among them.
    pub languages: Vec<Language>,
    /// How its pages look.
    pub theme: Theme,
    /// Whom residents ask.
    pub contact: Contact,
    /// Whom the town trusts when a card proves a person.
    pub trust: Trust,
    /// What may leave the inner network.
    pub bridge: Bridge,
    /// What the town knows about residents beyond the register.
    pub facts: Vec<Fact>,
    /// The programmes, in the order of the pack.
    pub programmes: Vec<Programme>,
    /// The places where cards are shown.
    pub places: Vec<Place>,
    /// The apps by which residents may prove who they are, in the order of the pack.
    pub identity_apps: Vec<IdentityApp>,
    /// The districts, if the pack brings `districts.csv`.
    pub districts: Vec<District>,
    /// What places may do without the centre.
    pub offline: Offline,
    /// How fresh what a phone shows must be.
    pub presentation: Presentation,
    /// The town's own texts, for [`CatalogueBuilder::add_town`].
    pub texts: Vec<TextFile>,
    /// The names rules may use.
    pub schema: rule::Schema,
    /// Tells one state of the pack from another.
    pub hash: PackHash,
}

impl Town {
    /// Reads a pack's folder.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the files. Warnings are left out of a good pack; [`check`] gives them.
    pub fn load(folder: &Path) -> Result<Arc<Town>, Vec<Diagnostic>> {
        read::shared(read::files(folder).and_then(|files| read::town(&files)))
    }

    /// Reads a pack whose files are in memory.
    ///
    /// # Errors
    /// As [`Town::load`].
    pub fn from_files(files: &[PackFile]) -> Result<Arc<Town>, Vec<Diagnostic>> {
        read::shared(read::town(files))
    }

    /// The programme of an id.
    pub fn programme(&self, id: &ProgrammeId) -> Option<&Programme> {
        self.programmes.iter().find(|programme| programme.id == *id)
    }

    /// The version of a programme that is in force on a day.
    pub fn in_force(&self, programme: &ProgrammeId, day: Date) -> Option<&Version> {
        self.programme(programme)?.in_force(day)
    }

    /// The place of an id.
    pub fn place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.iter().find(|place| place.id == *id)
    }

    /// The identity app of an id.
    pub fn identity_app(&self, id: &AppId) -> Option<&IdentityApp> {
        self.identity_apps.iter().find(|app| app.id == *id)
    }

    /// The fact of a name.
    pub fn fact(&self, name: &FactName) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.name == *name)
    }

    /// How old a place's knowledge may be while it is offline, in hours: what the place asks for, within the town's bound.
    pub fn offline_grace_h(&self, place: &Place) -> u32 {
        place.offline_grace_h.min(self.offline.knowledge_max_age_h)
    }

    /// The issuer's name in credentials: `urn:tegata:209996`.
    pub fn issuer(&self) -> String {
        format!("urn:tegata:{}", self.code)
    }
}
