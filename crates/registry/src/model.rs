use std::collections::BTreeMap;

use civil::{Date, PartialDate, Sex, Timestamp};
pub use store::{Match, ResidentId};

use crate::bridge::{BadKey, Digest, LayoutError, OpenError, OpeningKey, Problem, RegisterId, Status, VerifyingKey};

/// What the register knows of a resident; no name and no address, for these never cross the bridge.
#[derive(Clone, Debug, PartialEq)]
pub struct Resident {
    /// The house's own id.
    pub id: ResidentId,
    /// 宛名番号: only for staff, never shown to residents.
    pub register_id: RegisterId,
    /// Who lives together: people with the same household. `None` when it does not cross.
    pub household: Option<RegisterId>,
    /// 続柄 to the head of the household, as the register writes it.
    pub relation: String,
    /// Date of birth, perhaps unknown in part; `None` when it is not known at all.
    pub date_of_birth: Option<PartialDate>,
    /// Sex as registered.
    pub sex: Sex,
    /// District; empty when it does not cross.
    pub district: String,
    /// Where the person stands in the register.
    pub status: Status,
    /// The day the status took effect.
    pub status_on: Option<Date>,
    /// The day the person became a resident.
    pub became_resident_on: Option<Date>,
    /// Under protection measures (支援措置): nobody but staff with that role may learn of them.
    pub protected: bool,
    /// Still in the register's export; false for people who vanished from it.
    pub listed: bool,
    /// The town's own facts by name.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// When the bundle that says so was applied.
    pub recorded_at: Timestamp,
}

impl Resident {
    /// Says whether the person is a resident on `day`: see [`current_on`](crate::rules::current_on).
    pub fn current_on(&self, day: Date) -> bool {
        crate::rules::current_on(self.status, self.status_on, self.became_resident_on, day)
    }
}

/// The keys of the centre's end of the bridge.
pub struct BridgeKeys {
    /// Inner sides that are trusted: one, or two while a key is being changed.
    pub signers: Vec<VerifyingKey>,
    /// The centre's secret key.
    pub centre: OpeningKey,
}

impl BridgeKeys {
    /// Takes the keys' bytes as the files hold them.
    ///
    /// # Errors
    /// When one is not 32 bytes.
    pub fn new(signers: &[[u8; 32]], centre: &[u8]) -> Result<Self, BadKey> {
        Ok(Self { signers: signers.iter().copied().map(VerifyingKey).collect(), centre: OpeningKey::new(centre)? })
    }
}

store::text_enum!(BundleState { Applied = "applied", Waiting = "waiting", Rejected = "rejected" });

/// What became of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BundleState {
    /// Its rows are the register's.
    Applied,
    /// It waits for a member of staff to approve its difference.
    Waiting,
    /// It was turned down.
    Rejected,
}

/// A bundle as it was opened, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleRun {
    /// Its number.
    pub number: u64,
    /// What became of it.
    pub state: BundleState,
    /// Its digest.
    pub digest: Digest,
    /// When the inner side sealed it.
    pub created_at: Timestamp,
    /// When it was opened here.
    pub opened_at: Timestamp,
    /// When it was applied or rejected.
    pub decided_at: Option<Timestamp>,
    /// Who approved or rejected it, as in the audit trail; the house itself where no approval was needed.
    pub decided_by: Option<String>,
    /// Rows it carries.
    pub rows: u64,
    /// Rows of which only the id crossed, because they were bad.
    pub left_out: u64,
    /// Problems the export had.
    pub problems: u64,
    /// The difference in counts.
    pub counts: Counts,
    /// Which of the pack's thresholds the difference is above.
    pub exceeded: Vec<Threshold>,
}

/// A bundle with the problems of its export.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleDetail {
    /// The run.
    pub run: BundleRun,
    /// The first problems of the export, by line and column.
    pub problems: Vec<Problem>,
}

/// A threshold of the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// Too many people vanish.
    Vanished,
    /// Too many people appear.
    Appeared,
    /// Too many people change.
    Changed,
}

impl Threshold {
    /// Key of its words in the catalogue.
    pub fn text_key(self) -> &'static str {
        match self {
            Self::Vanished => "registry-threshold-vanished",
            Self::Appeared => "registry-threshold-appeared",
            Self::Changed => "registry-threshold-changed",
        }
    }
}

/// The difference of a bundle in counts of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Counts {
    /// People listed before who were residents.
    pub before: u64,
    /// People of the bundle who are residents.
    pub after: u64,
    /// New in the register, and not newborn.
    pub moved_in: u64,
    /// New in the register and born within 90 days.
    pub born: u64,
    /// Known before as gone, and back.
    pub returned: u64,
    /// New in the register, but not as residents (old records).
    pub past: u64,
    /// Moved out.
    pub moved_out: u64,
    /// Died.
    pub died: u64,
    /// Struck off.
    pub struck_off: u64,
    /// Residents who are no longer in the export at all.
    pub vanished: u64,
    /// Address changed (known by the match keys alone).
    pub address: u64,
    /// Name changed (known by the match keys alone).
    pub name: u64,
    /// Household or relation changed.
    pub household: u64,
    /// Date of birth or sex corrected.
    pub corrected: u64,
    /// Protection measures began.
    pub protected: u64,
    /// Protection measures ended.
    pub unprotected: u64,
    /// A fact of the town's own changed.
    pub facts: u64,
    /// Anything else changed (district, days).
    pub other: u64,
    /// People whose row changed, each counted once.
    pub changed: u64,
}

/// What `registry.bundle_applied` tells.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BundleApplied {
    /// Number of the bundle.
    pub number: u64,
    /// The residents whose facts changed or who are new; `None` when there are too many to name and everybody is to be looked at.
    pub residents: Option<Vec<ResidentId>>,
    /// The difference.
    pub counts: Counts,
}

/// What a member of staff looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// 宛名番号.
    pub register_id: Option<String>,
    /// Date of birth, `YYYY-MM-DD`.
    pub date_of_birth: Option<Date>,
    /// District.
    pub district: Option<String>,
}

/// What can go wrong in this room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The bundle is refused.
    #[error("the bundle is refused: {0}")]
    Refused(#[from] OpenError),
    /// An earlier bundle waits for approval and must be decided first.
    #[error("bundle {0} waits for approval")]
    Waiting(u64),
    /// There is no such bundle, or it does not wait any more.
    #[error("bundle {0} does not wait for approval")]
    NotWaiting(u64),
    /// There is no such resident, or none the caller may know of.
    #[error("no such resident")]
    ResidentNotFound,
    /// A search without anything to search for.
    #[error("nothing to search for")]
    EmptySearch,
    /// The pack's bridge cannot be used.
    #[error("the pack's bridge: {0}")]
    Layout(#[from] LayoutError),
    /// What the database holds is not what this room wrote.
    #[error("stored {0} is not readable")]
    Stored(&'static str),
    /// The pack's facts and the rule schema do not fit.
    #[error("facts do not fit the schema: {0}")]
    Facts(String),
    /// A folder or file of the bridge.
    #[error("the bridge's folder")]
    Folder(#[source] std::io::Error),
}
