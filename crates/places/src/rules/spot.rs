//! Spots: what stands at one place, joined from several data sets, and which of them to offer to whom.

use std::collections::BTreeMap;

use town::{Dataset, DatasetId, DatasetKind, District, HazardKind, Town};

use crate::model::{Place, Position};

/// A place of a data set that is shown now.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    /// Its data set.
    pub dataset: &'a Dataset,
    /// The place.
    pub place: Place,
}

/// What stands at one place.
#[derive(Debug, Clone)]
pub struct Spot<'a> {
    /// What it is, in the order of the pack; never empty.
    pub parts: Vec<Listed<'a>>,
    /// How far it is from where the reader stands, in metres.
    pub distance_m: Option<u32>,
}

/// What a reader wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Of one kind only.
    pub kind: Option<Kind>,
    /// Where to flee from one hazard.
    pub hazard: Option<HazardKind>,
    /// Nearest first from here.
    pub near: Option<Position>,
}

/// Kinds as people choose them: a 福祉避難所 is none of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A kind of data set.
    Of(DatasetKind),
    /// A shelter for those who need care.
    Welfare,
}

impl Kind {
    /// Its word in addresses and catalogues.
    pub fn word(self) -> &'static str {
        match self {
            Self::Of(kind) => kind.word(),
            Self::Welfare => "welfare_shelter",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        if word == Self::Welfare.word() { Some(Self::Welfare) } else { DatasetKind::from_word(word).map(Self::Of) }
    }
}

impl Listed<'_> {
    /// What it is to people.
    pub fn kind(&self) -> Kind {
        if self.is_welfare() { Kind::Welfare } else { Kind::Of(self.dataset.kind) }
    }

    /// Whether it takes in only some people: it says whom, or its 共通ID does (12x).
    fn is_welfare(&self) -> bool {
        let detail = &self.place.detail;
        self.dataset.kind == DatasetKind::Shelter && (!detail.only_for.is_empty() || detail.common_id.get(11..13) == Some("12"))
    }
}

impl Spot<'_> {
    /// The part that names the spot.
    pub fn main(&self) -> Option<&Listed<'_>> {
        self.parts.first()
    }

    /// Whether any part is designated for a hazard.
    pub fn is_for(&self, hazard: HazardKind) -> bool {
        self.parts.iter().any(|part| part.dataset.kind == DatasetKind::EmergencySite && part.place.hazards.has(hazard))
    }

    /// Whether a 備考 of any part takes a hazard back: 「洪水時不可」.
    pub fn is_barred_in(&self, hazard: HazardKind) -> bool {
        self.parts.iter().any(|part| bars(&part.place.detail.note, hazard))
    }
}

/// Whether a 備考 says that a place cannot be used in a hazard.
pub(crate) fn bars(note: &str, hazard: HazardKind) -> bool {
    let words: &[&str] = match hazard {
        HazardKind::Flood => &["洪水時"],
        HazardKind::Landslide => &["土砂災害時", "土砂時"],
        HazardKind::StormSurge => &["高潮時"],
        HazardKind::Earthquake => &["地震時"],
        HazardKind::Tsunami => &["津波時"],
        HazardKind::Fire => &["火災時", "火事時"],
        HazardKind::InlandFlood => &["内水氾濫時"],
        HazardKind::Volcano => &["火山噴火時", "噴火時"],
    };
    let refused = ["不可", "使用できない", "使えない", "開設しない"];
    words
        .iter()
        .any(|word| note.split(['、', '。', '\n', '／']).any(|part| part.contains(word) && refused.iter().any(|no| part.contains(no))))
}

/// Joins the places of one spot: two data sets of 国土地理院 share the first eleven characters of the 共通ID, and nothing else is safe to join by.
pub(crate) fn join(listed: Vec<Listed<'_>>) -> Vec<Spot<'_>> {
    let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
    let mut spots: Vec<Spot<'_>> = Vec::new();
    for part in listed {
        let id = part.place.detail.spot().map(str::to_owned);
        // Two places of one data set at one spot (a yard and a hall) stay two: each has flags of its own.
        let joined =
            id.as_ref().and_then(|id| by_id.get(id)).filter(|at| spots[**at].parts.iter().all(|known| known.dataset.id != part.dataset.id));
        match joined {
            Some(at) => spots[*at].parts.push(part),
            None => {
                if let Some(id) = id {
                    by_id.entry(id).or_insert(spots.len());
                }
                spots.push(Spot { parts: vec![part], distance_m: None });
            }
        }
    }
    spots
}

/// The spots a reader wishes to see: nearest first when it is known where they stand, else in the order of the data.
///
/// Somebody who flees from a hazard is offered the sites designated for it and no other; a 福祉避難所 is offered only to who asks for one.
pub(crate) fn choose<'a>(spots: Vec<Spot<'a>>, wish: &Wish) -> Vec<Spot<'a>> {
    let mut chosen: Vec<Spot<'a>> = spots.into_iter().filter_map(|spot| wanted(spot, wish)).collect();
    if let Some(here) = wish.near {
        for spot in &mut chosen {
            spot.distance_m = spot.main().map(|part| here.distance_m(part.place.position));
        }
        chosen.sort_by_key(|spot| spot.distance_m);
    }
    chosen
}

fn wanted<'a>(mut spot: Spot<'a>, wish: &Wish) -> Option<Spot<'a>> {
    // What the spot is for is asked of all its parts: the flags stand with the emergency site, the 備考 often with the shelter.
    let flees = wish.hazard.is_none_or(|hazard| spot.is_for(hazard) && !spot.is_barred_in(hazard));
    spot.parts.retain(|part| match wish.kind {
        Some(kind) => part.kind() == kind,
        None => part.kind() != Kind::Welfare,
    });
    (!spot.parts.is_empty() && flees).then_some(spot)
}

/// The data sets whose places can be chosen, with 福祉避難所 after the shelters when there are some.
pub(crate) fn kinds(town: &Town, listed: &[Listed<'_>]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for dataset in &town.datasets {
        let of: Vec<Kind> = listed.iter().filter(|part| part.dataset.id == dataset.id).map(Listed::kind).collect();
        for kind in [Kind::Of(dataset.kind), Kind::Welfare] {
            if of.contains(&kind) && !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    kinds
}

/// The district a place stands in: the longest name its address has, else none.
pub(crate) fn district_of<'a>(place: &Place, districts: &'a [District]) -> Option<&'a District> {
    let address = plain(&place.detail.address);
    let named = districts.iter().filter(|district| address.contains(&plain(&district.name)));
    named.max_by_key(|district| district.name.chars().count())
}

/// Addresses write 大字 or leave it out.
fn plain(address: &str) -> String {
    address.replace("大字", "").replace(['ヶ', 'ガ'], "ケ")
}

/// Puts places of the current versions beside their data sets; those the pack no longer knows are left out.
pub(crate) fn list(town: &Town, places: Vec<(DatasetId, Place)>) -> Vec<Listed<'_>> {
    let mut listed: Vec<Listed<'_>> =
        places.into_iter().filter_map(|(id, place)| Some(Listed { dataset: town.dataset(&id)?, place })).collect();
    let order = |id: &DatasetId| town.datasets.iter().position(|dataset| dataset.id == *id);
    listed.sort_by_key(|part| order(&part.dataset.id));
    listed
}
