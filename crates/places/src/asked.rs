//! What an address asks for, for pages and programs alike.

use serde::Deserialize;
use town::{HazardKind, Town};
use utoipa::IntoParams;
use web::Problem;

use crate::model::Position;
use crate::rules::near::position_of_address;
use crate::rules::spot::{Kind, Wish};

/// The query of the map, the list and the API. What is empty counts as left out, as forms send it.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `emergency_site`, `shelter`, `welfare_shelter`, `facility`, `aed`, `toilet`, `medical`, `childcare`, `cool_spot` or `hazard`. Without it, everything
    /// but `welfare_shelter`.
    pub(crate) kind: Option<String>,
    /// Only where to flee from this: `flood`, `landslide`, `storm_surge`, `earthquake`, `tsunami`, `fire`, `inland_flood` or `volcano`.
    pub(crate) hazard: Option<String>,
    /// Nearest first from here: `latitude,longitude` in degrees. Neither stored nor logged.
    pub(crate) near: Option<String>,
    /// Nearest first from the middle of this district, as `districts.csv` writes it.
    pub(crate) district: Option<String>,
}

impl Asked {
    /// The wish, as far as it is understood.
    ///
    /// # Errors
    /// `places.unknown_*` for a word nobody knows.
    pub(crate) fn wish(&self, town: &Town) -> Result<Wish, Problem> {
        let kind = said(&self.kind).map(|word| Kind::from_word(word).ok_or_else(|| Problem::bad_input("places.unknown_kind")));
        let hazard = said(&self.hazard).map(|word| HazardKind::from_word(word).ok_or_else(|| Problem::bad_input("places.unknown_hazard")));
        let near = said(&self.near).map(|text| position_of_address(text).ok_or_else(|| Problem::bad_input("places.unknown_position")));
        let district = said(&self.district).map(|name| of_district(town, name));
        Ok(Wish { kind: kind.transpose()?, hazard: hazard.transpose()?, near: near.or(district).transpose()? })
    }

    /// The same question without a position, for addresses that are kept.
    pub(crate) fn without_position(&self, more: &[(&str, &str)]) -> String {
        let own = [("kind", said(&self.kind)), ("hazard", said(&self.hazard))];
        let pairs = own.into_iter().filter_map(|(name, value)| Some((name, value?))).chain(more.iter().copied());
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

pub(crate) fn said(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|value| !value.is_empty())
}

fn of_district(town: &Town, name: &str) -> Result<Position, Problem> {
    let found = town.districts.iter().find(|district| district.name == name);
    let found = found.ok_or_else(|| Problem::bad_input("places.unknown_position"))?;
    Ok(found.position())
}
