use identity::{BoundBy, CounterItems, DeviceKind, Document, Error, MediumBound, MediumEnd, MediumEnded, MediumNumber, ProofKind, Proven};
use jiff::{SignedDuration, ToSpan as _};
use store::{AccountId, Actor, Ctx, Match};
use town::Medium;

use crate::card::hanako;
use crate::devices::enrolled;
use crate::{Finds, House, clerk, houses, nobody, refused};

const IDM: &str = "01:2E:4C:D2:A1:B3:C4:D5";

fn items() -> CounterItems {
    CounterItems {
        name: "青空　トメ".to_owned(),
        address: "青空村本村1番地".to_owned(),
        date_of_birth: "1940-05-05".parse().unwrap(),
        sex: civil::Sex::Female,
    }
}

async fn at_counter(house: &House) -> Proven {
    let mut ctx = house.begin(clerk()).await;
    let register = Finds(Match::None);
    let proven = identity::prove_at_counter(&mut ctx, &house.settings, &register, items(), Document::DrivingLicence).await.unwrap();
    ctx.commit().await.unwrap();
    proven
}

async fn found(ctx: &mut Ctx, house: &House, typed: &str) -> Option<identity::BoundMedium> {
    identity::medium_of(ctx, &house.settings.media_key(), &MediumNumber::read(typed).unwrap()).await.unwrap()
}

#[tokio::test]
async fn somebody_without_a_phone_is_served_at_the_counter() {
    for house in houses().await {
        let mut ctx = house.begin(Actor::Holder(nobody())).await;
        let register = Finds(Match::None);
        let asked = identity::prove_at_counter(&mut ctx, &house.settings, &register, items(), Document::Passport).await;
        assert!(asked.unwrap_err().forbidden().is_some());
        drop(ctx);

        let proven = at_counter(&house).await;
        let account = proven.account().id;
        assert!(proven.opened() && proven.keys().is_some());
        assert!(proven.account().assurance.meets(town::Proof::Counter) && !proven.account().assurance.meets(town::Proof::Jpki));
        // Who comes again is the same person.
        assert_eq!(at_counter(&house).await.account().id, account);

        let key = house.settings.media_key();
        let mut ctx = house.begin(clerk()).await;
        let bound = identity::bind_medium(&mut ctx, &key, account, IDM, "ICカード").await.unwrap();
        assert_eq!((bound.kind, bound.bound_by), (Medium::TransitIc, BoundBy::Counter));
        refused!(identity::bind_medium(&mut ctx, &key, account, IDM, "ICカード").await, Error::MediumTaken);
        refused!(identity::bind_medium(&mut ctx, &key, account, "02FE000000000001", "電話").await, Error::MediumChanging);
        refused!(identity::bind_medium(&mut ctx, &key, account, "12", "?").await, Error::MediumUnreadable);
        let (_, sticker) = identity::make_medium(&mut ctx, &key, account, Medium::Sticker, None, "つえ").await.unwrap();
        refused!(identity::bind_medium(&mut ctx, &key, account, sticker.text(), "?").await, Error::MediumTaken);
        let proofs = identity::proofs_of(&mut ctx, account).await.unwrap();
        assert!(proofs.iter().all(|proof| proof.kind == ProofKind::Counter && !proof.evidence.contains("青空")));
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(found(&mut ctx, &house, "012e4cd2a1b3c4d5").await.unwrap().account, account);
        assert_eq!(found(&mut ctx, &house, sticker.text()).await.unwrap().account, account);
        assert_eq!(found(&mut ctx, &house, "0123456789ABCDEF").await, None);
        drop(ctx);
        assert_eq!(house.events(MediumBound::KIND).await.len(), 2);
        let told = format!("{:?}{:?}", house.events(MediumBound::KIND).await, house.audited(&account.to_string()).await);
        assert!(!told.contains("012E") && !told.contains(&sticker.text()[3..]));
    }
}

#[tokio::test]
async fn a_card_brought_later_leads_to_the_account_of_the_counter() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let person = &card.person;
        let items = CounterItems {
            name: person.name.clone(),
            address: person.address.clone(),
            date_of_birth: person.date_of_birth.to_string().parse().unwrap(),
            sex: civil::Sex::Female,
        };
        let mut ctx = house.begin(clerk()).await;
        let register = Finds(Match::None);
        let at_counter =
            identity::prove_at_counter(&mut ctx, &house.settings, &register, items.clone(), Document::TwoPapers).await.unwrap();
        ctx.commit().await.unwrap();
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        assert_eq!(proven.account().id, at_counter.account().id);
        assert!(proven.account().assurance.meets(town::Proof::Jpki));

        // A document says less than the card did.
        let mut ctx = house.begin(clerk()).await;
        let again = identity::prove_at_counter(&mut ctx, &house.settings, &register, items, Document::TwoPapers).await.unwrap();
        assert!(again.account().assurance.meets(town::Proof::Jpki));
    }
}

#[tokio::test]
async fn a_lost_medium_is_ended_at_once_and_a_transit_card_may_find_another_owner() {
    for house in houses().await {
        let (first, key) = (at_counter(&house).await.account().id, house.settings.media_key());
        let mut ctx = house.begin(clerk()).await;
        let bound = identity::bind_medium(&mut ctx, &key, first, IDM, "ICカード").await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::Holder(nobody())).await;
        refused!(identity::end_medium(&mut ctx, bound.id, MediumEnd::Lost).await, Error::MediumNotFound);
        assert!(identity::media_of(&mut ctx, first).await.unwrap_err().forbidden().is_some());
        drop(ctx);
        let mut ctx = house.begin(Actor::Holder(first)).await;
        identity::end_medium(&mut ctx, bound.id, MediumEnd::Lost).await.unwrap();
        identity::end_medium(&mut ctx, bound.id, MediumEnd::NotUsed).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        let gone = found(&mut ctx, &house, IDM).await.unwrap();
        assert!(!gone.is_live(ctx.now()) && gone.ended_why == Some(MediumEnd::Lost));
        let other = identity::start_light_account(&mut ctx, "孫").await.unwrap().id;
        ctx.actor = clerk();
        identity::bind_medium(&mut ctx, &key, other, IDM, "ICカード").await.unwrap();
        assert_eq!(found(&mut ctx, &house, IDM).await.unwrap().account, other);
        ctx.commit().await.unwrap();
        assert_eq!(house.events(MediumEnded::KIND).await.len(), 1);
    }
}

#[tokio::test]
async fn a_temporary_pass_counts_until_the_end_of_its_day_in_japan() {
    for house in houses().await {
        let (account, key) = (at_counter(&house).await.account().id, house.settings.media_key());
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let today = ctx.today();
        for day in [None, Some(today.yesterday().unwrap()), Some(today.saturating_add(7.days()))] {
            refused!(identity::make_medium(&mut ctx, &key, account, Medium::Temporary, day, "祭り").await, Error::MediumDay);
        }
        refused!(identity::make_medium(&mut ctx, &key, account, Medium::Sticker, Some(today), "つえ").await, Error::MediumDay);
        refused!(identity::make_medium(&mut ctx, &key, account, Medium::TransitIc, None, "?").await, Error::MediumUnreadable);
        refused!(identity::make_medium(&mut ctx, &key, account, Medium::Sticker, None, " ").await, Error::Text { .. });
        let (pass, number) = identity::make_medium(&mut ctx, &key, account, Medium::Temporary, Some(today), "祭り").await.unwrap();
        ctx.commit().await.unwrap();
        // 12:00 in Japan: eleven hours and 59 minutes later it is still the day.
        house.pass(SignedDuration::from_mins(12 * 60 - 1));
        let mut ctx = house.begin(Actor::System).await;
        assert!(found(&mut ctx, &house, number.text()).await.unwrap().is_live(ctx.now()));
        drop(ctx);
        house.pass(SignedDuration::from_mins(1));
        let mut ctx = house.begin(Actor::System).await;
        let over = found(&mut ctx, &house, number.text()).await.unwrap();
        assert!(!over.is_live(ctx.now()) && over.id == pass.id);
    }
}

#[tokio::test]
async fn an_account_has_so_many_media_and_no_more() {
    for house in houses().await {
        let (account, key) = (at_counter(&house).await.account().id, house.settings.media_key());
        let mut ctx = house.begin(clerk()).await;
        for n in 0..20 {
            identity::make_medium(&mut ctx, &key, account, Medium::Sticker, None, &format!("{n}")).await.unwrap();
        }
        refused!(identity::make_medium(&mut ctx, &key, account, Medium::Sticker, None, "21").await, Error::TooManyMedia);
        identity::end_everything(&mut ctx, account).await.unwrap();
        identity::make_medium(&mut ctx, &key, account, Medium::Sticker, None, "21").await.unwrap();
    }
}

/// A card read at a station, with the wish for the town's number.
async fn at_station(
    house: &House,
    station: &Actor,
    card: &crate::card::Card,
    written: Option<&str>,
) -> identity::Result<(AccountId, String)> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let asked = identity::begin_proof(&mut ctx, &house.settings, jpki::Purpose::Register, None).await?;
    identity::ask_region_id(&mut ctx, &asked).await?;
    ctx.commit().await?;
    let key = house.settings.media_key();
    let mut ctx = house.begin(station.clone()).await;
    let number = identity::region_number(&mut ctx, &key, asked.id).await?;
    assert_eq!(identity::region_number(&mut ctx, &key, asked.id).await?, number, "the same however often it is asked");
    let number = number.map_or_else(String::new, |number| number.text().to_owned());
    let (verifier, good) = (house.cards.verifier(), house.cards.good());
    let register = Finds(Match::None);
    let proven =
        identity::complete_proof(&mut ctx, &house.settings, &register, asked.id, card.sign(&asked.challenge), &verifier, &good).await?;
    identity::bind_region_id(&mut ctx, &key, &proven, asked.id, written.unwrap_or(&number)).await?;
    ctx.commit().await?;
    Ok((proven.account().id, number))
}

#[tokio::test]
async fn a_station_writes_the_towns_number_into_the_card_it_reads() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let (device, place) = enrolled(&house, DeviceKind::Station, "clinic").await;
        let station = Actor::Station(place, device);
        let (account, number) = at_station(&house, &station, &card, None).await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        let bound = found(&mut ctx, &house, &number).await.unwrap();
        assert_eq!((bound.account, bound.kind, bound.bound_by), (account, Medium::RegionId, BoundBy::Station));
        drop(ctx);

        // Written anew, the number before counts no more: a person has one card.
        let (_, newer) = at_station(&house, &station, &card, None).await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(found(&mut ctx, &house, &number).await.unwrap().ended_why, Some(MediumEnd::Replaced));
        assert!(found(&mut ctx, &house, &newer).await.unwrap().is_live(ctx.now()));
        drop(ctx);

        // Another number than the one given is nobody's word, and who is no station is given none.
        refused!(at_station(&house, &station, &card, Some(&number)).await, Error::StationNeeded);
        refused!(at_station(&house, &Actor::Anonymous, &card, None).await, Error::StationNeeded);
        refused!(at_station(&house, &clerk(), &card, None).await, Error::StationNeeded);
    }
}

#[tokio::test]
async fn one_call_at_the_counter_ends_all_that_was_lost() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let key = house.settings.media_key();
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let started = identity::start_session(&mut ctx, identity::SessionOwner::Holder(account), "電話").await.unwrap();
        let (_, number) = identity::make_medium(&mut ctx, &key, account, Medium::Sticker, None, "つえ").await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::Holder(nobody())).await;
        assert!(identity::end_everything(&mut ctx, account).await.unwrap_err().forbidden().is_some());
        drop(ctx);
        let mut ctx = house.begin(clerk()).await;
        identity::end_everything(&mut ctx, account).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(identity::actor_of(&mut ctx, &started.token).await.unwrap(), None);
        assert!(!found(&mut ctx, &house, number.text()).await.unwrap().is_live(ctx.now()));
    }
}
