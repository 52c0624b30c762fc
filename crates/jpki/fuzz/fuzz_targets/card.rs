#![no_main]

use std::sync::LazyLock;

use jpki::card::{CardState, Personalise, SoftwareCard};
use jpki::testca::{Municipality, Person, TestCa};
use jpki::{PartialDate, Sex};

static CARD: LazyLock<CardState> = LazyLock::new(|| {
    let now = "2026-11-22T00:00:00Z".parse().expect("a moment");
    let person = Person {
        name: "試験　太郎".into(),
        address: "試験県試験町１".into(),
        date_of_birth: PartialDate::parse("19900401").expect("a day"),
        sex: Sex::Male,
        municipality: Municipality { code: "99999".into(), prefecture: "Test-ken".into(), city: "Test-machi".into() },
    };
    let mut ca = TestCa::new(now).expect("keys");
    Personalise::new(person).issue(&mut ca, now, &mut |bytes: &mut [u8]| bytes.fill(7)).expect("a card")
});

// Commands one after another, each with its length in front.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut card = SoftwareCard::insert(CARD.clone(), Box::new(|bytes: &mut [u8]| bytes.fill(7)));
    let mut rest = bytes;
    while let Some((length, tail)) = rest.split_first() {
        let (command, tail) = tail.split_at(tail.len().min(usize::from(*length)));
        assert!(card.answer(command).len() >= 2);
        rest = tail;
    }
});
