//! What lies on the machine: pack, keys, disk, revocation lists, the bridge's folder.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use jpki::CertificateKind;
use jpki::revocation::Loaded;
use town::{PhoneCard, Revocation, Town};

use super::{Finding, Patient};
use crate::keys::CentreKeys;
use crate::revocation::{ListFile, Lists};
use crate::{demo, house, phone_cards};

/// Below this the next bundle or backup may not fit.
const DISK_LOW_MB: u64 = 2048;
/// Below this the database may stop writing any day.
const DISK_OUT_MB: u64 = 256;
/// A list that ends sooner than this should have a successor by now.
const LIST_SOON: SignedDuration = SignedDuration::from_hours(6);
/// A certificate that ends sooner than this should be on its way to be renewed.
const CERTIFICATE_SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

pub(super) fn pack(patient: &Patient) -> Result<(Arc<Town>, Finding), Finding> {
    match demo::load_town(&patient.town) {
        Ok(town) => {
            let finding = Finding::good("pack", format!("{} {}", town.code, town.name.ja()));
            Ok((town, finding))
        }
        Err(_) => Err(Finding::fault(
            "pack",
            format!("{} does not load", patient.town.display()),
            format!("see what is wrong with it: tegata town check {}", patient.town.display()),
        )),
    }
}

pub(super) fn keys(patient: &Patient) -> Vec<Finding> {
    let folder = patient.data.join("keys");
    let keys = CentreKeys::in_folder(&folder);
    let tried = [
        keys.issuer().map(drop),
        keys.match_bytes().and_then(long_enough),
        keys.serial_bytes().and_then(long_enough),
        keys.bridge().map(drop),
        keys.tokens(patient.now).map(drop),
        keys.pairwise().map(drop),
    ];
    let wrong: Vec<String> = tried.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    let mut findings = Vec::new();
    if wrong.is_empty() {
        findings.push(Finding::good("keys", "issuer, match, serial, bridge, token and pairwise keys can be read"));
    } else {
        let next = format!(
            "put the keys of this town back from their sealed copy; a town that never had any makes them: tegata keys {}",
            folder.display()
        );
        findings.push(Finding::fault("keys", wrong.join("; "), next));
    }
    findings.extend(readable_by_others(&folder));
    if folder.join("bridge-inner.key").exists() && !patient.demo {
        findings.push(Finding::notice(
            "keys",
            "bridge-inner.key lies at the centre: who has it can forge bundles",
            "carry it to the inner network and delete it here",
        ));
    }
    findings
}

fn long_enough(secret: Vec<u8>) -> crate::Outcome {
    if secret.len() >= 32 { Ok(()) } else { Err("a secret is shorter than 32 bytes".into()) }
}

/// Each identity app of the pack: without its keys it is not offered.
pub(super) fn identity_apps(patient: &Patient, town: &Town) -> Vec<Finding> {
    let folder = patient.data.join("keys");
    let keys = CentreKeys::in_folder(&folder);
    let of = |app: &town::IdentityApp| {
        let (id, signs) = (&app.id, app.sign.as_ref().map_or(String::new(), |sign| format!(" --signs {}", sign.encryption.word())));
        match keys.app(id) {
            Ok(Some(key)) if key.suffices(app) => Finding::good("identity_app", format!("{id} is offered")),
            Ok(key) => Finding::notice(
                "identity_app",
                format!(
                    "{id} is not offered: {}",
                    if key.is_none() { "it has no key" } else { "it has no key its answers are encrypted to as the pack says" }
                ),
                format!("make it and have it registered: tegata keys {} --app {id}{signs}", folder.display()),
            ),
            Err(error) => Finding::fault("identity_app", error.to_string(), "put the key of this app back from its sealed copy"),
        }
    };
    town.identity_apps.iter().map(of).collect()
}

/// Each card in phones of the pack: without its reader key or an issuer's root it is not offered, and both end.
pub(super) fn phone_cards(patient: &Patient, town: &Town) -> Vec<Finding> {
    let keys = CentreKeys::in_folder(&patient.data.join("keys"));
    town.phone_cards.iter().map(|card| phone_card(patient, &keys, card)).collect()
}

fn phone_card(patient: &Patient, keys: &CentreKeys, card: &PhoneCard) -> Finding {
    const CHECK: &str = "phone_card";
    let id = &card.id;
    let roots = match phone_cards::roots(card, &patient.data.join("trust"), patient.demo) {
        Ok(roots) => roots,
        Err(error) => return Finding::fault(CHECK, error.to_string(), "put the issuer's own root certificate into the pack's data/"),
    };
    let key = match keys.phone_card(id) {
        Ok(Some(key)) => key,
        Ok(None) => {
            let next = "docs/run-a-town.md says how the reader key and its certificate are made";
            return Finding::notice(CHECK, format!("{id} is not offered: it has no reader key"), next);
        }
        Err(error) => return Finding::fault(CHECK, error.to_string(), "put key and certificate back from their sealed copy"),
    };
    let Some(roots_end) = roots.first_end() else {
        let next = "put the issuer's root certificate into the pack's data/ and name it in roots";
        return Finding::notice(CHECK, format!("{id} is not offered: no issuer is trusted"), next);
    };
    let end = roots_end.min(key.chain().ends_at());
    if end <= patient.now {
        return Finding::fault(CHECK, format!("{id}: the reader's certificate or a root ended {end}"), "bring the next one");
    }
    if end.duration_since(patient.now) < CERTIFICATE_SOON {
        return Finding::notice(CHECK, format!("{id}: the reader's certificate or a root ends {end}"), "bring the next one before that");
    }
    Finding::good(CHECK, format!("{id} is offered until {end}"))
}

/// Secrets that anybody but their owner may read.
fn readable_by_others(folder: &Path) -> Option<Finding> {
    let secret = |path: &Path| path.extension().is_some_and(|ending| ending == "key" || ending == "pk8");
    let open: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| secret(path) && others_may(path))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    let next = format!("chmod 600 {0}/*.key {0}/*.pk8", folder.display());
    (!open.is_empty()).then(|| Finding::fault("keys", format!("others than their owner may use {}", open.join(", ")), next))
}

#[cfg(unix)]
fn others_may(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may(_path: &Path) -> bool {
    false
}

pub(super) fn disk(patient: &Patient) -> Finding {
    match free_mb(&patient.data) {
        Ok(free) if free < DISK_OUT_MB => Finding::fault("disk", format!("{free} MB left"), "make room now: writing stops when it is full"),
        Ok(free) if free < DISK_LOW_MB => Finding::notice("disk", format!("{free} MB left"), "make room: old backups, bridge/done, logs"),
        Ok(free) => Finding::good("disk", format!("{free} MB left")),
        Err(error) => Finding::fault(
            "disk",
            format!("{}: {error}", patient.data.display()),
            "say the data folder that `tegata serve` is started with",
        ),
    }
}

#[cfg(unix)]
fn free_mb(folder: &Path) -> std::io::Result<u64> {
    let about = rustix::fs::statvfs(folder)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize) >> 20)
}

#[cfg(not(unix))]
fn free_mb(folder: &Path) -> std::io::Result<u64> {
    // Only Unix is asked how much room is left.
    fs::metadata(folder).map(|_| u64::MAX >> 20)
}

pub(super) fn lists(patient: &Patient, town: &Town) -> Vec<Finding> {
    let trust = patient.data.join("trust");
    let anchors = match house::anchors(&trust, patient.demo) {
        Ok(anchors) => anchors,
        Err(error) => return vec![Finding::fault("trust", error.to_string(), "take the file out of trust/")],
    };
    let folder = trust.join("crl");
    let lists = Lists::of_folder(anchors, &folder);
    let mut findings: Vec<Finding> = lists.files().into_iter().filter_map(|(name, file)| broken(&name, &file)).collect();
    let known: Vec<Loaded> = lists.current().lists().collect();
    for kind in [CertificateKind::Signature, CertificateKind::UserAuthentication] {
        findings.push(of_kind(patient, town, kind, known.iter().filter(|list| list.kind == kind)));
    }
    findings
}

fn broken(name: &str, file: &ListFile) -> Option<Finding> {
    let ListFile::Broken(why) = file else { return None };
    let next = "fetch it again; the server goes on with the list it had";
    Some(Finding::fault("lists", format!("trust/crl/{name} cannot be taken: {why}"), next))
}

/// The lists of one kind of certificate: the freshest of the whole ones, and how many are out of time.
fn of_kind<'a>(patient: &Patient, town: &Town, kind: CertificateKind, lists: impl Iterator<Item = &'a Loaded> + Clone) -> Finding {
    let kind = kind.as_str();
    let ended = lists.clone().filter(|list| list.next_update < patient.now).count();
    let current = lists.clone().filter(|list| list.next_update >= patient.now && list.this_update <= patient.now);
    let Some(first) = current.clone().map(|list| list.next_update).min() else {
        let says = match ended {
            0 => format!("{kind}: there is no revocation list"),
            _ => format!("{kind}: every revocation list is out of time"),
        };
        let next = "put a fresh list into trust/crl: the server takes it within a minute";
        return match (&town.trust.ocsp, town.trust.revocation) {
            (Some(_), _) => Finding::notice("lists", format!("{says}; the OCSP responder is asked each time"), next),
            (None, Revocation::Hard) => Finding::fault("lists", format!("{says}: everybody's card is refused"), next),
            (None, Revocation::Soft) => Finding::fault("lists", format!("{says}: no account can be opened"), next),
        };
    };
    let says = format!("{kind}: {} current, the first ends {first}", current.count());
    if ended > 0 {
        return Finding::notice("lists", format!("{says}; {ended} out of time"), "put fresh ones into trust/crl, and take old files away");
    }
    if first.duration_since(patient.now) < LIST_SOON {
        return Finding::notice("lists", says, "put the next list into trust/crl before that");
    }
    Finding::good("lists", says)
}

pub(super) fn bridge_folder(patient: &Patient) -> Vec<Finding> {
    let folder = patient.data.join("bridge");
    let bundles = |folder: &Path| -> Vec<String> {
        let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(&format!(".{}", registry::BUNDLE_EXTENSION))).collect();
        names.sort();
        names
    };
    let mut findings = Vec::new();
    if let Some(first) = bundles(&folder).first() {
        let says = format!("{} bundles lie in the folder, the first is {first}", bundles(&folder).len());
        let next = "the running server takes them within seconds, unless one waits for approval or one before it is missing: see the console's bridge page";
        findings.push(Finding::notice("bridge", says, next));
    }
    if let Some(last) = bundles(&folder.join("refused")).last() {
        let next = "its reason is in the log and in docs/bridge.md; when it is settled, take the file away";
        findings.push(Finding::notice("bridge", format!("a bundle was refused: {last}"), next));
    }
    findings
}
