//! The card signs by an app: what is signed, the transaction in which it is, and its result.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use civil::Timestamp;
use jiff::tz;
use serde_json::{Map, Value, json};
use town::AppSignFields;

use super::AppReply;
use crate::{AppQuestionId, AppRefusal, secret};

/// The longest id a provider may give a transaction.
const TRANSACTION_BYTES_MAX: usize = 255;

/// What a person signs: words they have read, and what makes them this service's, this moment's and this question's.
pub(super) fn statement(words: &str, origin: &str, question: AppQuestionId, at: Timestamp) -> String {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    format!("{}\n\n{origin}\n{}\n{question}", words.trim(), second.display_with_offset(tz::offset(9)))
}

/// What a transaction is begun with.
pub(super) fn request(statement: &str, names: &AppSignFields) -> String {
    let digest = STANDARD.encode(secret::sha256(statement.as_bytes()));
    json!({ names.digest.as_str(): digest }).to_string()
}

/// The id of a transaction that was begun: what may stand in an address as it is.
pub(super) fn transaction_of(reply: &AppReply, names: &AppSignFields) -> Result<String, AppRefusal> {
    let answer: Map<String, Value> = match reply.status {
        200 | 201 => serde_json::from_slice(&reply.body).map_err(|_| AppRefusal::Transaction)?,
        _ => return Err(AppRefusal::Transaction),
    };
    let id = answer.get(&names.transaction).and_then(Value::as_str).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let good = !id.is_empty() && id.len() <= TRANSACTION_BYTES_MAX && id.bytes().all(plain);
    if good { Ok(id.to_owned()) } else { Err(AppRefusal::Transaction) }
}

/// What a provider encrypted to the town: the body itself, or one member of it.
pub(super) fn sealed_of(reply: &AppReply, names: &AppSignFields) -> Result<String, AppRefusal> {
    if reply.status != 200 {
        return Err(AppRefusal::Result);
    }
    let body = std::str::from_utf8(&reply.body).map_err(|_| AppRefusal::Result)?.trim();
    match serde_json::from_str::<Value>(body) {
        Ok(Value::String(sealed)) => Ok(sealed),
        Ok(told) => told.get(&names.result).and_then(Value::as_str).map(str::to_owned).ok_or(AppRefusal::Result),
        Err(_) => Ok(body.to_owned()),
    }
}

/// What came out of it: untrusted.
pub(super) struct Signed {
    pub(super) certificate: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// The certificate and the signature, each in base64.
pub(super) fn signed_of(opened: &[u8], names: &AppSignFields) -> Result<Signed, AppRefusal> {
    let told: Map<String, Value> = serde_json::from_slice(opened).map_err(|_| AppRefusal::Result)?;
    let part = |name: &String| told.get(name).and_then(Value::as_str).and_then(bytes).ok_or(AppRefusal::Result);
    Ok(Signed { certificate: part(&names.certificate)?, signature: part(&names.signature)? })
}

/// Base64 in either alphabet, with or without its padding: which of them is not published.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let plain = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode(plain).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> AppSignFields {
        AppSignFields::default()
    }

    fn reply(status: u16, body: &str) -> AppReply {
        AppReply { status, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_statement_says_where_when_and_which() {
        let (id, at) = (AppQuestionId::from_bytes([7; 16]), "2026-11-27T03:00:00.25Z".parse().unwrap());
        let text = statement(" I am the one who asks. ", "https://tegata.example", id, at);
        assert_eq!(text, format!("I am the one who asks.\n\nhttps://tegata.example\n2026-11-27T12:00:00+09:00\n{id}"));
    }

    #[test]
    fn a_transaction_is_begun_with_the_hash_in_base64() {
        assert_eq!(request("", &names()), r#"{"digest":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}"#);
        let begun = |status, body| transaction_of(&reply(status, body), &names());
        assert_eq!(begun(201, r#"{"sign_transaction_id":"65a0-4b_E","x":1}"#).unwrap(), "65a0-4b_E");
        for (status, body) in [
            (400, r#"{"sign_transaction_id":"a"}"#),
            (200, r#"{"sign_transaction_id":""}"#),
            (200, r#"{"sign_transaction_id":"../userinfo"}"#),
            (200, r#"{"sign_transaction_id":7}"#),
            (200, r#"{}"#),
            (200, "[]"),
        ] {
            assert_eq!(begun(status, body), Err(AppRefusal::Transaction), "{body}");
        }
    }

    #[test]
    fn a_result_is_the_body_or_a_member_of_it() {
        let sealed = |status, body| sealed_of(&reply(status, body), &names());
        for body in ["a.b.c\n", r#""a.b.c""#, r#"{"result":"a.b.c"}"#] {
            assert_eq!(sealed(200, body).as_deref(), Ok("a.b.c"));
        }
        for (status, body) in [(404, "a.b.c"), (200, "{}"), (200, "[]"), (200, r#"{"result":7}"#)] {
            assert_eq!(sealed(status, body), Err(AppRefusal::Result), "{body}");
        }
    }

    #[test]
    fn what_came_out_is_read_in_either_base64() {
        let signed = |text: &str| signed_of(text.as_bytes(), &names()).map(|signed| (signed.certificate, signed.signature));
        for text in [r#"{"certificate":"+/8=","signature":"AQ=="}"#, r#"{"certificate":"-_8","signature":"AQ"}"#] {
            assert_eq!(signed(text).unwrap(), (vec![0xFB, 0xFF], vec![1]));
        }
        for text in
            ["", "[]", r#"{"certificate":"AQ=="}"#, r#"{"certificate":"AQ==","signature":""}"#, r#"{"certificate":"!","signature":"AQ=="}"#]
        {
            assert_eq!(signed(text), Err(AppRefusal::Result), "{text}");
        }
    }
}
