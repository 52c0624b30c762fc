//! What residents may report, and which section of the town hall answers.

use super::{Proof, ReportCategoryId, ReportSectionId, Words, words};

/// Reports of residents, as the town takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports {
    /// How near another open report of the same kind must be to be offered before sending, in metres.
    pub nearby_radius_m: u32,
    /// How long a report is kept after it was settled, in days; then what residents wrote and their pictures are deleted.
    pub kept_days: u32,
    /// Words that tell of danger to somebody, as people write them. A report with one of them stands before others, and can be looked for.
    pub danger_words: Vec<String>,
    /// Who may report.
    pub who: Reporter,
    /// The sections that answer, in the order of the pack.
    pub sections: Vec<ReportSection>,
    /// The kinds of reports, in the order of the pack.
    pub categories: Vec<ReportCategory>,
}

impl Reports {
    /// The kind of report of an id.
    pub fn category(&self, id: &ReportCategoryId) -> Option<&ReportCategory> {
        self.categories.iter().find(|category| category.id == *id)
    }

    /// The section of an id.
    pub fn section(&self, id: &ReportSectionId) -> Option<&ReportSection> {
        self.sections.iter().find(|section| section.id == *id)
    }
}

words! {
    /// Who may report.
    Reporter {
        /// Whoever proved who they are, wherever they live.
        Proven = "proven",
        /// Residents of the town only.
        Resident = "resident",
    }
}

/// A section of the town hall that answers reports (担当課).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSection {
    /// Its id.
    pub id: ReportSectionId,
    /// Its name.
    pub name: Words,
}

/// A kind of report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportCategory {
    /// Its id: part of addresses, and Open311's `service_code`.
    pub id: ReportCategoryId,
    /// What residents call it.
    pub name: Words,
    /// What belongs here, in a sentence.
    pub hint: Option<Words>,
    /// Which section answers.
    pub section: ReportSectionId,
    /// Its picture.
    pub icon: ReportIcon,
    /// Whether staff may show such reports to everybody.
    pub public: bool,
    /// Whether a picture is needed.
    pub photo: PhotoNeed,
    /// Whether it is for disasters: it comes to the top of the queue, and 119 and 110 are named beside it.
    pub emergency: bool,
    /// Within how many days the reporter is answered.
    pub answer_days: u32,
    /// How surely the reporter must be known.
    pub proof: Proof,
}

words! {
    /// Whether a picture is needed.
    PhotoNeed {
        /// As the reporter likes.
        Optional = "optional",
        /// At least one.
        Required = "required",
    }
}

words! {
    /// The picture of a kind of report, from the design system's sheet.
    ReportIcon {
        /// A lamp's light.
        Light = "sun",
        /// A road or a place.
        Place = "place",
        /// A bin.
        Rubbish = "trash",
        /// Something dangerous.
        Warning = "warn",
        /// A flag.
        Flag = "flag",
        /// Snow.
        Snow = "snow",
        /// Water.
        Water = "bath",
        /// A person or an animal.
        Animal = "health",
        /// A voice.
        Voice = "edit",
        /// A house.
        House = "home",
    }
}
