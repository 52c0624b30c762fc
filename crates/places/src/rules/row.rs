//! One row, or the properties of one feature: cells under their columns become a place.

use aws_lc_rs::digest;
use civil::shortened;
use town::{DatasetKind, HazardKind};
use unicode_normalization::UnicodeNormalization as _;

use super::Expected;
use super::heading::Column;
use crate::model::{Detail, Hazards, Place, Position, Reason, Report, RowFault};

/// Characters of a cell that are kept, and that a fault shows.
const CELL_CHARS_MAX: usize = 1000;
const SHOWN_CHARS_MAX: usize = 40;
/// Further columns that are kept of a place.
const MORE_MAX: usize = 30;
/// What stands for a character nobody else can show.
const GETA: char = '〓';

/// A column of the file: what it means and how it is headed.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub(crate) column: Column,
    pub(crate) words: String,
}

/// Where in the file a row stands, and where its faults are noted.
pub(crate) struct Row<'a> {
    pub(crate) line: u32,
    pub(crate) report: &'a mut Report,
}

impl Row<'_> {
    pub(crate) fn fault(&mut self, column: &str, reason: Reason, cell: &str) {
        let cell = shortened(cell, SHOWN_CHARS_MAX);
        self.report.note(RowFault { line: self.line, column: column.to_owned(), reason, cell });
    }
}

/// Cells as they are read, before it is known whether they make a place.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) latitude: String,
    pub(crate) longitude: String,
    pub(crate) hazards: Hazards,
    pub(crate) detail: Detail,
    /// Whether a fault leaves the row out.
    broken: bool,
}

impl Draft {
    /// Takes a cell.
    pub(crate) fn take(&mut self, heading: &Heading, cell: &str, row: &mut Row<'_>) {
        let Some(cell) = clean(heading, cell, row) else {
            self.broken = true;
            return;
        };
        if cell.is_empty() {
            return;
        }
        let detail = &mut self.detail;
        match &heading.column {
            Column::Id => detail.common_id = cell,
            Column::Name => self.name = cell,
            Column::Kana => detail.kana = cell,
            Column::Address => detail.address = cell,
            Column::Building => detail.building = cell,
            Column::Latitude => self.latitude = cell,
            Column::Longitude => self.longitude = cell,
            Column::Telephone => detail.telephone = cell,
            Column::Url => detail.url = cell,
            Column::Note => detail.note = cell,
            Column::Hours => join(&mut detail.hours, &cell),
            Column::Capacity => detail.capacity = cell,
            Column::Ward => detail.ward = cell,
            Column::OnlyFor => detail.only_for = cell,
            Column::Hazards(hazards) => match truth(&cell) {
                Some(true) => self.hazards = self.hazards.and(*hazards),
                Some(false) => {}
                None => row.fault(&heading.words, Reason::Flag, &cell),
            },
            Column::HazardWords => self.hazards = self.hazards.and(hazards_in(&cell)),
            Column::Other(words) if detail.more.len() < MORE_MAX && !is_nothing(&cell) => detail.more.push((words.clone(), cell)),
            Column::Other(_) | Column::Nothing => {}
        }
    }

    /// Makes the place of what was read and where it stands; `None` with the faults noted.
    pub(crate) fn finish(mut self, position: Option<Position>, expected: &Expected<'_>, row: &mut Row<'_>) -> Option<Place> {
        if self.name.is_empty() && expected.dataset.kind == DatasetKind::Hazard {
            // Areas of a hazard rarely have names of their own.
            self.name = expected.dataset.name.ja().to_owned();
        }
        if self.name.is_empty() && !self.broken {
            row.fault("名称", Reason::NoName, "");
            self.broken = true;
        }
        let position = position.filter(|position| {
            let near = expected.bounds.is_none_or(|bounds| bounds.hold(*position));
            if !near {
                row.fault("緯度・経度", Reason::OutsideTown, &self.name);
            }
            near
        })?;
        if self.broken {
            return None;
        }
        self.hazards = self.hazards.and(Hazards::of(&expected.dataset.hazards));
        if !is_common_id(&self.detail.common_id) && !is_plain_id(&self.detail.common_id) {
            self.detail.common_id.clear();
        }
        let key = format!("{}.{}", expected.dataset.id, own_part(&self));
        if !is_common_id(&self.detail.common_id) {
            self.detail.common_id.clear();
        }
        Some(Place { key, name: self.name, position, hazards: self.hazards, detail: self.detail })
    }
}

/// What names a place within its data set and stays the same: its ID, or a hash of name and address. A row's number does not stay.
fn own_part(draft: &Draft) -> String {
    let id = &draft.detail.common_id;
    if !id.is_empty() {
        return id.clone();
    }
    let outline = draft.detail.outline.as_ref().map(ToString::to_string).unwrap_or_default();
    let whole = [&draft.name, &draft.detail.address, &draft.detail.building, &outline].map(String::as_str).join("\n");
    let hash = digest::digest(&digest::SHA256, whole.as_bytes());
    hex::encode(&hash.as_ref()[..8])
}

/// 共通ID: `E`, five digits of the municipality, five of the place, three of its kind.
pub(crate) fn is_common_id(id: &str) -> bool {
    id.len() == 14 && id.starts_with('E') && id[1..].bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plain_id(id: &str) -> bool {
    (1..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A cell without blanks around it; nothing, with the fault noted, when a character of it is lost.
fn clean(heading: &Heading, cell: &str, row: &mut Row<'_>) -> Option<String> {
    let cell = cell.trim();
    if cell.contains('\u{fffd}') {
        row.fault(&heading.words, Reason::LostCharacter, cell);
        return None;
    }
    if cell.contains(is_own_character) {
        row.fault(&heading.words, Reason::OwnCharacter, &cell.replace(is_own_character, "〓"));
    }
    let shown = |c: char| if is_own_character(c) { GETA } else { c };
    Some(shortened(&cell.chars().filter(|c| !c.is_control() || *c == '\n').map(shown).collect::<String>(), CELL_CHARS_MAX))
}

/// Characters of a machine's own (外字): Unicode's private use areas.
fn is_own_character(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}

fn is_nothing(cell: &str) -> bool {
    matches!(cell, "-" | "---" | "*" | "NULL" | "None" | "－" | "ー")
}

/// Yes or no, in the ways files say it; nothing when it is neither.
pub(crate) fn truth(cell: &str) -> Option<bool> {
    match cell.nfkc().collect::<String>().trim() {
        "1" | "1.0" | "○" | "〇" | "◯" | "◎" | "有" | "あり" | "可" | "true" | "TRUE" | "True" => Some(true),
        "" | "0" | "0.0" | "無" | "なし" | "不可" | "×" | "✕" | "-" | "ー" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Hazards named in words.
fn hazards_in(cell: &str) -> Hazards {
    const WORDS: &[(HazardKind, &str)] = &[
        (HazardKind::Flood, "洪水"),
        (HazardKind::Landslide, "土砂"),
        (HazardKind::StormSurge, "高潮"),
        (HazardKind::Earthquake, "地震"),
        (HazardKind::Tsunami, "津波"),
        (HazardKind::Fire, "火事"),
        (HazardKind::InlandFlood, "内水"),
        (HazardKind::Volcano, "火山"),
    ];
    if cell.contains("全災害") {
        return Hazards::EVERY;
    }
    WORDS.iter().filter(|(_, word)| cell.contains(word)).fold(Hazards::default(), |hazards, (kind, _)| hazards.with(*kind))
}

/// Reads a position from two cells.
pub(crate) fn position_of_cells(latitude: &str, longitude: &str, row: &mut Row<'_>) -> Option<Position> {
    if latitude.is_empty() || longitude.is_empty() {
        row.fault(if latitude.is_empty() { "緯度" } else { "経度" }, Reason::NoPosition, "");
        return None;
    }
    let number = |cell: &str| cell.nfkc().collect::<String>().trim().parse::<f64>().ok().filter(|number| number.is_finite());
    match (number(latitude), number(longitude)) {
        (Some(latitude), Some(longitude)) => position_of_degrees(latitude, longitude, row),
        (read, _) => {
            let (column, cell) = if read.is_none() { ("緯度", latitude) } else { ("経度", longitude) };
            row.fault(column, Reason::Position, cell);
            None
        }
    }
}

/// Makes a position of degrees, which must lie in Japan; two that are swapped are put right and pointed out.
pub(crate) fn position_of_degrees(latitude: f64, longitude: f64, row: &mut Row<'_>) -> Option<Position> {
    let in_japan = |latitude: f64, longitude: f64| (20.0..=46.0).contains(&latitude) && (122.0..=154.0).contains(&longitude);
    let given = format!("{latitude}, {longitude}");
    let (latitude, longitude) = if in_japan(latitude, longitude) {
        (latitude, longitude)
    } else if in_japan(longitude, latitude) {
        row.fault("緯度・経度", Reason::Swapped, &given);
        (longitude, latitude)
    } else {
        row.fault("緯度・経度", Reason::OutsideJapan, &given);
        return None;
    };
    Position::of_degrees(latitude, longitude)
}
