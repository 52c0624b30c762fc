//! Places where a card is shown.

use super::{PlaceId, ProgrammeId, Words, words};

words! {
    /// What kind of place answers. It decides what of a card the place may see (`disclose` of the programme).
    PlaceKind {
        /// A clinic, hospital or pharmacy (医療機関・薬局).
        Clinic = "clinic",
        /// Anything with a driver or crew who looks: bus, taxi, ferry (乗り物).
        Bus = "bus",
        /// A facility of the town: pool, bath, museum, ferry terminal (施設).
        Facility = "facility",
        /// A shop that gives a discount (協賛店).
        Shop = "shop",
    }
}

/// A place where cards are shown and answered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// Its name in addresses, events and pairing codes.
    pub id: PlaceId,
    /// Its name for people.
    pub name: Words,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The district it stands in, as written in `districts.csv`; none for a vehicle.
    pub district: Option<String>,
    /// The programmes it answers for; every other card is `not_accepted_here`.
    pub accepts: Vec<ProgrammeId>,
    /// How old its knowledge may be while it is offline, in hours; after that it answers `knowledge_too_old`.
    pub offline_grace_h: u32,
}

impl Place {
    /// Whether the place answers for a programme.
    pub fn accepts(&self, programme: &ProgrammeId) -> bool {
        self.accepts.contains(programme)
    }
}
