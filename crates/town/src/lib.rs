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
mod outline;
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
    Anchors, AppAssurance, AppClaims, AppEncryption, AppEndpoints, AppId, AppSign, AppSignFields, Apply, AreaClaim, AskOcsp,
    AssertionAudience, AssetId, BadRows, Barcode, BarcodeKind, Bridge, BridgeField, CalendarFeed, CalendarFeedId, CalendarRule,
    CardElement, Case, CaseResident, Closure, Collection, Colour, Column, Contact, Dataset, DatasetFormat, DatasetId, DatasetKind,
    DatasetLimits, DatasetSource, Design, DigitalResidents, Disclosed, DispositionKind, District, Encoding, Expected, Fact, FactKind,
    FactName, FactValue, Garbage, GarbageArea, GarbageItem, GarbageKind, Guide, GuideAge, GuideCategory, GuideCode, GuideId, GuidePoints,
    GuideTag, HazardKind, Icon, IdentityApp, InvalidColour, InvalidLanguage, InvalidName, Language, Licence, Line, Logo, Mail, MailTls,
    MapBase, MapSettings, MapTiles, MatchBy, Medium, Moderation, Neighbour, NeighbourId, NoticeQueue, NoticeRule, NoticeTemplate,
    NoticeTopic, Notices, Ocsp, Offline, Pattern, PhoneCard, PhoneCardClient, PhoneCardElements, PhotoNeed, PinShape, PinTone, Place,
    PlaceId, PlaceKind, Presentation, Programme, ProgrammeId, Proof, ReportCategory, ReportCategoryId, ReportIcon, ReportSection,
    ReportSectionId, Reporter, Reports, Residence, ResidenceKind, Revocation, RollId, ShownBy, Status, TemplateQueue, Theme, Thresholds,
    TileFile, TileSchema, TileStyle, Timetable, TopicId, Trust, UnknownBirthday, Version, Words,
};
pub use outline::Area;
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
    /// Neighbouring towns whose statement proves that somebody lives there, in the order of the pack.
    pub neighbours: Vec<Neighbour>,
    /// Rolls of digital residents, in the order of the pack.
    pub digital_residents: Vec<DigitalResidents>,
    /// The cards in phones by which residents may prove who they are, in the order of the pack.
    pub phone_cards: Vec<PhoneCard>,
    /// What residents may report and who answers; `None` where the town takes no reports.
    pub reports: Option<Reports>,
    /// The guides citizens write, in the order of the pack.
    pub guides: Vec<Guide>,
    /// The map; without it the districts stand on an empty ground.
    pub map: Option<MapSettings>,
    /// Where the map's places come from.
    pub datasets: Vec<Dataset>,
    /// The districts, if the pack brings `districts.csv`.
    pub districts: Vec<District>,
    /// When garbage is collected, if the pack brings `garbage/area_days.csv`.
    pub garbage: Option<Garbage>,
    /// Entries of people's own calendars, in the order of the pack.
    pub calendar_rules: Vec<CalendarRule>,
    /// Calendars that others keep, in the order of the pack.
    pub calendar_feeds: Vec<CalendarFeed>,
    /// What places may do without the centre.
    pub offline: Offline,
    /// How fresh what a phone shows must be.
    pub presentation: Presentation,
    /// How notices go out.
    pub notices: Notices,
    /// What notices are about, in the order of the pack.
    pub notice_topics: Vec<NoticeTopic>,
    /// Notices that go out by themselves, in the order of the pack.
    pub notice_rules: Vec<NoticeRule>,
    /// Notices staff may begin from, in the order of the pack.
    pub notice_templates: Vec<NoticeTemplate>,
    /// The server the town's e-mail goes out by; a town without one sends none.
    pub mail: Option<Mail>,
    /// The official account the town tells people by LINE from; a town without one does not.
    pub line: Option<Line>,
    /// Dispositions that are sent electronically to who agreed, in the order of the pack.
    pub disposition_kinds: Vec<DispositionKind>,
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
        read::shared(read::files(folder).and_then(|files| read::town(&files, Some(folder))))
    }

    /// Reads a pack whose files are in memory.
    ///
    /// # Errors
    /// As [`Town::load`].
    pub fn from_files(files: &[PackFile]) -> Result<Arc<Town>, Vec<Diagnostic>> {
        read::shared(read::town(files, None))
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

    /// The neighbouring town of an id.
    pub fn neighbour(&self, id: &NeighbourId) -> Option<&Neighbour> {
        self.neighbours.iter().find(|neighbour| neighbour.id == *id)
    }

    /// The roll of digital residents of an id.
    pub fn roll(&self, id: &RollId) -> Option<&DigitalResidents> {
        self.digital_residents.iter().find(|roll| roll.id == *id)
    }

    /// Whether somebody who is not in the register may hold anything here.
    pub fn has_guests(&self) -> bool {
        !(self.neighbours.is_empty() && self.digital_residents.is_empty())
    }

    /// The card in phones of an id.
    pub fn phone_card(&self, id: &AppId) -> Option<&PhoneCard> {
        self.phone_cards.iter().find(|card| card.id == *id)
    }

    /// The notice topic of an id.
    pub fn notice_topic(&self, id: &TopicId) -> Option<&NoticeTopic> {
        self.notice_topics.iter().find(|topic| topic.id == *id)
    }

    /// The kind of disposition of an id.
    pub fn disposition_kind(&self, id: &TopicId) -> Option<&DispositionKind> {
        self.disposition_kinds.iter().find(|kind| kind.id == *id)
    }

    /// The guide of an id.
    pub fn guide(&self, id: &GuideId) -> Option<&Guide> {
        self.guides.iter().find(|guide| guide.id == *id)
    }

    /// The data set of an id.
    pub fn dataset(&self, id: &DatasetId) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.id == *id)
    }

    /// The calendar of others of an id.
    pub fn calendar_feed(&self, id: &CalendarFeedId) -> Option<&CalendarFeed> {
        self.calendar_feeds.iter().find(|feed| feed.id == *id)
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
