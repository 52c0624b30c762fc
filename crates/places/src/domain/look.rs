//! Anybody looks: no one needs an account to find the nearest shelter, and nobody is told where they asked from.

use ::store::Ctx;
use jiff::Timestamp;
use town::{DatasetId, DatasetKind, HazardKind, Town};

use crate::model::{Error, Position, Result};
use crate::rules::area;
use crate::rules::spot::{self, Kind, Listed, Spot, Wish};
use crate::store as rows;

/// What is shown on the map and in the list.
pub struct Shown<'a> {
    /// The spots.
    pub spots: Vec<Spot<'a>>,
    /// What there is to choose from.
    pub kinds: Vec<Kind>,
    /// The hazard areas the reader's position lies in, each with where to flee to from its hazards; nothing when it is not known where they stand, or the
    /// town shows no such areas.
    pub areas: Option<Vec<Area<'a>>>,
}

/// A hazard area somebody stands in.
pub struct Area<'a> {
    /// The area.
    pub area: Listed<'a>,
    /// For each of its hazards, the nearest site designated for it.
    pub flee_to: Vec<(HazardKind, Spot<'a>)>,
}

/// The spots somebody wishes to see.
///
/// # Errors
/// The store's.
pub async fn look<'a>(ctx: &mut Ctx, town: &'a Town, wish: &Wish) -> Result<Shown<'a>> {
    let listed = spot::list(town, rows::shown(ctx).await?);
    let kinds = spot::kinds(town, &listed);
    let shows_areas = town.datasets.iter().any(|dataset| dataset.kind == DatasetKind::Hazard);
    let areas = wish.near.filter(|_| shows_areas).map(|here| areas(&listed, here));
    Ok(Shown { spots: spot::choose(spot::join(listed), wish), kinds, areas })
}

fn areas<'a>(listed: &[Listed<'a>], here: Position) -> Vec<Area<'a>> {
    let nearest = |hazard: HazardKind| {
        let wish = Wish { kind: None, hazard: Some(hazard), near: Some(here) };
        spot::choose(spot::join(listed.to_vec()), &wish).into_iter().next().map(|spot| (hazard, spot))
    };
    let found = area::areas_at(listed, here).into_iter();
    found.map(|area| Area { flee_to: area.place.hazards.kinds().filter_map(nearest).collect(), area }).collect()
}

/// A place, with what else stands at its spot.
///
/// # Errors
/// [`Error::NoSuchPlace`] when no current version has it; the store's.
pub async fn place<'a>(ctx: &mut Ctx, town: &'a Town, key: &str) -> Result<Spot<'a>> {
    let (dataset, place) = rows::shown_place(ctx, key).await?.ok_or(Error::NoSuchPlace)?;
    let all = match place.detail.spot() {
        Some(_) => rows::shown(ctx).await?,
        None => vec![(dataset, place)],
    };
    let spots = spot::join(spot::list(town, all));
    spots.into_iter().find(|spot| spot.parts.iter().any(|part| part.place.key == key)).ok_or(Error::NoSuchPlace)
}

/// Since when the data of a data set are what they are.
///
/// # Errors
/// The store's.
pub(crate) async fn current_since(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Option<Timestamp>> {
    Ok(rows::current(ctx, dataset).await?.map(|version| version.taken_at))
}
