use std::sync::{Arc, LazyLock, Mutex};

use jiff::{Timestamp, ToSpan};
use jpki::card::{CardState, Personalise, SoftwareCard};
use jpki::revocation::{AskNobody, Source};
use jpki::testca::{Municipality, Person, Shape, TestCa};
use jpki::{
    Answer, Asked, CertificateKind, Challenge, Evidence, KeyAlgorithm, PartialDate, Policy, PrivateKey, Purpose, Refusal, Revocation, Sex,
    Status, Transport, TransportError, Verified, VerifiedSignature, Verifier, revocation::Subject,
};

pub(crate) const RP: &str = "https://portal.example.jp";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-22T03:00:00Z")
}

pub(crate) fn person() -> Person {
    Person {
        name: "青空　花子".into(),
        address: "青空県青空町大字青空１２－３".into(),
        date_of_birth: PartialDate::parse("19800217").unwrap(),
        sex: Sex::Female,
        municipality: Municipality { code: "99999".into(), prefecture: "Aozora-ken".into(), city: "Aozora-machi".into() },
    }
}

/// One authority and one card, made once for all tests.
pub(crate) struct World {
    pub(crate) ca: TestCa,
    pub(crate) card: CardState,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut ca = TestCa::new(at("2024-04-01T00:00:00Z")).unwrap();
    let card = Personalise::new(person()).town([7; 16], "A-000123").issue(&mut ca, at("2026-01-10T01:00:00Z"), &mut counting()).unwrap();
    World { ca, card }
});

/// One key for every certificate the tests issue; making them takes long.
static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap());

/// Chance that is none: 1, 2, 3, …
pub(crate) fn counting() -> impl FnMut(&mut [u8]) + Send {
    let mut next = 0u8;
    move |bytes| {
        for byte in bytes {
            next = next.wrapping_add(1);
            *byte = next;
        }
    }
}

pub(crate) fn insert(state: &CardState) -> SoftwareCard {
    SoftwareCard::insert(state.clone(), Box::new(counting()))
}

/// What passed over a link, and what happened to it.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) power_offs: usize,
}

/// A software card on a reader that keeps a log, may lose the card, and may answer as clumsy readers do.
pub(crate) struct Bench {
    pub(crate) card: Arc<Mutex<SoftwareCard>>,
    pub(crate) log: Arc<Mutex<Log>>,
    pub(crate) lost_after: Option<usize>,
    pub(crate) clumsy: bool,
    pending: Vec<u8>,
}

impl Bench {
    pub(crate) fn new(state: &CardState) -> Self {
        Self { card: Arc::new(Mutex::new(insert(state))), log: Arc::default(), lost_after: None, clumsy: false, pending: Vec::new() }
    }

    /// T=0 manners: a wrong Le is answered 6Cxx, and data beyond a command with data is announced by 61xx.
    fn clumsily(&mut self, apdu: &[u8]) -> Vec<u8> {
        if apdu[1] == 0xC0 {
            let count = if apdu[4] == 0 { 256 } else { usize::from(apdu[4]) };
            let rest = self.pending.split_off(count.min(self.pending.len()));
            let mut out = std::mem::replace(&mut self.pending, rest);
            let left = u8::try_from(self.pending.len()).unwrap_or(0);
            out.extend(if self.pending.is_empty() { [0x90, 0x00] } else { [0x61, left] });
            return out;
        }
        let answer = self.card.lock().unwrap().answer(apdu);
        let (data, status) = answer.split_at(answer.len() - 2);
        if status != [0x90, 0x00] || data.is_empty() {
            return answer;
        }
        if apdu.len() == 5 {
            let asked = if apdu[4] == 0 { 256 } else { usize::from(apdu[4]) };
            return if asked == data.len() { answer } else { vec![0x6C, data.len() as u8] };
        }
        self.pending = data.to_vec();
        vec![0x61, 100]
    }
}

impl Transport for Bench {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        let count = {
            let mut log = self.log.lock().unwrap();
            log.sent.push(apdu.to_vec());
            log.sent.len()
        };
        if self.lost_after.is_some_and(|after| count > after) {
            return Err(TransportError::Removed);
        }
        if self.clumsy { Ok(self.clumsily(apdu)) } else { Ok(self.card.lock().unwrap().answer(apdu)) }
    }

    fn power_off(&mut self) {
        self.log.lock().unwrap().power_offs += 1;
        self.card.lock().unwrap().power_off();
    }
}

pub(crate) fn challenge(purpose: Purpose, nonce: u8) -> Challenge {
    Challenge {
        relying_party: RP.into(),
        purpose,
        session: "session-1".into(),
        nonce: [nonce; 32],
        issued_at: now(),
        expires_at: now().saturating_add(2.minutes()).unwrap(),
        document: None,
    }
}

pub(crate) fn asked(purpose: Purpose) -> Asked<'static> {
    Asked { session: "session-1", purpose, now: now() }
}

/// A key with a certificate, as a card would use it.
pub(crate) struct Signer {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Vec<u8>,
}

impl Signer {
    pub(crate) fn new(ca: &mut TestCa, kind: CertificateKind, change: impl FnOnce(&mut Shape)) -> Self {
        Self::with_key(ca, kind, KEY.clone(), change)
    }

    pub(crate) fn with_key(ca: &mut TestCa, kind: CertificateKind, key: PrivateKey, change: impl FnOnce(&mut Shape)) -> Self {
        let issued = at("2026-01-10T01:00:00Z");
        let mut shape = Shape::usual(kind, &person(), issued);
        change(&mut shape);
        let certificate = ca.issue_shaped(kind, &person(), &key.public_key_info().unwrap(), issued, &shape).unwrap();
        Self { key, certificate }
    }

    pub(crate) fn sign_in(&self, verifier: &Verifier, now: Timestamp, revocation: &dyn Revocation) -> Result<Verified, Refusal> {
        let mut challenge = challenge(Purpose::SignIn, 1);
        (challenge.issued_at, challenge.expires_at) = (now, now.saturating_add(1.minute()).unwrap());
        let signature = self.key.sign(&challenge.message()).unwrap();
        let answer = Answer { certificate: &self.certificate, signature: &signature };
        verifier.verify_user_auth(&answer, &challenge, &Asked { now, ..asked(Purpose::SignIn) }, revocation)
    }

    pub(crate) fn apply(&self, verifier: &Verifier, revocation: &dyn Revocation) -> Result<VerifiedSignature, Refusal> {
        let challenge = Challenge { document: Some([9; 32]), ..challenge(Purpose::Apply, 2) };
        let signature = self.key.sign(&challenge.message()).unwrap();
        let answer = Answer { certificate: &self.certificate, signature: &signature };
        verifier.verify_signature(&answer, &challenge, &asked(Purpose::Apply), revocation)
    }
}

pub(crate) fn verifier(ca: &TestCa) -> Verifier {
    Verifier::new(ca.anchors(), Policy::test(RP))
}

/// Says that every certificate is good.
pub(crate) struct AllGood;

impl Revocation for AllGood {
    fn status(&self, subject: &Subject<'_>, now: Timestamp) -> Evidence {
        assert_eq!(AskNobody.status(subject, now).source, Source::Nobody);
        Evidence { status: Status::Good, source: Source::Operator, as_of: Some(now) }
    }
}

pub(crate) const AUTH: CertificateKind = CertificateKind::UserAuthentication;
pub(crate) const SIGN: CertificateKind = CertificateKind::Signature;
