//! Cards and presentations to measure with: what `tegata bench verify` and the example `verify_bench` run over.

use jiff::{SignedDuration, Timestamp};

use crate::{
    CardId, Claims, Disclosure, Error, IssuerKey, IssuerPublicKey, PhoneKey, Policy, Presentation, Refusal, Replay, StatusBits, StatusList,
    StatusRef, StatusToken, TownCode, Verifier, issue,
};

const LIST: &str = "https://town.example/s/1";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Cards of one town, each on a phone of its own and shown twice. What is in them is made up and the same every time; keys are new.
#[derive(Debug)]
pub struct Workload {
    /// The moment all of them are shown.
    pub now: Timestamp,
    /// The first presentation of each card.
    pub first: Vec<String>,
    /// The second.
    pub again: Vec<String>,
    town: TownCode,
    key: IssuerPublicKey,
    status_token: Vec<u8>,
}

impl Workload {
    /// Makes so many cards; four claims each, two of them opened.
    ///
    /// # Errors
    /// Those of signing; [`Error::BadMoment`] if `now` is not well inside the calendar.
    pub fn new(cards: u32, now: Timestamp) -> Result<Self, Error> {
        let (key, _) = IssuerKey::generate()?;
        let town: TownCode = "012345".parse()?;
        let list = StatusList::new(LIST, StatusBits::Two, u64::from(cards) * 2);
        let later = |span: SignedDuration| now.checked_add(span).map_err(|_| Error::BadMoment);
        let status_token = key.sign_status_list(&list, now, later(DAY)?, 300)?;
        let mut workload = Self { now, first: Vec::new(), again: Vec::new(), town, key: *key.public(), status_token };
        for n in 0..cards {
            let (phone, _) = PhoneKey::generate()?;
            let mut card = [0; 16];
            card[..4].copy_from_slice(&n.to_be_bytes());
            let claims = Claims {
                town,
                card: CardId(card),
                programme: "child-medical".into(),
                valid_until: None,
                issued_at: later(-DAY)?,
                expires_at: later(DAY)?,
                status: StatusRef { uri: LIST.into(), idx: u64::from(n) },
                holder: phone.public(),
            };
            let named = ["beneficiary_no", "payer_no", "date_of_birth", "copayment_yen"];
            let disclosures: Vec<_> = named.map(|name| Disclosure::new(card, name, format!("{n:08}"))).into();
            let credential = issue(&key, &claims, &disclosures)?;
            workload.first.push(phone.present(&credential, &disclosures[..2], now, [1; 8])?);
            workload.again.push(phone.present(&credential, &disclosures[..2], now, [2; 8])?);
        }
        Ok(workload)
    }

    /// A verifier of this town that has seen no card, and the town's status list.
    ///
    /// # Errors
    /// None that a workload just made can bring about.
    pub fn verifier(&self) -> Result<(Verifier, StatusToken), Error> {
        let verifier = Verifier::new(self.town, vec![self.key])?;
        let status = verifier.trust(&self.status_token)?;
        Ok((verifier, status))
    }

    /// The whole of one verification, from the scanned text to the answer: reading, both signatures (the town's only at first sight),
    /// expiry, freshness, replay and status.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn verify(&self, text: &str, verifier: &Verifier, status: &StatusToken, seen: &impl Replay) -> Result<(), Refusal> {
        let presentation = Presentation::parse(text)?;
        verifier.check(&presentation, self.now, Policy::default(), Some(std::slice::from_ref(status)), seen).map(|_| ())
    }
}
