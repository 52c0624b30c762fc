use identity::{Error, Invitation, Passkeys, SessionKind, SessionOwner, StaffEnded, StaffInvited, StaffJoined};
use jiff::SignedDuration;
use store::{Actor, Permission, Role, StaffId};

use crate::passkeys::Authenticator;
use crate::{House, RP_ID, administrator, clerk, houses, refused};

fn passkeys() -> Passkeys {
    Passkeys::new(RP_ID, crate::ORIGIN, "Tegata").unwrap()
}

async fn join(house: &House, invitation: &Invitation, key: u8) -> Authenticator {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let ceremony = identity::begin_acceptance(&mut ctx, &passkeys(), &invitation.code.code).await.unwrap();
    ctx.commit().await.unwrap();
    let (authenticator, answer) = Authenticator::create(key, &ceremony.options);
    let mut ctx = house.begin(Actor::Anonymous).await;
    let staff = identity::accept_invitation(&mut ctx, &passkeys(), &invitation.code.code, ceremony.id, answer).await.unwrap();
    assert_eq!(staff, invitation.staff);
    ctx.commit().await.unwrap();
    authenticator
}

async fn sign_in(house: &House, authenticator: &mut Authenticator) -> identity::Result<StaffId> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let ceremony = identity::begin_sign_in(&mut ctx, &passkeys()).await?;
    let answer = authenticator.get(&ceremony.options);
    let staff = identity::sign_in(&mut ctx, &passkeys(), ceremony.id, answer).await?;
    ctx.commit().await?;
    Ok(staff)
}

async fn first(house: &House) -> (StaffId, Authenticator) {
    let mut ctx = house.begin(Actor::System).await;
    let invitation = identity::first_administrator(&mut ctx, "管理 花子").await.unwrap();
    ctx.commit().await.unwrap();
    let authenticator = join(house, &invitation, 1).await;
    // Whoever is invited next comes after.
    house.pass(SignedDuration::from_secs(1));
    (invitation.staff, authenticator)
}

#[tokio::test]
async fn the_first_administrator_joins_with_a_passkey_and_signs_in() {
    for house in houses().await {
        let mut ctx = house.begin(Actor::System).await;
        let never_accepted = identity::first_administrator(&mut ctx, "だれか").await.unwrap();
        ctx.commit().await.unwrap();
        let (staff, mut authenticator) = first(&house).await;
        let mut ctx = house.begin(Actor::System).await;
        refused!(identity::first_administrator(&mut ctx, "もう一人").await, Error::AdministratorExists);
        refused!(identity::begin_acceptance(&mut ctx, &passkeys(), &never_accepted.code.code).await, Error::CodeNotValid);
        drop(ctx);
        let mut ctx = house.begin(administrator()).await;
        assert_eq!(identity::first_administrator(&mut ctx, "x").await.unwrap_err().forbidden(), Some(Permission::RunHouse));
        drop(ctx);

        assert_eq!(sign_in(&house, &mut authenticator).await.unwrap(), staff);
        assert_eq!(sign_in(&house, &mut authenticator).await.unwrap(), staff);
        let mut ctx = house.begin(Actor::Anonymous).await;
        let started = identity::start_session(&mut ctx, SessionOwner::Staff(staff), "窓口の端末").await.unwrap();
        let caller = identity::actor_of(&mut ctx, &started.token).await.unwrap().unwrap();
        assert_eq!((caller.actor, caller.kind), (Actor::Staff(staff, vec![Role::Administrator]), SessionKind::Staff));
        ctx.commit().await.unwrap();
        assert_eq!((house.events(StaffInvited::KIND).await.len(), house.events(StaffJoined::KIND).await.len()), (2, 1));
    }
}

#[tokio::test]
async fn a_town_whose_last_administrator_lost_the_passkey_comes_back_in_and_the_trail_says_so() {
    for house in houses().await {
        let (lost, _) = first(&house).await;
        let mut ctx = house.begin(administrator()).await;
        assert_eq!(identity::recover_administration(&mut ctx, "x").await.unwrap_err().forbidden(), Some(Permission::RunHouse));
        drop(ctx);
        let mut ctx = house.begin(Actor::System).await;
        let invitation = identity::recover_administration(&mut ctx, "管理 次郎").await.unwrap();
        ctx.commit().await.unwrap();
        let mut authenticator = join(&house, &invitation, 2).await;
        let back = sign_in(&house, &mut authenticator).await.unwrap();
        assert_eq!(back, invitation.staff);
        assert_eq!(house.audited(&back.to_string()).await, ["staff.invited", "staff.recovery_invited", "staff.joined", "staff.signed_in"]);
        // Who came back can end the one whose passkey is lost; nobody did it for them.
        let mut ctx = house.begin(Actor::Staff(back, vec![Role::Administrator])).await;
        assert!(identity::staff(&mut ctx).await.unwrap().iter().all(|member| member.ended_at.is_none()));
        identity::end_staff(&mut ctx, lost).await.unwrap();
        ctx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_passkey_that_is_not_right_is_refused() {
    for house in houses().await {
        let (staff, mut right) = first(&house).await;
        // At another origin; the question is used up by the try.
        let mut ctx = house.begin(Actor::Anonymous).await;
        let ceremony = identity::begin_sign_in(&mut ctx, &passkeys()).await.unwrap();
        right.origin = "https://tegata.example.evil".to_owned();
        let answer = right.get(&ceremony.options);
        refused!(identity::sign_in(&mut ctx, &passkeys(), ceremony.id, answer).await, Error::Passkey);
        right.origin = crate::ORIGIN.to_owned();
        let answer = right.get(&ceremony.options);
        refused!(identity::sign_in(&mut ctx, &passkeys(), ceremony.id, answer).await, Error::CeremonyOver);
        drop(ctx);
        right.not_verified();
        refused!(sign_in(&house, &mut right).await, Error::Passkey);

        // The answer to one question is no answer to another.
        right.verified();
        let mut ctx = house.begin(Actor::Anonymous).await;
        let (one, two) =
            (identity::begin_sign_in(&mut ctx, &passkeys()).await.unwrap(), identity::begin_sign_in(&mut ctx, &passkeys()).await.unwrap());
        let answer = right.get(&one.options);
        refused!(identity::sign_in(&mut ctx, &passkeys(), two.id, answer).await, Error::Passkey);
        refused!(identity::sign_in(&mut ctx, &passkeys(), one.id, serde_json::json!({ "id": "x" })).await, Error::Passkey);
        drop(ctx);
        right.pretend([3; 16]);
        refused!(sign_in(&house, &mut right).await, Error::Passkey);
        right.pretend(staff.bytes());
        assert_eq!(sign_in(&house, &mut right).await.unwrap(), staff);

        right.count_back();
        refused!(sign_in(&house, &mut right).await, Error::Passkey);

        // Too late.
        let mut ctx = house.begin(Actor::Anonymous).await;
        let ceremony = identity::begin_sign_in(&mut ctx, &passkeys()).await.unwrap();
        ctx.commit().await.unwrap();
        house.pass(SignedDuration::from_mins(10));
        let mut ctx = house.begin(Actor::Anonymous).await;
        let answer = right.get(&ceremony.options);
        refused!(identity::sign_in(&mut ctx, &passkeys(), ceremony.id, answer).await, Error::CeremonyOver);
    }
}

#[tokio::test]
async fn staff_are_invited_given_roles_and_ended() {
    for house in houses().await {
        let (first, _) = first(&house).await;
        let admin = Actor::Staff(first, vec![Role::Administrator]);
        let mut ctx = house.begin(admin.clone()).await;
        refused!(identity::invite_staff(&mut ctx, "窓口 太郎", &[]).await, Error::NoRole);
        refused!(identity::invite_staff(&mut ctx, "", &[Role::Clerk]).await, Error::Text { .. });
        let invitation = identity::invite_staff(&mut ctx, "窓口 太郎", &[Role::Clerk, Role::Clerk]).await.unwrap();
        ctx.commit().await.unwrap();
        let mut authenticator = join(&house, &invitation, 2).await;
        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::begin_acceptance(&mut ctx, &passkeys(), &invitation.code.code).await, Error::CodeNotValid);
        let started = identity::start_session(&mut ctx, SessionOwner::Staff(invitation.staff), "端末").await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(admin.clone()).await;
        let everyone = identity::staff(&mut ctx).await.unwrap();
        assert_eq!(everyone.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["管理 花子", "窓口 太郎"]);
        assert_eq!(everyone[1].roles, [Role::Clerk]);
        identity::set_roles(&mut ctx, invitation.staff, &[Role::Officer, Role::Clerk]).await.unwrap();
        refused!(identity::set_roles(&mut ctx, invitation.staff, &[]).await, Error::NoRole);
        refused!(identity::set_roles(&mut ctx, first, &[Role::Clerk]).await, Error::LastAdministrator);
        refused!(identity::end_staff(&mut ctx, first).await, Error::LastAdministrator);
        refused!(identity::end_staff(&mut ctx, StaffId::from_bytes([1; 16])).await, Error::StaffNotFound);
        let caller = identity::actor_of(&mut ctx, &started.token).await.unwrap().unwrap();
        assert_eq!(caller.actor, Actor::Staff(invitation.staff, vec![Role::Officer, Role::Clerk]));
        identity::end_staff(&mut ctx, invitation.staff).await.unwrap();
        refused!(identity::end_staff(&mut ctx, invitation.staff).await, Error::StaffNotFound);
        refused!(identity::set_roles(&mut ctx, invitation.staff, &[Role::Clerk]).await, Error::StaffNotFound);
        assert_eq!(identity::actor_of(&mut ctx, &started.token).await.unwrap(), None);
        refused!(identity::start_session(&mut ctx, SessionOwner::Staff(invitation.staff), "端末").await, Error::StaffNotFound);
        assert!(identity::staff_member(&mut ctx, invitation.staff).await.unwrap().unwrap().ended_at.is_some());
        ctx.commit().await.unwrap();
        refused!(sign_in(&house, &mut authenticator).await, Error::Passkey);
        assert_eq!(house.events(StaffEnded::KIND).await.len(), 1);

        let mut ctx = house.begin(clerk()).await;
        let forbidden = Some(Permission::ManageStaff);
        assert_eq!(identity::invite_staff(&mut ctx, "x", &[Role::Clerk]).await.unwrap_err().forbidden(), forbidden);
        assert_eq!(identity::set_roles(&mut ctx, first, &[Role::Clerk]).await.unwrap_err().forbidden(), forbidden);
        assert_eq!(identity::end_staff(&mut ctx, first).await.unwrap_err().forbidden(), forbidden);
        assert_eq!(identity::staff(&mut ctx).await.unwrap_err().forbidden(), forbidden);
    }
}

#[tokio::test]
async fn an_invitation_is_over_after_three_days_and_its_ceremony_is_its_own() {
    for house in houses().await {
        let (first, _) = first(&house).await;
        let admin = Actor::Staff(first, vec![Role::Administrator]);
        let mut ctx = house.begin(admin.clone()).await;
        let one = identity::invite_staff(&mut ctx, "一人目", &[Role::Clerk]).await.unwrap();
        let two = identity::invite_staff(&mut ctx, "二人目", &[Role::Auditor]).await.unwrap();
        let ceremony = identity::begin_acceptance(&mut ctx, &passkeys(), &one.code.code).await.unwrap();
        let (_, answer) = Authenticator::create(5, &ceremony.options);
        refused!(identity::accept_invitation(&mut ctx, &passkeys(), &two.code.code, ceremony.id, answer).await, Error::CeremonyOver);
        ctx.commit().await.unwrap();
        house.pass(SignedDuration::from_hours(72));
        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::begin_acceptance(&mut ctx, &passkeys(), &two.code.code).await, Error::CodeNotValid);
    }
}

#[tokio::test]
async fn another_passkey_is_added_by_its_owner_only() {
    for house in houses().await {
        let (staff, _) = first(&house).await;
        let mut ctx = house.begin(Actor::Staff(staff, vec![Role::Administrator])).await;
        let ceremony = identity::begin_passkey(&mut ctx, &passkeys()).await.unwrap();
        assert_eq!(ceremony.options["publicKey"]["excludeCredentials"].as_array().map(Vec::len), Some(1));
        let (mut second, answer) = Authenticator::create(9, &ceremony.options);
        identity::add_passkey(&mut ctx, &passkeys(), ceremony.id, answer.clone()).await.unwrap();
        refused!(identity::add_passkey(&mut ctx, &passkeys(), ceremony.id, answer).await, Error::CeremonyOver);
        ctx.commit().await.unwrap();
        assert_eq!(sign_in(&house, &mut second).await.unwrap(), staff);
        for stranger in [Actor::Anonymous, clerk()] {
            let mut ctx = house.begin(stranger).await;
            refused!(identity::begin_passkey(&mut ctx, &passkeys()).await, Error::StaffNotFound);
        }
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    refused!(Passkeys::new("tegata.example", "https://other.example", "x"), Error::PasskeySettings { .. });
    refused!(Passkeys::new("tegata.example", "not an address", "x"), Error::PasskeySettings { .. });
    assert!(Passkeys::new("localhost", "http://localhost:8080", "x").is_ok());
}
