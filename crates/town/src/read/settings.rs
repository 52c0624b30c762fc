//! Reads `[town]`, `[theme]`, `[contact]`, `[trust]`, `[offline]` and `[presentation]`.

use civil::LocalGovernmentCode;

use super::PackFile;
use crate::{
    fields::{Faults, Fields, Value},
    model::{Anchors, AskOcsp, Colour, Contact, Language, Logo, Ocsp, Offline, Presentation, Revocation, Theme, Trust, Words},
};

/// What `[town]` says.
pub(super) struct Heading {
    pub(super) code: LocalGovernmentCode,
    pub(super) name: Words,
    pub(super) languages: Vec<Language>,
}

pub(super) fn town(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Heading> {
    let code = fields
        .required("code", "\"209996\"", faults)
        .and_then(|value| value.parsed(faults, "give the six digits of the 全国地方公共団体コード, the check digit included"));
    let name = fields.required("name", "{ ja = \"…市\", en = \"…\" }", faults).and_then(|value| value.words(faults));
    let languages = fields.required("languages", "[\"ja\", \"ja-easy\", \"en\"]", faults).and_then(|value| languages(value, faults));
    if let Some(value) = fields.optional("time_zone")
        && value.string(faults).is_some_and(|zone| zone != "Asia/Tokyo")
    {
        value.fault(faults, "towns of Japan live by Asia/Tokyo", "remove time_zone");
    }
    fields.finish(faults);
    Some(Heading { code: code?, name: name?, languages: languages? })
}

fn languages(value: Value<'_>, faults: &mut Faults) -> Option<Vec<Language>> {
    let items = value.list(faults)?;
    let mut languages: Vec<Language> = Vec::new();
    for item in &items {
        let Some(language) = item.parsed::<Language>(faults, "correct the language tag") else { continue };
        if languages.contains(&language) {
            item.fault(faults, format!("{language} is there twice"), "remove one of them");
        } else {
            languages.push(language);
        }
    }
    if !languages.contains(&Language::JAPANESE) {
        value.fault(faults, "Japanese is missing", "add \"ja\": every other language falls back to it");
        return None;
    }
    Some(languages)
}

pub(super) fn theme(mut fields: Fields<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Theme> {
    let app_name = fields.required("app_name", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let primary = fields.required("primary", "\"#0017c1\"", faults).and_then(|value| background(value, faults));
    let accent = fields.required("accent", "\"#00118f\"", faults).and_then(|value| value.parsed(faults, "write the colour as #rrggbb"));
    let logo = fields.optional("logo").and_then(|value| logo(value, files, faults));
    fields.finish(faults);
    Some(Theme { app_name: app_name?, primary: primary?, accent: accent?, logo })
}

/// A colour that white text is written on.
pub(super) fn background(value: Value<'_>, faults: &mut Faults) -> Option<Colour> {
    let colour: Colour = value.parsed(faults, "write the colour as #rrggbb")?;
    let contrast = colour.contrast_with_white();
    if contrast < 450 {
        let reason = format!("white text on {colour} has a contrast of {}.{:02} : 1, below 4.5 : 1", contrast / 100, contrast % 100);
        value.fault(faults, reason, "choose a darker colour (JIS X 8341-3, WCAG 1.4.3)");
    }
    Some(colour)
}

fn logo(value: Value<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Logo> {
    let name = value.string(faults)?;
    let media_type = match name.rsplit_once('.') {
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "png")) => "image/png",
        _ => {
            value.fault(faults, format!("{name:?} is no picture that every browser shows"), "use a file that ends in .svg or .png");
            return None;
        }
    };
    let Some(file) = files.iter().find(|file| file.path == name) else {
        value.fault(faults, format!("{name:?} is not in the folder of the pack"), "put the file beside town.toml");
        return None;
    };
    Some(Logo { media_type, bytes: file.bytes.clone() })
}

pub(super) fn contact(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Contact> {
    let department = fields.required("department", "{ ja = \"…課\" }", faults).and_then(|value| value.words(faults));
    let telephone = fields.required("telephone", "\"0123-45-6789\"", faults).and_then(|value| telephone(value, faults));
    let hours = fields.required("hours", "{ ja = \"平日 8時30分〜17時15分\" }", faults).and_then(|value| value.words(faults));
    fields.finish(faults);
    Some(Contact { department: department?, telephone: telephone?, hours: hours? })
}

fn telephone(value: Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') || !(9..=11).contains(&digits) || !text.starts_with('0') {
        value.fault(
            faults,
            format!("{text:?} is not a telephone number"),
            "write it with its area code and hyphens, such as \"0123-45-6789\"",
        );
        return None;
    }
    Some(text)
}

pub(super) fn trust(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Trust> {
    let anchors = fields.required("anchors", "[\"production\"]", faults).and_then(|value| {
        let items = value.list(faults)?;
        if items.is_empty() {
            value.fault(faults, "nobody is trusted", "name at least one: [\"production\"]");
        }
        Some(items.iter().filter_map(|item| item.word(Anchors::ALL, Anchors::word, faults)).collect())
    });
    let policy = fields.optional("revocation");
    let revocation = policy.map_or(Some(Revocation::Hard), |value| value.word(Revocation::ALL, Revocation::word, faults));
    let grace = fields.optional("grace_h");
    let grace_h = grace.and_then(|value| value.integer_within(1..=168, faults));
    match (revocation, policy, grace) {
        (Some(Revocation::Hard), _, Some(value)) => {
            value.fault(faults, "grace_h has no meaning when revocation is \"hard\"", "remove grace_h, or write revocation = \"soft\"")
        }
        (Some(Revocation::Soft), Some(value), None) => {
            value.fault(faults, "revocation is \"soft\" without a limit", "add grace_h, in hours, from 1 to 168")
        }
        _ => {}
    }
    let ocsp = fields.optional("ocsp").map(|value| value.table(faults).and_then(|fields| ocsp(fields, faults)));
    fields.finish(faults);
    Some(Trust { anchors: anchors?, revocation: revocation?, grace_h: grace_h.unwrap_or(0), ocsp: there_and_good(ocsp)? })
}

/// A value that may be left out but not be wrong: `None` when it is wrong.
fn there_and_good<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(None) => None,
        other => Some(other.flatten()),
    }
}

/// Seconds an OCSP answer may take unless the pack says otherwise.
const OCSP_TIMEOUT_S: u32 = 5;

fn ocsp(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Ocsp> {
    let ask = fields.required("ask", "\"without_list\"", faults).and_then(|value| value.word(AskOcsp::ALL, AskOcsp::word, faults));
    let address = fields.optional("address").map(|value| web_address(value, faults));
    let timeout_s = fields.optional("timeout_s").map(|value| value.integer_within(1..=30, faults));
    let nonce = fields.optional("nonce").map(|value| value.bool(faults));
    fields.finish(faults);
    Some(Ocsp {
        ask: ask?,
        address: there_and_good(address)?,
        timeout_s: timeout_s.unwrap_or(Some(OCSP_TIMEOUT_S))?,
        nonce: nonce.unwrap_or(Some(true))?,
    })
}

fn web_address(value: Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let host = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    if !host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')) || text.contains(char::is_whitespace) {
        value.fault(faults, format!("{text:?} is no web address"), "write it as \"http://ocsp.example.jp/\"");
        return None;
    }
    Some(text)
}

pub(super) fn offline(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Offline> {
    let age = fields.required("knowledge_max_age_h", "72", faults).and_then(|value| value.integer_within(1..=720, faults));
    fields.finish(faults);
    Some(Offline { knowledge_max_age_h: age? })
}

pub(super) fn presentation(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Presentation> {
    let age = fields.required("max_age_s", "30", faults).and_then(|value| value.integer_within(5..=120, faults));
    fields.finish(faults);
    Some(Presentation { max_age_s: age? })
}
