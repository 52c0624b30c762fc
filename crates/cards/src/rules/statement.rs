//! Whether a neighbouring town's credential says that somebody lives there. Pure: keys, status list and the moment are handed in.

use civil::{Date, PartialDate};
use credential::sdjwt::{Presented, Unbelieved};
use credential::{IssuerPublicKey, Status, StatusList};
use jiff::ToSpan as _;
use serde::Deserialize;
use town::{Disclosed, Neighbour};

use crate::model::Outcome;
use crate::rules::claim_name;

/// The claims a statement is compared by: the least that tells one person from another, and nothing the account's own proof has not told before.
pub(crate) const COMPARED: [Disclosed; 2] = [Disclosed::Name, Disclosed::DateOfBirth];

/// The keys of a JWK set that can sign a statement. Keys of other kinds are passed over: an issuer may have them for something else.
pub(crate) fn keys(set: &[u8]) -> Option<Vec<IssuerPublicKey>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(set).ok()?;
    let keys: Vec<IssuerPublicKey> = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    (!keys.is_empty()).then_some(keys)
}

/// The keys an issuer publishes (SD-JWT VC, JWT VC Issuer Metadata): only under its own name.
pub(crate) fn published_keys(document: &[u8], issuer: &str) -> Option<Vec<IssuerPublicKey>> {
    let document: serde_json::Value = serde_json::from_slice(document).ok()?;
    if document.get("issuer")?.as_str()? != issuer {
        return None;
    }
    keys(&serde_json::to_vec(document.get("jwks")?).ok()?)
}

/// Where an issuer publishes its keys.
pub(crate) fn keys_address(issuer: &str) -> Option<String> {
    let (scheme, rest) = issuer.split_once("://")?;
    let (host, path) = rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    Some(format!("{scheme}://{host}/.well-known/jwt-vc-issuer{}", path.trim_end_matches('/')))
}

/// Whether a status list stands at its issuer's own address: nobody else is asked who of its people still counts.
pub(crate) fn is_at(issuer: &str, address: &str) -> bool {
    let origin = |address: &str| {
        let (scheme, rest) = address.split_once("://")?;
        Some((scheme.to_owned(), rest.split(['/', '?', '#']).next()?.to_owned()))
    };
    origin(issuer).is_some_and(|of| Some(of) == origin(address))
}

/// What a presentation that is not believed was.
pub(crate) fn outcome_of(why: Unbelieved) -> Outcome {
    match why {
        Unbelieved::Malformed => Outcome::Malformed,
        Unbelieved::OtherIssuer => Outcome::OtherIssuer,
        Unbelieved::Signature => Outcome::Signature,
        Unbelieved::Expired => Outcome::Expired,
        Unbelieved::Binding => Outcome::Copied,
        Unbelieved::OtherQuestion => Outcome::Replayed,
        Unbelieved::Moment { .. } => Outcome::OtherMoment,
    }
}

/// Whether the credential is the one that is meant and says the area that is meant.
pub(crate) fn is_meant(shown: &Presented, neighbour: &Neighbour) -> Result<(), Outcome> {
    if shown.vct != neighbour.credential {
        return Err(Outcome::OtherCredential);
    }
    if let Some(area) = &neighbour.area {
        let said = shown.opened.get(&area.claim).ok_or(Outcome::NotOpened)?;
        if !area.values.contains(said) {
            return Err(Outcome::OtherArea);
        }
    }
    if !is_at(&neighbour.issuer, &shown.status_uri) {
        return Err(Outcome::OtherIssuer);
    }
    Ok(())
}

/// Whether it is the person of the account: by name as written on the card, and birthday.
pub(crate) fn is_the_same(shown: &Presented, name: &str, born: Option<PartialDate>) -> Result<(), Outcome> {
    let [said_name, said_born] = COMPARED.map(|what| shown.opened.get(claim_name(what)));
    let (said_name, said_born) = said_name.zip(said_born).ok_or(Outcome::NotOpened)?;
    let same_day = born.and_then(PartialDate::exact).is_some_and(|born| born.to_string() == *said_born);
    let same_name = civil::name_key(said_name) == civil::name_key(name) && !name.trim().is_empty();
    if same_name && same_day { Ok(()) } else { Err(Outcome::OtherPerson) }
}

/// Whether its place in the list says that it counts. A place the list does not have, and one that is suspended, do not.
pub(crate) fn counts(list: &StatusList, idx: i64) -> bool {
    u64::try_from(idx).ok().and_then(|idx| list.get(idx)) == Some(Status::Valid)
}

/// The last day a statement counts: so many days from today, and not beyond the credential's own last whole day.
pub(crate) fn last_day(today: Date, shown: &Presented, neighbour: &Neighbour) -> Date {
    let by_age = today.saturating_add(i64::from(neighbour.max_age_days).days());
    let expires_on = civil::day_in_japan(shown.expires_at);
    by_age.min(expires_on.yesterday().unwrap_or(expires_on)).max(today)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use std::collections::BTreeMap;

    use super::*;

    fn shown(opened: &[(&str, &str)]) -> Presented {
        let opened = opened.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
        Presented {
            jwt: String::new(),
            vct: "https://next.example/wallet/types/passport".to_owned(),
            status_uri: "https://next.example/status-lists/1".to_owned(),
            status_idx: 7,
            expires_at: "2026-12-01T03:00:00Z".parse().unwrap(),
            opened,
        }
    }

    fn neighbour() -> Neighbour {
        Neighbour {
            id: "next".parse().unwrap(),
            name: town::Words::default(),
            issuer: "https://next.example/wallet".to_owned(),
            credential: "https://next.example/wallet/types/passport".to_owned(),
            keys: None,
            area: None,
            max_age_days: 180,
            timetable: town::Timetable { at: Vec::new(), silent_after_h: 30 },
        }
    }

    #[test]
    fn an_issuer_is_asked_at_its_own_address() {
        assert_eq!(keys_address("https://next.example/wallet").unwrap(), "https://next.example/.well-known/jwt-vc-issuer/wallet");
        assert_eq!(keys_address("https://next.example").unwrap(), "https://next.example/.well-known/jwt-vc-issuer");
        assert!(is_at("https://next.example/wallet", "https://next.example/status-lists/1"));
        for other in ["http://next.example/s", "https://next.example.evil.example/s", "https://next.example:8443/s", "next.example", ""] {
            assert!(!is_at("https://next.example/wallet", other), "{other}");
        }
    }

    #[test]
    fn the_same_person_is_the_same_name_and_birthday_and_both_have_to_be_opened() {
        let born = Some("1990-04-12".parse().unwrap());
        let said = |name, day| shown(&[("name", name), ("date_of_birth", day)]);
        assert_eq!(is_the_same(&said("旅野　遠", "1990-04-12"), "旅野 遠", born), Ok(()));
        assert_eq!(is_the_same(&said("旅野 近", "1990-04-12"), "旅野 遠", born), Err(Outcome::OtherPerson));
        assert_eq!(is_the_same(&said("旅野 遠", "1990-04-13"), "旅野 遠", born), Err(Outcome::OtherPerson));
        assert_eq!(is_the_same(&said("旅野 遠", "1990-04-12"), "旅野 遠", None), Err(Outcome::OtherPerson));
        assert_eq!(is_the_same(&said("", "1990-04-12"), "", born), Err(Outcome::OtherPerson));
        assert_eq!(is_the_same(&shown(&[("name", "旅野 遠")]), "旅野 遠", born), Err(Outcome::NotOpened));
    }

    #[test]
    fn only_the_credential_and_the_area_that_are_meant_count() {
        let (plain, said) = (neighbour(), shown(&[("locality", "となり町")]));
        assert_eq!(is_meant(&said, &plain), Ok(()));
        let other = Neighbour { credential: "https://next.example/wallet/types/bus".to_owned(), ..plain.clone() };
        assert_eq!(is_meant(&said, &other), Err(Outcome::OtherCredential));
        let area =
            |values: &[&str]| town::AreaClaim { claim: "locality".to_owned(), values: values.iter().map(|v| (*v).to_owned()).collect() };
        assert_eq!(is_meant(&said, &Neighbour { area: Some(area(&["となり町"])), ..plain.clone() }), Ok(()));
        assert_eq!(is_meant(&said, &Neighbour { area: Some(area(&["ほかの町"])), ..plain.clone() }), Err(Outcome::OtherArea));
        assert_eq!(is_meant(&shown(&[]), &Neighbour { area: Some(area(&["となり町"])), ..plain.clone() }), Err(Outcome::NotOpened));
        let elsewhere = Presented { status_uri: "https://elsewhere.example/1".to_owned(), ..said };
        assert_eq!(is_meant(&elsewhere, &plain), Err(Outcome::OtherIssuer));
    }

    #[test]
    fn it_counts_for_its_age_and_not_beyond_the_credential() {
        let today = Date::constant(2026, 11, 27);
        assert_eq!(last_day(today, &shown(&[]), &neighbour()), Date::constant(2026, 11, 30));
        let short = Neighbour { max_age_days: 2, ..neighbour() };
        assert_eq!(last_day(today, &shown(&[]), &short), Date::constant(2026, 11, 29));
    }

    #[test]
    fn keys_come_from_the_issuer_itself_and_others_are_passed_over() {
        let key = credential::IssuerKey::generate().unwrap().0;
        let jwk = serde_json::to_value(credential::Jwk::from(*key.public())).unwrap();
        let set = serde_json::json!({ "keys": [{ "kty": "RSA", "n": "…", "e": "AQAB" }, jwk] });
        let document = serde_json::json!({ "issuer": "https://next.example/wallet", "jwks": set }).to_string();
        assert_eq!(published_keys(document.as_bytes(), "https://next.example/wallet").unwrap(), [*key.public()]);
        assert_eq!(published_keys(document.as_bytes(), "https://other.example/wallet"), None);
        assert_eq!(keys(b"{\"keys\": []}"), None);
        assert_eq!(keys(b"not json"), None);
    }
}
