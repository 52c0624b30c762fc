//! The file: lines unfolded, each with its number, and the events and time zones they make. The lines themselves are read by the crate `icalendar`.

use encoding_rs::SHIFT_JIS;
use icalendar::parser::Property;

use super::{FeedReason, FeedRefusal, FeedReport};

/// Components inside one another at most.
const DEPTH_MAX: usize = 8;

/// A property with the line it stands at.
#[derive(Debug, Clone)]
pub(super) struct Prop {
    pub(super) line: u32,
    pub(super) name: String,
    pub(super) params: Vec<(String, String)>,
    pub(super) value: String,
}

impl Prop {
    /// A parameter's value.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value as text; the crate has taken the signs of section 3.3.11 out already.
    pub(super) fn text(&self) -> String {
        let shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        self.value.chars().filter(shown).collect::<String>().trim().to_owned()
    }
}

/// An event or a time zone, as its lines say it.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    /// The line it begins at.
    pub(super) line: u32,
    pub(super) props: Vec<Prop>,
}

impl Raw {
    pub(super) fn find(&self, name: &str) -> Option<&Prop> {
        self.props.iter().find(|prop| prop.name == name)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Prop> {
        self.props.iter().filter(move |prop| prop.name == name)
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) events: Vec<Raw>,
    pub(super) zones: Vec<Raw>,
    /// METHOD:CANCEL: none of it takes place.
    pub(super) cancelled: bool,
}

/// Reads a file's components. A line that is no property is passed over and noted.
pub(super) fn read(bytes: &[u8], report: &mut FeedReport) -> Result<File, FeedRefusal> {
    let lines = unfolded(bytes)?;
    let mut file = File::default();
    let mut open: Vec<(String, u32)> = Vec::new();
    let mut last = 1;
    for (line, text) in &lines {
        last = *line;
        let wrong = FeedRefusal::NotCalendar { line: *line };
        if let Some(name) = keyword(text, "BEGIN:") {
            if open.is_empty() && name != "VCALENDAR" || open.len() >= DEPTH_MAX {
                return Err(wrong);
            }
            if open.len() == 1 {
                let raw = Raw { line: *line, props: Vec::new() };
                match name.as_str() {
                    "VEVENT" => file.events.push(raw),
                    "VTIMEZONE" => file.zones.push(raw),
                    _ => {}
                }
            }
            open.push((name, *line));
        } else if let Some(name) = keyword(text, "END:") {
            if open.pop().is_none_or(|(began, _)| began != name) {
                return Err(wrong);
            }
        } else if open.is_empty() {
            return Err(wrong);
        } else {
            property(&mut file, &open, *line, text, report);
        }
    }
    match (lines.is_empty(), open.is_empty()) {
        (true, _) => Err(FeedRefusal::Empty),
        (_, false) => Err(FeedRefusal::Truncated { line: last }),
        _ => Ok(file),
    }
}

fn keyword(text: &str, word: &str) -> Option<String> {
    let start = text.get(..word.len())?;
    start.eq_ignore_ascii_case(word).then(|| text[word.len()..].trim().to_ascii_uppercase())
}

fn property(file: &mut File, open: &[(String, u32)], line: u32, text: &str, report: &mut FeedReport) {
    let owner = match open.get(1).map(|(name, _)| name.as_str()) {
        Some("VEVENT") if open.len() == 2 => file.events.last_mut(),
        // The offsets of a zone stand one deeper.
        Some("VTIMEZONE") => file.zones.last_mut(),
        None => None,
        // Alarms, and what is neither event nor zone, say nothing to us.
        Some(_) => return,
    };
    let Ok(read) = Property::try_from(text) else {
        report.note(line, "", FeedReason::Line, text);
        return;
    };
    let name = read.name.as_str().to_ascii_uppercase();
    let value = read.val.as_str().to_owned();
    let Some(owner) = owner else {
        file.cancelled |= name == "METHOD" && value.trim().eq_ignore_ascii_case("CANCEL");
        return;
    };
    let param = |key: &str, value: &str| (key.to_ascii_uppercase(), value.trim_matches('"').to_owned());
    let params = read.params.iter().map(|one| param(one.key.as_str(), one.val.as_ref().map_or("", |value| value.as_str()))).collect();
    owner.props.push(Prop { line, name, params, value });
}

/// The lines of a file with what was folded joined again, each with the number of its first line. Joined as bytes: some programs fold within a character.
fn unfolded(bytes: &[u8]) -> Result<Vec<(u32, String)>, FeedRefusal> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines: Vec<(u32, Vec<u8>)> = Vec::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line.first(), lines.last_mut()) {
            (Some(b' ' | b'\t'), Some((_, before))) => before.extend_from_slice(&line[1..]),
            (None, _) => {}
            _ => lines.push((number, line.to_vec())),
        }
    }
    let utf8: Option<Vec<(u32, String)>> =
        lines.iter().map(|(number, line)| Some((*number, std::str::from_utf8(line).ok()?.to_owned()))).collect();
    if let Some(lines) = utf8 {
        return Ok(lines);
    }
    let cp932 = |(number, line): &(u32, Vec<u8>)| {
        let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line);
        text.map(|text| (*number, text.into_owned())).ok_or(FeedRefusal::Encoding { line: *number })
    };
    lines.iter().map(cp932).collect()
}
