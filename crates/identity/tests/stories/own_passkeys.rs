use identity::{Entry, Error, OwnPasskey, PasskeyAdded, PasskeyEnded, PasskeyUsed, Passkeys, SessionId, SessionOwner, Started};
use jiff::SignedDuration;
use store::{AccountId, Actor, Match, Permission};

use crate::card::hanako;
use crate::passkeys::Authenticator;
use crate::phones::{Phone, register_in};
use crate::{Finds, House, RP_ID, administrator, clerk, houses, nobody, refused, resident};

fn passkeys() -> Passkeys {
    Passkeys::new(RP_ID, crate::ORIGIN, "Tegata").unwrap()
}

/// Hanako, who has just proven who she is in a browser of her own.
async fn proven(house: &mut House) -> (AccountId, Started) {
    let card = house.cards.issue(hanako());
    let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
    let mut ctx = house.begin(Actor::Anonymous).await;
    let session = identity::renew_session(&mut ctx, None, account, "電話").await.unwrap();
    ctx.commit().await.unwrap();
    (account, session)
}

/// Makes a passkey in a session, from the question to what is kept.
async fn make(house: &House, account: AccountId, session: Option<SessionId>, key: u8) -> identity::Result<Authenticator> {
    let mut ctx = house.begin(Actor::Holder(account)).await;
    let ceremony = identity::begin_own_passkey(&mut ctx, &passkeys(), session).await?;
    let (authenticator, answer) = Authenticator::create(key, &ceremony.options);
    identity::add_own_passkey(&mut ctx, &passkeys(), session, ceremony.id, answer, "わたしの電話").await?;
    ctx.commit().await?;
    Ok(authenticator)
}

/// Signs in with a passkey, in a browser that may have a session already.
async fn sign_in(house: &House, authenticator: &mut Authenticator, before: Option<SessionId>) -> identity::Result<Started> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let ceremony = identity::begin_own_sign_in(&mut ctx, &passkeys()).await?;
    let answer = authenticator.get(&ceremony.options);
    let started = identity::sign_in_by_passkey(&mut ctx, &passkeys(), before, ceremony.id, answer, "電話").await?;
    ctx.commit().await?;
    Ok(started)
}

async fn listed(house: &House, account: AccountId) -> Vec<OwnPasskey> {
    identity::passkeys_of(&mut house.begin(Actor::Holder(account)).await, account).await.unwrap()
}

async fn stands(house: &House, session: &Started) -> bool {
    identity::actor_of(&mut house.begin(Actor::Anonymous).await, &session.token).await.unwrap().is_some()
}

#[tokio::test]
async fn a_passkey_made_after_the_card_is_the_daily_way_in_and_is_told_from_the_card() {
    for mut house in houses().await {
        let (account, first) = proven(&mut house).await;
        let mut ctx = house.begin(Actor::Holder(account)).await;
        assert!(identity::passkey_offered(&mut ctx, Some(first.id)).await.unwrap());
        drop(ctx);
        let mut key = make(&house, account, Some(first.id), 1).await.unwrap();
        let mut ctx = house.begin(Actor::Holder(account)).await;
        assert!(!identity::passkey_offered(&mut ctx, Some(first.id)).await.unwrap(), "who has one is not asked again");
        drop(ctx);

        // A minute after the card: it is the passkey that was used all the same.
        house.pass(SignedDuration::from_mins(1));
        let daily = sign_in(&house, &mut key, None).await.unwrap();
        assert_ne!(daily.id, first.id);
        let mut ctx = house.begin(Actor::Anonymous).await;
        let told = identity::signed_in(&mut ctx, daily.id).await.unwrap().unwrap();
        assert_eq!((told.account, told.at, told.entry, told.card_at), (account, ctx.now(), Some(Entry::Passkey), None));
        assert!(told.proven);
        let told = identity::signed_in(&mut ctx, first.id).await.unwrap().unwrap();
        assert_eq!((told.entry, told.card_at.is_some()), (Some(Entry::Proof), true));
        drop(ctx);

        // In the browser that is signed in already, the session goes on, and says how it began anew.
        let again = sign_in(&house, &mut key, Some(first.id)).await.unwrap();
        assert_eq!(again.id, first.id);
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let entries: Vec<_> = identity::sessions_of(&mut ctx, SessionOwner::Holder(account)).await.unwrap();
        assert!(entries.iter().all(|session| session.entry == Some(Entry::Passkey)), "{entries:?}");
        drop(ctx);
        let [kept] = listed(&house, account).await.try_into().unwrap();
        assert_eq!((kept.label.as_str(), kept.used_at.is_some()), ("わたしの電話", true));
        let audited = house.audited(&account.to_string()).await;
        assert_eq!(audited.iter().filter(|action| *action == "passkey.used").count(), 2, "{audited:?}");
        assert_eq!((house.events(PasskeyAdded::KIND).await.len(), house.events(PasskeyUsed::KIND).await.len()), (1, 2));
        assert!(!house.told().await.contains(&kept.id.to_string()), "no event and no line of the trail knows the authenticator");
    }
}

#[tokio::test]
async fn a_passkey_is_made_only_by_who_has_just_proven_who_they_are() {
    for mut house in houses().await {
        let (account, session) = proven(&mut house).await;
        refused!(make(&house, account, None, 1).await, Error::ProofNeeded);
        refused!(make(&house, nobody(), Some(session.id), 1).await, Error::ProofNeeded);
        let mut ctx = house.begin(clerk()).await;
        let refusal = identity::begin_own_passkey(&mut ctx, &passkeys(), Some(session.id)).await.unwrap_err();
        assert_eq!(refusal.forbidden(), Some(Permission::OwnAccount));
        drop(ctx);

        // A kiosk keeps none; somebody whom nobody knows has none; a passkey begets no other.
        let mut ctx = house.begin(Actor::Anonymous).await;
        let kiosk = identity::start_kiosk_session(&mut ctx, account, "キオスク").await.unwrap();
        let light = identity::start_light_account(&mut ctx, "祖母").await.unwrap().id;
        let shared = identity::start_session(&mut ctx, SessionOwner::Holder(light), "電話").await.unwrap();
        let pretended = identity::renew_session(&mut ctx, None, light, "電話").await.unwrap();
        ctx.commit().await.unwrap();
        refused!(make(&house, account, Some(kiosk.id), 1).await, Error::ProofNeeded);
        refused!(make(&house, light, Some(shared.id), 1).await, Error::ProofNeeded);
        refused!(make(&house, light, Some(pretended.id), 1).await, Error::ProofNeeded);
        let mut key = make(&house, account, Some(session.id), 1).await.unwrap();
        let by_passkey = sign_in(&house, &mut key, None).await.unwrap();
        refused!(make(&house, account, Some(by_passkey.id), 2).await, Error::ProofNeeded);

        // Begun in time, finished too late: the card again.
        house.pass(SignedDuration::from_mins(14));
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let ceremony = identity::begin_own_passkey(&mut ctx, &passkeys(), Some(session.id)).await.unwrap();
        assert_eq!(ceremony.options["publicKey"]["excludeCredentials"].as_array().map(Vec::len), Some(1));
        ctx.commit().await.unwrap();
        house.pass(SignedDuration::from_mins(1));
        let (_, answer) = Authenticator::create(2, &ceremony.options);
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let late = identity::add_own_passkey(&mut ctx, &passkeys(), Some(session.id), ceremony.id, answer, "x").await;
        refused!(late, Error::ProofNeeded);
    }
}

#[tokio::test]
async fn a_resident_has_twenty_passkeys_at_most() {
    for mut house in houses().await {
        let (account, session) = proven(&mut house).await;
        for key in 1..=20 {
            make(&house, account, Some(session.id), key).await.unwrap();
        }
        refused!(make(&house, account, Some(session.id), 21).await, Error::TooManyPasskeys);
    }
}

#[tokio::test]
async fn a_passkey_that_is_not_right_lets_nobody_in() {
    for mut house in houses().await {
        let (account, session) = proven(&mut house).await;
        let mut key = make(&house, account, Some(session.id), 1).await.unwrap();
        key.not_verified();
        refused!(sign_in(&house, &mut key, None).await, Error::Passkey);
        key.verified();
        key.origin = "https://tegata.example.evil".to_owned();
        refused!(sign_in(&house, &mut key, None).await, Error::Passkey);
        key.origin = crate::ORIGIN.to_owned();
        key.pretend([3; 16]);
        refused!(sign_in(&house, &mut key, None).await, Error::Passkey);
        key.pretend(account.bytes());

        // A resident's opens no console, and a ceremony of one kind is none of the other.
        let mut ctx = house.begin(Actor::Anonymous).await;
        let ceremony = identity::begin_sign_in(&mut ctx, &passkeys()).await.unwrap();
        let answer = key.get(&ceremony.options);
        refused!(identity::sign_in(&mut ctx, &passkeys(), ceremony.id, answer.clone()).await, Error::Passkey);
        let ceremony = identity::begin_sign_in(&mut ctx, &passkeys()).await.unwrap();
        let crossed = identity::sign_in_by_passkey(&mut ctx, &passkeys(), None, ceremony.id, answer, "電話").await;
        refused!(crossed, Error::CeremonyOver);
        drop(ctx);

        // Too late, and a copy that counts behind.
        let mut ctx = house.begin(Actor::Anonymous).await;
        let ceremony = identity::begin_own_sign_in(&mut ctx, &passkeys()).await.unwrap();
        ctx.commit().await.unwrap();
        house.pass(SignedDuration::from_mins(10));
        let mut ctx = house.begin(Actor::Anonymous).await;
        let answer = key.get(&ceremony.options);
        let late = identity::sign_in_by_passkey(&mut ctx, &passkeys(), None, ceremony.id, answer, "電話").await;
        refused!(late, Error::CeremonyOver);
        drop(ctx);
        sign_in(&house, &mut key, None).await.unwrap();
        key.count_back();
        refused!(sign_in(&house, &mut key, None).await, Error::Passkey);
    }
}

#[tokio::test]
async fn a_passkey_is_named_and_ended_by_its_owner_with_what_it_began() {
    for mut house in houses().await {
        let (account, session) = proven(&mut house).await;
        let mut lost = make(&house, account, Some(session.id), 1).await.unwrap();
        house.pass(SignedDuration::from_secs(1));
        let mut kept = make(&house, account, Some(session.id), 2).await.unwrap();
        let (by_lost, by_kept) = (sign_in(&house, &mut lost, None).await.unwrap(), sign_in(&house, &mut kept, None).await.unwrap());
        let id = listed(&house, account).await[0].id.clone();

        let mut ctx = house.begin(Actor::Holder(nobody())).await;
        refused!(identity::name_passkey(&mut ctx, &id, "x").await, Error::PasskeyNotFound);
        refused!(identity::end_passkey(&mut ctx, &id, None).await, Error::PasskeyNotFound);
        assert_eq!(identity::passkeys_of(&mut ctx, account).await.unwrap_err().forbidden(), Some(Permission::RunHouse));
        drop(ctx);
        let mut ctx = house.begin(administrator()).await;
        assert_eq!(identity::end_passkey(&mut ctx, &id, None).await.unwrap_err().forbidden(), Some(Permission::OwnAccount));
        drop(ctx);
        let mut ctx = house.begin(Actor::Holder(account)).await;
        refused!(identity::name_passkey(&mut ctx, &id, " ").await, Error::Text { .. });
        identity::name_passkey(&mut ctx, &id, "古い電話").await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(listed(&house, account).await[0].label, "古い電話");

        let mut ctx = house.begin(Actor::Holder(account)).await;
        identity::end_passkey(&mut ctx, &id, Some(session.id)).await.unwrap();
        refused!(identity::end_passkey(&mut ctx, &id, Some(session.id)).await, Error::PasskeyNotFound);
        ctx.commit().await.unwrap();
        refused!(sign_in(&house, &mut lost, None).await, Error::Passkey);
        assert!(!stands(&house, &by_lost).await, "who has the lost device in hand is signed out");
        assert!(stands(&house, &by_kept).await && stands(&house, &session).await);

        // The browser in which it is ended stays signed in.
        let id = listed(&house, account).await[0].id.clone();
        let mut ctx = house.begin(Actor::Holder(account)).await;
        identity::end_passkey(&mut ctx, &id, Some(by_kept.id)).await.unwrap();
        ctx.commit().await.unwrap();
        assert!(stands(&house, &by_kept).await);
        refused!(sign_in(&house, &mut kept, None).await, Error::Passkey);
        assert_eq!(house.events(PasskeyEnded::KIND).await.len(), 2);
    }
}

#[tokio::test]
async fn one_call_a_closed_account_and_a_merge_end_passkeys() {
    for mut house in houses().await {
        // One call at the counter.
        let (account, session) = proven(&mut house).await;
        let mut key = make(&house, account, Some(session.id), 1).await.unwrap();
        let daily = sign_in(&house, &mut key, None).await.unwrap();
        let mut ctx = house.begin(clerk()).await;
        identity::end_everything(&mut ctx, account).await.unwrap();
        ctx.commit().await.unwrap();
        assert!(!stands(&house, &daily).await);
        refused!(sign_in(&house, &mut key, None).await, Error::Passkey);
        assert!(listed(&house, account).await.is_empty());

        // Closed by its owner.
        let (account, session) = proven(&mut house).await;
        let mut key = make(&house, account, Some(session.id), 2).await.unwrap();
        let mut ctx = house.begin(Actor::Holder(account)).await;
        identity::close_account(&mut ctx, account).await.unwrap();
        ctx.commit().await.unwrap();
        refused!(sign_in(&house, &mut key, None).await, Error::Passkey);
        assert_eq!(house.events(PasskeyEnded::KIND).await.len(), 2);

        // Merged into another: as with phones, what was made for the account that goes ends.
        let (close, session) = proven(&mut house).await;
        let mut key = make(&house, close, Some(session.id), 3).await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        let keep = identity::start_light_account(&mut ctx, "花子").await.unwrap().id;
        for account in [keep, close] {
            let sql = "insert into identity_link (account, resident, linked_at) values ($1, $2, $3)";
            let now = ctx.now();
            ctx.tx().execute(sql, store::params![account, resident(1), now]).await.unwrap();
        }
        ctx.actor = clerk();
        identity::merge_accounts(&mut ctx, &Finds(Match::One(resident(1))), keep, close).await.unwrap();
        ctx.commit().await.unwrap();
        refused!(sign_in(&house, &mut key, None).await, Error::Passkey);
        assert!(listed(&house, keep).await.is_empty());
    }
}

#[tokio::test]
async fn a_new_phone_is_set_up_with_the_card_and_not_with_a_passkey() {
    for mut house in houses().await {
        let (account, session) = proven(&mut house).await;
        let phone = register_in(&house, account, Some(session.id), &Phone::new()).await.unwrap();
        let mut key = make(&house, account, Some(session.id), 1).await.unwrap();
        let daily = sign_in(&house, &mut key, None).await.unwrap();
        refused!(register_in(&house, account, Some(daily.id), &Phone::new()).await, Error::ProofNeeded);
        // On the phone that was set up before, a passkey is enough.
        let mut ctx = house.begin(Actor::Holder(account)).await;
        identity::speak_for(&mut ctx, daily.id, phone.id).await.unwrap();
    }
}
