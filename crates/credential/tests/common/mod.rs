//! A town, a phone and a card to try things on.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test file uses its part, and tests may unwrap

use credential::offline::{Accepted, Knowledge, Place};
use credential::{
    CardId, Claims, Credential, Disclosure, IssuerKey, PhoneKey, Policy, Presentation, Refusal, Seen, StatusBits, StatusList, StatusRef,
    TownCode, Verifier, issue,
};
use jiff::{Timestamp, ToSpan as _};

/// 11:00 in Japan.
pub const NOW: &str = "2026-11-23T02:00:00Z";
pub const LIST: &str = "https://town.example/s/1";
pub const IDX: u64 = 4711;

pub struct Town {
    pub code: TownCode,
    pub key: IssuerKey,
}

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub fn later(seconds: i64) -> Timestamp {
    now() + seconds.seconds()
}

impl Town {
    pub fn new(code: &str) -> Self {
        Self { code: code.parse().unwrap(), key: IssuerKey::generate().unwrap().0 }
    }

    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.code, vec![*self.key.public()]).unwrap()
    }

    pub fn claims(&self, phone: &PhoneKey) -> Claims {
        Claims {
            town: self.code,
            card: CardId([7; 16]),
            programme: "child-medical".into(),
            valid_until: Some("2027-03-31".parse().unwrap()),
            issued_at: later(-86_400),
            expires_at: later(30 * 86_400),
            status: StatusRef { uri: LIST.into(), idx: IDX },
            holder: phone.public(),
        }
    }

    pub fn issue(&self, phone: &PhoneKey) -> (Credential, Vec<Disclosure>) {
        let disclosures = disclosures();
        (issue(&self.key, &self.claims(phone), &disclosures).unwrap(), disclosures)
    }

    pub fn status_list(&self, ended: &[(u64, credential::Status)]) -> StatusList {
        let mut list = StatusList::new(LIST, StatusBits::Two, 1 << 14);
        for (idx, status) in ended {
            list.set(*idx, *status).unwrap();
        }
        list
    }

    pub fn status_token(&self, ended: &[(u64, credential::Status)]) -> Vec<u8> {
        self.key.sign_status_list(&self.status_list(ended), later(-600), later(7 * 86_400), 300).unwrap()
    }

    pub fn knowledge(&self, ended: &[(u64, credential::Status)]) -> Knowledge {
        use base64::Engine as _;
        Knowledge {
            town: self.code,
            synced_at: later(-600),
            max_age_s: 72 * 3600,
            keys: vec![*self.key.public()],
            status_lists: vec![base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.status_token(ended))],
            policy: Policy::default(),
            place: Place {
                id: "clinic-1".into(),
                name: "青空小児科".into(),
                accepts: vec![Accepted {
                    programme: "child-medical".into(),
                    name: [("ja".to_owned(), "子ども医療費受給資格証".to_owned())].into(),
                    shows: vec!["beneficiary_no".into(), "payer_no".into()],
                    max_age_s: None,
                }],
            },
        }
    }
}

pub fn disclosures() -> Vec<Disclosure> {
    vec![
        Disclosure::new([1; 16], "beneficiary_no", "1234567"),
        Disclosure::new([2; 16], "payer_no", "80020804"),
        Disclosure::new([3; 16], "date_of_birth", "2020-04-01"),
        Disclosure::new([4; 16], "copayment_yen", 500),
    ]
}

/// A card of a new town on a new phone, shown now with two claims opened.
pub struct Scene {
    pub town: Town,
    pub phone: PhoneKey,
    pub credential: Credential,
    pub disclosures: Vec<Disclosure>,
    pub text: String,
}

pub fn scene() -> Scene {
    let town = Town::new("012345");
    let phone = PhoneKey::generate().unwrap().0;
    let (credential, disclosures) = town.issue(&phone);
    let text = phone.present(&credential, &disclosures[..2], now(), [9; 8]).unwrap();
    Scene { town, phone, credential, disclosures, text }
}

impl Scene {
    pub fn check_at(&self, text: &str, at: Timestamp) -> Result<credential::Checked, Refusal> {
        self.town.verifier().check(&Presentation::parse(text)?, at, Policy::default(), None, &Seen::new())
    }
}
