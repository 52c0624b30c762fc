//! The software card, command by command.

use jpki::card::{CardState, File, Model, Personalise, SoftwareCard};
use jpki::{CertificateKind, KeyAlgorithm};

use crate::helpers::*;

const JPKI: &str = "00A4040C0AD392F000260100000001";
const TEXT: &str = "00A4040C0AD3921000310001010408";
const SURFACE: &str = "00A4040C0AD3921000310001010402";
const JUKI: &str = "00A4040C0AD3921000310001010401";
const COMMON: &str = "00A4040C0AD3921000310001010100";
const ISSUER: &str = "00A4040C07A0000001510000";

fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A card and a short way to talk to it.
struct Talk(SoftwareCard);

impl Talk {
    fn new() -> Self {
        Self(insert(&WORLD.card))
    }

    /// The status word alone.
    fn says(&mut self, apdu: &str) -> u16 {
        let answer = self.0.answer(&bytes(apdu));
        u16::from_be_bytes([answer[answer.len() - 2], answer[answer.len() - 1]])
    }

    /// The data of a good answer.
    fn gives(&mut self, apdu: &str) -> Vec<u8> {
        let mut answer = self.0.answer(&bytes(apdu));
        assert_eq!(answer.split_off(answer.len() - 2), [0x90, 0x00], "{apdu}");
        answer
    }

    fn all(&mut self, apdus: &[&str]) {
        for apdu in apdus {
            assert_eq!(self.says(apdu), 0x9000, "{apdu}");
        }
    }
}

#[test]
fn whatever_it_does_not_know_is_refused_with_the_right_status() {
    let mut card = Talk::new();
    for apdu in
        ["00A4040C09A00000030800001000", "00A4040C06D27600012401", "00A4040C0BA000000079010000000000", "00A4000C023F00", "00A4020C020001"]
    {
        assert_eq!(card.says(apdu), 0x6A82, "{apdu}");
    }
    card.all(&[JPKI]);
    assert_eq!(card.says("00A4020C020003"), 0x6A82);
    assert_eq!(card.says("00CB3FFF035C017E08"), 0x6D00);
    assert_eq!(card.says("0044000000"), 0x6D00);
    assert_eq!(card.says("80B0000000"), 0x6D00);
    assert_eq!(card.says("01A4020C020006"), 0x6E00);
    assert_eq!(card.says("FFCA000000"), 0x6E00);
    assert_eq!(card.says("00A4020C0500"), 0x6700);
    assert_eq!(card.says("00A4090C020006"), 0x6A86);
}

#[test]
fn selecting_the_top_is_refused_after_a_reset_and_without_effect_in_an_application() {
    let mut card = Talk::new();
    assert_eq!(card.says("00A40000"), 0x6A86);
    card.all(&[JPKI, "00A4020C020006", "00A40000"]);
    assert_eq!(card.gives("00B0000010").len(), 16, "the file is still selected");
}

#[test]
fn a_secret_shown_is_forgotten_on_leaving_the_application_and_not_on_reset() {
    let sign = "802A009703AABBCC00";
    let shown = [JPKI, "00A4020C020018", "002000800431323334"];
    let mut card = Talk::new();
    card.all(&shown);
    assert_eq!(card.says(sign), 0x9000);
    card.all(&[JPKI]);
    assert_eq!(card.says(sign), 0x9000, "the same application again");
    card.0.reset();
    card.all(&[JPKI]);
    assert_eq!(card.says(sign), 0x9000, "a reset");
    for leave in [TEXT, COMMON, ISSUER] {
        card.all(&[leave, JPKI]);
        assert_eq!(card.says(sign), 0x6982, "{leave}");
        card.all(&shown);
    }
    jpki::Transport::power_off(&mut card.0);
    card.all(&[JPKI]);
    assert_eq!(card.says(sign), 0x6982, "power");
}

#[test]
fn each_secret_has_its_own_counter_down_to_its_lock() {
    let mut card = Talk::new();
    card.all(&[JPKI, "00A4020C020018"]);
    assert_eq!(card.says("00200080"), 0x63C3);
    assert_eq!(card.says("002000800430303030"), 0x63C2);
    assert_eq!(card.says("00200080"), 0x63C2, "asking costs nothing");
    assert_eq!(card.says("002000800431323334"), 0x9000);
    assert_eq!(card.says("00200080"), 0x63C3, "a right one fills it up, and an empty question still tells it");
    for left in [0x63C2, 0x63C1, 0x63C0] {
        assert_eq!(card.says("002000800430303030"), left);
    }
    assert_eq!(card.says("002000800431323334"), 0x6984, "even the right one");
    assert_eq!(card.says("00200080"), 0x63C0);
    assert_eq!(card.says("002000 9B"), 0x63C5, "the password's counter, by short identifier");
    card.all(&[TEXT]);
    assert_eq!(card.says("00200091"), 0x63C3);
    assert_eq!(card.says("00200092"), 0x63C0);
    assert_eq!(card.says("002000920431323334"), 0x6984);
    card.all(&[JUKI]);
    assert_eq!(card.says("0020009C"), 0x63C3);
}

#[test]
fn a_counter_outlives_power_and_the_disk() {
    let mut card = Talk::new();
    card.all(&[JPKI, "00A4020C02001B"]);
    assert_eq!(card.says("0020008006414141414141"), 0x63C4);
    let kept = serde_json::to_string(&card.0.remove()).unwrap();
    let state: CardState = serde_json::from_str(&kept).unwrap();
    let mut card = Talk(insert(&state));
    card.all(&[JPKI, "00A4020C02001B"]);
    assert_eq!(card.says("00200080"), 0x63C4);
    assert_eq!(card.says("0020008006414243313233"), 0x9000);
}

#[test]
fn the_signature_certificate_needs_its_password_and_the_other_nothing() {
    let mut card = Talk::new();
    card.all(&[JPKI, "00A4020C020001"]);
    assert_eq!(card.says("00B0000004"), 0x6982);
    card.all(&["0020009B06414243313233", "00A4020C020001"]);
    assert_eq!(card.gives("00B0000002"), [0x30, 0x82]);
    for free in ["00A4020C02000A", "00A4020C02000B", "00A4020C020002"] {
        card.all(&[free]);
        assert_eq!(card.gives("00B0000002"), [0x30, 0x82], "{free}");
    }
    card.all(&["00A4020C020009"]);
    assert_eq!(card.says("00B0000002"), 0x6982);
}

#[test]
fn files_are_read_by_offset_to_their_end_by_extended_length_and_by_short_identifier() {
    let mut card = Talk::new();
    card.all(&[JPKI]);
    assert_eq!(card.says("00B0000004"), 0x6986, "no file selected");
    card.all(&["00A4020C02000A"]);
    let whole = card.gives("00B00000000800");
    let certificate = WORLD.card.certificate(CertificateKind::UserAuthentication).unwrap();
    assert_eq!(whole[..certificate.len()], certificate);
    assert!(whole.len() > certificate.len() && whole[certificate.len()..].iter().all(|byte| *byte == 0xFF), "filler");
    assert_eq!(card.gives("00B0000000").len(), 256);
    assert_eq!(card.gives("00B0010004"), whole[256..260]);
    let last = whole.len() - 3;
    assert_eq!(card.gives(&format!("00B0{last:04X}00")), whole[last..], "a short read at the end is good");
    assert_eq!(card.says(&format!("00B0{:04X}01", whole.len() + 1)), 0x6B00);
    assert_eq!(card.gives("00B086000F"), b"JPKIAPICCTOKEN2");
    assert_eq!(card.gives("00B0000602"), b"IC", "the short identifier made it the current file");
    assert_eq!(card.says("00B09F0001"), 0x6A82);
    assert_eq!(card.says("00B0C60001"), 0x6A86);
    assert_eq!(card.says("00B00000"), 0x6700);
}

#[test]
fn a_file_of_the_wrong_kind_is_refused() {
    let mut card = Talk::new();
    card.all(&[JPKI, "00A4020C020017"]);
    assert_eq!(card.says("00B0000004"), 0x6981);
    assert_eq!(card.says("00200080"), 0x6981);
    assert_eq!(card.says("00B2010400"), 0x6981);
    card.all(&["00A4020C020018"]);
    assert_eq!(card.says("802A008001AA00"), 0x6981);
    card.all(&[COMMON, "00A4020C020001"]);
    assert_eq!(card.says("00B0000004"), 0x6981);
}

#[test]
fn the_six_schemes_sign_and_no_other() {
    let mut card = Talk::new();
    card.all(&[JPKI]);
    assert_eq!(card.says("802A008001AA00"), 0x6986, "no key selected");
    card.all(&["00A4020C020017"]);
    assert_eq!(card.says("802A008001AA00"), 0x6982);
    card.all(&["002000980431323334", "00A4020C020017"]);
    let hash = format!("20{}", "5A".repeat(32));
    let info = format!("333031300D060960864801650304020105000420{}", "5A".repeat(32));
    let with_info = card.gives(&format!("802A0080{info}00"));
    assert_eq!(with_info.len(), 256);
    assert_eq!(card.gives(&format!("802A0280{hash}00")), with_info, "02 is 00 with DigestInfo");
    for scheme in ["01", "03"] {
        let apdu = format!("802A{scheme}9703AABBCC00");
        assert_eq!(card.gives(&apdu), card.gives(&apdu), "PKCS#1 is the same every time");
    }
    for (scheme, data) in [("04", hash.as_str()), ("05", "03AABBCC")] {
        let apdu = format!("802A{scheme}97{data}00");
        assert_ne!(card.gives(&apdu), card.gives(&apdu), "PSS differs every time");
    }
    for other in ["06", "FF"] {
        assert_eq!(card.says(&format!("802A{other}8001AA00")), 0x6A86);
    }
    assert_eq!(card.says("802A029703AABBCC00"), 0x6985, "not a hash");
    assert_eq!(card.says(&format!("802A0097F6{}00", "AA".repeat(246))), 0x6985, "more than fits the padding");
    assert_eq!(card.says(&format!("802A0097F5{}00", "AA".repeat(245))), 0x9000);
    assert_eq!(card.says("802A0097"), 0x6700);
    assert_eq!(card.says("802A009A01AA00"), 0x6982, "the other key needs the other secret");
}

#[test]
fn the_face_applications_sign_without_a_secret() {
    let mut card = Talk::new();
    for application in [TEXT, SURFACE] {
        card.all(&[application]);
        assert_eq!(card.gives("802A030010000102030405060708090A0B0C0D0E0F00").len(), 256);
    }
    card.all(&[JPKI]);
    assert_eq!(card.says("802A030001AA00"), 0x6A88);
}

#[test]
fn the_common_record_is_read_by_anybody() {
    let mut card = Talk::new();
    card.all(&[COMMON]);
    let record = card.gives("00B2010C00");
    assert_eq!((record.len(), &record[..2], &record[17..22]), (30, &[0x01, 0x1C][..], &b"99999"[..]));
    card.all(&["00A4020C020001"]);
    assert_eq!(card.gives("00B2010400"), record);
    assert_eq!(card.gives("00B2010500"), record);
    assert_eq!(card.says("00B2020400"), 0x6A83);
    assert_eq!(card.says("00B2000400"), 0x6A83);
    assert_eq!(card.says("00B2010300"), 0x6A86);
}

#[test]
fn the_text_application_keeps_its_files_behind_pin_and_numbers() {
    let mut card = Talk::new();
    card.all(&[TEXT, "00A4020C020002"]);
    assert_eq!(card.says("00B0000004"), 0x6982);
    card.all(&["002000910431323334", "00A4020C020002"]);
    assert_eq!(card.gives("00B0000002"), [0xFF, 0x20]);
    card.all(&["00A4020C020001"]);
    assert_eq!(card.gives("00B0000000").len(), 17);
    card.all(&["00A4020C020003", "00A4020C020005"]);
    card.all(&[ISSUER, TEXT, "00A4020C020005"]);
    assert_eq!(card.gives("00B0000002"), [0xFF, 0x40], "free");
    assert_eq!(card.says("00A4020C020006"), 0x6A82);
    // 照合番号B: birth in the era, end of the card, security code
    card.all(&["002000950E3535303231373230333531323334", "00A4020C020002"]);
    assert_eq!(card.says("00B0000002"), 0x9000);
    card.all(&["00A4020C020001"]);
    assert_eq!(card.says("00B0000002"), 0x6982, "it does not open the other file");
}

#[test]
fn the_surface_application_opens_by_birth_and_numbers() {
    let mut card = Talk::new();
    card.all(&[SURFACE, "00A4020C020003"]);
    assert_eq!(card.gives("00B0000002"), [0xFF, 0x40]);
    card.all(&["00A4020C020001"]);
    assert_eq!(card.says("00B0000002"), 0x6982);
    card.all(&["0020009106353530323137", "00A4020C020001"]);
    assert_eq!(&card.gives("00B0000000")[6..14], b"19800217");
}

#[test]
fn a_secret_is_changed_by_who_has_shown_it() {
    let mut card = Talk::new();
    card.all(&[JPKI, "00A4020C020018"]);
    assert_eq!(card.says("002401800435363738"), 0x6982);
    card.all(&["002000800431323334"]);
    assert_eq!(card.says("0024018003353637"), 0x6985, "not four digits");
    assert_eq!(card.says("803200800435363738"), 0x6D00, "the other applications' command");
    card.all(&["002401800435363738"]);
    assert_eq!(card.says("002000800431323334"), 0x63C2);
    card.all(&["002000800435363738"]);
    card.all(&[JPKI, "0020009B06414243313233"]);
    assert_eq!(card.says("0024019B06616263313233"), 0x6985, "small letters");
    card.all(&["0024019B07414243443132 33"]);
    card.all(&[COMMON, "0020009C0431323334", "8032009C0439393939"]);
    assert_eq!(card.says("0020009C0431323334"), 0x63C2);
}

#[test]
fn chance_and_card_data_are_given() {
    let mut card = Talk::new();
    assert_eq!(card.gives("0084000010").len(), 16);
    assert_eq!(card.gives("0084000000").len(), 256);
    assert_ne!(card.gives("0084000010"), card.gives("0084000010"));
    assert_eq!(card.says("00840000000200"), 0x6985);
    assert_eq!(card.gives("00CA00F000"), b"99999");
    assert_eq!(card.gives("00CA004500").len(), 15);
    assert_eq!(card.gives("00CA00F200"), b"20350217");
    assert_eq!(card.gives("00CA5F5100"), bytes("E000FF813 1FE4514"));
    assert_eq!(card.says("00CADF3005"), 0x6A88);
    card.all(&[JPKI]);
    assert_eq!(card.says("00CA004500"), 0x6A88, "only in the power-on state");
    card.all(&[ISSUER]);
    assert_eq!(card.says("00CA004500"), 0x9000);
}

#[test]
fn token_information_and_availability_are_free() {
    let mut card = Talk::new();
    card.all(&[JPKI, "00A4020C020006"]);
    assert_eq!(card.gives("00B0000000").len(), 160);
    card.all(&["00A4020C020008"]);
    assert_eq!(card.gives("00B0000000"), [0x8F, 0x8F, 0x00]);
}

#[test]
fn phones_have_one_application_and_the_android_hides_its_certificate() {
    let mut ca = WORLD.ca.clone();
    for (model, status) in [(Model::Android, 0x6982), (Model::Iphone, 0x9000)] {
        let state = Personalise::new(person()).model(model).issue(&mut ca, now(), &mut counting()).unwrap();
        let mut card = Talk(insert(&state));
        card.all(&[JPKI, "00A4020C02000A"]);
        assert_eq!(card.says("00B0000004"), status, "{model:?}");
        assert_eq!(card.says(TEXT), 0x6A82);
    }
}

#[test]
fn the_same_chance_gives_the_same_card_but_for_its_keys() {
    let mut ca = WORLD.ca.clone();
    let mut issue = || Personalise::new(person()).issue(&mut ca, now(), &mut counting()).unwrap();
    let (one, two) = (issue(), issue());
    assert_eq!(one.data_objects, two.data_objects);
    assert_ne!(one.certificate(AUTH), two.certificate(AUTH));
}

#[test]
fn a_card_with_p384_keys_signs_hashes_of_48_bytes() {
    let mut ca = WORLD.ca.clone();
    let state = Personalise::new(person()).keys(KeyAlgorithm::P384).issue(&mut ca, now(), &mut counting()).unwrap();
    let mut card = Talk(insert(&state));
    card.all(&[JPKI, "002000980431323334"]);
    assert_eq!(card.gives(&format!("802A009730{}00", "5A".repeat(48)))[0], 0x30);
    assert_eq!(card.says(&format!("802A009720{}00", "5A".repeat(32))), 0x6985);
}

#[test]
fn after_a_move_the_card_has_a_new_signature_certificate_and_the_same_for_signing_in() {
    let mut ca = WORLD.ca.clone();
    let mut state = WORLD.card.clone();
    let mut moved = person();
    moved.address = "青空県隣町４－５".into();
    state.rewrite(&mut ca, &moved, now()).unwrap();
    assert_ne!(state.certificate(SIGN), WORLD.card.certificate(SIGN));
    assert_eq!(state.certificate(AUTH), WORLD.card.certificate(AUTH));
}

#[test]
fn no_bytes_make_it_panic() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let instructions = prop::sample::select(vec![0xA4u8, 0xB0, 0xB2, 0xD6, 0x20, 0x24, 0x32, 0x84, 0xCA, 0x2A, 0xC0]);
    let command = (prop::sample::select(vec![0x00u8, 0x80]), instructions, any::<[u8; 2]>(), prop::collection::vec(any::<u8>(), 0..24));
    let commands = prop::collection::vec(command, 1..12);
    runner
        .run(&commands, |commands| {
            let mut card = Talk::new();
            for application in [JPKI, TEXT, COMMON] {
                card.says(application);
                for (cla, ins, [p1, p2], tail) in &commands {
                    let answer = card.0.answer(&[&[*cla, *ins, *p1, *p2][..], tail].concat());
                    prop_assert!(answer.len() >= 2);
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_my_number_file_holds_no_number() {
    let text = WORLD.card.applications.iter().find(|application| application.aid.ends_with(&[0x04, 0x08])).unwrap();
    let Some(File::Transparent { content, .. }) = text.files.get(&0x0001) else { panic!("no file") };
    assert_eq!(content.0, [&[0xFF, 0x10, 0x0C][..], b"000000000000", &[0xFF, 0xFF]].concat());
}
