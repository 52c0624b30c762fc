//! Who says whether a certificate is revoked: the lists of a folder that is looked into again and again, and the authority's OCSP responder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand;
use jiff::Timestamp;
use jpki::revocation::crl::CrlError;
use jpki::revocation::{CrlStore, Loaded, OcspClient, OcspPolicy, Subject};
use jpki::{Anchors, CertificateKind, Evidence, Revocation, Status};
use town::AskOcsp;

/// The most an OCSP answer may hold: a real one has a few kilobytes, with the responder's certificate.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// What became of a file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListFile {
    /// It was taken.
    Taken(Loaded),
    /// A newer list of the same coverage was taken: it says nothing any more.
    Older,
    /// It cannot be taken, and why. What was taken before stays.
    Broken(String),
}

/// The lists of a folder (`*.crl`), looked into again and again. Questions are answered from what was taken last; a broken file never takes a good list's place.
pub struct Lists {
    anchors: Anchors,
    folder: PathBuf,
    current: RwLock<Arc<CrlStore>>,
    seen: Mutex<BTreeMap<String, Seen>>,
}

#[derive(Clone)]
struct Seen {
    modified: Option<SystemTime>,
    size: u64,
    file: ListFile,
}

impl Lists {
    /// Takes what is in the folder now, as far as the roots signed it.
    pub fn of_folder(anchors: Anchors, folder: &Path) -> Self {
        let lists = Self { anchors, folder: folder.to_owned(), current: RwLock::default(), seen: Mutex::default() };
        lists.look();
        lists
    }

    /// Looks into the folder: takes what is new or changed, and gives how many files were. A long list takes a second: not on a request's path.
    ///
    /// A file that was taken away leaves its list behind until it is out of time; a half-written one is taken when it is whole.
    pub fn look(&self) -> usize {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let files = match files(&self.folder) {
            Ok(files) => files,
            Err(error) => {
                tracing::error!(folder = %self.folder.display(), %error, "revocation lists cannot be looked at");
                return 0;
            }
        };
        seen.retain(|name, _| files.iter().any(|(there, ..)| there == name));
        let mut store = CrlStore::clone(&self.current());
        let mut changed = 0;
        for (name, modified, size) in files {
            if seen.get(&name).is_some_and(|seen| seen.modified == modified && seen.size == size) {
                continue;
            }
            let file = self.take(&mut store, &name);
            changed += 1;
            seen.insert(name, Seen { modified, size, file });
        }
        if changed > 0 {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(store);
        }
        changed
    }

    fn take(&self, store: &mut CrlStore, name: &str) -> ListFile {
        let bytes = match std::fs::read(self.folder.join(name)) {
            Ok(bytes) => bytes,
            Err(error) => return broken(name, &error),
        };
        match store.load(&self.anchors, &bytes) {
            Ok(loaded) => {
                tracing::info!(file = name, entries = loaded.entries, next_update = %loaded.next_update, "revocation list taken");
                ListFile::Taken(loaded)
            }
            Err(CrlError::Older) => ListFile::Older,
            Err(error) => broken(name, &error),
        }
    }

    /// The lists as they are now.
    pub fn current(&self) -> Arc<CrlStore> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What became of each file.
    pub fn files(&self) -> BTreeMap<String, ListFile> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(name, seen)| (name.clone(), seen.file.clone())).collect()
    }
}

fn broken(name: &str, error: &dyn std::fmt::Display) -> ListFile {
    tracing::error!(file = name, %error, "revocation list not taken; what was known before still counts");
    ListFile::Broken(error.to_string())
}

/// Name, time of change and size of each list file, by name.
fn files(folder: &Path) -> std::io::Result<Vec<(String, Option<SystemTime>, u64)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|found| found == "crl")) {
            let about = std::fs::metadata(&path)?;
            files.push((name.to_owned(), about.modified().ok(), about.len()));
        }
    }
    files.sort();
    Ok(files)
}

/// The lists first, and the responder as the pack says.
pub struct Checking {
    lists: Arc<Lists>,
    ocsp: Option<(AskOcsp, Box<dyn Revocation + Send + Sync>)>,
    asked: Asked,
}

/// How often the responder was asked, by what it said.
#[derive(Default)]
struct Asked {
    good: AtomicU64,
    revoked: AtomicU64,
    unknown: AtomicU64,
}

impl Checking {
    /// Asks these lists, and the responder if the pack has one asked.
    pub fn new(lists: Arc<Lists>, ocsp: Option<&town::Ocsp>) -> Self {
        Self { lists, ocsp: ocsp.map(|ocsp| (ocsp.ask, responder(ocsp))), asked: Asked::default() }
    }

    /// The lists it asks.
    pub fn lists(&self) -> &Arc<Lists> {
        &self.lists
    }

    /// Lines for `/metrics`: what the lists and the responder are like.
    pub fn write_metrics(&self, out: &mut String) {
        let store = self.lists.current();
        out.push_str("# TYPE tegata_crl_next_update_timestamp_seconds gauge\n");
        for kind in [CertificateKind::Signature, CertificateKind::UserAuthentication] {
            if let Some(first) = store.lists().filter(|list| list.kind == kind).map(|list| list.next_update.as_second()).min() {
                let _ = writeln!(out, "tegata_crl_next_update_timestamp_seconds{{kind=\"{}\"}} {first}", kind.as_str());
            }
        }
        let files = self.lists.files();
        let count = |state: fn(&ListFile) -> bool| files.values().filter(|file| state(file)).count();
        out.push_str("# TYPE tegata_crl_files gauge\n");
        let _ = writeln!(out, "tegata_crl_files{{state=\"taken\"}} {}", count(|file| matches!(file, ListFile::Taken(_))));
        let _ = writeln!(out, "tegata_crl_files{{state=\"older\"}} {}", count(|file| *file == ListFile::Older));
        let _ = writeln!(out, "tegata_crl_files{{state=\"broken\"}} {}", count(|file| matches!(file, ListFile::Broken(_))));
        if self.ocsp.is_some() {
            out.push_str("# TYPE tegata_ocsp_answers_total counter\n");
            for (answer, count) in [("good", &self.asked.good), ("revoked", &self.asked.revoked), ("unknown", &self.asked.unknown)] {
                let _ = writeln!(out, "tegata_ocsp_answers_total{{answer=\"{answer}\"}} {}", count.load(Ordering::Relaxed));
            }
        }
    }

    fn ask(&self, responder: &dyn Revocation, subject: &Subject<'_>, now: Timestamp) -> Evidence {
        let said = responder.status(subject, now);
        let count = match said.status {
            Status::Good => &self.asked.good,
            Status::Revoked { .. } => &self.asked.revoked,
            Status::Unknown(why) => {
                // The reason only: the question holds the serial, which identifies a person.
                tracing::warn!(?why, "no use of the OCSP responder");
                &self.asked.unknown
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        said
    }
}

impl Revocation for Checking {
    /// A list that names the certificate ends the matter. Otherwise the responder is asked when no current list speaks of it, or always; where it has no
    /// answer, the list's stands.
    fn status(&self, subject: &Subject<'_>, now: Timestamp) -> Evidence {
        let listed = self.lists.current().status(subject, now);
        let Some((ask, responder)) = &self.ocsp else { return listed };
        let wanted = match listed.status {
            Status::Revoked { .. } => false,
            Status::Good => *ask == AskOcsp::Always,
            Status::Unknown(_) => true,
        };
        if !wanted {
            return listed;
        }
        let said = self.ask(&**responder, subject, now);
        // An old list is worth more than no answer: a town with soft failure goes by its age.
        if matches!(said.status, Status::Unknown(_)) && listed.as_of.is_some() { listed } else { said }
    }
}

/// The responder over HTTP, as the pack has it asked.
fn responder(ocsp: &town::Ocsp) -> Box<dyn Revocation + Send + Sync> {
    let policy = OcspPolicy { require_nonce: ocsp.nonce, ..OcspPolicy::default() };
    let timeout = Duration::from_secs(ocsp.timeout_s.into());
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(timeout)).max_redirects(0).build().into();
    let address = ocsp.address.clone();
    let fetch = move |named: Option<&str>, question: &[u8]| post(&agent, address.as_deref().or(named)?, question);
    let random = |bytes: &mut [u8]| rand::fill(bytes).expect("the operating system gives random bytes");
    Box::new(OcspClient::new(policy, fetch, random))
}

fn post(agent: &ureq::Agent, address: &str, question: &[u8]) -> Option<Vec<u8>> {
    let asked = agent
        .post(address)
        .header("content-type", "application/ocsp-request")
        .header("accept", "application/ocsp-response")
        .send(question)
        .and_then(|mut answer| answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec());
    asked.inspect_err(|error| tracing::warn!(address, %error, "the OCSP responder gave no answer")).ok()
}
