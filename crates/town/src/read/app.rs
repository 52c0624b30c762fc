//! Reads `[[identity_app]]`.

use super::{Located, unique};
use crate::{
    diagnostic::{Diagnostic, Location},
    fields::{Faults, Fields, Value},
    model::{AppAssurance, AppClaims, AppEncryption, AppEndpoints, AppSign, AppSignFields, AssertionAudience, IdentityApp},
};

/// The most characters a client id, scope or claim's name may have.
const TEXT_CHARS_MAX: usize = 255;

pub(super) fn read(tables: Vec<Fields<'_>>, faults: &mut Faults) -> Vec<Located<IdentityApp>> {
    let apps = tables.into_iter().filter_map(|fields| app(fields, faults)).collect();
    unique("identity app", apps, |app: &IdentityApp| app.id.clone(), faults)
}

fn app(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Located<IdentityApp>> {
    let location = fields.location();
    let id = fields.required("id", "\"digital-auth\"", faults).and_then(|value| value.parsed(faults, "give the app a plain id"));
    let name = fields.required("name", "{ ja = \"…アプリ\" }", faults).and_then(|value| value.words(faults));
    let issuer = fields.required("issuer", "\"https://…\"", faults).and_then(|value| issuer(value, faults));
    let endpoints = fields.optional("endpoints").map(|value| value.table(faults).and_then(|fields| endpoints(fields, faults)));
    let client_id = fields.required("client_id", "\"…\"", faults).and_then(|value| visible(&value, faults));
    let scopes = fields.required("scopes", "[\"openid\", \"name\", \"address\", \"birthdate\", \"gender\"]", faults);
    let asked_at = scopes.as_ref().map(Value::location);
    let scopes = scopes.and_then(|value| scopes_of(value, faults));
    let acr_values = fields.optional("acr_values").map(|value| visible_list(&value, faults));
    let acr_accepted = fields.optional("acr_accepted").map(|value| visible_list(&value, faults));
    let assurance = fields.required("assurance", "\"user_auth\"", faults);
    let said_at = assurance.as_ref().map(Value::location);
    let assurance = assurance.and_then(|value| value.word(AppAssurance::ALL, AppAssurance::word, faults));
    let audience = fields
        .optional("assertion_audience")
        .map_or(Some(AssertionAudience::TokenEndpoint), |value| value.word(AssertionAudience::ALL, AssertionAudience::word, faults));
    let claims = fields.optional("claims").map_or(Some(AppClaims::default()), |value| claims(value.table(faults)?, faults));
    let sign = fields.optional("sign").map(|value| value.table(faults).and_then(|fields| sign(fields, faults)));
    fields.finish(faults);
    let thing = IdentityApp {
        id: id?,
        name: name?,
        issuer: issuer?,
        endpoints: match endpoints {
            Some(endpoints) => Some(endpoints?),
            None => None,
        },
        client_id: client_id?,
        scopes: scopes?,
        acr_values: acr_values.unwrap_or(Some(Vec::new()))?,
        acr_accepted: acr_accepted.unwrap_or(Some(Vec::new()))?,
        assurance: assurance?,
        assertion_audience: audience?,
        claims: claims?,
        sign: match sign {
            Some(sign) => Some(sign?),
            None => None,
        },
    };
    signing_holds(&thing, &asked_at?, faults);
    assurance_holds(&thing, &said_at?, faults);
    Some(Located { thing, location })
}

/// Says what is missing for the card to sign.
fn signing_holds(app: &IdentityApp, asked_at: &Location, faults: &mut Faults) {
    let Some(sign) = app.sign.as_ref().filter(|sign| !app.scopes.contains(&sign.scope)) else { return };
    let next = format!("add \"{}\": without it the card signs nothing", sign.scope);
    faults.push(Diagnostic::error(asked_at.clone(), format!("the scope {} is missing", sign.scope), next));
}

/// Says where an app is not as sure as the pack has it. Where the card signs, that is verified here, whatever a token says.
fn assurance_holds(app: &IdentityApp, said_at: &Location, faults: &mut Faults) {
    let (reason, next) = match (app.assurance, &app.sign) {
        (AppAssurance::UserAuth, Some(_)) => {
            ("an app by which the card signs is as sure as the card's signature", "write assurance = \"signature\"")
        }
        (AppAssurance::Signature, None) if app.acr_accepted.is_empty() => (
            "whatever a token says would count as much as a signature by the card",
            "name in acr_accepted what the provider writes in acr after the card signed",
        ),
        _ => return,
    };
    faults.push(Diagnostic::error(said_at.clone(), reason, next));
}

fn endpoints(mut fields: Fields<'_>, faults: &mut Faults) -> Option<AppEndpoints> {
    let mut required = |name, faults: &mut Faults| fields.required(name, "\"https://…\"", faults).and_then(|value| address(value, faults));
    let (authorization, token, keys) = (required("authorization", faults), required("token", faults), required("keys", faults));
    let userinfo = fields.optional("userinfo").map(|value| address(value, faults));
    fields.finish(faults);
    let userinfo = match userinfo {
        Some(userinfo) => Some(userinfo?),
        None => None,
    };
    Some(AppEndpoints { authorization: authorization?, token: token?, userinfo, keys: keys? })
}

fn issuer(value: Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = address(value, faults)?;
    if text.contains('?') {
        value.fault(faults, format!("{text:?} has a question mark, which no issuer has"), "copy the issuer as the provider publishes it");
        return None;
    }
    Some(text)
}

/// An address below which others lie.
fn below(value: Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = address(value, faults)?;
    if text.contains('?') || text.ends_with('/') {
        value.fault(
            faults,
            format!("{text:?} is no address below which a transaction's own lies"),
            "end it with the last word of its path",
        );
        return None;
    }
    Some(text)
}

/// An address that is asked over TLS; on this machine also without, which is pointed out.
pub(super) fn address(value: Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let host = |scheme: &str| text.strip_prefix(scheme).map(|rest| rest.split(['/', '?']).next().unwrap_or_default().to_owned());
    let plain = text.len() <= 2000 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'@');
    let named = |host: &str| host.starts_with(|c: char| c.is_ascii_alphanumeric());
    if plain && host("https://").is_some_and(|host| named(&host)) {
        return Some(text);
    }
    let here = |host: String| ["localhost", "127.0.0.1"].contains(&host.split(':').next().unwrap_or_default());
    if plain && host("http://").is_some_and(here) {
        let reason = format!("{text:?} is this machine itself, and not encrypted");
        faults.push(Diagnostic::warning(value.location(), reason, "fine for tests and demonstrations only"));
        return Some(text);
    }
    value.fault(faults, format!("{text:?} is no address that is asked over TLS"), "write it as \"https://…\"");
    None
}

/// A word of what a protocol carries: visible ASCII.
fn visible(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    if text.len() > TEXT_CHARS_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        value.fault(faults, format!("{text:?} is not one word of plain letters, digits and signs"), "copy it as the provider gave it");
        return None;
    }
    Some(text)
}

fn visible_list(value: &Value<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let items = value.list(faults)?;
    let read: Vec<String> = items.iter().filter_map(|item| visible(item, faults)).collect();
    (read.len() == items.len()).then_some(read)
}

fn scopes_of(value: Value<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let scopes = visible_list(&value, faults)?;
    if !scopes.iter().any(|scope| scope == "openid") {
        value.fault(faults, "the scope openid is missing", "add \"openid\": without it nobody is proven");
        return None;
    }
    Some(scopes)
}

fn claims(mut fields: Fields<'_>, faults: &mut Faults) -> Option<AppClaims> {
    let usual = AppClaims::default();
    let name = named(&mut fields, "name", usual.name, faults);
    let address = named(&mut fields, "address", usual.address, faults);
    let birthdate = named(&mut fields, "birthdate", usual.birthdate, faults);
    let gender = named(&mut fields, "gender", usual.gender, faults);
    fields.finish(faults);
    Some(AppClaims { name: name?, address: address?, birthdate: birthdate?, gender: gender? })
}

fn sign(mut fields: Fields<'_>, faults: &mut Faults) -> Option<AppSign> {
    let transactions = fields.required("transactions", "\"https://…/sign-transactions\"", faults);
    let transactions = transactions.and_then(|value| below(value, faults));
    let scope = named(&mut fields, "scope", AppSign::SCOPE.to_owned(), faults);
    let parameter = named(&mut fields, "parameter", AppSign::PARAMETER.to_owned(), faults);
    let encryption = fields.optional("encryption");
    let encryption = encryption.map_or(Some(AppEncryption::EcdhEs), |value| value.word(AppEncryption::ALL, AppEncryption::word, faults));
    let names = fields.optional("fields").map_or(Some(AppSignFields::default()), |value| sign_fields(value.table(faults)?, faults));
    fields.finish(faults);
    Some(AppSign { transactions: transactions?, scope: scope?, parameter: parameter?, encryption: encryption?, fields: names? })
}

fn sign_fields(mut fields: Fields<'_>, faults: &mut Faults) -> Option<AppSignFields> {
    let usual = AppSignFields::default();
    let digest = named(&mut fields, "digest", usual.digest, faults);
    let transaction = named(&mut fields, "transaction", usual.transaction, faults);
    let result = named(&mut fields, "result", usual.result, faults);
    let signature = named(&mut fields, "signature", usual.signature, faults);
    let certificate = named(&mut fields, "certificate", usual.certificate, faults);
    fields.finish(faults);
    Some(AppSignFields { digest: digest?, transaction: transaction?, result: result?, signature: signature?, certificate: certificate? })
}

/// What the protocol carries under a name, where the provider calls it otherwise than is usual.
fn named(fields: &mut Fields<'_>, key: &'static str, usual: String, faults: &mut Faults) -> Option<String> {
    fields.optional(key).map_or(Some(usual), |value| visible(&value, faults))
}
