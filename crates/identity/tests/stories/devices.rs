use identity::{DeviceEnded, DeviceId, DeviceKind, DevicePaired, Error, SessionKind};
use jiff::SignedDuration;
use store::{Actor, Permission};
use town::PlaceId;

use crate::{House, clerk, houses, protection_clerk, refused};

fn place(id: &str) -> PlaceId {
    id.parse().unwrap()
}

/// Pairs a device at a place.
pub(crate) async fn enrolled(house: &House, kind: DeviceKind, at: &str) -> (DeviceId, PlaceId) {
    let mut ctx = house.begin(clerk()).await;
    let code = identity::pairing_code(&mut ctx, kind, &place(at)).await.unwrap();
    let paired = identity::pair(&mut ctx, &code.code, "窓口").await.unwrap();
    ctx.commit().await.unwrap();
    (paired.device.id, paired.device.place)
}

#[tokio::test]
async fn a_verifier_is_paired_by_a_code_once_and_ended() {
    for house in houses().await {
        let mut ctx = house.begin(clerk()).await;
        let code = identity::pairing_code(&mut ctx, DeviceKind::Verifier, &place("clinic")).await.unwrap();
        refused!(identity::pairing_code(&mut ctx, DeviceKind::Verifier, &place("nowhere")).await, Error::UnknownPlace);
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::pair(&mut ctx, "2222-2222", "受付").await, Error::CodeNotValid);
        refused!(identity::pair(&mut ctx, "?", "受付").await, Error::CodeNotValid);
        refused!(identity::pair(&mut ctx, &code.code, "").await, Error::Text { .. });
        let paired = identity::pair(&mut ctx, &code.code.replace('-', " ").to_lowercase(), "受付のタブレット").await.unwrap();
        refused!(identity::pair(&mut ctx, &code.code, "受付").await, Error::CodeNotValid);
        ctx.commit().await.unwrap();

        let mut ctx = house.store.read(Actor::Anonymous).await.unwrap();
        let caller = identity::actor_of(&mut ctx, &paired.session.token).await.unwrap().unwrap();
        assert_eq!((caller.actor, caller.kind), (Actor::Verifier(place("clinic")), SessionKind::Verifier));
        assert_eq!(caller.device, Some(paired.device.id));
        drop(ctx);

        let mut ctx = house.begin(clerk()).await;
        assert_eq!(identity::verifiers_of(&mut ctx, &place("clinic")).await.unwrap(), std::slice::from_ref(&paired.device));
        assert_eq!(identity::verifiers_of(&mut ctx, &place("village-bus")).await.unwrap(), []);
        assert_eq!(identity::devices(&mut ctx).await.unwrap().len(), 1);
        identity::end_device(&mut ctx, paired.device.id).await.unwrap();
        identity::end_device(&mut ctx, paired.device.id).await.unwrap();
        refused!(identity::end_device(&mut ctx, DeviceId::from_bytes([1; 16])).await, Error::DeviceNotFound);
        assert_eq!(identity::actor_of(&mut ctx, &paired.session.token).await.unwrap(), None);
        ctx.commit().await.unwrap();
        assert_eq!((house.events(DevicePaired::KIND).await.len(), house.events(DeviceEnded::KIND).await.len()), (1, 1));
    }
}

#[tokio::test]
async fn a_station_is_no_verifier_and_signs_itself_out() {
    for house in houses().await {
        let mut ctx = house.begin(clerk()).await;
        let code = identity::pairing_code(&mut ctx, DeviceKind::Station, &place("snow-office")).await.unwrap();
        let paired = identity::pair(&mut ctx, &code.code, "読み取り機").await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::Verifier(place("snow-office"))).await;
        let caller = identity::actor_of(&mut ctx, &paired.session.token).await.unwrap().unwrap();
        assert_eq!((caller.kind, caller.device), (SessionKind::Station, Some(paired.device.id)));
        assert_eq!(caller.actor, Actor::Station(place("snow-office"), paired.device.id));
        refused!(identity::end_session(&mut ctx, caller.session).await, Error::SessionNotFound);
        drop(ctx);
        let mut ctx = house.begin(caller.actor).await;
        identity::end_session(&mut ctx, caller.session).await.unwrap();
        assert_eq!(identity::actor_of(&mut ctx, &paired.session.token).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_code_is_over_after_half_an_hour_and_not_everybodys_to_make() {
    for house in houses().await {
        let mut ctx = house.begin(clerk()).await;
        let code = identity::pairing_code(&mut ctx, DeviceKind::Verifier, &place("clinic")).await.unwrap();
        ctx.commit().await.unwrap();
        house.pass(SignedDuration::from_mins(30));
        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::pair(&mut ctx, &code.code, "受付").await, Error::CodeNotValid);
        drop(ctx);
        for actor in [Actor::Anonymous, protection_clerk(), Actor::Verifier(place("clinic"))] {
            let mut ctx = house.begin(actor).await;
            let forbidden = Some(Permission::PairVerifier);
            let kind = DeviceKind::Verifier;
            assert_eq!(identity::pairing_code(&mut ctx, kind, &place("clinic")).await.unwrap_err().forbidden(), forbidden);
            assert_eq!(identity::devices(&mut ctx).await.unwrap_err().forbidden(), forbidden);
            assert_eq!(identity::verifiers_of(&mut ctx, &place("clinic")).await.unwrap_err().forbidden(), forbidden);
            assert_eq!(identity::end_device(&mut ctx, DeviceId::from_bytes([1; 16])).await.unwrap_err().forbidden(), forbidden);
        }
    }
}
