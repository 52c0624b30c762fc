//! Pure decisions: how files are read, what is said of them, which places are near.

pub(crate) mod area;
pub(crate) mod csv_file;
pub(crate) mod geojson;
pub(crate) mod heading;
pub(crate) mod judge;
pub(crate) mod near;
pub(crate) mod plane;
pub(crate) mod row;
pub(crate) mod spot;

#[cfg(test)]
mod tests;

use town::{Dataset, DatasetFormat, Town};

use crate::model::{Place, Refusal, Report};

/// How far outside its border a town's places may stand: an evacuation site in the next town, a simplified border. In millionths of a degree, about 20 km.
const MARGIN: i32 = 200_000;

/// What the reader knows before it opens a file.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// The data set.
    pub dataset: &'a Dataset,
    /// Where the town lies.
    pub bounds: Option<Bounds>,
}

/// A rectangle on the ground, in millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// South.
    pub south: i32,
    /// North.
    pub north: i32,
    /// West.
    pub west: i32,
    /// East.
    pub east: i32,
}

impl Bounds {
    /// Where a town's districts lie and some way around; nothing for a town without districts.
    pub fn of(town: &Town) -> Option<Self> {
        let latitudes = || town.districts.iter().map(|district| district.latitude_microdegrees);
        let longitudes = || town.districts.iter().map(|district| district.longitude_microdegrees);
        Some(Self {
            south: latitudes().min()? - MARGIN,
            north: latitudes().max()? + MARGIN,
            west: longitudes().min()? - MARGIN,
            east: longitudes().max()? + MARGIN,
        })
    }

    /// Whether a position lies inside.
    pub fn hold(&self, position: crate::model::Position) -> bool {
        (self.south..=self.north).contains(&position.latitude) && (self.west..=self.east).contains(&position.longitude)
    }
}

/// Reads a file: the places in it and what is said of it. A file that is refused has no places.
pub fn read(bytes: &[u8], expected: &Expected<'_>) -> (Vec<Place>, Report) {
    let mut report = Report::default();
    let places = text(bytes, &mut report).and_then(|text| match expected.dataset.format {
        DatasetFormat::Csv => csv_file::read(&text, expected, &mut report),
        DatasetFormat::GeoJson => geojson::read(&text, expected, &mut report),
    });
    match places.and_then(|places| judge::whole(places, expected, &report)) {
        Ok(places) => (places, report),
        Err(refusal) => {
            report.taken = 0;
            report.refusal = Some(refusal);
            (Vec::new(), report)
        }
    }
}

fn text(bytes: &[u8], report: &mut Report) -> Result<String, Refusal> {
    let (text, encoding) = civil::decode_text(bytes)?;
    report.encoding = Some(encoding);
    if text.trim().is_empty() { Err(Refusal::Empty) } else { Ok(text) }
}
