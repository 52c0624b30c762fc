use identity::{Error, LinkBy, Linked, MatchAnswered, MatchAsked, MatchReason, RejectReason, Unlinked};
use store::{Actor, Permission, Role, StaffId};

use crate::card::{hanako, taro};
use crate::{clerk, houses, nobody, protection_clerk, refused, resident};

#[tokio::test]
async fn the_proof_links_its_own_account_and_no_other() {
    for mut house in houses().await {
        let (hanako, taro) = (house.cards.issue(hanako()), house.cards.issue(taro()));
        let hanako = house.prove(Actor::Anonymous, &hanako).await.unwrap();
        let taro = house.prove(Actor::Anonymous, &taro).await.unwrap();
        let mut ctx = house.begin(Actor::Anonymous).await;
        let account = hanako.account().id;
        refused!(identity::link(&mut ctx, account, resident(1), LinkBy::Proof(&taro)).await, Error::AccountNotFound);
        identity::link(&mut ctx, account, resident(1), LinkBy::Proof(&hanako)).await.unwrap();
        identity::link(&mut ctx, account, resident(1), LinkBy::Proof(&hanako)).await.unwrap();
        refused!(identity::link(&mut ctx, account, resident(2), LinkBy::Proof(&hanako)).await, Error::AlreadyLinked);
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
        refused!(identity::link(&mut ctx, light, resident(1), LinkBy::Bundle).await, Error::NotProven);
        refused!(identity::link(&mut ctx, nobody(), resident(1), LinkBy::Bundle).await, Error::AccountNotFound);
        identity::link(&mut ctx, account, resident(1), LinkBy::Bundle).await.unwrap();
        assert_eq!(identity::accounts_waiting(&mut ctx, None, 10).await.unwrap(), []);
        identity::unlink(&mut ctx, account).await.unwrap();
        refused!(identity::unlink(&mut ctx, account).await, Error::NotLinked);
        ctx.commit().await.unwrap();
        assert_eq!(house.events(Unlinked::KIND).await.len(), 1);

        for actor in [Actor::Anonymous, Actor::Holder(account), Actor::Staff(StaffId::from_bytes([1; 16]), vec![Role::Officer])] {
            let mut ctx = house.begin(actor).await;
            for by in [LinkBy::Bundle, LinkBy::Clerk] {
                assert!(identity::link(&mut ctx, account, resident(1), by).await.unwrap_err().forbidden().is_some());
            }
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
        assert_eq!(identity::match_requests(&mut ctx, 10).await.unwrap_err().forbidden(), Some(Permission::SeeMatching));
        assert_eq!(identity::see_match_request(&mut ctx, request).await.unwrap_err().forbidden(), Some(Permission::SeeMatching));
        assert_eq!(identity::resolve_match(&mut ctx, request, resident(1)).await.unwrap_err().forbidden(), Some(Permission::ResolveMatch));
        drop(ctx);

        let mut ctx = house.begin(clerk()).await;
        let queue = identity::match_requests(&mut ctx, 10).await.unwrap();
        assert_eq!(queue.iter().map(|request| (request.id, request.reason)).collect::<Vec<_>>(), [(request, MatchReason::Ambiguous)]);
        let case = identity::see_match_request(&mut ctx, request).await.unwrap();
        assert_eq!((case.name.as_str(), case.address.as_str()), ("青空　花子", "青空村大字本村１２番地３"));
        assert_eq!((case.date_of_birth.to_string().as_str(), case.sex), ("1980-02-17", civil::Sex::Female));
        assert_eq!(Some(case.keys), proven.keys());
        identity::resolve_match(&mut ctx, request, resident(1)).await.unwrap();
        refused!(identity::resolve_match(&mut ctx, request, resident(1)).await, Error::MatchNotOpen);
        refused!(identity::see_match_request(&mut ctx, request).await, Error::MatchNotOpen);
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
        assert_eq!(identity::match_requests(&mut ctx, 10).await.unwrap(), []);
        refused!(identity::see_match_request(&mut ctx, request).await, Error::MatchNotOpen);
        refused!(identity::resolve_match(&mut ctx, request, resident(1)).await, Error::MatchNotOpen);
        refused!(identity::reject_match(&mut ctx, request, RejectReason::NotAResident).await, Error::MatchNotOpen);
        drop(ctx);

        let mut ctx = house.begin(protection_clerk()).await;
        assert_eq!(identity::match_requests(&mut ctx, 10).await.unwrap().len(), 1);
        assert_eq!(identity::see_match_request(&mut ctx, request).await.unwrap().name, "髙橋　太郎");
        identity::resolve_match(&mut ctx, request, resident(3)).await.unwrap();
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
        identity::reject_match(&mut ctx, request, RejectReason::NotAResident).await.unwrap();
        refused!(identity::reject_match(&mut ctx, request, RejectReason::NotAResident).await, Error::MatchNotOpen);
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
            let mut ctx = house.begin(Actor::Verifier(place.clone())).await;
            let session = identity::begin_proof(&mut ctx, &house.settings, jpki::Purpose::SignIn, None).await.unwrap();
            let input = card.answer(&session.challenge, read);
            let (verifier, good) = (house.cards.verifier(), house.cards.good());
            let proven = identity::complete_proof(&mut ctx, &house.settings, session.id, input, &verifier, &good).await.unwrap();
            if !told_items {
                refused!(identity::ask_for_match(&mut ctx, &proven, MatchReason::NoMatch).await, Error::NotProven);
            }
            ctx.commit().await.unwrap();
        }
    }
}
