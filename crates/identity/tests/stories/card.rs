//! Cards of invented people, under a test authority; and a revocation port that says what a test needs.

use std::cell::RefCell;

use civil::Timestamp;
use identity::ProofInput;
use jpki::revocation::{Source, Subject};
use jpki::testca::{Municipality, Person, TestCa};
use jpki::{CertificateKind, Challenge, Evidence, KeyAlgorithm, PartialDate, Policy, PrivateKey, Revocation, Sex, Status, Verifier};

pub(crate) struct Cards {
    ca: RefCell<TestCa>,
    now: Timestamp,
}

/// One person's card: both keys and certificates.
pub(crate) struct Card {
    pub(crate) person: Person,
    signature: (PrivateKey, Vec<u8>),
    user_auth: (PrivateKey, Vec<u8>),
}

/// Says the same of every certificate.
pub(crate) struct Says(pub(crate) Status);

impl Revocation for Says {
    fn status(&self, _subject: &Subject<'_>, now: Timestamp) -> Evidence {
        Evidence { status: self.0, source: Source::Crl, as_of: Some(now) }
    }
}

impl Cards {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { ca: RefCell::new(TestCa::generation(1, KeyAlgorithm::P384, now).unwrap()), now }
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(self.ca.borrow().anchors(), Policy::test(crate::ORIGIN))
    }

    pub(crate) fn good(&self) -> Says {
        Says(Status::Good)
    }

    pub(crate) fn issue(&self, person: Person) -> Card {
        self.issue_with(person, KeyAlgorithm::P384)
    }

    /// A card as they are today: an app has it sign a SHA-256, which no key on P-384 does.
    pub(crate) fn issue_rsa(&self, person: Person) -> Card {
        self.issue_with(person, KeyAlgorithm::Rsa2048)
    }

    fn issue_with(&self, person: Person, algorithm: KeyAlgorithm) -> Card {
        let mut ca = self.ca.borrow_mut();
        let mut pair = |kind| {
            let key = PrivateKey::generate(algorithm).unwrap();
            let certificate = ca.issue(kind, &person, &key.public_key_info().unwrap(), self.now).unwrap();
            (key, certificate)
        };
        let (signature, user_auth) = (pair(CertificateKind::Signature), pair(CertificateKind::UserAuthentication));
        Card { person, signature, user_auth }
    }
}

impl Card {
    pub(crate) fn sign(&self, challenge: &Challenge) -> ProofInput {
        let (key, certificate) = &self.signature;
        ProofInput::Signature { certificate: certificate.clone(), signature: key.sign(&challenge.message()).unwrap() }
    }

    /// What an app holds to sign by this card: the key in PKCS#8, and the certificate.
    pub(crate) fn signer(&self) -> (Vec<u8>, Vec<u8>) {
        (self.signature.0.pkcs8().to_vec(), self.signature.1.clone())
    }

    /// The same of its other key, which is no signature's.
    pub(crate) fn other_signer(&self) -> (Vec<u8>, Vec<u8>) {
        (self.user_auth.0.pkcs8().to_vec(), self.user_auth.1.clone())
    }

    pub(crate) fn answer(&self, challenge: &Challenge, read: Option<identity::StationRead>) -> ProofInput {
        let (key, certificate) = &self.user_auth;
        ProofInput::UserAuth { certificate: certificate.clone(), signature: key.sign(&challenge.message()).unwrap(), read }
    }

    /// The four-information file (EF 0002) as a card holds it.
    pub(crate) fn four_information(&self) -> Vec<u8> {
        let sex = if self.person.sex == Sex::Male { "1" } else { "2" };
        let birth = self.person.date_of_birth.to_string();
        let parts = [(0xDF22, self.person.name.as_str()), (0xDF23, &self.person.address), (0xDF24, &birth), (0xDF25, sex)];
        let body: Vec<u8> = parts.into_iter().flat_map(|(tag, text)| element(tag, text.as_bytes())).collect();
        element(0xFF20, &body)
    }
}

fn element(tag: u16, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap();
    let length = if length < 0x80 { vec![length] } else { vec![0x81, length] };
    [&tag.to_be_bytes()[..], &length, value].concat()
}

pub(crate) fn hanako() -> Person {
    person("青空　花子", "青空村大字本村１２番地３", "19800217", Sex::Female)
}

pub(crate) fn taro() -> Person {
    person("髙橋　太郎", "青空村大字湯ノ沢４番地", "19791103", Sex::Male)
}

pub(crate) fn person(name: &str, address: &str, born: &str, sex: Sex) -> Person {
    Person {
        name: name.to_owned(),
        address: address.to_owned(),
        date_of_birth: PartialDate::parse(born).unwrap(),
        sex,
        municipality: Municipality { code: "01999".to_owned(), prefecture: "Hokkaido".to_owned(), city: "Aozora-mura".to_owned() },
    }
}
