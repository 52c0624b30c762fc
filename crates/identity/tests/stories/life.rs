use identity::{AccountClosed, AccountsMerged, Error, LinkBy, SessionOwner, Unlinked};
use jpki::testca::Person;
use store::{AccountId, Actor, Match, ResidentId};
use town::Medium;

use crate::card::{Card, hanako, taro};
use crate::{Finds, House, clerk, houses, nobody, refused, resident};

async fn prove(house: &House, card: &Card, finds: Match) -> identity::Proven {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let asked = identity::begin_proof(&mut ctx, &house.settings, jpki::Purpose::Register, None).await.unwrap();
    let (verifier, good) = (house.cards.verifier(), house.cards.good());
    let input = card.sign(&asked.challenge);
    let proven = identity::complete_proof(&mut ctx, &house.settings, &Finds(finds), asked.id, input, &verifier, &good).await.unwrap();
    ctx.commit().await.unwrap();
    proven
}

async fn link(house: &House, proven: &identity::Proven, to: ResidentId) {
    let mut ctx = house.begin(Actor::System).await;
    identity::link(&mut ctx, &Finds(Match::One(to)), proven.account().id, to, LinkBy::Proof(proven)).await.unwrap();
    ctx.commit().await.unwrap();
}

fn moved() -> Person {
    Person { address: "青空村湯ノ沢9番地".to_owned(), ..hanako() }
}

fn married() -> Person {
    Person { name: "湯沢　花子".to_owned(), ..hanako() }
}

#[tokio::test]
async fn a_card_renewed_after_a_move_or_a_new_name_leads_to_the_same_account() {
    for house in houses().await {
        let first = prove(&house, &house.cards.issue(hanako()), Match::One(resident(1))).await;
        link(&house, &first, resident(1)).await;
        for (card, name) in [(house.cards.issue(moved()), hanako().name), (house.cards.issue(married()), married().name)] {
            let again = prove(&house, &card, Match::One(resident(1))).await;
            assert!(!again.opened());
            assert_eq!((again.account().id, &again.account().name), (first.account().id, &name));
        }
        // Nobody signed in, and a register that names nobody or several: a stranger's account is not opened by likeness.
        for finds in [Match::None, Match::Ambiguous(2), Match::Protected] {
            let other = Person { address: format!("青空村本村{finds:?}"), ..hanako() };
            assert!(prove(&house, &house.cards.issue(other), finds).await.opened());
        }
        // Who is that resident by the register, but to whose account nobody is tied, gets one.
        assert!(prove(&house, &house.cards.issue(taro()), Match::One(resident(2))).await.opened());
    }
}

/// Two accounts tied to one resident, with what leads to each.
async fn twice(house: &House) -> (AccountId, AccountId, Card) {
    let first = prove(house, &house.cards.issue(hanako()), Match::None).await;
    link(house, &first, resident(1)).await;
    let card = house.cards.issue(moved());
    let second = prove(house, &card, Match::None).await;
    link(house, &second, resident(1)).await;
    assert_ne!(first.account().id, second.account().id);
    (first.account().id, second.account().id, card)
}

#[tokio::test]
async fn a_clerk_makes_one_account_of_two() {
    for house in houses().await {
        let (keep, close, card) = twice(&house).await;
        let key = house.settings.media_key();
        let mut ctx = house.begin(Actor::Holder(close)).await;
        let (_, sticker) = identity::make_medium(&mut ctx, &key, close, Medium::Sticker, None, "つえ").await.unwrap();
        let session = identity::start_session(&mut ctx, SessionOwner::Holder(close), "電話").await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::Holder(keep)).await;
        let register = Finds(Match::One(resident(1)));
        assert!(identity::merge_accounts(&mut ctx, &register, keep, close).await.unwrap_err().forbidden().is_some());
        drop(ctx);
        let mut ctx = house.begin(clerk()).await;
        let mut both = vec![keep, close];
        both.sort_unstable();
        assert_eq!(identity::duplicates(&mut ctx, 10).await.unwrap(), [(resident(1), both)]);
        refused!(identity::merge_accounts(&mut ctx, &register, keep, keep).await, Error::NotOnePerson { .. });
        refused!(identity::merge_accounts(&mut ctx, &register, keep, nobody()).await, Error::AccountNotFound);
        let hidden = Finds(Match::Protected);
        refused!(identity::merge_accounts(&mut ctx, &hidden, keep, close).await, Error::AccountNotFound);
        identity::merge_accounts(&mut ctx, &register, keep, close).await.unwrap();
        assert_eq!(identity::duplicates(&mut ctx, 10).await.unwrap(), []);
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(identity::actor_of(&mut ctx, &session.token).await.unwrap(), None);
        assert_eq!(identity::medium_of(&mut ctx, &key, &sticker).await.unwrap().unwrap().account, keep);
        assert_eq!(identity::link_of(&mut ctx, close).await.unwrap(), None);
        drop(ctx);
        assert_eq!(prove(&house, &card, Match::None).await.account().id, keep, "the card of the closed account");
        assert_eq!(house.events(AccountsMerged::KIND).await.len(), 1);
    }
}

#[tokio::test]
async fn accounts_of_two_people_are_not_merged() {
    for house in houses().await {
        let (first, second) =
            (prove(&house, &house.cards.issue(hanako()), Match::None).await, prove(&house, &house.cards.issue(taro()), Match::None).await);
        let mut ctx = house.begin(clerk()).await;
        let (one, other) = (first.account().id, second.account().id);
        let register = Finds(Match::One(resident(1)));
        refused!(identity::merge_accounts(&mut ctx, &register, one, other).await, Error::NotOnePerson { .. });
        drop(ctx);
        link(&house, &first, resident(1)).await;
        link(&house, &second, resident(2)).await;
        let mut ctx = house.begin(clerk()).await;
        refused!(identity::merge_accounts(&mut ctx, &register, one, other).await, Error::NotOnePerson { .. });
    }
}

#[tokio::test]
async fn a_closed_account_holds_nothing_and_the_card_opens_another() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let proven = prove(&house, &card, Match::None).await;
        link(&house, &proven, resident(1)).await;
        let account = proven.account().id;
        let key = house.settings.media_key();
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let (_, sticker) = identity::make_medium(&mut ctx, &key, account, Medium::Sticker, None, "つえ").await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(clerk()).await;
        assert!(identity::close_account(&mut ctx, account).await.unwrap_err().forbidden().is_some(), "nobody closes it for them");
        ctx.actor = Actor::Holder(nobody());
        refused!(identity::close_account(&mut ctx, account).await, Error::AccountNotFound);
        ctx.actor = Actor::Holder(account);
        identity::close_account(&mut ctx, account).await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::System).await;
        let left = identity::account(&mut ctx, account).await.unwrap();
        assert_eq!((left.name.as_str(), left.date_of_birth, left.keys), ("", None, None));
        assert!(left.closed_at.is_some());
        assert!(!identity::medium_of(&mut ctx, &key, &sticker).await.unwrap().unwrap().is_live(ctx.now()));
        assert_eq!(identity::link_of(&mut ctx, account).await.unwrap(), None);
        drop(ctx);
        assert_eq!(house.events(Unlinked::KIND).await.len(), 1);
        assert_eq!(house.events(AccountClosed::KIND).await.len(), 1);
        let again = prove(&house, &card, Match::None).await;
        assert!(again.opened() && again.account().id != account);
    }
}
