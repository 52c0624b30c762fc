//! Measures the two paths that have to be fast: asking a list of a million entries, and believing a sign-in.

use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan};

use crate::card::{Personalise, SoftwareCard};
use crate::reader::{CardError, Reader, UserAuthPin};
use crate::revocation::{AskNobody, CrlStore, Reason, Revocation, Subject};
use crate::testca::{Municipality, Person, TestCa};
use crate::{Answer, Asked, CertificateKind, Challenge, KeyError, OnUnknown, PartialDate, Policy, Purpose, Serial, Sex, Verifier};

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// How many certificates stood on the list.
    pub entries: usize,
    /// The list's size in bytes.
    pub crl_bytes: usize,
    /// Reading, checking and sorting the list.
    pub crl_load: Duration,
    /// One question to the list, on average.
    pub crl_look_up: Duration,
    /// Believing one sign-in without revocation: certificate, its signature, the signature over the challenge.
    pub verify: Duration,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Keys could not be made.
    #[error("keys could not be made")]
    Key(#[from] KeyError),
    /// The software card did not do its part.
    #[error("software card failed")]
    Card(#[from] CardError),
    /// What was made was not believed.
    #[error("what was made was not believed")]
    NotBelieved,
}

/// Measures with a list of `entries` certificates and `rounds` sign-ins.
///
/// # Errors
/// [`BenchError`]; none is expected.
pub fn run(entries: usize, rounds: u32, now: Timestamp) -> Result<Report, BenchError> {
    let person = Person {
        name: "試験　太郎".into(),
        address: "試験県試験町１－１".into(),
        date_of_birth: PartialDate::parse("19900401").ok_or(BenchError::NotBelieved)?,
        sex: Sex::Male,
        municipality: Municipality { code: "99999".into(), prefecture: "Test-ken".into(), city: "Test-machi".into() },
    };
    let mut ca = TestCa::new(now)?;
    let mut count = 0u8;
    let state = Personalise::new(person).issue(&mut ca, now, &mut |bytes: &mut [u8]| {
        for byte in bytes {
            count = count.wrapping_add(37);
            *byte = count;
        }
    })?;
    let verify = sign_ins(&ca, state, rounds, now)?;

    let kind = CertificateKind::UserAuthentication;
    let later = now.saturating_add(24.hours()).unwrap_or(now);
    let crl = ca.crl_of_many(kind, entries, now, later)?;
    let anchors = ca.anchors();
    let mut store = CrlStore::new();
    let start = Instant::now();
    let loaded = store.load(&anchors, &crl).map_err(|_| BenchError::NotBelieved)?;
    let crl_load = start.elapsed();

    let anchor = anchors.iter().find(|anchor| anchor.kind == kind).ok_or(BenchError::NotBelieved)?;
    let serials: Vec<Serial> = (0..10_000u32).map(|n| Serial::new(&(n.wrapping_mul(104_729)).to_be_bytes())).collect();
    let start = Instant::now();
    let mut revoked = 0usize;
    for serial in &serials {
        let subject = Subject { kind, issuer: anchor, serial, crl_points: &[], ocsp_address: None };
        revoked += usize::from(store.status(&subject, now).status != crate::Status::Good);
    }
    std::hint::black_box(revoked);
    let crl_look_up = start.elapsed() / 10_000;
    Ok(Report { entries: loaded.entries, crl_bytes: crl.len(), crl_load, crl_look_up, verify })
}

fn sign_ins(ca: &TestCa, state: crate::card::CardState, rounds: u32, now: Timestamp) -> Result<Duration, BenchError> {
    let card = SoftwareCard::insert(state, Box::new(|bytes: &mut [u8]| bytes.fill(7)));
    let mut reader = Reader::open(card)?;
    let challenge = Challenge {
        relying_party: "bench".into(),
        purpose: Purpose::SignIn,
        session: "bench".into(),
        nonce: [7; 32],
        issued_at: now,
        expires_at: now.saturating_add(2.minutes()).unwrap_or(now),
        document: None,
    };
    let signed = reader.sign_user_auth(&UserAuthPin::new("1234")?, None, &challenge.message())?;
    let verifier = Verifier::new(ca.anchors(), Policy { user_auth_unknown: OnUnknown::Accept, ..Policy::test("bench") });
    let answer = Answer { certificate: &signed.certificate, signature: &signed.signature };
    let asked = Asked { session: "bench", purpose: Purpose::SignIn, now };
    let start = Instant::now();
    for _ in 0..rounds {
        verifier.verify_user_auth(&answer, &challenge, &asked, &AskNobody).map_err(|_| BenchError::NotBelieved)?;
    }
    Ok(start.elapsed() / rounds.max(1))
}

impl TestCa {
    /// A list of as many invented entries as asked for, to measure with.
    fn crl_of_many(&mut self, kind: CertificateKind, entries: usize, now: Timestamp, later: Timestamp) -> Result<Vec<u8>, KeyError> {
        let mut many = self.clone();
        many.revoke_invented(kind, entries, Reason::Superseded, now);
        many.crl(kind, now, later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measurement_believes_what_it_made() {
        let report = run(20_000, 3, "2026-11-22T00:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(report.entries, 20_000);
        assert!(report.crl_look_up < Duration::from_millis(1));
    }

    #[test]
    #[ignore = "takes a while: run it to see the numbers"]
    fn a_million_entries() {
        println!("{:?}", run(1_000_000, 1_000, "2026-11-22T00:00:00Z".parse().unwrap()).unwrap());
    }
}
