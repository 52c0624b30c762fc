//! What is laid on a reader in place of a phone.

use cards::{Decision, UseId};
use credential::{NotEntitled, Refusal};
use identity::{MediumEnd, MediumNumber};
use store::{Actor, DeviceId, Role, StaffId};
use town::{Disclosed, Medium};

use crate::{GRANDMOTHER, Holder, House, MOTHER, RIDE, houses, programme};

const IDM: &str = "012E4CD2A1B3C4D5";
const BUS: &str = "senior-bus";

fn clerk() -> Actor {
    Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Clerk])
}

async fn sticker(house: &House, holder: &Holder, kind: Medium) -> MediumNumber {
    let mut ctx = house.begin(Actor::Holder(holder.account)).await;
    let day = (kind == Medium::Temporary).then(|| ctx.today());
    let key = crate::settings().media_key();
    let (_, number) = identity::make_medium(&mut ctx, &key, holder.account, kind, day, "つえ").await.unwrap();
    ctx.commit().await.unwrap();
    number
}

async fn tap_as(house: &House, actor: Actor, id: UseId, number: &MediumNumber) -> Decision {
    let mut ctx = house.begin(actor).await;
    let decision = cards::decide_medium(&mut ctx, &house.office, id, number).await.unwrap();
    ctx.commit().await.unwrap();
    decision
}

async fn tap(house: &House, place: &str, number: &MediumNumber) -> Decision {
    tap_as(house, Actor::Verifier(place.parse().unwrap()), UseId::new(house.now()), number).await
}

#[tokio::test]
async fn a_grandmother_without_a_phone_rides_the_bus() {
    for house in houses().await {
        let grandmother = house.holder(GRANDMOTHER).await;
        let number = sticker(&house, &grandmother, Medium::Sticker).await;
        let station = Actor::Station("village-bus".parse().unwrap(), DeviceId::from_bytes([5; 16]));
        for actor in [Actor::Verifier("village-bus".parse().unwrap()), station] {
            let yes = tap_as(&house, actor, UseId::new(house.now()), &number).await;
            assert_eq!((yes.refusal, yes.programme), (None, Some(programme(BUS))));
            assert_eq!(yes.shown, [(Disclosed::Copayment, "無料".to_owned())], "the driver sees no name");
        }
        assert_eq!(tap(&house, "clinic", &number).await.refusal, Some(Refusal::MediumNotAccepted));

        let resident = house.resident(GRANDMOTHER).await.to_string();
        let mut ctx = house.begin(Actor::Holder(grandmother.account)).await;
        let shown = ctx.audit_of(&resident, i64::MAX, 100).await.unwrap().iter().filter(|entry| entry.action == "card.shown").count();
        assert_eq!(shown, 2, "she sees who saw her");
    }
}

#[tokio::test]
async fn the_same_question_gets_the_same_answer_and_is_written_once() {
    for house in houses().await {
        let grandmother = house.holder(GRANDMOTHER).await;
        let number = sticker(&house, &grandmother, Medium::Sticker).await;
        let (id, bus) = (UseId::new(house.now()), || Actor::Verifier("village-bus".parse().unwrap()));
        let first = tap_as(&house, bus(), id, &number).await;
        let again = tap_as(&house, bus(), id, &number).await;
        assert_eq!((first.accepted(), again.accepted(), &first.shown), (true, true, &again.shown));
        // What became of it since does not change what was answered.
        let mut ctx = house.begin(Actor::Holder(grandmother.account)).await;
        let media = identity::media_of(&mut ctx, grandmother.account).await.unwrap();
        identity::end_medium(&mut ctx, media[0].id, MediumEnd::Lost).await.unwrap();
        ctx.commit().await.unwrap();
        let later = tap_as(&house, bus(), id, &number).await;
        assert_eq!((later.accepted(), later.shown.is_empty()), (true, true));
        let elsewhere = tap_as(&house, Actor::Verifier("clinic".parse().unwrap()), id, &number).await;
        assert_eq!(elsewhere.refusal, Some(Refusal::Replayed));
        assert_eq!(tap(&house, "village-bus", &number).await.refusal, Some(Refusal::Revoked), "a new question");

        let mut ctx = house.begin(Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Officer])).await;
        let today = ctx.today();
        let used = cards::use_statistics(&mut ctx, today, today).await.unwrap();
        assert_eq!(used.by_day.values().copied().collect::<Vec<_>>(), [(1, 1)]);
    }
}

#[tokio::test]
async fn a_programme_says_what_is_enough_for_it() {
    for house in houses().await {
        let (mother, grandmother) = (house.holder(MOTHER).await, house.holder(GRANDMOTHER).await);
        let hers = sticker(&house, &mother, Medium::Sticker).await;
        assert_eq!(tap(&house, "village-bus", &hers).await.refusal, Some(Refusal::NotEntitled { why: NotEntitled::NotYet }));
        assert_eq!(tap(&house, "snow-office", &hers).await.refusal, Some(Refusal::MediumNotAccepted), "the card in the phone is needed");

        // The shop answers for two programmes: a transit card is enough for one of them, which must be asked for.
        let key = crate::settings().media_key();
        let mut ctx = house.begin(clerk()).await;
        identity::bind_medium(&mut ctx, &key, grandmother.account, IDM, "ICカード").await.unwrap();
        ctx.commit().await.unwrap();
        let transit = MediumNumber::read(IDM).unwrap();
        assert_eq!(tap(&house, "shop-honson", &transit).await.refusal, Some(Refusal::UnknownCard));
        let resident = house.resident(GRANDMOTHER).await;
        let mut ctx = house.begin(Actor::Holder(grandmother.account)).await;
        cards::apply(&mut ctx, &house.office, &programme(RIDE), resident, None).await.unwrap();
        ctx.commit().await.unwrap();
        let yes = tap(&house, "shop-honson", &transit).await;
        assert_eq!((yes.refusal, yes.programme), (None, Some(programme(RIDE))));
        // The baths are told a name, and here it is the person's own.
        let yes = tap(&house, "bath-yunosawa", &transit).await;
        assert!(yes.shown.contains(&(Disclosed::Name, "人4".to_owned())), "{:?}", yes.shown);
    }
}

#[tokio::test]
async fn a_medium_of_nobody_and_one_that_is_over_are_refused() {
    for mut house in houses().await {
        let grandmother = house.holder(GRANDMOTHER).await;
        let unknown = MediumNumber::read("TGS00112233445566778899AABBCCDDEEFF").unwrap();
        assert_eq!(tap(&house, "village-bus", &unknown).await.refusal, Some(Refusal::UnknownCard));
        let pass = sticker(&house, &grandmother, Medium::Temporary).await;
        assert!(tap(&house, "village-bus", &pass).await.accepted());
        let mut ctx = house.begin(Actor::Anonymous).await;
        assert!(cards::decide_medium(&mut ctx, &house.office, UseId::new(house.now()), &pass).await.is_err());
        drop(ctx);
        house.days(1);
        assert_eq!(tap(&house, "village-bus", &pass).await.refusal, Some(Refusal::ExpiredCard));

        let number = sticker(&house, &grandmother, Medium::Sticker).await;
        house.row(GRANDMOTHER).moved_out = Some("2026-06-02");
        house.bring().await;
        let refusal = tap(&house, "village-bus", &number).await.refusal;
        assert_eq!(refusal, Some(Refusal::NotEntitled { why: NotEntitled::MovedOut }));
    }
}

#[tokio::test]
async fn who_was_known_at_the_counter_only_has_what_the_counter_is_enough_for() {
    for house in houses().await {
        let grandmother = house.holder(GRANDMOTHER).await;
        let number = sticker(&house, &grandmother, Medium::Sticker).await;
        for (assurance, refusal) in [("counter", None), ("none", Some(Refusal::MediumNotAccepted))] {
            let mut ctx = house.begin(Actor::System).await;
            let values = store::params![grandmother.account, assurance];
            ctx.tx().execute("update identity_account set assurance = $2 where id = $1", values).await.unwrap();
            ctx.commit().await.unwrap();
            assert_eq!(tap(&house, "village-bus", &number).await.refusal, refusal);
        }
        assert!(house.cards(&grandmother).await.iter().all(|card| !card.is_live()) || house.cards(&grandmother).await.is_empty());
    }
}
