//! The bridge from end to end, without a database: an export is sealed inside and opened outside.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail loudly, too")]

use civil::Sex;
use jiff::Timestamp;
use proptest::prelude::*;
use registry::bridge::{
    BadRows, Chain, Export, FactColumn, FactKind, Hashing, Layout, MatchItems, MatchSecret, OpenError, Opening, OpeningKey, Reason, Row,
    SealError, Sealed, Sealing, SigningKey, Snapshot, Status, VerifyingKey, open, peek, seal,
};

const HEADER: &str = "宛名番号,世帯番号,氏名,氏名カナ,生年月日,性別,続柄,住所,地区,状態,異動日,住民となった日,支援措置,受給者番号";

fn layout() -> Layout {
    let facts = [("受給者番号".to_owned(), FactColumn { name: "child_medical_no".to_owned(), kind: FactKind::String })];
    let fields =
        ["resident_id", "date_of_birth", "sex", "district", "household", "relation", "status", "became_resident_on", "child_medical_no"];
    Layout::new(&fields, &facts).unwrap().with_bad_rows(BadRows::LeaveOut)
}

fn person(number: u32) -> String {
    format!(
        "{number:015},{:015},髙橋　花子{number},ﾀｶﾊｼ,2015-04-01,女,子,青空町中央一丁目{number}番地,中央,住民,,2015-04-01,,{number:07}",
        number / 3
    )
}

fn export(rows: &[String]) -> String {
    let mut text = HEADER.to_owned();
    for row in rows {
        text.push_str("\r\n");
        text.push_str(row);
    }
    text + "\r\n"
}

fn town_of(people: u32) -> String {
    export(&(1..=people).map(person).collect::<Vec<_>>())
}

struct Keys {
    matching: MatchSecret,
    signing: SigningKey,
    centre: OpeningKey,
}

fn keys() -> Keys {
    Keys {
        matching: MatchSecret::new(&[1; 32]).unwrap(),
        signing: SigningKey::new(&[2; 32]).unwrap(),
        centre: OpeningKey::new(&[3; 32]).unwrap(),
    }
}

fn sealed_as(csv: &[u8], layout: &Layout, town: &str, chain: Chain) -> Result<(Vec<u8>, Sealed), SealError> {
    let keys = keys();
    let sealing = Sealing {
        town,
        layout,
        encoding: None,
        match_secret: &keys.matching,
        signing: &keys.signing,
        centre: &keys.centre.public(),
        chain,
        now: Timestamp::from_second(1_790_000_000).unwrap(),
        randomness: [9; 32],
    };
    let mut bundle = Vec::new();
    seal(csv, &sealing, &mut bundle).map(|sealed| (bundle, sealed))
}

fn sealed(csv: &[u8]) -> (Vec<u8>, Sealed) {
    sealed_as(csv, &layout(), "022080", Chain::default()).unwrap()
}

fn opened_with(
    bundle: &[u8],
    town: &str,
    signers: &[VerifyingKey],
    centre: &OpeningKey,
    chain: Chain,
    layout: &Layout,
) -> Result<Snapshot, OpenError> {
    open(bundle, &Opening { town, layout, signers, centre, chain })
}

fn opened(bundle: &[u8]) -> Result<Snapshot, OpenError> {
    let keys = keys();
    opened_with(bundle, "022080", &[keys.signing.public()], &keys.centre, Chain::default(), &layout())
}

fn rows(snapshot: &Snapshot) -> Vec<Row<'_>> {
    (0..snapshot.len()).map(|at| snapshot.row(at)).collect()
}

fn problems(csv: &[u8]) -> Vec<(u32, u16, Reason)> {
    let secret = MatchSecret::new(&[1; 32]).unwrap();
    let export = Export::read(csv, None, &layout(), Hashing::Keyed(&secret));
    export.problems.listed.iter().map(|problem| (problem.line, problem.column, problem.reason)).collect()
}

#[test]
fn a_bundle_carries_the_named_fields_and_neither_name_nor_address() {
    let (bundle, sealed) = sealed(town_of(3).as_bytes());
    assert_eq!((sealed.header.number, sealed.header.rows, sealed.problems.total), (1, 3, 0));
    let snapshot = opened(&bundle).unwrap();
    let row = snapshot.row(1);
    assert_eq!(row.id.to_string(), "000000000000002");
    assert_eq!((row.date_of_birth.0, row.sex, row.status, row.protected), (20_150_401, Sex::Female, Status::Current, false));
    assert_eq!((row.relation, row.district, &row.facts[..]), ("子", "中央", &["0000002"][..]));
    let items = MatchItems { name: "高橋 花子2", date_of_birth: row.date_of_birth.0, sex: Sex::Female, address: "青空町中央1-2" };
    let wanted = keys().matching.keys(items);
    assert_eq!((row.four_items, row.three_items), (wanted.four_items.0, wanted.three_items.0));
}

#[test]
fn both_encodings_give_the_same_rows() {
    let text = town_of(50);
    let (sjis, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lost);
    let with_bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let (one, two, three) = (sealed(text.as_bytes()).0, sealed(&sjis).0, sealed(&with_bom).0);
    let (one, two, three) = (opened(&one).unwrap(), opened(&two).unwrap(), opened(&three).unwrap());
    assert_eq!(rows(&one), rows(&two));
    assert_eq!(rows(&one), rows(&three));
    assert_eq!(two.header.rows, 50);
}

#[test]
fn each_kind_of_refusal_has_its_own_error() {
    let (first, sealed_first) = sealed(town_of(3).as_bytes());
    let (second, _) = sealed_as(town_of(3).as_bytes(), &layout(), "022080", sealed_first.chain).unwrap();
    let keys = keys();
    let trusted = [keys.signing.public()];
    let with = |bundle: &[u8], town: &str, chain| opened_with(bundle, town, &trusted, &keys.centre, chain, &layout()).err();

    assert_eq!(with(&second, "022080", sealed_first.chain), None);
    assert_eq!(with(&first, "022080", sealed_first.chain), Some(OpenError::Replayed { number: 1, expected: 2 }));
    assert_eq!(with(&second, "022080", Chain::default()), Some(OpenError::Gap { number: 2, expected: 1 }));
    assert_eq!(with(&first, "203050", Chain::default()), Some(OpenError::OtherTown("022080".into())));
    let elsewhere = Chain { number: 1, digest: Some(registry::bridge::Digest([0; 32])) };
    assert_eq!(with(&second, "022080", elsewhere), Some(OpenError::OtherChain));

    let stranger = [SigningKey::new(&[7; 32]).unwrap().public()];
    let refused = opened_with(&first, "022080", &stranger, &keys.centre, Chain::default(), &layout()).err();
    assert_eq!(refused, Some(OpenError::UnknownSigner(keys.signing.public().id())));
    let other_centre = OpeningKey::new(&[8; 32]).unwrap();
    let refused = opened_with(&first, "022080", &trusted, &other_centre, Chain::default(), &layout()).err();
    assert_eq!(refused, Some(OpenError::WrongKey(keys.centre.public().id())));
    let narrower = Layout::new(&["resident_id"], &[]).unwrap();
    let refused = opened_with(&first, "022080", &trusted, &keys.centre, Chain::default(), &narrower).err();
    assert_eq!(refused, Some(OpenError::OtherPolicy));

    assert_eq!(opened(b"PK\x03\x04").err(), Some(OpenError::NotABundle));
    assert_eq!(opened(&first[..first.len() - 1]).err(), Some(OpenError::Truncated));
    assert_eq!(opened(&[&first[..], b"x"].concat()).err(), Some(OpenError::Altered));
}

#[test]
fn problems_are_told_by_line_column_and_reason() {
    let mut lines: Vec<String> = (1..=12).map(person).collect();
    lines[1] = lines[1].replace("2015-04-01,女", "2015-02-30,女");
    lines[2] = lines[2].replace("住民", "転勤");
    lines[3] = person(1);
    lines[4] = lines[4].replace(&format!("{:015},髙橋", 1), ",髙橋");
    lines[5] = format!("{},", lines[5]);
    lines[6] = lines[6].replace(",0000007", ",123456789018");
    lines[7] = lines[7].replace("住民,", "転出,");
    lines[8] = lines[8].replace("青空町中央一丁目9番地", "\"青空町\n中央9\"");
    lines[9] = lines[9].replace("女", "雌");
    let found = problems(export(&lines).as_bytes());
    let wanted = [
        (3, 5, Reason::BadDate),
        (4, 10, Reason::UnknownStatus),
        (5, 1, Reason::DuplicateResidentId),
        (6, 2, Reason::NoHousehold),
        (7, 0, Reason::ColumnCount),
        (8, 14, Reason::LooksLikeMyNumber),
        (9, 11, Reason::NoStatusDay),
        // The row on line 10 spans two lines.
        (12, 6, Reason::UnknownSex),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn bytes_of_the_wrong_encoding_are_told_with_their_cell() {
    let mut bytes = town_of(2).into_bytes();
    let at = bytes.len() - 60;
    bytes[at] = 0xff;
    assert!(matches!(problems(&bytes)[..], [(3, _, Reason::BadUtf8)]), "{:?}", problems(&bytes));
    let text = town_of(2);
    let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
    let mut bytes = sjis.into_owned();
    let at = bytes.len() - 20;
    bytes[at] = 0xfd;
    assert!(matches!(problems(&bytes)[..], [(3, _, Reason::BadShiftJis)]), "{:?}", problems(&bytes));
}

#[test]
fn a_quote_that_never_closes_holds_the_bundle_whatever_the_pack_says() {
    let text = town_of(3).replacen("髙橋　花子2", "\"髙橋　花子2", 1);
    assert_eq!(problems(text.as_bytes()), [(3, 3, Reason::UnclosedQuote)]);
    assert!(matches!(sealed_as(text.as_bytes(), &layout(), "022080", Chain::default()), Err(SealError::Held(_))));
}

#[test]
fn a_my_number_column_or_value_holds_the_bundle() {
    let text = town_of(3).replacen("氏名カナ", "個人番号", 1);
    assert_eq!(problems(text.as_bytes()), [(1, 4, Reason::MyNumberColumn)]);
    // Also in a column nobody asked for, and in full width.
    let text = town_of(3).replacen("ﾀｶﾊｼ", "１２３４５６７８９０１８", 1);
    assert_eq!(problems(text.as_bytes()), [(2, 4, Reason::LooksLikeMyNumber)]);
    assert!(matches!(sealed_as(text.as_bytes(), &layout(), "022080", Chain::default()), Err(SealError::Held(_))));
}

#[test]
fn a_bad_row_is_left_out_by_id_or_holds_as_the_pack_says() {
    let text = town_of(3).replacen("2015-04-01,女", "きのう,女", 1);
    let (bundle, sealed) = sealed(text.as_bytes());
    assert_eq!((sealed.header.left_out, sealed.problems.total), (1, 1));
    let snapshot = opened(&bundle).unwrap();
    assert!(snapshot.row(0).left_out && !snapshot.row(1).left_out);
    // Nobody is gone, and nobody is changed, because of a bad row.
    let (before, _) = self::sealed(town_of(3).as_bytes());
    let before = opened(&before).unwrap();
    let known: Vec<_> = (0..3).map(|at| registry::bridge::Known { id: before.id(at), hash: before.hash(at) }).collect();
    assert_eq!(snapshot.compare(&known), registry::bridge::Delta::default());
    let strict = layout().with_bad_rows(BadRows::Hold);
    assert!(matches!(sealed_as(text.as_bytes(), &strict, "022080", Chain::default()), Err(SealError::Held(_))));
}

#[test]
fn rows_in_any_order_make_the_same_bundle_rows() {
    let mut lines: Vec<String> = (1..=40).map(person).collect();
    let (sorted, _) = sealed(export(&lines).as_bytes());
    lines.reverse();
    let (reversed, _) = sealed(export(&lines).as_bytes());
    assert_eq!(rows(&opened(&sorted).unwrap()), rows(&opened(&reversed).unwrap()));
}

#[test]
fn a_large_file_is_read_in_pieces_with_true_line_numbers() {
    let mut lines: Vec<String> = (1..=20_000).map(person).collect();
    lines[15_000] = lines[15_000].replace("2015-04-01,女", "2015-02-30,女");
    let text = export(&lines);
    assert!(text.len() > 2 << 20);
    assert_eq!(problems(text.as_bytes()), [(15_002, 5, Reason::BadDate)]);
    let stray = text.replacen("ﾀｶﾊｼ", "ﾀｶ\"ﾊｼ", 1);
    assert_eq!(problems(stray.as_bytes()), [(2, 4, Reason::StrayQuote), (15_002, 5, Reason::BadDate)]);
}

#[test]
fn the_header_can_be_looked_at_without_any_key() {
    let (bundle, sealed) = sealed(town_of(3).as_bytes());
    assert_eq!(peek(&bundle).unwrap(), sealed.header);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_flipped_bit_is_refused(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (mut bundle, _) = sealed(town_of(5).as_bytes());
        let at = at.index(bundle.len());
        bundle[at] ^= 1 << bit;
        prop_assert!(opened(&bundle).is_err());
    }

    #[test]
    fn any_bundle_cut_short_is_refused(at in any::<prop::sample::Index>()) {
        let (bundle, _) = sealed(town_of(5).as_bytes());
        prop_assert!(opened(&bundle[..at.index(bundle.len())]).is_err());
    }

    #[test]
    fn random_people_arrive_as_they_were(people in proptest::collection::btree_map(1u32..100_000, (1900i16..2026, 1i8..13, 1i8..29, any::<bool>(), "[0-9a-z漢字]{0,20}"), 1..60)) {
        let lines: Vec<String> = people.iter().map(|(number, (year, month, day, protected, fact))| {
            format!("{number:015},{:015},名{number},,{year:04}{month:02}{day:02},男,本人,住所{number},中央,住民,,,{},\"{fact}\"", 1, if *protected { "1" } else { "" })
        }).collect();
        let csv = export(&lines);
        let found = problems(csv.as_bytes());
        prop_assert!(found.is_empty(), "{found:?}");
        let (bundle, _) = sealed(csv.as_bytes());
        let snapshot = opened(&bundle).unwrap();
        prop_assert_eq!(snapshot.len(), people.len());
        for (at, (number, (year, month, day, protected, fact))) in people.iter().enumerate() {
            let row = snapshot.row(at);
            prop_assert_eq!(row.id.to_string(), format!("{number:015}"));
            prop_assert_eq!(row.date_of_birth.0, *year as u32 * 10_000 + *month as u32 * 100 + *day as u32);
            prop_assert_eq!(row.protected, *protected);
            prop_assert_eq!(row.facts[0], fact.as_str());
        }
    }

    #[test]
    fn no_file_makes_reading_panic(text in "[\",\r\n0-9年月日住民転出a-zｱ　-]{0,300}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let file = [HEADER.as_bytes(), b"\n", text.as_bytes(), &bytes].concat();
        let _ = problems(&file);
        let _ = problems(&bytes);
        let _ = opened(&bytes);
    }
}
