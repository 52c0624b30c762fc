//! The cards in phones that a town takes: its reader key, the issuers' roots; and in a demonstration an issuer and a phone in software.

use std::fs;
use std::path::{Path, PathBuf};

use identity::{PhoneCards, ReaderKey};
use jiff::Timestamp;
use jpki::{FourItems, Sex};
use mdoc::soft::{Authority, Issue, SoftCard, SoftKey};
use mdoc::{ReaderChain, Roots, Value};
use store::{Clock as _, SystemClock};
use town::{AppId, PhoneCard, Town};

use crate::Outcome;
use crate::demo::people::Player;
use crate::keys::CentreKeys;

/// Where a demonstration's own issuer lies: its key inside, its root among those that are trusted.
const ISSUER_KEY: &str = "inner/phone-card-issuer.pk8";
const ISSUER_ROOT: &str = "phone-card/root.der";
const ISSUER_NAME: &str = "Software phone cards (no effect)";
const READER_NAME: &str = "Readers of a demonstration (no effect)";

/// The cards of a town's pack whose reader key and issuers are there. What is left out is said.
///
/// # Errors
/// When a file holds no key or certificate, or the two do not belong together.
pub fn offered(town: &Town, keys: &CentreKeys, trust: &Path, origin: &str, demo: bool) -> Outcome<PhoneCards> {
    let mut cards = PhoneCards::new(origin);
    for card in &town.phone_cards {
        let roots = roots(card, trust, demo)?;
        match keys.phone_card(&card.id)? {
            Some(key) if !roots.is_empty() => cards = cards.with(card.clone(), key, roots),
            Some(_) => tracing::warn!(card = %card.id, "no issuer of this card in phones is trusted: it is not offered"),
            None => tracing::warn!(card = %card.id, "the reader key of this card in phones is missing: it is not offered"),
        }
    }
    Ok(cards)
}

/// Whom a card is believed under: the roots of the pack; in a demonstration its own issuer and nobody else.
///
/// # Errors
/// When a file holds no root.
pub fn roots(card: &PhoneCard, trust: &Path, demo: bool) -> Outcome<Roots> {
    let mut ders = Vec::new();
    if demo {
        let own = trust.join(ISSUER_ROOT);
        if own.exists() {
            ders.push(fs::read(own)?);
        }
    } else {
        for pem in &card.roots {
            ders.extend(mdoc::pem_certificates(pem).map_err(|error| format!("a root of {}: {error}", card.id))?);
        }
    }
    Ok(Roots::new(ders.iter().map(Vec::as_slice)).map_err(|error| format!("a root of {}: {error}", card.id))?)
}

/// The key's file, and that of its certificates.
pub(crate) fn files_of(card: &AppId) -> (String, String) {
    (format!("phone-card-{card}.pk8"), format!("phone-card-{card}.crt"))
}

/// The reader key of these two files.
pub(crate) fn read_key(pkcs8: &[u8], certificates: &str) -> Outcome<ReaderKey> {
    Ok(ReaderKey::new(pkcs8, ReaderChain::from_pem(certificates)?)?)
}

/// Makes what a demonstration lacks: an issuer in software, and a reader key with a certificate nobody else believes, for each card of the pack.
///
/// # Errors
/// When a folder cannot be written.
pub fn make_up(town: &Town, data: &Path, origin: &str, now: Timestamp) -> Outcome {
    if town.phone_cards.is_empty() {
        return Ok(());
    }
    let (issuer, root) = (data.join(ISSUER_KEY), data.join("trust").join(ISSUER_ROOT));
    if !issuer.exists() {
        let made = Authority::new(ISSUER_NAME, now)?;
        for file in [&issuer, &root] {
            fs::create_dir_all(file.parent().ok_or("a folder")?)?;
        }
        fs::write(&root, made.certificate())?;
        crate::keys::keep(&issuer, made.key().pkcs8())?;
    }
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host);
    for card in &town.phone_cards {
        let (key_file, certificate_file) = files_of(&card.id);
        let (key_file, certificate_file) = (data.join("keys").join(key_file), data.join("keys").join(certificate_file));
        if !key_file.exists() {
            let key = SoftKey::generate()?;
            let certificate = Authority::new(READER_NAME, now)?.reader(&key, host, now)?;
            crate::keys::keep(&key_file, key.pkcs8())?;
            fs::write(certificate_file, pem(&certificate))?;
        }
    }
    Ok(())
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// A card in a software phone, as a demonstration's issuer gives it.
///
/// # Errors
/// When there is no such issuer.
pub fn issue(card: &PhoneCard, data: &Path, items: &FourItems, at: Timestamp) -> Outcome<SoftCard> {
    let key = SoftKey::from_pkcs8(fs::read(data.join(ISSUER_KEY))?);
    let authority = Authority::kept(ISSUER_NAME, key, fs::read(data.join("trust").join(ISSUER_ROOT))?);
    let asked = &card.elements;
    let born = items.date_of_birth.date().ok_or("a card in a phone names a whole day of birth")?;
    let sex = match items.sex {
        Sex::Male => 1,
        Sex::Female => 2,
        Sex::NotStated => 0,
    };
    let mut elements = vec![
        (asked.name.namespace.as_str(), asked.name.name.as_str(), Value::Text(items.name.clone())),
        (&asked.address.namespace, &asked.address.name, Value::Text(items.address.clone())),
        (&asked.date_of_birth.namespace, &asked.date_of_birth.name, Value::Date(born)),
        (&asked.sex.namespace, &asked.sex.name, Value::Sex(sex)),
    ];
    if let Some(subject) = &asked.subject {
        elements.push((&subject.namespace, &subject.name, Value::Text(format!("{}-{}", items.name, items.date_of_birth))));
    }
    Ok(authority.issue(&Issue { doctype: &card.doctype, elements: &elements, signer_usage: &card.signer_usage, at })?)
}

/// What `tegata phone` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// The town pack's folder.
    #[arg(long)]
    town: PathBuf,
    /// Where everything of the demonstration is kept.
    #[arg(long)]
    data: PathBuf,
    /// Whose phone: the name of a software card of the demonstration.
    #[arg(long, default_value = "parent")]
    card: String,
    /// What the page's button leads to, or its QR code says: `openid4vp://…`.
    link: String,
}

/// A phone in software opens a link of the demonstration, presents its card, and says what its browser would show.
///
/// # Errors
/// What is missing, or what the town answered in place of taking the card.
pub fn command(options: &Options) -> Outcome {
    let town = crate::demo::load_town(&options.town)?;
    let card = town.phone_cards.first().ok_or("the pack takes no card in phones")?;
    let cast: Vec<Player> = serde_json::from_slice(&fs::read(options.data.join("inner/cast.json"))?)?;
    let player = cast.iter().find(|player| player.card == options.card).ok_or("nobody of the demonstration has such a card")?;
    let phone = issue(card, &options.data, &items_of(player)?, SystemClock.now())?;
    let query = options.link.split_once('?').map_or("", |(_, query)| query);
    let address = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "request_uri").ok_or("the link names no request")?.1;
    let mut asked = agent().get(address.as_ref()).call()?;
    let request = claims_of(&told(asked.status().as_u16(), asked.body_mut().read_to_string()?)?)?;
    let posted = phone.answer(&request)?;
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("response", &posted.response).finish();
    let mut taken = agent().post(&posted.address).header("content-type", "application/x-www-form-urlencoded").send(form.as_str())?;
    let answer: serde_json::Value = serde_json::from_str(&told(taken.status().as_u16(), taken.body_mut().read_to_string()?)?)?;
    println!("{}", answer["redirect_uri"].as_str().ok_or("the town leads nowhere")?);
    Ok(())
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

/// A good answer's body; any other's as the error.
fn told(status: u16, body: String) -> Outcome<String> {
    if status == 200 { Ok(body) } else { Err(format!("the town answered {status}: {body}").into()) }
}

/// The claims of a signed question. Software believes them unseen: nothing of anybody's is in it.
///
/// # Errors
/// When it is none.
pub fn claims_of(request: &str) -> Outcome<serde_json::Value> {
    use base64::Engine as _;
    let body = request.split('.').nth(1).ok_or("the question is no token")?;
    Ok(serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body)?)?)
}

fn items_of(player: &Player) -> Outcome<FourItems> {
    Ok(FourItems {
        name: player.name.clone(),
        address: player.address.clone(),
        date_of_birth: jpki::PartialDate::parse(&player.date_of_birth).ok_or("a date of birth")?,
        sex: if player.male { Sex::Male } else { Sex::Female },
        name_has_substitutes: false,
        address_has_substitutes: false,
    })
}
