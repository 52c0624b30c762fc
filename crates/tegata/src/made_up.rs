//! A made-up town's parts, for measuring and for the simulator: its folders and keys, its register over a real bundle, an authority for its people's cards.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use civil::Date;
use identity::ProofInput;
use jiff::{SignedDuration, Timestamp};
use jpki::revocation::CrlStore;
use jpki::testca::{Municipality, Person, TestCa};
use jpki::{CertificateKind, KeyAlgorithm, PrivateKey, Purpose, Verifier};
use passport::Proofing;
use population::{Population, Resident, generate};
use store::{AccountId, Actor, Clock as _, Store, SystemClock};
use town::Town;

use crate::keys::CentreKeys;
use crate::{Outcome, bridge, demo, export};

/// Lists of revoked certificates outlast whatever a made-up town is for.
const LISTS_LAST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Where a made-up town keeps its things: the centre's data folder with the inner side's beside it. It goes with what is in it.
pub struct Site {
    /// The pack.
    pub town: Arc<Town>,
    folder: PathBuf,
}

impl Site {
    /// Makes the folders and the keys, in a folder of `data` that is this process's own.
    ///
    /// # Errors
    /// What is wrong with the pack or cannot be written.
    pub fn make(pack: &Path, data: &Path) -> Outcome<Self> {
        Self::at(pack, data.join(format!("house-{}", std::process::id())))
    }

    /// Makes the folders and the keys in a folder that is not there yet.
    ///
    /// # Errors
    /// As [`Self::make`]; when somebody else made the folder.
    pub(crate) fn at(pack: &Path, folder: PathBuf) -> Outcome<Self> {
        // Looked at first: a pack with faults leaves nothing behind.
        let town = demo::load_town(pack)?;
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let site = Self { town, folder };
        for part in ["trust/crl", "bridge", "state"] {
            fs::create_dir_all(site.part(part))?;
        }
        CentreKeys::make_missing(&site.part("keys"))?;
        Ok(site)
    }

    /// The centre's data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file or folder in it: `keys`, `trust`, `bridge` and `town.db` are the centre's.
    pub fn part(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes up the register of a day.
    ///
    /// # Errors
    /// When the pack's districts are of no use.
    pub fn population(&self, residents: u32, as_of: Date) -> Outcome<Population> {
        Ok(generate(&export::plan(&self.town, residents, as_of))?)
    }

    /// Inner network: writes the export and seals it into the watched folder.
    ///
    /// # Errors
    /// What is wrong with the rows, or cannot be written.
    pub fn seal<'a>(&self, residents: impl IntoIterator<Item = &'a Resident>) -> Outcome {
        let path = self.part("export.csv");
        export::write(&self.town, residents, std::io::BufWriter::new(fs::File::create(&path)?))?;
        bridge::seal_export(&self.town, &path, &self.part("keys"), &self.part("state"), &self.part("bridge"), SystemClock.now())?;
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Proves people with one software key for all, as a card reader would: what is measured or tried comes after.
pub(crate) struct Desk {
    key: PrivateKey,
    public: Vec<u8>,
    proofing: Arc<Proofing>,
    issued_at: Timestamp,
}

impl Desk {
    /// A desk whose cards are issued from a moment on.
    pub(crate) fn new(ca: &mut TestCa, keys: &CentreKeys, origin: &str, now: Timestamp) -> Outcome<Self> {
        let key = PrivateKey::generate(KeyAlgorithm::Rsa2048)?;
        let public = key.public_key_info()?;
        let anchors = ca.anchors();
        let mut revocation = CrlStore::new();
        revocation.load(&anchors, &ca.crl(CertificateKind::Signature, now, now + LISTS_LAST)?)?;
        let proofing = Arc::new(Proofing {
            verifier: Verifier::new(anchors, jpki::Policy::test(origin)),
            revocation: Arc::new(revocation),
            apps: identity::Apps::none(),
            phone_cards: identity::PhoneCards::default(),
            settings: identity::Settings::new(origin, &keys.match_bytes()?, &keys.serial_bytes()?)?,
            region_key: None,
            station: None,
        });
        Ok(Self { key, public, proofing, issued_at: now })
    }

    /// A signature certificate of somebody's card.
    pub(crate) fn certificate(&self, ca: &mut TestCa, person: &Person) -> Outcome<Vec<u8>> {
        Ok(ca.issue(CertificateKind::Signature, person, &self.public, self.issued_at)?)
    }

    /// Lets the card answer a question of the house: the account is opened or found, and linked when the register knows the person.
    pub(crate) async fn prove(&self, store: &Store, certificate: Vec<u8>) -> Outcome<AccountId> {
        let mut ctx = store.begin(Actor::Anonymous).await?;
        let asked = identity::begin_proof(&mut ctx, &self.proofing.settings, Purpose::Register, None).await?;
        ctx.commit().await?;
        let signature = self.key.sign(&asked.challenge.message())?;
        let input = ProofInput::Signature { certificate, signature };
        Ok(passport::answer_proof(store, Actor::Anonymous, &self.proofing, asked.id, input, None).await?)
    }
}

/// The holder of a resident's card; none for a date of birth that no card can bear.
pub(crate) fn person_of(town: &Town, resident: &Resident) -> Option<Person> {
    let code = town.code.to_string();
    Some(Person {
        name: resident.name.clone(),
        address: resident.address.clone(),
        date_of_birth: jpki::PartialDate::parse(&resident.date_of_birth.to_string().replace('-', ""))?,
        sex: if resident.sex == civil::Sex::Male { jpki::Sex::Male } else { jpki::Sex::Female },
        municipality: Municipality { code: code.get(..5)?.to_owned(), prefecture: "Kaku-ken".to_owned(), city: "Kaku".to_owned() },
    })
}

/// Roots and lists of an authority made for the occasion, in a house's folder for them.
pub(crate) fn trust(folder: &Path, now: Timestamp) -> Outcome<TestCa> {
    let mut ca = TestCa::new(now)?;
    for (kind, name) in [(CertificateKind::Signature, "signature"), (CertificateKind::UserAuthentication, "user-auth")] {
        fs::write(folder.join(format!("{name}.der")), ca.root(kind))?;
        fs::write(folder.join(format!("crl/{name}.crl")), ca.crl(kind, now, now + LISTS_LAST)?)?;
    }
    Ok(ca)
}
