//! Devices that stand at a place: verifiers and stations.

use ::store::{DeviceId, text_enum};
use civil::Timestamp;
use town::PlaceId;

use super::Started;

/// A device that is trusted by its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// Scans cards at a place.
    Verifier,
    /// Reads the My Number Card at a place.
    Station,
}
text_enum!(DeviceKind { Verifier = "verifier", Station = "station" });

/// A paired verifier or an enrolled station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Which of the two.
    pub kind: DeviceKind,
    /// Where it is.
    pub place: PlaceId,
    /// What the place calls it.
    pub label: String,
    /// Since when.
    pub paired_at: Timestamp,
    /// Until when, if it is no longer trusted.
    pub ended_at: Option<Timestamp>,
}

/// A device just paired, with its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paired {
    /// The device.
    pub device: Device,
    /// Its session.
    pub session: Started,
}
