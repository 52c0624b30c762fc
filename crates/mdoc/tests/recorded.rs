//! What phones of other makes answered once (`tests/independent/record.mjs`): believed as it was, and not for another question.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::date;
use mdoc::soft::SIGNER_USAGE;
use mdoc::{Element, Handover, Kind, Question, Refusal, Roots, Shown, Value, verify};

const SPACE: &str = "jp.example.1";
const ELEMENTS: [Element<'static>; 4] = [
    Element { namespace: SPACE, name: "name", kind: Kind::Text },
    Element { namespace: SPACE, name: "address", kind: Kind::Text },
    Element { namespace: SPACE, name: "birth", kind: Kind::Date },
    Element { namespace: SPACE, name: "sex", kind: Kind::Sex },
];

fn answered(make: &str, nonce: Option<&str>) -> Result<Shown, Refusal> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recorded/{make}.json"));
    let record: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |name: &str| record[name].as_str().unwrap();
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)).unwrap();
    let handover = Handover {
        client_id: text("client_id"),
        nonce: nonce.unwrap_or(text("nonce")),
        key: bytes("thumbprint").try_into().unwrap(),
        response_uri: text("response_uri"),
    };
    let question = Question {
        doctype: "jp.example.card.1",
        elements: &ELEMENTS,
        signer_usage: SIGNER_USAGE,
        transcript: &handover.transcript(),
        now: text("at").parse::<Timestamp>().unwrap(),
    };
    verify(&bytes("response"), &question, &Roots::new([bytes("root").as_slice()]).unwrap())
}

#[test]
fn phones_of_other_makes_are_believed_for_the_question_they_were_asked() {
    for make in ["animo", "isomdl"] {
        let shown = answered(make, None).unwrap();
        let expected =
            [Value::Text("青空　花子".to_owned()), Value::Text("青空町１－２".to_owned()), Value::Date(date(1980, 2, 17)), Value::Sex(2)];
        assert_eq!((shown.values.as_slice(), shown.algorithm), (expected.as_slice(), "ES256"), "{make}");
        assert_eq!(answered(make, Some("another")).unwrap_err(), Refusal::DeviceSignature, "{make}");
    }
}
