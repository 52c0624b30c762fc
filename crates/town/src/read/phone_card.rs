//! Reads `[[phone_card]]`.

use super::{Located, PackFile, unique, utf8};
use crate::{
    diagnostic::Diagnostic,
    fields::{Faults, Fields, Value},
    model::{AppAssurance, AppId, CardElement, IdentityApp, PhoneCard, PhoneCardClient, PhoneCardElements},
};

/// The most characters a doctype, namespace, element or scheme may have.
const TEXT_CHARS_MAX: usize = 200;
/// The extended key usage of document signers (ISO/IEC 18013-5 annex B.1.4).
const SIGNER_USAGE: &str = "1.0.18013.5.1.2";

pub(super) fn read(
    tables: Vec<Fields<'_>>,
    apps: &[Located<IdentityApp>],
    files: &[PackFile],
    faults: &mut Faults,
) -> Vec<Located<PhoneCard>> {
    let cards = tables.into_iter().filter_map(|fields| card(fields, files, faults)).collect();
    let cards = unique("phone card", cards, |card: &PhoneCard| card.id.clone(), faults);
    let taken = |id: &AppId| apps.iter().any(|app| app.thing.id == *id);
    for Located { thing, location } in cards.iter().filter(|card| taken(&card.thing.id)) {
        let reason = format!("an identity app is called {} already", thing.id);
        faults.push(Diagnostic::error(location.clone(), reason, "residents take either away under its id: give the card another"));
    }
    cards
}

fn card(mut fields: Fields<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Located<PhoneCard>> {
    let location = fields.location();
    let id = fields.required("id", "\"phone-card\"", faults).and_then(|value| value.parsed(faults, "give the card a plain id"));
    let name = fields.required("name", "{ ja = \"スマホの…\" }", faults).and_then(|value| value.words(faults));
    let doctype = fields.required("doctype", "\"…\"", faults).and_then(|value| plain(&value, faults));
    let wanted = fields.required("elements", "{ name = [\"namespace\", \"element\"], … }", faults);
    let elements = wanted.and_then(|value| value.table(faults)).and_then(|fields| elements(fields, faults));
    let roots = fields.required("roots", "[\"data/issuer-root.pem\"]", faults).and_then(|value| roots(&value, files, faults));
    let usage = fields.optional("signer_usage").map_or(Some(SIGNER_USAGE.to_owned()), |value| oid(&value, faults));
    let assurance = fields.required("assurance", "\"user_auth\"", faults);
    let assurance = assurance.and_then(|value| value.word(AppAssurance::ALL, AppAssurance::word, faults));
    let client = fields.optional("client");
    let client = client.map_or(Some(PhoneCardClient::X509Hash), |value| value.word(PhoneCardClient::ALL, PhoneCardClient::word, faults));
    let scheme = fields.optional("scheme").map_or(Some("openid4vp".to_owned()), |value| scheme(&value, faults));
    fields.finish(faults);
    let thing = PhoneCard {
        id: id?,
        name: name?,
        doctype: doctype?,
        elements: elements?,
        roots: roots?,
        signer_usage: usage?,
        assurance: assurance?,
        client: client?,
        scheme: scheme?,
    };
    Some(Located { thing, location })
}

/// A name of the standard's: one word of visible ASCII.
fn plain(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    if text.len() > TEXT_CHARS_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        value.fault(faults, format!("{text:?} is not one word of plain letters, digits and signs"), "copy it as the issuer publishes it");
        return None;
    }
    Some(text)
}

fn elements(mut fields: Fields<'_>, faults: &mut Faults) -> Option<PhoneCardElements> {
    let mut required =
        |name, faults: &mut Faults| fields.required(name, "[\"namespace\", \"element\"]", faults).and_then(|value| element(&value, faults));
    let (name, address) = (required("name", faults), required("address", faults));
    let (date_of_birth, sex) = (required("date_of_birth", faults), required("sex", faults));
    let subject = fields.optional("subject").map(|value| element(&value, faults));
    fields.finish(faults);
    let subject = match subject {
        Some(subject) => Some(subject?),
        None => None,
    };
    Some(PhoneCardElements { name: name?, address: address?, date_of_birth: date_of_birth?, sex: sex?, subject })
}

fn element(value: &Value<'_>, faults: &mut Faults) -> Option<CardElement> {
    let parts: Vec<String> = value.list(faults)?.iter().map(|part| plain(part, faults)).collect::<Option<_>>()?;
    let Ok([namespace, name]) = <[String; 2]>::try_from(parts) else {
        value.fault(faults, "an element is named by two words", "write it as [\"namespace\", \"element\"]");
        return None;
    };
    // What no town may ask a resident's phone for, whatever the card calls it (番号法 20条).
    if ["individual_number", "my_number", "mynumber", "kojin_bango"].iter().any(|forbidden| name.to_ascii_lowercase().contains(forbidden)) {
        value.fault(
            faults,
            format!("{name:?} looks like the My Number itself"),
            "ask for the four items only; the number is never asked for",
        );
        return None;
    }
    Some(CardElement { namespace, name })
}

fn oid(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let arcs: Vec<&str> = text.split('.').collect();
    let number = |arc: &&str| !arc.is_empty() && arc.len() <= 10 && arc.bytes().all(|byte| byte.is_ascii_digit());
    if arcs.len() < 3 || !arcs.iter().all(number) {
        value.fault(faults, format!("{text:?} is no object identifier"), format!("write it like {SIGNER_USAGE:?}"));
        return None;
    }
    Some(text)
}

fn scheme(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !letters || !text.starts_with(|c: char| c.is_ascii_lowercase()) || ["http", "https", "javascript", "data"].contains(&text.as_str()) {
        value.fault(faults, format!("{text:?} leads to no wallet"), "write the scheme wallets know, such as \"openid4vp\" or \"haip-vp\"");
        return None;
    }
    Some(text)
}

/// The files of roots, read; none where the issuer has published none: the card is then offered in demonstrations only.
fn roots(value: &Value<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Vec<String>> {
    let items = value.list(faults)?;
    let read: Vec<String> = items.iter().filter_map(|item| root(item, files, faults)).collect();
    (read.len() == items.len()).then_some(read)
}

fn root(value: &Value<'_>, files: &[PackFile], faults: &mut Faults) -> Option<String> {
    let path = value.string(faults)?;
    let Some(file) = files.iter().find(|file| file.path == path && path.starts_with("data/")) else {
        value.fault(faults, format!("there is no file {path}"), "put the certificate into the pack's data/ folder, as data/….pem");
        return None;
    };
    let text = utf8(file, faults)?.text.to_string();
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        value.fault(
            faults,
            format!("{path} holds no certificate in PEM"),
            "convert it: openssl x509 -inform der -in root.cer -out root.pem",
        );
        return None;
    }
    Some(text)
}
