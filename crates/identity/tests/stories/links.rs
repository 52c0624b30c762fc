use identity::{Error, LinkBy, Linked, MatchAnswered, MatchAsked, MatchReason, RejectReason, Unlinked};
use store::{Actor, Match, Permission, Role, StaffId};

use crate::card::{hanako, person, taro};
use crate::{Finds, House, clerk, houses, nobody, protection_clerk, refused, resident};

/// What registers say of every card.
const NONE: Finds = Finds(Match::None);
const PROTECTED: Finds = Finds(Match::Protected);

fn one(n: u8) -> Finds {
    Finds(Match::One(resident(n)))
}

#[tokio::test]
async fn the_proof_links_its_own_account_and_no_other() {
    for mut house in houses().await {
        let (hanako, taro) = (house.cards.issue(hanako()), house.cards.issue(taro()));
        let hanako = house.prove(Actor::Anonymous, &hanako).await.unwrap();
        let taro = house.prove(Actor::Anonymous, &taro).await.unwrap();
        let mut ctx = house.begin(Actor::Anonymous).await;
        let account = hanako.account().id;
        refused!(identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Proof(&taro)).await, Error::AccountNotFound);
        identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Proof(&hanako)).await.unwrap();
        identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Proof(&hanako)).await.unwrap();
        refused!(identity::link(&mut ctx, &one(1), account, resident(2), LinkBy::Proof(&hanako)).await, Error::AlreadyLinked);
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::Anonymous).await;
        assert_eq!(identity::link_of(&mut ctx, account).await.unwrap(), Some(resident(1)));
        assert_eq!(identity::link_of(&mut ctx, taro.account().id).await.unwrap(), None);
        let accounts = identity::accounts_of(&mut ctx, resident(1)).await.unwrap();
        assert_eq!(accounts.iter().map(|link| link.account).collect::<Vec<_>>(), [account]);
        drop(ctx);
        assert_eq!(house.events(Linked::KIND).await.len(), 1);
        assert_eq!(house.audited(&resident(1).to_string()).await, ["account.linked"]);
    }
}

#[tokio::test]
async fn the_house_links_and_unlinks_after_a_bundle_and_nobody_else_may() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        let account = proven.account().id;
        let mut ctx = house.begin(Actor::System).await;
        let light = identity::start_light_account(&mut ctx, "祖父").await.unwrap().id;
        let waiting = identity::accounts_waiting(&mut ctx, None, 10).await.unwrap();
        assert_eq!(waiting, [(account, proven.keys().unwrap())]);
        assert_eq!(identity::accounts_waiting(&mut ctx, Some(account), 10).await.unwrap(), []);
        refused!(identity::link(&mut ctx, &one(1), light, resident(1), LinkBy::Bundle).await, Error::NotProven);
        refused!(identity::link(&mut ctx, &one(1), nobody(), resident(1), LinkBy::Bundle).await, Error::AccountNotFound);
        identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Bundle).await.unwrap();
        assert_eq!(identity::accounts_waiting(&mut ctx, None, 10).await.unwrap(), []);
        identity::unlink(&mut ctx, account).await.unwrap();
        refused!(identity::unlink(&mut ctx, account).await, Error::NotLinked);
        ctx.commit().await.unwrap();
        assert_eq!(house.events(Unlinked::KIND).await.len(), 1);

        for actor in [Actor::Anonymous, Actor::Holder(account), Actor::Staff(StaffId::from_bytes([1; 16]), vec![Role::Officer])] {
            let mut ctx = house.begin(actor).await;
            let bundle = LinkBy::Bundle;
            assert!(identity::link(&mut ctx, &one(1), account, resident(1), bundle).await.unwrap_err().forbidden().is_some());
            assert_eq!(identity::unlink(&mut ctx, account).await.unwrap_err().forbidden(), Some(Permission::ResolveMatch));
            assert!(identity::accounts_waiting(&mut ctx, None, 10).await.unwrap_err().forbidden().is_some());
        }
    }
}

#[tokio::test]
async fn a_clerk_sees_the_case_resolves_it_and_its_personal_items_are_gone() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        let account = proven.account().id;
        let mut ctx = house.begin(Actor::Anonymous).await;
        identity::ask_for_match(&mut ctx, &proven, MatchReason::NoMatch).await.unwrap();
        let request = identity::ask_for_match(&mut ctx, &proven, MatchReason::Ambiguous).await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::Holder(account)).await;
        let told = identity::match_open_for(&mut ctx, account).await.unwrap().unwrap();
        assert_eq!((told.id, told.reason), (request, MatchReason::NoMatch));
        assert_eq!(identity::match_requests(&mut ctx, &NONE, 10).await.unwrap_err().forbidden(), Some(Permission::SeeMatching));
        assert_eq!(identity::see_match_request(&mut ctx, &NONE, request).await.unwrap_err().forbidden(), Some(Permission::SeeMatching));
        assert_eq!(
            identity::resolve_match(&mut ctx, &NONE, request, resident(1)).await.unwrap_err().forbidden(),
            Some(Permission::ResolveMatch)
        );
        drop(ctx);

        let mut ctx = house.begin(clerk()).await;
        let queue = identity::match_requests(&mut ctx, &NONE, 10).await.unwrap();
        assert_eq!(queue.iter().map(|request| (request.id, request.reason)).collect::<Vec<_>>(), [(request, MatchReason::Ambiguous)]);
        let case = identity::see_match_request(&mut ctx, &NONE, request).await.unwrap();
        assert_eq!((case.name.as_str(), case.address.as_str()), ("青空　花子", "青空村大字本村１２番地３"));
        assert_eq!((case.date_of_birth.to_string().as_str(), case.sex), ("1980-02-17", civil::Sex::Female));
        assert_eq!(Some(case.keys), proven.keys());
        identity::resolve_match(&mut ctx, &NONE, request, resident(1)).await.unwrap();
        refused!(identity::resolve_match(&mut ctx, &NONE, request, resident(1)).await, Error::MatchNotOpen);
        refused!(identity::see_match_request(&mut ctx, &NONE, request).await, Error::MatchNotOpen);
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(identity::link_of(&mut ctx, account).await.unwrap(), Some(resident(1)));
        let left: Vec<(i64,)> = ctx
            .tx()
            .query("select count(*) from identity_match_request where name is not null or address is not null or date_of_birth is not null or sex is not null", &[])
            .await
            .unwrap();
        assert_eq!(left, [(0,)]);
        drop(ctx);
        assert_eq!(house.events(MatchAsked::KIND).await.len(), 2);
        assert_eq!(house.events(MatchAnswered::KIND).await.len(), 1);
        assert!(!house.told().await.contains("花子"));

        // Every look is the person's to see: their own account's and the resident's they are.
        let mut ctx = house.begin(clerk()).await;
        identity::account(&mut ctx, account).await.unwrap();
        assert_eq!(identity::who_looked(&mut ctx, account, i64::MAX, 10).await.unwrap_err().forbidden(), Some(Permission::SeeAudit));
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let looked = identity::who_looked(&mut ctx, account, i64::MAX, 10).await.unwrap();
        let actions: Vec<_> = looked.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["account.seen", "account.linked", "match.seen", "account.proven"]);
        let page = identity::who_looked(&mut ctx, account, looked[1].seq, 1).await.unwrap();
        assert_eq!(page[0].action, "match.seen");
        assert!(identity::who_looked(&mut ctx, nobody(), i64::MAX, 10).await.unwrap_err().forbidden().is_some());
    }
}

#[tokio::test]
async fn a_protected_person_is_seen_only_by_who_may() {
    for mut house in houses().await {
        let card = house.cards.issue(taro());
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        let mut ctx = house.begin(Actor::Anonymous).await;
        let request = identity::ask_for_match(&mut ctx, &proven, MatchReason::Protected).await.unwrap();
        ctx.commit().await.unwrap();
        assert!(!house.told().await.contains("protected"));

        let mut ctx = house.begin(clerk()).await;
        assert_eq!(identity::match_requests(&mut ctx, &NONE, 10).await.unwrap(), []);
        refused!(identity::see_match_request(&mut ctx, &NONE, request).await, Error::MatchNotOpen);
        refused!(identity::resolve_match(&mut ctx, &NONE, request, resident(1)).await, Error::MatchNotOpen);
        refused!(identity::reject_match(&mut ctx, &NONE, request, RejectReason::NotAResident).await, Error::MatchNotOpen);
        drop(ctx);

        let mut ctx = house.begin(protection_clerk()).await;
        assert_eq!(identity::match_requests(&mut ctx, &NONE, 10).await.unwrap().len(), 1);
        assert_eq!(identity::see_match_request(&mut ctx, &NONE, request).await.unwrap().name, "髙橋　太郎");
        identity::resolve_match(&mut ctx, &NONE, request, resident(3)).await.unwrap();
        ctx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_rejected_request_leaves_nothing_of_the_person() {
    for mut house in houses().await {
        let card = house.cards.issue(taro());
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        let mut ctx = house.begin(Actor::Anonymous).await;
        let request = identity::ask_for_match(&mut ctx, &proven, MatchReason::NoMatch).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(clerk()).await;
        identity::reject_match(&mut ctx, &NONE, request, RejectReason::NotAResident).await.unwrap();
        refused!(identity::reject_match(&mut ctx, &NONE, request, RejectReason::NotAResident).await, Error::MatchNotOpen);
        let left: Vec<(Option<String>, Option<String>, String)> =
            ctx.tx().query("select name, address, outcome from identity_match_request", &[]).await.unwrap();
        assert_eq!(left, [(None, None, "not_a_resident".to_owned())]);
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::Holder(proven.account().id)).await;
        assert_eq!(identity::match_open_for(&mut ctx, proven.account().id).await.unwrap(), None);
        assert!(identity::match_open_for(&mut ctx, nobody()).await.unwrap_err().forbidden().is_some());
    }
}

#[tokio::test]
async fn a_mere_sign_in_cannot_ask_for_a_match() {
    for house in houses().await {
        let card = house.cards.issue(taro());
        let (station, place) = crate::devices::enrolled(&house, identity::DeviceKind::Station, "clinic").await;
        for read in [Some(identity::StationRead { station, four_information: card.four_information() }), None] {
            let told_items = read.is_some();
            let mut ctx = house.begin(Actor::Station(place.clone(), station)).await;
            let session = identity::begin_proof(&mut ctx, &house.settings, jpki::Purpose::SignIn, None).await.unwrap();
            let input = card.answer(&session.challenge, read);
            let (verifier, good) = (house.cards.verifier(), house.cards.good());
            let proven = identity::complete_proof(&mut ctx, &house.settings, &Finds(Match::None), session.id, input, &verifier, &good)
                .await
                .unwrap();
            if !told_items {
                refused!(identity::ask_for_match(&mut ctx, &proven, MatchReason::NoMatch).await, Error::NotProven);
            }
            ctx.commit().await.unwrap();
        }
    }
}

/// An account that was proven, with a request in the queue.
async fn asking(house: &mut House, card: &crate::card::Card) -> (store::AccountId, identity::MatchRequestId) {
    let proven = house.prove(Actor::Anonymous, card).await.unwrap();
    let mut ctx = house.begin(Actor::Anonymous).await;
    let request = identity::ask_for_match(&mut ctx, &proven, MatchReason::NoMatch).await.unwrap();
    ctx.commit().await.unwrap();
    (proven.account().id, request)
}

#[tokio::test]
async fn only_whom_the_register_gives_alone_is_tied_without_a_clerk() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        let account = proven.account().id;
        for register in [one(2), NONE, PROTECTED, Finds(Match::Ambiguous(2))] {
            let mut ctx = house.begin(Actor::System).await;
            for by in [LinkBy::Proof(&proven), LinkBy::Bundle] {
                refused!(identity::link(&mut ctx, &register, account, resident(1), by).await, Error::ForClerk);
            }
        }
        // A card that could not write the name agrees with nobody for certain, whatever the keys say.
        let mut ctx = house.begin(Actor::System).await;
        ctx.tx().execute("update identity_account set substitutes = $1", store::params![true]).await.unwrap();
        assert_eq!(identity::accounts_waiting(&mut ctx, None, 10).await.unwrap(), []);
        for by in [LinkBy::Proof(&proven), LinkBy::Bundle] {
            refused!(identity::link(&mut ctx, &one(1), account, resident(1), by).await, Error::ForClerk);
        }
    }
}

#[tokio::test]
async fn what_a_clerk_parted_no_bundle_and_no_proof_ties_again() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        let account = proven.account().id;
        let mut ctx = house.begin(Actor::Anonymous).await;
        identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Proof(&proven)).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(clerk()).await;
        identity::unlink(&mut ctx, account).await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(identity::accounts_waiting(&mut ctx, None, 10).await.unwrap(), []);
        refused!(identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Bundle).await, Error::ForClerk);
        refused!(identity::link(&mut ctx, &one(2), account, resident(2), LinkBy::Bundle).await, Error::ForClerk);
        drop(ctx);
        let again = house.prove(Actor::Anonymous, &card).await.unwrap();
        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Proof(&again)).await, Error::ForClerk);
        // The person may ask anew, and a clerk's new decision settles the old one.
        let request = identity::ask_for_match(&mut ctx, &again, MatchReason::Decided).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(clerk()).await;
        identity::resolve_match(&mut ctx, &one(1), request, resident(1)).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        identity::unlink(&mut ctx, account).await.unwrap();
        assert_eq!(identity::accounts_waiting(&mut ctx, None, 10).await.unwrap().len(), 1, "the house parts nobody for good");
    }
}

#[tokio::test]
async fn no_bundle_ties_who_was_rejected_and_a_proof_only_who_was_not_told_apart() {
    for mut house in houses().await {
        for (reason, proof_ties) in
            [(RejectReason::NotTheSamePerson, false), (RejectReason::NotAResident, true), (RejectReason::Withdrawn, true)]
        {
            let card = house.cards.issue(person(&format!("青空　{reason}"), "青空村大字本村１", "19800217", jpki::Sex::Female));
            let (account, request) = asking(&mut house, &card).await;
            let mut ctx = house.begin(clerk()).await;
            identity::reject_match(&mut ctx, &NONE, request, reason).await.unwrap();
            ctx.commit().await.unwrap();
            let mut ctx = house.begin(Actor::System).await;
            assert_eq!(identity::accounts_waiting(&mut ctx, None, 10).await.unwrap(), [], "{reason}");
            refused!(identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Bundle).await, Error::ForClerk);
            drop(ctx);
            let again = house.prove(Actor::Anonymous, &card).await.unwrap();
            let mut ctx = house.begin(Actor::Anonymous).await;
            let tied = identity::link(&mut ctx, &one(1), account, resident(1), LinkBy::Proof(&again)).await;
            assert_eq!(tied.is_ok(), proof_ties, "{reason}");
            ctx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn who_comes_under_protection_after_asking_is_hidden_at_once_and_for_good() {
    for mut house in houses().await {
        let card = house.cards.issue(taro());
        let (_, request) = asking(&mut house, &card).await;
        let mut ctx = house.begin(clerk()).await;
        assert_eq!(identity::match_requests(&mut ctx, &NONE, 10).await.unwrap().len(), 1);
        // The register is asked at each look, whether or not the house has been round.
        assert_eq!(identity::match_requests(&mut ctx, &PROTECTED, 10).await.unwrap(), []);
        refused!(identity::see_match_request(&mut ctx, &PROTECTED, request).await, Error::MatchNotOpen);
        refused!(identity::resolve_match(&mut ctx, &PROTECTED, request, resident(1)).await, Error::MatchNotOpen);
        refused!(identity::reject_match(&mut ctx, &PROTECTED, request, RejectReason::NotAResident).await, Error::MatchNotOpen);
        assert_eq!(identity::protect_matches(&mut ctx, &PROTECTED).await.unwrap_err().forbidden(), Some(Permission::RunHouse));
        drop(ctx);

        let mut ctx = house.begin(protection_clerk()).await;
        let seen = identity::match_requests(&mut ctx, &PROTECTED, 10).await.unwrap();
        assert_eq!(seen.iter().map(|request| request.reason).collect::<Vec<_>>(), [MatchReason::Protected]);
        drop(ctx);

        let mut ctx = house.begin(Actor::System).await;
        identity::protect_matches(&mut ctx, &PROTECTED).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(clerk()).await;
        assert_eq!(identity::match_requests(&mut ctx, &NONE, 10).await.unwrap(), [], "what was marked stays hidden");
        refused!(identity::see_match_request(&mut ctx, &NONE, request).await, Error::MatchNotOpen);
    }
}

#[tokio::test]
async fn a_clerk_ties_only_to_somebody_they_may_know_of() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let (account, request) = asking(&mut house, &card).await;
        let unknown = crate::Hides(Match::Ambiguous(1));
        let mut ctx = house.begin(clerk()).await;
        refused!(identity::resolve_match(&mut ctx, &unknown, request, resident(1)).await, Error::ResidentNotFound);
        assert_eq!(identity::link_of(&mut ctx, account).await.unwrap(), None);
        drop(ctx);
        let mut ctx = house.begin(protection_clerk()).await;
        identity::resolve_match(&mut ctx, &unknown, request, resident(1)).await.unwrap();
        assert_eq!(identity::link_of(&mut ctx, account).await.unwrap(), Some(resident(1)));
    }
}
