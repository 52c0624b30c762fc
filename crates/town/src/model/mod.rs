//! The words of a town pack as types: what the other rooms read once a pack has passed its checks.

mod app;
mod bridge;
mod ids;
mod language;
mod place;
mod programme;
mod settings;

pub use app::{AppAssurance, AppClaims, AppEndpoints, AssertionAudience, IdentityApp};
pub use bridge::{BadRows, Bridge, BridgeField, Column, Encoding, MatchBy, Thresholds, Timetable, UnknownBirthday};
pub use ids::{AppId, FactName, InvalidName, PlaceId, ProgrammeId};
pub use language::{InvalidLanguage, Language, Words};
pub use place::{Place, PlaceKind};
pub use programme::{
    Apply, Barcode, BarcodeKind, Case, CaseResident, Design, Disclosed, Expected, Fact, FactKind, FactValue, Icon, Medium, Programme,
    Proof, ShownBy, Status, Version,
};
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
