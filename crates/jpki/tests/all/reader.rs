//! The reader at a software card.

use jpki::card::{CardState, File, Model, Personalise};
use jpki::reader::{PinForm, TokenKind, TownKey};
use jpki::revocation::AskNobody;
use jpki::{
    Answer, CardError, CertificateKind, Challenge, KeyAlgorithm, OnUnknown, PinKind, Policy, Purpose, Reader, SignaturePassword,
    SpendLastTry, TextPin, Transport, TransportError, Tries, UserAuthPin, Verifier,
};

use crate::helpers::*;

fn pin(digits: &str) -> UserAuthPin {
    UserAuthPin::new(digits).unwrap()
}

fn reader(state: &CardState) -> Reader<Bench> {
    Reader::open(Bench::new(state)).unwrap()
}

fn lenient(ca: &jpki::testca::TestCa) -> Verifier {
    let policy = Policy { signature_unknown: OnUnknown::Accept, user_auth_unknown: OnUnknown::Accept, ..Policy::test(RP) };
    Verifier::new(ca.anchors(), policy)
}

#[test]
fn a_sign_in_goes_from_card_to_belief() {
    let challenge = challenge(Purpose::SignIn, 1);
    let signed = reader(&WORLD.card).sign_user_auth(&pin("1234"), None, &challenge.message()).unwrap();
    let answer = Answer { certificate: &signed.certificate, signature: &signed.signature };
    let verified = lenient(&WORLD.ca).verify_user_auth(&answer, &challenge, &asked(Purpose::SignIn), &AskNobody).unwrap();
    assert_eq!(verified.kind, AUTH);
}

#[test]
fn an_application_goes_from_card_to_the_four_items() {
    let challenge = Challenge { document: Some([4; 32]), ..challenge(Purpose::Apply, 1) };
    let password = SignaturePassword::new("abc123").unwrap();
    let signed = reader(&WORLD.card).sign_document(&password, None, &challenge.message()).unwrap();
    let answer = Answer { certificate: &signed.certificate, signature: &signed.signature };
    let verified = lenient(&WORLD.ca).verify_signature(&answer, &challenge, &asked(Purpose::Apply), &AskNobody).unwrap();
    assert_eq!(verified.four_items.address, person().address);
}

#[test]
fn a_card_with_p384_keys_goes_the_same_way() {
    let mut ca = WORLD.ca.clone();
    let state = Personalise::new(person()).keys(KeyAlgorithm::P384).issue(&mut ca, at("2026-01-10T00:00:00Z"), &mut counting()).unwrap();
    let challenge = challenge(Purpose::SignIn, 1);
    let signed = reader(&state).sign_user_auth(&pin("1234"), None, &challenge.message()).unwrap();
    let answer = Answer { certificate: &signed.certificate, signature: &signed.signature };
    lenient(&ca).verify_user_auth(&answer, &challenge, &asked(Purpose::SignIn), &AskNobody).unwrap();
}

#[test]
fn the_my_number_file_is_never_selected() {
    let bench = Bench::new(&WORLD.card);
    let log = bench.log.clone();
    let mut reader = Reader::open(bench).unwrap();
    for which in [PinKind::UserAuthentication, PinKind::Signature, PinKind::Text, PinKind::Juki, PinKind::Town] {
        reader.tries_left(which).unwrap();
    }
    reader.availability().unwrap();
    reader.user_auth_certificate().unwrap();
    reader.sign_user_auth(&pin("1234"), None, b"message").unwrap();
    reader.sign_document(&SignaturePassword::new("ABC123").unwrap(), None, b"message").unwrap();
    reader.four_items(&TextPin::new("1234").unwrap(), None).unwrap();
    reader.card_record().unwrap();
    reader.town_number().unwrap();
    drop(reader);

    let log = log.lock().unwrap();
    let mut in_text = false;
    let mut seen_text = false;
    for apdu in &log.sent {
        match apdu[..] {
            [0x00, 0xA4, 0x04, ..] => in_text = apdu.ends_with(&[0x01, 0x01, 0x04, 0x08]),
            [0x00, 0xA4, 0x02, _, 0x02, 0x00, 0x01] => assert!(!in_text, "SELECT of the My Number file"),
            [0x00, 0xB0, p1, ..] => assert!(!in_text || p1 & 0x80 == 0, "a short identifier could name it"),
            [0x00, 0xB2, ..] => assert!(!in_text),
            _ => {}
        }
        seen_text |= in_text;
    }
    assert!(seen_text, "the text application was visited");
}

#[test]
fn the_tries_are_told_before_any_is_spent() {
    let mut reader = reader(&WORLD.card);
    assert_eq!(reader.tries_left(PinKind::UserAuthentication).unwrap(), Tries::Left(3));
    assert_eq!(reader.tries_left(PinKind::Signature).unwrap(), Tries::Left(5));
    assert_eq!(reader.tries_left(PinKind::Text).unwrap(), Tries::Left(3));
    assert_eq!(reader.tries_left(PinKind::Juki).unwrap(), Tries::Left(3));
}

#[test]
fn a_wrong_pin_tells_what_is_left_and_the_last_try_needs_consent() {
    let which = PinKind::UserAuthentication;
    let bench = Bench::new(&WORLD.card);
    let log = bench.log.clone();
    let mut reader = Reader::open(bench).unwrap();
    let wrong = |left| CardError::WrongPin { which, left: Tries::Left(left) };
    assert_eq!(reader.sign_user_auth(&pin("0000"), None, b"").unwrap_err(), wrong(2));
    assert_eq!(reader.sign_user_auth(&pin("0000"), None, b"").unwrap_err(), wrong(1));
    let verifies = || log.lock().unwrap().sent.iter().filter(|apdu| apdu[1] == 0x20 && apdu.len() > 5).count();
    let before = verifies();
    assert_eq!(reader.sign_user_auth(&pin("1234"), None, b"").unwrap_err(), CardError::LastTry { which });
    assert_eq!(verifies(), before, "the card was not asked");
    let agreed = Some(SpendLastTry::the_holder_agreed());
    assert_eq!(reader.sign_user_auth(&pin("0000"), agreed, b"").unwrap_err(), CardError::Blocked(which));
    assert_eq!(reader.sign_user_auth(&pin("1234"), agreed, b"").unwrap_err(), CardError::Blocked(which));
    assert_eq!(reader.tries_left(which).unwrap(), Tries::Blocked);
    assert_eq!(verifies(), before + 1, "a blocked secret is not tried again");
    assert_eq!(reader.tries_left(PinKind::Signature).unwrap(), Tries::Left(5), "the others are untouched");
}

#[test]
fn the_last_try_with_consent_and_the_right_pin_succeeds() {
    let mut reader = reader(&WORLD.card);
    for _ in 0..2 {
        reader.sign_user_auth(&pin("0000"), None, b"").unwrap_err();
    }
    reader.sign_user_auth(&pin("1234"), Some(SpendLastTry::the_holder_agreed()), b"").unwrap();
    assert_eq!(reader.tries_left(PinKind::UserAuthentication).unwrap(), Tries::Left(3));
}

#[test]
fn a_malformed_secret_never_reaches_the_card() {
    // There is no way to hand the reader a secret whose form was not checked: the types cannot be made otherwise.
    let error = UserAuthPin::new("12345").unwrap_err();
    assert_eq!(error, CardError::MalformedPin { which: PinKind::UserAuthentication, form: PinForm::FourDigits });
    assert_eq!(error.code(), "malformed_pin");
}

#[test]
fn the_card_is_powered_off_at_the_end_and_after_errors() {
    for right in [true, false] {
        let bench = Bench::new(&WORLD.card);
        let (log, card) = (bench.log.clone(), bench.card.clone());
        let mut reader = Reader::open(bench).unwrap();
        let _ = reader.sign_user_auth(&pin(if right { "1234" } else { "0000" }), None, b"");
        reader.finish();
        assert_eq!(log.lock().unwrap().power_offs, 1);
        let mut card = card.lock().unwrap();
        card.answer(&[0x00, 0xA4, 0x04, 0x0C, 0x0A, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]);
        assert_eq!(card.answer(&[0x80, 0x2A, 0x00, 0x97, 0x01, 0xAA, 0x00]), [0x69, 0x82], "nobody can sign after us");
    }
    let mut state = WORLD.card.clone();
    state.applications.clear();
    let bench = Bench::new(&state);
    let log = bench.log.clone();
    assert_eq!(Reader::open(bench).err(), Some(CardError::NotThisCard));
    assert_eq!(log.lock().unwrap().power_offs, 1, "also a card that is not ours");
}

#[test]
fn a_pin_shown_by_an_earlier_program_does_not_count() {
    let bench = Bench::new(&WORLD.card);
    let card = bench.card.clone();
    {
        let mut card = card.lock().unwrap();
        card.answer(&[0x00, 0xA4, 0x04, 0x0C, 0x0A, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]);
        assert_eq!(card.answer(&[0x00, 0x20, 0x00, 0x98, 0x04, b'1', b'2', b'3', b'4']), [0x90, 0x00]);
    }
    let _reader = Reader::open(bench).unwrap();
    let answer = card.lock().unwrap().answer(&[0x80, 0x2A, 0x00, 0x97, 0x01, 0xAA, 0x00]);
    assert_eq!(answer, [0x69, 0x82]);
}

#[test]
fn no_card_another_card_and_a_reader_that_fails_are_told_apart() {
    struct Fails(TransportError);
    impl Transport for Fails {
        fn transmit(&mut self, _apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
            Err(self.0.clone())
        }
        fn power_off(&mut self) {}
    }
    struct Licence;
    impl Transport for Licence {
        fn transmit(&mut self, _apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
            Ok(vec![0x6A, 0x82])
        }
        fn power_off(&mut self) {}
    }
    assert_eq!(Reader::open(Fails(TransportError::NoCard)).err(), Some(CardError::NoCard));
    assert_eq!(Reader::open(Fails(TransportError::Reader("usb".into()))).err(), Some(CardError::Reader("usb".into())));
    assert_eq!(Reader::open(Licence).err(), Some(CardError::NotThisCard));
}

#[test]
fn an_old_resident_card_is_not_this_card() {
    let mut state = WORLD.card.clone();
    if let Some(File::Transparent { content, .. }) = state.applications[0].files.get_mut(&0x0006) {
        content.0[14] = b' ';
    }
    assert_eq!(Reader::open(Bench::new(&state)).err(), Some(CardError::NotThisCard));
}

#[test]
fn a_card_taken_away_at_any_moment_is_told_as_that() {
    let mut complete = 0;
    for after in 0..60 {
        let mut bench = Bench::new(&WORLD.card);
        bench.lost_after = Some(after);
        let result = Reader::open(bench).and_then(|mut reader| reader.sign_user_auth(&pin("1234"), None, b"message"));
        match result {
            Ok(_) => complete += 1,
            Err(error) => assert_eq!(error, CardError::Removed, "after {after}"),
        }
    }
    assert!(complete > 0, "in the end there were enough commands");
}

#[test]
fn a_clumsy_reader_with_61_and_6c_gives_the_same() {
    let mut bench = Bench::new(&WORLD.card);
    bench.clumsy = true;
    let mut clumsy = Reader::open(bench).unwrap();
    let mut smooth = reader(&WORLD.card);
    assert_eq!(
        clumsy.sign_user_auth(&pin("1234"), None, b"message").unwrap(),
        smooth.sign_user_auth(&pin("1234"), None, b"message").unwrap()
    );
    assert_eq!(clumsy.card_record().unwrap(), smooth.card_record().unwrap());
    assert!(
        clumsy.four_items(&TextPin::new("1234").unwrap(), None).unwrap()
            == smooth.four_items(&TextPin::new("1234").unwrap(), None).unwrap()
    );
}

#[test]
fn a_card_that_answers_without_end_or_nonsense_is_given_up() {
    struct Endless(Vec<u8>);
    impl Transport for Endless {
        fn transmit(&mut self, _apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
            Ok(self.0.clone())
        }
        fn power_off(&mut self) {}
    }
    for answer in [vec![0x61, 0x00], vec![], vec![0x90]] {
        assert!(matches!(Reader::open(Endless(answer)), Err(CardError::Garbled(_))));
    }
    assert!(Reader::open(Endless(vec![0x6C, 0x00])).is_err());
    // A card that says 9000 to everything gives no token label.
    let mut agreeable = Reader::open(Endless(vec![0x90, 0x00])).unwrap();
    assert_eq!(agreeable.token(), &TokenKind::Other(String::new()));
    assert_eq!(agreeable.tries_left(PinKind::Signature).unwrap(), Tries::NotTold);
    assert_eq!(
        agreeable.sign_user_auth(&pin("1234"), None, b"").unwrap_err(),
        CardError::LastTry { which: PinKind::UserAuthentication },
        "a counter that is not told may be at its end"
    );
}

#[test]
fn a_card_without_signature_certificate_says_so_before_any_password() {
    let mut ca = WORLD.ca.clone();
    let state = Personalise::new(person()).without_signature().issue(&mut ca, now(), &mut counting()).unwrap();
    let mut reader = reader(&state);
    assert_eq!(reader.availability().unwrap().signature, Some(false));
    let password = SignaturePassword::new("ABC123").unwrap();
    let error = reader.sign_document(&password, None, b"").unwrap_err();
    assert_eq!(error, CardError::NoCertificate(CertificateKind::Signature));
    assert_eq!(reader.tries_left(PinKind::Signature).unwrap(), Tries::Left(5));
    reader.sign_user_auth(&pin("1234"), None, b"").unwrap();
}

#[test]
fn phones_sign_in_and_have_no_text_application() {
    let mut ca = WORLD.ca.clone();
    for (model, token) in [(Model::Android, TokenKind::Android), (Model::Iphone, TokenKind::Iphone)] {
        let state = Personalise::new(person()).model(model).issue(&mut ca, now(), &mut counting()).unwrap();
        let mut reader = reader(&state);
        assert_eq!(reader.token(), &token);
        assert!(reader.token().is_phone());
        if model == Model::Android {
            let error = reader.user_auth_certificate().unwrap_err();
            assert_eq!(error, CardError::PinNeeded(PinKind::UserAuthentication));
        }
        reader.sign_user_auth(&pin("1234"), None, b"message").unwrap();
        let error = reader.four_items(&TextPin::new("1234").unwrap(), None).unwrap_err();
        assert_eq!(error, CardError::NotOnThisToken("text"));
        reader.sign_user_auth(&pin("1234"), None, b"after that").unwrap();
    }
}

#[test]
fn the_certificate_is_read_to_its_end_and_without_filler() {
    let certificate = reader(&WORLD.card).user_auth_certificate().unwrap();
    assert_eq!(Some(certificate), WORLD.card.certificate(AUTH));
}

#[test]
fn the_four_items_are_those_of_the_text_file() {
    let text_pin = TextPin::new("1234").unwrap();
    let items = reader(&WORLD.card).four_items(&text_pin, None).unwrap();
    let file = reader(&WORLD.card).four_items_file(&text_pin, None).unwrap();
    assert!(jpki::parse_four_items(&file).unwrap() == items, "the filler behind the file is left out");
    assert_eq!((items.name, items.address, items.date_of_birth), (person().name, person().address, person().date_of_birth));
}

#[test]
fn the_card_record_names_the_municipality_and_the_end_of_the_card() {
    let record = reader(&WORLD.card).card_record().unwrap();
    assert_eq!((record.municipality.as_str(), record.expires.as_str(), record.serial.len()), ("99999", "20350217", 15));
    assert!(!format!("{record:?}").contains(&record.serial));
}

#[test]
fn a_town_writes_its_number_with_its_key() {
    let key = TownKey::new(&"07".repeat(16)).unwrap();
    let mut reader = reader(&WORLD.card);
    assert_eq!(reader.town_number().unwrap().as_deref(), Some("A-000123"));
    reader.write_town_number(&key, None, "B-000999").unwrap();
    assert_eq!(reader.town_number().unwrap().as_deref(), Some("B-000999"));
    let wrong = TownKey::new(&"08".repeat(16)).unwrap();
    let error = reader.write_town_number(&wrong, None, "C").unwrap_err();
    assert_eq!(error, CardError::WrongPin { which: PinKind::Town, left: Tries::Left(2) });
    assert_eq!(reader.write_town_number(&key, None, &"x".repeat(65)).unwrap_err(), CardError::DoesNotFit);
}

#[test]
fn a_card_whose_signature_is_wrong_is_noticed_at_once() {
    let mut state = WORLD.card.clone();
    let other = Personalise::new(person()).issue(&mut WORLD.ca.clone(), now(), &mut counting()).unwrap();
    let key = other.applications[0].files[&0x0017].clone();
    state.applications[0].files.insert(0x0017, key);
    assert_eq!(reader(&state).sign_user_auth(&pin("1234"), None, b"").unwrap_err(), CardError::Garbled("signature"));
}
