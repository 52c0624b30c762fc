//! Real files as they are and as they break, and what must hold for every file.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use town::{Dataset, DatasetFormat, DatasetKind, DatasetLimits, DatasetSource, HazardKind, PinShape, PinTone, Words};

use super::area::{self, Degree};
use super::near::{direction, position_of_address};
use super::spot::{self, Kind, Listed, Wish};
use super::{Bounds, Expected, heading, judge, read};
use crate::model::{Hazards, Place, Position, Reason, Refusal, Report, TextEncoding};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

/// A village's file of 国土地理院.
fn emergency_sites() -> Vec<u8> {
    fixture("sites.json")
}

/// Words come from a pack and from nowhere else.
static A_NAME: LazyLock<Words> =
    LazyLock::new(|| town::Town::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo")).unwrap().name.clone());

fn dataset(kind: DatasetKind, format: DatasetFormat) -> Dataset {
    Dataset {
        id: "tested".parse().unwrap(),
        name: A_NAME.clone(),
        kind,
        format,
        source: DatasetSource::Upload,
        credit: A_NAME.clone(),
        hazards: Vec::new(),
        limits: DatasetLimits::default(),
        shape: PinShape::Circle,
        tone: PinTone::Ai,
        mark: "試".to_owned(),
    }
}

fn csv(kind: DatasetKind, bytes: &[u8]) -> (Vec<Place>, Report) {
    read(bytes, &Expected { dataset: &dataset(kind, DatasetFormat::Csv), bounds: None })
}

fn geojson(kind: DatasetKind, bytes: &[u8]) -> (Vec<Place>, Report) {
    read(bytes, &Expected { dataset: &dataset(kind, DatasetFormat::GeoJson), bounds: None })
}

fn named<'a>(places: &'a [Place], name: &str) -> &'a Place {
    places.iter().find(|place| place.name == name).unwrap_or_else(|| panic!("{name} is missing"))
}

#[test]
fn shift_jis_as_windows_writes_it_is_read_with_its_own_characters() {
    let (places, report) = csv(DatasetKind::Facility, &fixture("care-cp932.csv"));
    assert_eq!((report.encoding, report.refusal.clone()), (Some(TextEncoding::Cp932), None), "{:?}", report.faults);
    assert_eq!((report.rows, report.taken), (277, places.len() as u32));
    // ① is none of Shift_JIS's, but of Windows'.
    let place = named(&places, "くすのき");
    assert!(place.detail.more.iter().any(|(_, cell)| cell.starts_with('①')), "{:?}", place.detail.more);
    assert_eq!(place.position, Position { latitude: 34_882_902, longitude: 138_306_157 });
    // A place named twice, and nothing else, is left out.
    assert!(report.faults.iter().all(|fault| fault.reason == Reason::Twice), "{:?}", report.faults);
}

#[test]
fn the_first_generation_is_read_with_circles_for_flags() {
    let (places, report) = csv(DatasetKind::EmergencySite, &fixture("evacuation-space.csv"));
    assert_eq!((report.encoding, report.rows, report.taken), (Some(TextEncoding::Utf8), 31, 31), "{:?}", report.faults);
    let tower = named(&places, "中港タワー");
    assert!(tower.hazards.has(HazardKind::Tsunami) && tower.hazards.has(HazardKind::Earthquake) && !tower.hazards.has(HazardKind::Flood));
    assert_eq!(crate::words::dialled(&tower.detail.telephone).as_deref(), Some("0546250128"));
}

#[test]
fn towns_of_their_own_mind_are_understood() {
    // A dash that is none (U+2015) in the heading of the code, and the second generation's blanks.
    let (places, report) = csv(DatasetKind::Childcare, &fixture("preschool.csv"));
    assert_eq!((report.rows, report.refusal), (60, None));
    assert!(named(&places, "焼津市立大富幼稚園").detail.hours.contains("14:30"));
    let (places, report) = csv(DatasetKind::Toilet, &fixture("toilet.csv"));
    assert_eq!((report.rows, report.taken, report.refusal), (112, places.len() as u32, None));
    assert_eq!(csv(DatasetKind::CoolSpot, &fixture("cool-spot.csv")).1.refusal, None);
    // Hazards by their own names, several in one column.
    let (places, _) = csv(DatasetKind::EmergencySite, &fixture("own-hazards.csv"));
    let centre = named(&places, "二区コミュニティ防災センター");
    assert_eq!(centre.hazards.kinds().count(), 5, "earthquake and tsunami, flood, storm surge and inland flood");
    assert!(!centre.hazards.has(HazardKind::Landslide));
    // English headings, and 「全災害」 in words.
    let (places, report) = csv(DatasetKind::EmergencySite, &fixture("own-names.csv"));
    // One of its shelters lies in the Pacific: a slip of the publisher's, found by the reader.
    let [fault] = report.faults.as_slice() else { panic!("{:?}", report.faults) };
    assert_eq!((report.rows, report.taken, fault.line, fault.reason), (28, 27, 13, Reason::OutsideJapan));
    assert_eq!(named(&places, "武生東小学校").hazards, Hazards::EVERY);
}

#[test]
fn metres_of_a_named_zone_are_the_degrees_another_file_gives() {
    let (places, report) = geojson(DatasetKind::Shelter, &fixture("metres.geojson"));
    assert_eq!((report.rows, report.taken), (1, 1), "{:?}", report.faults);
    let (reference, _) = csv(DatasetKind::Shelter, &fixture("reference.csv"));
    let by_degrees = named(&reference, &places[0].name).position;
    assert!(places[0].position.distance_m(by_degrees) <= 2, "{:?} {by_degrees:?}", places[0].position);
    // The same file under a system nobody here reads is refused, not guessed at.
    let unknown = String::from_utf8(fixture("metres.geojson")).unwrap().replace("EPSG::6675", "EPSG::32653");
    let refusal = geojson(DatasetKind::Shelter, unknown.as_bytes()).1.refusal;
    assert!(matches!(refusal, Some(Refusal::System { ref name }) if name.contains("32653")), "{refusal:?}");
    // Without its system the metres are no degrees: nothing is taken.
    let bare = String::from_utf8(fixture("metres.geojson"))
        .unwrap()
        .replace(r#""crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::6675" } },"#, "");
    let (_, report) = geojson(DatasetKind::Shelter, bare.as_bytes());
    assert_eq!((report.refusal, report.faults[0].reason), (Some(Refusal::NoPlaces), Reason::OutsideJapan));
}

#[test]
fn areas_keep_their_outline() {
    let (places, report) = geojson(DatasetKind::Hazard, &fixture("flooded-areas.geojson"));
    assert!(report.refusal.is_none() && report.taken == report.rows, "{:?}", report.faults);
    assert!(places.iter().all(|place| place.detail.outline.is_some() && place.name == A_NAME.ja()));
}

/// 土砂災害警戒区域 of a real city: where the points lie was computed elsewhere.
#[test]
fn a_position_lies_in_the_gravest_of_the_areas_around_it() {
    let dataset = Dataset { hazards: vec![HazardKind::Landslide], ..dataset(DatasetKind::Hazard, DatasetFormat::GeoJson) };
    let (places, report) = read(&fixture("landslide-areas.geojson"), &Expected { dataset: &dataset, bounds: None });
    let twice: Vec<Reason> = report.faults.iter().map(|fault| fault.reason).collect();
    assert_eq!((report.refusal, places.len(), twice), (None, 155, vec![Reason::Twice]), "one of the 156 stands in the file twice");
    let listed: Vec<Listed<'_>> = places.into_iter().map(|place| Listed { dataset: &dataset, place }).collect();
    let at = |latitude, longitude| {
        let here = Position { latitude, longitude };
        let around = listed.iter().filter(|one| area::lies_in(&one.place, here)).count();
        let gravest: Vec<Degree> = area::areas_at(&listed, here).iter().map(|one| area::degree(&one.place)).collect();
        (around, gravest)
    };
    assert_eq!(at(35_091_499, 138_871_941), (3, vec![Degree::Special]), "a red zone, its yellow one, and that of a debris flow");
    assert_eq!(at(35_156_410, 138_862_271), (1, vec![Degree::Warning]));
    assert_eq!(at(35_100_000, 138_700_000), (0, vec![]), "outside of all");
    assert!(listed.iter().all(|one| one.place.hazards.has(HazardKind::Landslide)));
    assert_eq!(area::pattern(&dataset), "hatch");
}

#[test]
fn a_hole_is_no_part_of_an_area_and_depths_are_compared_as_numbers() {
    let feature = |depth: &str, rings: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{"最大浸水深":"{depth}"}},"geometry":{{"type":"MultiPolygon","coordinates":[[{rings}]]}}}}"#
        )
    };
    let ring = |low: i32, high: i32| {
        let (w, e, s, n) = (
            138.0 + f64::from(low) / 1000.0,
            138.0 + f64::from(high) / 1000.0,
            35.0 + f64::from(low) / 1000.0,
            35.0 + f64::from(high) / 1000.0,
        );
        format!("[[{w},{s}],[{e},{s}],[{e},{n}],[{w},{n}],[{w},{s}]]")
    };
    let features =
        [feature("0.5~1.0m未満の区域", &format!("{},{}", ring(0, 100), ring(40, 60))), feature("３.０m以上", &ring(10, 30))].join(",");
    let file = format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#);
    let (places, report) = geojson(DatasetKind::Hazard, file.as_bytes());
    assert_eq!(report.taken, 2, "{report:?}");
    let dataset = dataset(DatasetKind::Hazard, DatasetFormat::GeoJson);
    let listed: Vec<Listed<'_>> = places.into_iter().map(|place| Listed { dataset: &dataset, place }).collect();
    let at = |part: i32| {
        let here = Position { latitude: 35_000_000 + part * 1_000, longitude: 138_000_000 + part * 1_000 };
        area::areas_at(&listed, here).iter().map(|one| area::degree(&one.place)).collect::<Vec<_>>()
    };
    assert_eq!(at(20), [Degree::Depth("３.０m以上".into())], "the deeper of two");
    assert_eq!(at(35), [Degree::Depth("0.5~1.0m未満の区域".into())]);
    assert_eq!(at(50), [], "the hole");
}

#[test]
fn half_a_download_is_seen_for_what_it_is() {
    let whole = emergency_sites();
    assert_eq!(geojson(DatasetKind::EmergencySite, &whole).1.taken, 11);
    for part in [whole.len() / 2, whole.len() - 2, whole.len() / 3 + 1] {
        let refusal = geojson(DatasetKind::EmergencySite, &whole[..part]).1.refusal;
        assert!(matches!(refusal, Some(Refusal::Truncated { line }) if line > 1), "{part}: {refusal:?}");
    }
    // CSV: cut in a row, in a character of UTF-8, in a quoted cell.
    let text = fixture("evacuation-space.csv");
    let third = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(20).unwrap().0;
    let cut = &text[..third + 30];
    let cut = &cut[..(0..=cut.len()).rev().find(|end| std::str::from_utf8(&cut[..*end]).is_ok()).unwrap()];
    assert_eq!(csv(DatasetKind::EmergencySite, cut).1.refusal, Some(Refusal::Truncated { line: 22 }));
    let inside = (third..text.len()).find(|end| std::str::from_utf8(&text[..*end]).is_err()).unwrap();
    assert_eq!(csv(DatasetKind::EmergencySite, &text[..inside]).1.refusal, Some(Refusal::Truncated { line: 22 }));
    let open = "名称,緯度,経度\n広場,35.0,138.0\n\"公園,35.1,138.1\n";
    assert_eq!(csv(DatasetKind::Facility, open.as_bytes()).1.refusal, Some(Refusal::Truncated { line: 3 }));
}

#[test]
fn wrong_columns_name_what_is_missing_and_what_is_there() {
    let text = String::from_utf8(fixture("evacuation-space.csv")).unwrap().replace("緯度", "北緯").replace("災害種別_", "災害_");
    let refusal = csv(DatasetKind::EmergencySite, text.as_bytes()).1.refusal;
    let Some(Refusal::Columns { missing, found }) = refusal else { panic!("{refusal:?}") };
    assert_eq!(missing, ["緯度", "災害種別_洪水"]);
    assert!(found.contains(&"北緯".to_owned()));
    // Places that are for tsunamis by the pack's word need no column.
    let (mut towers, text) = (dataset(DatasetKind::EmergencySite, DatasetFormat::Csv), "名称,緯度,経度\n塔,35.0,138.0\n");
    assert!(read(text.as_bytes(), &Expected { dataset: &towers, bounds: None }).1.refusal.is_some());
    towers.hazards = vec![HazardKind::Tsunami];
    let (places, _) = read(text.as_bytes(), &Expected { dataset: &towers, bounds: None });
    assert!(places[0].hazards.has(HazardKind::Tsunami));
}

#[test]
fn a_fault_names_the_line_people_see_whatever_ends_it() {
    for end in ["\n", "\r\n"] {
        let text = ["名称,緯度,経度", "\"二行に\n書く\",35.0,138.0", "", "公園,,138.1", "", "", "広場,35.1,", "川,35.2,138.2"].join(end);
        let lines: Vec<u32> = csv(DatasetKind::Facility, text.as_bytes()).1.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [5, 8], "{end:?}");
    }
}

#[test]
fn characters_nobody_can_read_are_named_by_their_line() {
    let broken = b"\x96\xbc\x8f\xcc,lat,lon\r\n\xff\xff\xff,35.0,138.0\r\n";
    assert_eq!(csv(DatasetKind::Facility, broken).1.refusal, Some(Refusal::Encoding { line: 2 }));
    let lost = "名称,緯度,経度\n広\u{fffd},35.0,138.0\n公園,35.1,138.1\n髙\u{e000}橋,35.2,138.2\n";
    let (places, report) = csv(DatasetKind::Facility, lost.as_bytes());
    assert_eq!(places.iter().map(|place| place.name.as_str()).collect::<Vec<_>>(), ["公園", "髙〓橋"]);
    let faults: Vec<(u32, Reason)> = report.faults.iter().map(|fault| (fault.line, fault.reason)).collect();
    assert_eq!(faults, [(2, Reason::LostCharacter), (4, Reason::OwnCharacter)]);
    assert_eq!(csv(DatasetKind::Facility, b"").1.refusal, Some(Refusal::Empty));
}

#[test]
fn rows_are_judged_one_by_one_and_the_file_as_a_whole() {
    let rows = "名称,緯度,経度,災害種別_洪水\n一,35.0,138.0,1\n二,138.1,35.1,\n,35.2,138.2,1\n四,,138.3,1\n五,北,138.4,1\n六,51.5,0.1,1\n七,35.7,138.7,半分\n一,35.0,138.0,1\n";
    let mut dataset = dataset(DatasetKind::EmergencySite, DatasetFormat::Csv);
    let (_, report) = read(rows.as_bytes(), &Expected { dataset: &dataset, bounds: None });
    assert_eq!(report.refusal, Some(Refusal::Faulty { faulty: 5, rows: 8, percent: 5 }));
    dataset.limits.faulty_percent = 100;
    let (places, report) = read(rows.as_bytes(), &Expected { dataset: &dataset, bounds: None });
    assert_eq!(places.iter().map(|place| place.name.as_str()).collect::<Vec<_>>(), ["一", "二", "七"]);
    assert_eq!(places[1].position, Position { latitude: 35_100_000, longitude: 138_100_000 }, "swapped, and put right");
    let faults: Vec<(u32, Reason)> = report.faults.iter().map(|fault| (fault.line, fault.reason)).collect();
    use Reason::{Flag, NoName, NoPosition, OutsideJapan, Position as NoNumber, Swapped, Twice};
    assert_eq!(faults, [(3, Swapped), (4, NoName), (5, NoPosition), (6, NoNumber), (7, OutsideJapan), (8, Flag), (9, Twice)]);
    let far = Bounds { south: 34_000_000, north: 35_050_000, west: 137_000_000, east: 139_000_000 };
    let (places, report) = read(rows.as_bytes(), &Expected { dataset: &dataset, bounds: Some(far) });
    assert_eq!((places.len(), report.faults.iter().filter(|fault| fault.reason == Reason::OutsideTown).count()), (1, 3));
}

#[test]
fn a_single_faulty_row_stops_no_file_however_small_the_village() {
    let rows = "名称,緯度,経度\n一,35.0,138.0\n二,35.1,\n";
    let (places, report) = csv(DatasetKind::Facility, rows.as_bytes());
    assert_eq!((places.len(), report.refusal, report.rows, report.taken), (1, None, 2, 1));
}

#[test]
fn what_is_lost_of_the_version_before_is_counted_by_keys() {
    let (before, _) = geojson(DatasetKind::EmergencySite, &emergency_sites());
    let dataset = dataset(DatasetKind::EmergencySite, DatasetFormat::GeoJson);
    assert_eq!(judge::lost(&before, &before, &dataset), None);
    assert_eq!(judge::lost(&before, &before[2..], &dataset), None, "2 of 11 are within 20 percent");
    let lost = judge::lost(&before, &before[3..], &dataset).unwrap();
    assert_eq!((lost.before, lost.gone, lost.percent, lost.names.len()), (11, 3, 20, 3));
    assert_eq!(judge::lost(&before[..2], &before[..1], &dataset), None, "one place may always go");
}

#[test]
fn headings_are_compared_in_one_form() {
    for same in ["名称_カナ", "名称＿カナ", " 名称_カナ　", "名称_\nカナ", "名称_ｶﾅ"] {
        assert_eq!(heading::column(same), heading::Column::Kana, "{same:?}");
    }
    let landslide = Hazards::of(&[HazardKind::Landslide]);
    for same in ["災害種別_崖崩れ、土石流及び地滑り", "崖崩れ、土石流及び地滑り", "災害種別＿崖崩れ、土石流及び地滑り"]
    {
        assert_eq!(heading::column(same), heading::Column::Hazards(landslide), "{same:?}");
    }
    assert_eq!(heading::column("土砂災害警戒区域"), heading::Column::Other("土砂災害警戒区域".to_owned()), "a level is no flag");
    assert_eq!(heading::column("施設の種類　"), heading::Column::Other("施設の種類".to_owned()));
}

#[test]
fn directions_are_those_of_the_ground() {
    // 東京駅 and 新宿駅.
    let (tokyo, shinjuku) =
        (Position { latitude: 35_681_236, longitude: 139_767_125 }, Position { latitude: 35_690_921, longitude: 139_700_258 });
    assert_eq!((direction(tokyo, shinjuku), direction(shinjuku, tokyo)), ("w", "e"));
    let from = Position { latitude: 36_000_000, longitude: 138_000_000 };
    let around = [(1, 0, "n"), (1, 1, "ne"), (0, 1, "e"), (-1, 1, "se"), (-1, 0, "s"), (-1, -1, "sw"), (0, -1, "w"), (1, -1, "nw")];
    for (north, east, expected) in around {
        let to = Position { latitude: from.latitude + north * 10_000, longitude: from.longitude + east * 12_000 };
        assert_eq!(direction(from, to), expected);
    }
    assert_eq!(position_of_address("35.681,139.767"), Some(Position { latitude: 35_681_000, longitude: 139_767_000 }));
    for bad in ["", "35.6", "a,b", "95,139", "35,NaN", "35,inf"] {
        assert_eq!(position_of_address(bad), None, "{bad}");
    }
}

#[test]
fn a_note_takes_back_what_a_flag_says_for_its_own_hazard_only() {
    assert!(spot::bars("洪水時不可", HazardKind::Flood) && !spot::bars("洪水時不可", HazardKind::Earthquake));
    assert!(spot::bars("土砂災害時不可", HazardKind::Landslide));
    assert!(!spot::bars("洪水時は2階以上に避難", HazardKind::Flood), "it restricts, and is shown, but does not bar");
    assert!(!spot::bars("洪水時は2階以上に避難、土砂災害時不可", HazardKind::Flood));
}

fn place(name: &str, latitude: i32, longitude: i32, hazards: &[HazardKind], common_id: &str) -> Place {
    Place {
        key: format!("tested.{name}"),
        name: name.to_owned(),
        position: Position { latitude, longitude },
        hazards: Hazards::of(hazards),
        detail: crate::model::Detail { common_id: common_id.to_owned(), ..Default::default() },
    }
}

#[test]
fn sites_and_shelters_of_one_spot_are_joined_and_welfare_shelters_are_offered_to_nobody_unasked() {
    let (sites, mut shelters) =
        (dataset(DatasetKind::EmergencySite, DatasetFormat::Csv), dataset(DatasetKind::Shelter, DatasetFormat::Csv));
    shelters.id = "shelters".parse().unwrap();
    let site = |name: &str, id: &str| Listed { dataset: &sites, place: place(name, 35_000_000, 138_000_000, &[HazardKind::Flood], id) };
    let shelter = |name: &str, id: &str| Listed { dataset: &shelters, place: place(name, 35_000_000, 138_000_000, &[], id) };
    let mut barred = shelter("公民館", "E2099900002111");
    barred.place.detail.note = "洪水時不可".to_owned();
    let mut care = shelter("ホーム", "E2099900003111");
    care.place.detail.only_for = "高齢者".to_owned();
    let all = || {
        vec![
            site("学校の庭", "E2099900001201"),
            site("公民館の庭", "E2099900002201"),
            shelter("学校", "E2099900001111"),
            barred.clone(),
            care.clone(),
            shelter("別の家", "E2099900004121"),
        ]
    };
    let names = |wish: &Wish| {
        spot::choose(spot::join(all()), wish)
            .iter()
            .map(|spot| spot.parts.iter().map(|part| part.place.name.clone()).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    // Two sites at one spot stay two places: each has flags of its own.
    let two = spot::join(vec![site("校庭", "E2099900009201"), site("体育館", "E2099900009202"), shelter("学校", "E2099900009111")]);
    assert_eq!(two.iter().map(|spot| spot.parts.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(names(&Wish::default()), [vec!["学校の庭", "学校"], vec!["公民館の庭", "公民館"]]);
    assert_eq!(
        names(&Wish { hazard: Some(HazardKind::Flood), ..Default::default() }),
        [vec!["学校の庭", "学校"]],
        "the other's shelter says 洪水時不可"
    );
    assert_eq!(names(&Wish { kind: Some(Kind::Welfare), ..Default::default() }), [vec!["ホーム"], vec!["別の家"]]);
    assert_eq!(names(&Wish { kind: Some(Kind::Of(DatasetKind::Shelter)), hazard: Some(HazardKind::Flood), near: None }), [vec!["学校"]]);
}

fn any_name() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ぁ-んァ-ヶ一二三山川町村①②№髙﨑a-z0-9,\"、（）]{1,12}")
        .unwrap()
        .prop_map(|name| name.trim().to_owned())
        .prop_filter("said", |name| !name.is_empty())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_in_every_encoding(
        rows in proptest::collection::btree_map(any_name(), (20_000_000..46_000_000_i32, 122_000_000..154_000_000_i32, any::<u8>(), any_name()), 1..30),
        encoding in 0..3_u8,
    ) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        let heads = HazardKind::ALL.iter().map(|kind| match kind {
            HazardKind::Flood => "洪水", HazardKind::Landslide => "崖崩れ、土石流及び地滑り", HazardKind::StormSurge => "高潮", HazardKind::Earthquake => "地震",
            HazardKind::Tsunami => "津波", HazardKind::Fire => "大規模な火事", HazardKind::InlandFlood => "内水氾濫", HazardKind::Volcano => "火山現象",
        }).map(|name| format!("災害種別_{name}"));
        writer.write_record(["名称", "緯度", "経度", "備考"].map(str::to_owned).into_iter().chain(heads)).unwrap();
        for (name, (latitude, longitude, hazards, note)) in &rows {
            let degrees = |of: &i32| format!("{}.{:06}", of / 1_000_000, of % 1_000_000);
            let flags = (0..8).map(|bit| if hazards & (1 << bit) == 0 { "" } else { "○" }.to_owned());
            writer.write_record([name.clone(), degrees(latitude), degrees(longitude), note.clone()].into_iter().chain(flags)).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let bytes = match encoding {
            0 => text.into_bytes(),
            1 => [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
            _ => encoding_rs::SHIFT_JIS.encode(&text).0.into_owned(),
        };
        let (places, report) = csv(DatasetKind::EmergencySite, &bytes);
        prop_assert_eq!(&report.refusal, &None, "{:?}", report.faults);
        prop_assert_eq!(places.len(), rows.len());
        for place in places {
            let (latitude, longitude, hazards, note) = &rows[&place.name];
            prop_assert_eq!(place.position, Position { latitude: *latitude, longitude: *longitude });
            prop_assert_eq!(place.hazards.kinds().count() as u32, hazards.count_ones());
            prop_assert_eq!(&place.detail.note, note);
        }
    }

    #[test]
    fn no_file_brings_the_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..400), json in ".{0,200}") {
        csv(DatasetKind::EmergencySite, &bytes);
        geojson(DatasetKind::Hazard, &bytes);
        geojson(DatasetKind::Hazard, format!(r#"{{"type":"FeatureCollection","features":[{json}]}}"#).as_bytes());
    }

    #[test]
    fn the_nearest_come_first_and_nobody_is_left_out(
        positions in proptest::collection::vec((35_000_000..35_100_000_i32, 138_000_000..138_100_000_i32), 1..40),
        here in (35_000_000..35_100_000_i32, 138_000_000..138_100_000_i32),
    ) {
        let sites = dataset(DatasetKind::EmergencySite, DatasetFormat::Csv);
        let here = Position { latitude: here.0, longitude: here.1 };
        let listed = positions.iter().enumerate().map(|(number, (latitude, longitude))| Listed { dataset: &sites, place: place(&number.to_string(), *latitude, *longitude, &[], "") });
        let chosen = spot::choose(spot::join(listed.collect()), &Wish { near: Some(here), ..Default::default() });
        let mut expected: Vec<u32> = positions.iter().map(|(latitude, longitude)| here.distance_m(Position { latitude: *latitude, longitude: *longitude })).collect();
        expected.sort_unstable();
        let found: Vec<u32> = chosen.iter().filter_map(|spot| spot.distance_m).collect();
        prop_assert_eq!(found, expected);
        // On the flat, over a few kilometres, the earth's roundness is worth less than a metre or two.
        for spot in &chosen {
            let at = spot.parts[0].place.position;
            let north = f64::from(at.latitude - here.latitude) * 0.111_195;
            let east = f64::from(at.longitude - here.longitude) * 0.111_195 * (f64::from(here.latitude + at.latitude) / 2e6).to_radians().cos();
            prop_assert!((north.hypot(east) - f64::from(spot.distance_m.unwrap())).abs() < 2.0);
        }
    }
}
