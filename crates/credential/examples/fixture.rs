//! Prints a small town for tests in other languages: `fixture < {"now": …, "holders": [JWK, …]}`.
//!
//! Each holder gets a card; the second one's is ended in the status list. Keys are new each time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::offline::{Accepted, Knowledge, Place};
use credential::{
    CardId, Claims, Disclosure, Held, HolderKey, IssuerKey, PhoneKey, Policy, Status, StatusBits, StatusList, StatusRef, issue,
};
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Asked {
    now: Timestamp,
    holders: Vec<HolderKey>,
}

#[derive(Serialize)]
struct Fixture {
    knowledge: Knowledge,
    /// One card for each holder.
    cards: Vec<Held>,
    /// The entries of the status list that are not 0, with their values.
    ended: Vec<(u64, u8)>,
    /// The number of entries.
    entries: u64,
    /// A presentation of a card on a phone of its own, with that phone's key.
    presentation: String,
    phone: HolderKey,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Asked { now, holders } = serde_json::from_reader(std::io::stdin())?;
    let (key, _) = IssuerKey::generate()?;
    let (phone, _) = PhoneKey::generate()?;
    let disclosures = [
        Disclosure::new([1; 16], "beneficiary_no", "1234567"),
        Disclosure::new([2; 16], "payer_no", "80020804"),
        Disclosure::new([3; 16], "date_of_birth", "2020-04-01"),
        Disclosure::new([4; 16], "copayment_yen", 500),
    ];
    let card = |n: u8, holder| {
        let claims = Claims {
            town: "012345".parse()?,
            card: CardId([n; 16]),
            programme: "child-medical".into(),
            valid_until: Some("2099-03-31".parse()?),
            issued_at: now - 24.hours(),
            expires_at: now + 720.hours(),
            status: StatusRef { uri: "https://town.example/s/1".into(), idx: 100 + u64::from(n) },
            holder,
        };
        Ok::<_, Box<dyn std::error::Error>>(issue(&key, &claims, &disclosures)?)
    };
    let mut list = StatusList::new("https://town.example/s/1", StatusBits::Two, 1 << 14);
    let ended = vec![(5, Status::Suspended, 2), (101, Status::Invalid, 1), (4711, Status::PhoneEnded, 3)];
    for (idx, status, _) in &ended {
        list.set(*idx, *status)?;
    }
    let token = key.sign_status_list(&list, now - 1.hour(), now + 168.hours(), 300)?;
    let cards = (0..).zip(&holders).map(|(n, holder)| Ok(Held::new(card(n, *holder)?.encoded(), &disclosures)));
    let fixture = Fixture {
        cards: cards.collect::<Result<_, Box<dyn std::error::Error>>>()?,
        ended: ended.into_iter().map(|(idx, _, value)| (idx, value)).collect(),
        entries: list.entries(),
        presentation: phone.present(&card(200, phone.public())?, &disclosures[..2], now, [9; 8])?,
        phone: phone.public(),
        knowledge: Knowledge {
            town: "012345".parse()?,
            synced_at: now - 1.hour(),
            max_age_s: 72 * 3600,
            keys: vec![*key.public()],
            status_lists: vec![URL_SAFE_NO_PAD.encode(token)],
            policy: Policy::default(),
            place: Place {
                id: "clinic-1".into(),
                name: "青空小児科".into(),
                accepts: vec![Accepted {
                    programme: "child-medical".into(),
                    name: [("ja".to_owned(), "子ども医療費受給資格証".to_owned())].into(),
                    shows: vec!["beneficiary_no".into()],
                    max_age_s: None,
                }],
            },
        },
    };
    println!("{}", serde_json::to_string(&fixture)?);
    Ok(())
}
