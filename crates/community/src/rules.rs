//! What can be decided without looking anything up: what a form says, what in it needs care, what the search compares.

use std::collections::BTreeMap;

use town::{District, Guide, GuideCode};

use crate::model::{Content, Fault, Flag, Position, Said};

/// Characters of a title at most.
pub(crate) const TITLE_CHARS_MAX: usize = 60;
/// Characters of a text at most.
pub(crate) const WORDS_CHARS_MAX: usize = 2000;
/// Characters of a place's name, a pen name, a photo's description or a note at most.
pub(crate) const SHORT_CHARS_MAX: usize = 100;
/// Characters of a pen name at most.
pub(crate) const PEN_NAME_CHARS_MAX: usize = 30;
/// Characters of a reason or a reader's note at most.
pub(crate) const REASON_CHARS_MAX: usize = 500;
/// Posts a person may begin in a day.
pub(crate) const POSTS_A_DAY_MAX: i64 = 10;
/// How far outside its districts a place of the town may be, in millionths of a degree: about twenty kilometres.
const MARGIN_MICRODEGREES: i32 = 200_000;
/// Japan, where a town has no districts to go by.
const JAPAN: Bounds = Bounds { south: 20_000_000, north: 46_000_000, west: 122_000_000, east: 154_000_000 };

/// What somebody typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Draft {
    /// Code of a category.
    pub(crate) category: String,
    /// The title.
    pub(crate) title: String,
    /// The text.
    pub(crate) words: String,
    /// The place's name.
    pub(crate) place: String,
    /// The district's name.
    pub(crate) district: String,
    /// Latitude in whole millionths of a degree.
    pub(crate) latitude: String,
    /// Longitude in whole millionths of a degree.
    pub(crate) longitude: String,
    /// Codes of age groups.
    pub(crate) ages: Vec<String>,
    /// Code of a tag, and what was chosen: `yes`, `no` or nothing.
    pub(crate) facts: Vec<(String, String)>,
    /// What the author wants to be called.
    pub(crate) pen_name: String,
    /// What can be seen on the photo.
    pub(crate) photo_words: String,
}

/// Reads a form.
///
/// # Errors
/// Every field that must be mended, in the order of the form.
pub(crate) fn content(draft: &Draft, guide: &Guide, districts: &[District]) -> Result<Content, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut note = |field, reason| faults.push(Fault { field, reason });
    let category = guide.category(&draft.category).map(|category| category.id.clone());
    if category.is_none() {
        note("category", if draft.category.is_empty() { "missing" } else { "unknown" });
    }
    let title = one_line(&draft.title);
    let words = lines(&draft.words);
    let (place, photo_words, pen_name) = (one_line(&draft.place), one_line(&draft.photo_words), one_line(&draft.pen_name));
    for (field, text, max, required) in [
        ("title", &title, TITLE_CHARS_MAX, true),
        ("words", &words, WORDS_CHARS_MAX, true),
        ("place", &place, SHORT_CHARS_MAX, false),
        ("photo_words", &photo_words, SHORT_CHARS_MAX, false),
        ("pen_name", &pen_name, PEN_NAME_CHARS_MAX, true),
    ] {
        if required && text.is_empty() {
            note(field, "missing");
        } else if text.chars().count() > max {
            note(field, "too_long");
        } else if civil::looks_like_my_number(text) {
            note(field, "my_number");
        }
    }
    let district = one_line(&draft.district);
    let known = district.is_empty() || districts.iter().any(|known| known.name == district);
    if !known {
        note("district", "unknown");
    }
    let position = match position(&draft.latitude, &draft.longitude) {
        Ok(position) => position,
        Err(()) => {
            note("position", "unknown");
            None
        }
    };
    if position.is_some_and(|position| !bounds(districts).hold(position)) {
        note("position", "not_here");
    }
    let ages = chosen(&draft.ages, |code| guide.age(code).map(|age| age.id.clone()));
    if ages.is_none() {
        note("ages", "unknown");
    }
    let facts = facts(&draft.facts, guide);
    if facts.is_none() {
        note("facts", "unknown");
    }
    let (Some(category), Some(ages), Some(facts), true) = (category, ages, facts, faults.is_empty()) else { return Err(faults) };
    let district = (!district.is_empty()).then_some(district);
    Ok(Content { category, title, words, place, district, position, ages, facts, pen_name: Some(pen_name), photo_words })
}

/// The text in one line, without blanks around it and without characters nobody sees.
fn one_line(text: &str) -> String {
    let seen: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !unseen(*c)).collect();
    seen.trim().to_owned()
}

/// The text with its lines, without blanks around it, at most one empty line after another.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text.chars().filter(|c| *c == '\n' || !unseen(*c)).collect();
    let mut out = String::new();
    let mut empty = 0;
    for line in kept.trim().lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim_end().to_owned()
}

/// Controls, and marks that turn the direction of what follows: nothing a text of people needs.
fn unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn position(latitude: &str, longitude: &str) -> Result<Option<Position>, ()> {
    let (latitude, longitude) = (latitude.trim(), longitude.trim());
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(None);
    }
    let read = |text: &str| text.parse::<i32>().map_err(|_| ());
    Position::new(read(latitude)?, read(longitude)?).map(Some).ok_or(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    south: i32,
    north: i32,
    west: i32,
    east: i32,
}

impl Bounds {
    fn hold(self, position: Position) -> bool {
        (self.south..=self.north).contains(&position.latitude) && (self.west..=self.east).contains(&position.longitude)
    }
}

/// The rectangle around the town's districts, and a little more.
fn bounds(districts: &[District]) -> Bounds {
    let around = |values: &dyn Fn(&District) -> i32| {
        let (least, most) = (districts.iter().map(values).min()?, districts.iter().map(values).max()?);
        Some((least - MARGIN_MICRODEGREES, most + MARGIN_MICRODEGREES))
    };
    match (around(&|district| district.latitude_microdegrees), around(&|district| district.longitude_microdegrees)) {
        (Some((south, north)), Some((west, east))) => Bounds { south, north, west, east },
        _ => JAPAN,
    }
}

fn chosen(codes: &[String], known: impl Fn(&str) -> Option<GuideCode>) -> Option<Vec<GuideCode>> {
    let mut found = codes.iter().map(|code| known(code)).collect::<Option<Vec<_>>>()?;
    found.sort();
    found.dedup();
    Some(found)
}

fn facts(told: &[(String, String)], guide: &Guide) -> Option<BTreeMap<GuideCode, Said>> {
    let mut facts = BTreeMap::new();
    for (code, said) in told {
        let code = guide.tag(code)?.id.clone();
        match said.as_str() {
            "" => {}
            said => drop(facts.insert(code, said.parse().ok()?)),
        }
    }
    Some(facts)
}

/// What in a post staff should look at with care.
pub(crate) fn flags(content: &Content) -> Vec<Flag> {
    let texts = [&content.title, &content.words, &content.place, &content.photo_words].into_iter().chain(&content.pen_name);
    let mut flags = Vec::new();
    for text in texts {
        if civil::looks_like_my_number(text) {
            flags.push(Flag::MyNumber);
        }
        if looks_like_telephone(text) {
            flags.push(Flag::Telephone);
        }
        if looks_like_mail(text) {
            flags.push(Flag::Mail);
        }
    }
    flags.sort();
    flags.dedup();
    flags
}

/// Whether ten or eleven digits that begin with 0 stand together, in any width, parted by single dashes, blanks or brackets.
fn looks_like_telephone(text: &str) -> bool {
    let mut run = String::new();
    let mut gap = 0;
    for c in text.chars().chain(['\n']) {
        let half = civil::half_width(c);
        if half.is_ascii_digit() {
            run.push(half);
            gap = 0;
        } else if matches!(c, '-' | '−' | '‐' | '－' | 'ー' | ' ' | '(' | ')' | '（' | '）') && gap == 0 && !run.is_empty() {
            gap += 1;
        } else {
            if matches!(run.len(), 10 | 11) && run.starts_with('0') {
                return true;
            }
            run.clear();
            gap = 0;
        }
    }
    false
}

/// Whether something stands on both sides of an at sign and a dot after it.
fn looks_like_mail(text: &str) -> bool {
    let half: String = text.chars().map(civil::half_width).collect();
    half.split(|c: char| c.is_whitespace() || matches!(c, '、' | '。' | '<' | '>' | '(' | ')')).any(|word| {
        word.rsplit_once('@').is_some_and(|(before, after)| {
            !before.is_empty() && after.split_once('.').is_some_and(|(host, end)| !host.is_empty() && end.len() >= 2)
        })
    })
}

/// A text as the search compares it: half width, small letters, blanks as one.
pub(crate) fn folded(text: &str) -> String {
    let half: String = text.chars().map(civil::half_width).collect();
    half.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What of a post can be searched.
pub(crate) fn search_text(content: &Content) -> String {
    let parts = [&content.title, &content.words, &content.place];
    let more = [content.district.as_ref(), content.pen_name.as_ref()];
    let all: Vec<&str> = parts.into_iter().chain(more.into_iter().flatten()).map(String::as_str).collect();
    folded(&all.join(" "))
}

/// Whether two names are the same to a reader's eye.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    let bare = |text: &str| folded(text).replace(' ', "");
    bare(one) == bare(other)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
