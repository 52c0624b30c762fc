//! The words of a town pack as types: what the other rooms read once a pack has passed its checks.

mod app;
mod bridge;
mod calendar;
mod dataset;
mod disposition;
mod guide;
mod ids;
mod language;
mod line;
mod mail;
mod map;
mod notice;
mod phone_card;
mod place;
mod programme;
mod reports;
mod residence;
mod settings;

pub use app::{AppAssurance, AppClaims, AppEncryption, AppEndpoints, AppSign, AppSignFields, AssertionAudience, IdentityApp};
pub use bridge::{BadRows, Bridge, BridgeField, Column, Encoding, MatchBy, Thresholds, Timetable, UnknownBirthday};
pub use calendar::{CalendarFeed, CalendarRule, Closure, Collection, Garbage, GarbageArea, GarbageItem, GarbageKind, Pattern};
pub use dataset::{Dataset, DatasetFormat, DatasetKind, DatasetLimits, DatasetSource, HazardKind, PinShape, PinTone};
pub use disposition::DispositionKind;
pub use guide::{Guide, GuideAge, GuideCategory, GuidePoints, GuideTag, Licence, Moderation};
pub use ids::{
    AppId, AssetId, CalendarFeedId, DatasetId, FactName, GuideCode, GuideId, InvalidName, NeighbourId, PlaceId, ProgrammeId,
    ReportCategoryId, ReportSectionId, RollId, TopicId,
};
pub use language::{InvalidLanguage, Language, Words};
pub use line::Line;
pub(crate) use line::{API as LINE_API, host_of as line_host};
pub(crate) use mail::is_here;
pub use mail::{Mail, MailTls};
pub use map::{MapBase, MapSettings, MapTiles, TileFile, TileSchema, TileStyle};
pub use notice::{NoticeQueue, NoticeRule, NoticeTemplate, NoticeTopic, Notices, TemplateQueue};
pub use phone_card::{CardElement, PhoneCard, PhoneCardClient, PhoneCardElements};
pub use place::{Place, PlaceKind};
pub use programme::{
    Apply, Barcode, BarcodeKind, Case, CaseResident, Design, Disclosed, Expected, Fact, FactKind, FactValue, Icon, Medium, Programme,
    Proof, ShownBy, Status, Version,
};
pub use reports::{PhotoNeed, ReportCategory, ReportIcon, ReportSection, Reporter, Reports};
pub use residence::{AreaClaim, DigitalResidents, Neighbour, Residence, ResidenceKind};
pub use settings::{
    Anchors, AskOcsp, Colour, Contact, District, InvalidColour, Logo, Ocsp, Offline, Presentation, Revocation, Theme, Trust,
};

/// Writes an enum of fixed words: its variants, the word of each in a pack, and the way back. One list, so that the
/// reader, the messages ("use one of …") and the documentation cannot differ.
macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word that stands for the value in a pack, in JSON and in messages' keys.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The value a word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}
pub(crate) use words;
