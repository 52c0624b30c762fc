//! Reads `districts.csv`: name, kana, romaji, latitude, longitude, population.

use super::{Located, PackFile, unique, utf8};
use crate::{
    diagnostic::{Diagnostic, Location},
    fields::Faults,
    model::District,
};

const HEADINGS: [&str; 6] = ["name", "kana", "romaji", "latitude", "longitude", "population"];

/// The districts; none if the pack brings no file.
pub(super) fn read(files: &[PackFile], faults: &mut Faults) -> Vec<Located<District>> {
    let Some(file) = files.iter().find(|file| file.path == "districts.csv") else { return Vec::new() };
    let Some(source) = utf8(file, faults) else { return Vec::new() };
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(source.text.as_bytes());
    let at = |line: u64| Location { file: source.file.clone(), line: usize::try_from(line).unwrap_or(1), column: 1 };
    match reader.headers() {
        Ok(headings) if headings.iter().eq(HEADINGS) => {}
        _ => {
            faults.push(Diagnostic::error(at(1), "the headings are not those of districts.csv", format!("write {}", HEADINGS.join(","))));
            return Vec::new();
        }
    }
    let mut districts = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let location = at(record.position().map_or(1, csv::Position::line));
                match district(&record) {
                    Ok(thing) => districts.push(Located { thing, location }),
                    Err((reason, next)) => faults.push(Diagnostic::error(location, reason, next)),
                }
            }
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                faults.push(Diagnostic::error(at(line), "this row cannot be read", "save the file again as CSV in UTF-8"));
            }
        }
    }
    unique("district", districts, |district: &District| district.name.clone(), faults)
}

type Fault = (String, String);

fn district(record: &csv::StringRecord) -> Result<District, Fault> {
    if record.len() != HEADINGS.len() {
        return Err((format!("the row has {} cells instead of {}", record.len(), HEADINGS.len()), format!("write {}", HEADINGS.join(","))));
    }
    if record[0].is_empty() {
        return Err(("the name is empty".into(), "write the district as the register writes it".into()));
    }
    Ok(District {
        name: record[0].to_owned(),
        kana: record[1].to_owned(),
        romaji: record[2].to_owned(),
        latitude_microdegrees: degrees(&record[3], 20..=46)?,
        longitude_microdegrees: degrees(&record[4], 122..=154)?,
        population: record[5]
            .parse()
            .map_err(|_| (format!("{:?} is not a number of people", &record[5]), "write a whole number".to_owned()))?,
    })
}

/// Decimal degrees within Japan, as millionths.
pub(super) fn degrees(text: &str, japan: std::ops::RangeInclusive<i32>) -> Result<i32, Fault> {
    let read = civil::read_degrees(text).filter(|millionths| japan.contains(&millionths.div_euclid(1_000_000)));
    read.ok_or_else(|| (format!("{text:?} is not a position in Japan"), "write decimal degrees such as 41.292".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_lie_in_japan() {
        assert_eq!(degrees("41.170953", 20..=46), Ok(41_170_953));
        assert_eq!(degrees("141.28329", 122..=154), Ok(141_283_290));
        for bad in ["", "41.17.1", "-41", "4e1", "141.2"] {
            assert!(degrees(bad, 20..=46).is_err(), "{bad}");
        }
    }
}
