//! What pages say of places, data sets and files, in the reader's language.

use town::HazardKind;
use web::{FetchFault, View};

use crate::basemap::Fault;
use crate::model::{Lost, Origin, Place, Position, Reason, Refusal, RowFault, State};
use crate::rules::area::{self, Degree};
use crate::rules::near;
use crate::rules::spot::{Kind, Listed, Spot};

/// Metres people walk in a minute, as advertisements of houses must count them (不動産の表示に関する公正競争規約).
const WALK_M_PER_MINUTE: u32 = 80;

fn key(start: &str, word: &str) -> String {
    format!("places-{start}-{}", word.replace('_', "-"))
}

/// Whether the reader reads names of places in kanji, as they stand on signs: who reads Chinese does.
pub(crate) fn in_kanji(view: &View) -> bool {
    view.language.html() == "ja" || view.language.as_str().starts_with("zh")
}

pub(crate) fn kind(view: &View, kind: Kind) -> String {
    view.t(&key("kind", kind.word()))
}

/// What stands at a spot: 「指定緊急避難場所・指定避難所」.
pub(crate) fn kinds(view: &View, spot: &Spot<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    for part in &spot.parts {
        let word = kind(view, part.kind());
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(&view.t("places-and"))
}

pub(crate) fn hazard(view: &View, hazard: HazardKind) -> String {
    view.t(&key("hazard", hazard.word()))
}

/// How far and where: 「直線で約350 m（北東）、歩いて5分ほど」.
pub(crate) fn distance(view: &View, distance_m: u32, from: Position, to: Position) -> String {
    let direction = view.t(&key("direction", near::direction(from, to)));
    let minutes = distance_m.div_ceil(WALK_M_PER_MINUTE).max(1).to_string();
    let length = length(distance_m);
    view.ta("places-distance", &[("length", (&length).into()), ("direction", (&direction).into()), ("minutes", (&minutes).into())])
}

/// A length as people say it: 350 m, 1.2 km, 14 km.
pub(crate) fn length(distance_m: u32) -> String {
    match distance_m {
        0..1_000 => format!("{} m", (distance_m / 10 * 10).max(10)),
        1_000..10_000 => format!("{}.{} km", distance_m / 1_000, distance_m % 1_000 / 100),
        _ => format!("{} km", distance_m / 1_000),
    }
}

/// What a 備考 or 受入対象者 says that must be read with the flags.
pub(crate) fn caution(part: &Listed<'_>) -> Option<String> {
    let detail = &part.place.detail;
    let said: Vec<&str> = [detail.note.as_str(), detail.only_for.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("　"))
}

/// How grave a hazard area is, as its own columns say; empty where they do not.
pub(crate) fn degree(view: &View, place: &Place) -> String {
    match area::degree(place) {
        Degree::Special => view.t("places-area-special"),
        Degree::Warning => view.t("places-area-warning"),
        Degree::Depth(depth) => view.t1("places-area-depth", "depth", &depth),
        Degree::Unsaid => String::new(),
    }
}

pub(crate) fn state(view: &View, state: State) -> String {
    view.t(&key("state", state.as_str()))
}

pub(crate) fn origin(view: &View, origin: Origin) -> String {
    view.t(&key("origin", origin.as_str()))
}

pub(crate) fn fetch_fault(view: &View, fault: FetchFault) -> String {
    view.t(&key("fetch", fault.as_str()))
}

/// Why a file of tiles is not shown.
pub(crate) fn tiles_fault(view: &View, fault: Fault) -> String {
    view.t(&key("tiles-fault", fault.0))
}

/// What is wrong with a row: where, why, and the cell.
pub(crate) struct FaultWords {
    pub(crate) line: u32,
    pub(crate) column: String,
    pub(crate) why: String,
    pub(crate) cell: String,
    pub(crate) left_out: bool,
}

pub(crate) fn fault(view: &View, fault: &RowFault) -> FaultWords {
    FaultWords {
        line: fault.line,
        column: fault.column.clone(),
        why: reason(view, fault.reason),
        cell: fault.cell.clone(),
        left_out: fault.reason.leaves_out(),
    }
}

fn reason(view: &View, reason: Reason) -> String {
    view.t(&key("fault", reason.as_str()))
}

/// Why a file is refused, and what to do.
pub(crate) fn refusal(view: &View, refusal: &Refusal) -> (String, String) {
    let number = u32::to_string;
    let (name, args): (&str, Vec<(&str, String)>) = match refusal {
        Refusal::Empty => ("empty", Vec::new()),
        Refusal::Encoding { line } => ("encoding", vec![("line", number(line))]),
        Refusal::Columns { missing, found } => {
            let comma = view.t("places-and");
            ("columns", vec![("missing", missing.join(&comma)), ("found", found.join(&comma))])
        }
        Refusal::Truncated { line } => ("truncated", vec![("line", number(line))]),
        Refusal::Json { line, column } => ("json", vec![("line", number(line)), ("column", number(column))]),
        Refusal::NotGeoJson => ("not-geojson", Vec::new()),
        Refusal::System { name } => ("system", vec![("name", name.clone())]),
        Refusal::Faulty { faulty, rows, percent } => {
            ("faulty", vec![("faulty", number(faulty)), ("rows", number(rows)), ("percent", number(percent))])
        }
        Refusal::NoPlaces => ("no-places", Vec::new()),
    };
    let args: Vec<(&str, town::Arg<'_>)> = args.iter().map(|(name, value)| (*name, value.into())).collect();
    let text = format!("places-refusal-{name}");
    (view.ta(&text, &args), view.ta(&format!("{text}.next"), &args))
}

/// Why a file waits.
pub(crate) fn lost(view: &View, lost: &Lost) -> String {
    let [before, gone, percent] = [lost.before, lost.gone, lost.percent].map(|number| number.to_string());
    let names = lost.names.join(&view.t("places-and"));
    view.ta(
        "places-lost",
        &[("before", (&before).into()), ("gone", (&gone).into()), ("percent", (&percent).into()), ("names", (&names).into())],
    )
}

/// A telephone number as phones dial it: the first run of digits and hyphens that is one.
pub(crate) fn dialled(telephone: &str) -> Option<String> {
    let first = telephone.split(['、', ',', '／', '/', '　', ' ']).find(|part| part.chars().any(|c| c.is_ascii_digit()))?;
    let digits: String =
        first.chars().filter_map(|c| c.to_digit(10).or_else(|| full_width(c))).filter_map(|digit| char::from_digit(digit, 10)).collect();
    ((9..=11).contains(&digits.len()) && digits.starts_with('0')).then_some(digits)
}

fn full_width(c: char) -> Option<u32> {
    u32::from(c).checked_sub(u32::from('０')).filter(|digit| *digit < 10)
}
