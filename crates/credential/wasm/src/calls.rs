//! The calls themselves: JSON in, JSON out, no memory tricks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::offline::{self, Knowledge};
use credential::{CardId, ClaimValue, Credential, Disclosure, Held, HolderKey, NONCE_BYTES, TownCode, holder};
use jiff::Timestamp;
use jiff::civil::Date;
use qrcode::{Color, EcLevel, QrCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a call answers: `{"ok": …}` or `{"error": "why"}`. An error means that the page called wrongly, never that a card is bad.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply(String);

impl Reply {
    /// The reply's text.
    pub fn into_json(self) -> String {
        self.0
    }
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer<O> {
    Ok(O),
    Error(String),
}

fn call<I: DeserializeOwned, O: Serialize>(input: &[u8], run: impl FnOnce(I) -> Result<O, String>) -> Reply {
    let answer = serde_json::from_slice(input).map_err(text).and_then(run).map_or_else(Answer::Error, Answer::Ok);
    Reply(serde_json::to_string(&answer).expect("answers are plain texts and numbers"))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What was scanned, and what the verifier knows. One type for both calls, as reading JSON is half of the module's size.
#[derive(Deserialize)]
struct Scanned {
    presentation: String,
    knowledge: Knowledge,
    /// Only to decide, like the following.
    now: Option<Timestamp>,
    #[serde(default)]
    answers: Vec<bool>,
    #[serde(default)]
    seen: Vec<String>,
}

/// `{presentation, knowledge}` → the signatures to check: `[{key, message, signature}]`.
pub fn signatures(input: &[u8]) -> Reply {
    call(input, |scanned: Scanned| Ok(offline::questions(&scanned.presentation, &scanned.knowledge)))
}

/// `{presentation, knowledge, now, answers, seen}` → the decision.
pub fn decide(input: &[u8]) -> Reply {
    call(input, |Scanned { presentation, knowledge, now, answers, seen }| {
        let now = now.ok_or("missing field `now`")?;
        Ok(offline::decide(&presentation, &knowledge, now, &answers, &seen))
    })
}

/// A card for the phone's own screen.
#[derive(Serialize)]
struct Described {
    town: TownCode,
    card: CardId,
    programme: String,
    valid_until: Option<Date>,
    issued_at: Timestamp,
    expires_at: Timestamp,
    holder: HolderKey,
    claims: BTreeMap<String, ClaimValue>,
}

/// `{credential, disclosures}`, as the phone keeps a card → what it says, for the phone's own screen.
pub fn describe(input: &[u8]) -> Reply {
    call(input, |held: Held| {
        let (credential, disclosures) = held.open().map_err(text)?;
        let claims = credential.claims().clone();
        Ok(Described {
            town: claims.town,
            card: claims.card,
            programme: claims.programme,
            valid_until: claims.valid_until,
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
            holder: claims.holder,
            claims: disclosures.iter().map(|d| (d.name().to_owned(), d.value().clone())).collect(),
        })
    })
}

/// A card, what to open of it, and the moment.
#[derive(Deserialize)]
struct Showing {
    held: Held,
    /// The names of the claims to open; a name the card does not have is passed over.
    show: Vec<String>,
    iat: Timestamp,
    /// Eight random bytes, base64url.
    nonce: String,
    /// r ‖ s, base64url; only to assemble.
    signature: Option<String>,
}

impl Showing {
    fn parts(&self) -> Result<(Credential, Vec<Disclosure>, [u8; NONCE_BYTES]), String> {
        let (credential, mut disclosures) = self.held.open().map_err(text)?;
        disclosures.retain(|disclosure| self.show.iter().any(|name| name == disclosure.name()));
        Ok((credential, disclosures, bytes(&self.nonce, "nonce")?))
    }
}

fn bytes<const N: usize>(encoded: &str, what: &str) -> Result<[u8; N], String> {
    let decoded = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| format!("{what}: not base64url"))?;
    decoded.try_into().map_err(|_| format!("{what}: not {N} bytes"))
}

#[derive(Serialize)]
struct ToSign {
    message: String,
}

/// `{held, show, iat, nonce}` → `{message}`: the bytes for WebCrypto to sign, base64url.
pub fn holder_tbs(input: &[u8]) -> Reply {
    call(input, |showing: Showing| {
        let (credential, disclosures, nonce) = showing.parts()?;
        let message = holder::to_be_signed(&credential, &disclosures, showing.iat, nonce);
        Ok(ToSign { message: URL_SAFE_NO_PAD.encode(message) })
    })
}

#[derive(Serialize)]
struct Assembled {
    text: String,
}

/// `{held, show, iat, nonce, signature}` → `{text}`: the presentation.
pub fn holder_assemble(input: &[u8]) -> Reply {
    call(input, |showing: Showing| {
        let (credential, disclosures, nonce) = showing.parts()?;
        let signature = bytes(showing.signature.as_deref().unwrap_or_default(), "signature")?;
        Ok(Assembled { text: holder::assemble(&credential, &disclosures, showing.iat, nonce, &signature) })
    })
}

#[derive(Deserialize)]
struct Drawn {
    text: String,
    /// How much damage it survives.
    #[serde(default)]
    ecc: Ecc,
}

#[derive(Deserialize, Default, Clone, Copy)]
enum Ecc {
    /// Seven per cent: for screens.
    #[default]
    L,
    /// Fifteen per cent: for paper.
    M,
    /// Twenty-five per cent.
    Q,
}

#[derive(Serialize)]
struct Code {
    size: usize,
    path: String,
}

/// The white margin that readers need, in modules.
const QUIET: usize = 4;

/// `{text, ecc}` → `{size, path}`: an SVG path of the black modules in a square of `size`, its white margin included.
pub fn qr(input: &[u8]) -> Reply {
    call(input, |drawn: Drawn| {
        let level = match drawn.ecc {
            Ecc::L => EcLevel::L,
            Ecc::M => EcLevel::M,
            Ecc::Q => EcLevel::Q,
        };
        let code = QrCode::with_error_correction_level(&drawn.text, level).map_err(text)?;
        Ok(Code { size: code.width() + 2 * QUIET, path: path(&code) })
    })
}

/// One rectangle for each run of black modules in a row.
fn path(code: &QrCode) -> String {
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(code.width()).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                let (left, top, width) = (x + QUIET, y + QUIET, run.len());
                write!(path, "M{left} {top}h{width}v1h-{width}z").expect("writing to a string cannot fail");
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_wrong_call_is_told_what_is_wrong() {
        for call in [signatures, decide, describe, holder_tbs, holder_assemble, qr] {
            let reply = call(b"{}").into_json();
            assert!(reply.starts_with(r#"{"error":"missing field"#), "{reply}");
        }
    }

    #[test]
    fn a_code_is_drawn_with_its_margin_and_three_finder_patterns() {
        let drawn: Value = serde_json::from_str(&qr(br#"{"text":"TGT1:BB8"}"#).into_json()).unwrap();
        assert_eq!(drawn["ok"]["size"], 21 + 8);
        let path = drawn["ok"]["path"].as_str().unwrap();
        assert!(path.starts_with("M4 4h7v1h-7z"));
        assert!(path.contains("M18 4h7v1h-7z") && path.contains("M4 24h7v1h-7z"));
    }

    #[test]
    fn a_text_too_long_for_any_code_is_an_error() {
        assert!(qr(json!({ "text": "あ".repeat(3000) }).to_string().as_bytes()).into_json().starts_with(r#"{"error""#));
    }
}
