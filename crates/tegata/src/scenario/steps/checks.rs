//! ならば: what follows. Every check looks at what the house answered; none passes when nothing was asked.

use regex::Regex;
use store::{AccountId, Actor, Role};

use super::acts::share_page;
use super::{Heard, otherwise, same};
use crate::Outcome;
use crate::scenario::browser::unescaped;
use crate::scenario::people::{Proof, folded};
use crate::scenario::world::{Answer, Application, Refused, World};

/// A refusal of the stories: its word, the code, and why where the code has several reasons.
const REASONS: &[(&str, &str, Option<&str>)] = &[
    ("転出", "not_entitled", Some("moved_out")),
    ("死亡", "not_entitled", Some("died")),
    ("年齢", "not_entitled", Some("aged_out")),
    ("まだ", "not_entitled", Some("not_yet")),
    ("対象外", "not_entitled", Some("rule")),
    ("不明", "not_entitled", Some("not_known")),
    ("住まいの期限", "not_entitled", Some("residence_over")),
    ("転入", "not_entitled", Some("moved_in")),
    ("取扱いなし", "not_accepted_here", None),
    ("共有終了", "share_ended", None),
    ("終了", "revoked", None),
    ("媒体不足", "medium_not_accepted", None),
    ("古い画面", "stale", None),
    ("二度目", "replayed", None),
    ("他の町", "other_town", None),
];

/// What a place may see: the story's word is the label on its screen. 有効期限 stands by itself in the answer.
const VISIBLE: &[&str] = &["氏名", "生年月日", "公費負担者番号", "受給者番号", "自己負担", "有効期限"];
const VALID_UNTIL: &str = "有効期限";

fn reason(word: &str) -> Outcome<Refused> {
    let found = REASONS.iter().find(|(other, ..)| *other == word);
    let (_, code, why) = found.ok_or_else(|| format!("「{word}」 is no reason of towns/README.md"))?;
    Ok(Refused { code: (*code).to_owned(), why: why.map(str::to_owned) })
}

fn proof(world: &World) -> Outcome<&(String, Proof)> {
    Ok(world.last.proof.as_ref().ok_or("nobody has proved who they are")?)
}

pub(super) async fn linked(world: &mut World, _: &Heard) -> Outcome {
    let name = match proof(world)? {
        (name, Proof::Believed) => name.clone(),
        (_, other) => return otherwise("a proof that is believed", other),
    };
    is_linked(world, &name).await
}

/// Whether the page about oneself says that the account is linked to its resident.
pub(super) async fn is_linked(world: &mut World, name: &str) -> Outcome {
    let found = standing(world, name).await?;
    let text = text(world, "me-linked")?;
    same(&text, &found)
}

pub(super) async fn waits_for_clerk(world: &mut World, _: &Heard) -> Outcome {
    let name = match proof(world)? {
        (name, Proof::Believed) => name.clone(),
        (_, other) => return otherwise("a proof that is believed", other),
    };
    let (found, expected) = (standing(world, &name).await?, text(world, "me-waiting")?);
    same(&expected, &found)?;
    let account = account_of(world, &name).await?;
    let mut ctx = world.house()?.store.begin(world.staff(&[Role::Clerk, Role::ProtectionClerk])).await?;
    let waiting = identity::match_requests(&mut ctx, &registry::Register, 50).await?;
    if waiting.iter().any(|request| request.account == account) { Ok(()) } else { otherwise("a request in the clerk's queue", waiting) }
}

/// What the page about oneself says of the link to the register.
async fn standing(world: &mut World, name: &str) -> Outcome<String> {
    let router = world.house()?.router.clone();
    let label = text(world, "me-link")?;
    let page = world.person_mut(name)?.browser.page(&router, "/me").await?.good()?;
    let found = Regex::new(&format!(r#"<dt>{}</dt><dd><span[^>]*>([^<]*)</span>"#, regex::escape(&label)))?;
    let found = found.captures(&page.body).and_then(|groups| groups.get(1)).map(|group| unescaped(group.as_str()));
    Ok(found.ok_or_else(|| format!("the page about oneself does not say 「{label}」"))?)
}

fn text(world: &World, key: &str) -> Outcome<String> {
    let catalogue = world.house()?.app.catalogue();
    if catalogue.has(key) { Ok(catalogue.text(&town::Language::JAPANESE, key, &[])) } else { Err(format!("no text {key}").into()) }
}

/// The account somebody's browser is signed in to.
pub(super) async fn account_of(world: &mut World, name: &str) -> Outcome<AccountId> {
    let token = world.person_mut(name)?.browser.cookie(web::HOLDER_COOKIE).map(str::to_owned);
    let token = token.ok_or_else(|| format!("「{name}」 is not signed in"))?;
    let mut ctx = world.house()?.store.begin(Actor::System).await?;
    match identity::actor_of(&mut ctx, &token).await?.map(|caller| caller.actor) {
        Some(Actor::Holder(account)) => Ok(account),
        other => otherwise(format!("「{name}」 signed in"), other),
    }
}

pub(super) async fn proof_refused(world: &mut World, heard: &Heard) -> Outcome {
    let [word] = heard.values()?;
    match (word, &proof(world)?.1) {
        ("暗証番号", Proof::WrongPassword) => Ok(()),
        ("失効", Proof::Refused(code)) if code == "certificate_revoked" => Ok(()),
        ("期限", Proof::Refused(code)) if code == "mdoc_expired" => Ok(()),
        ("暗証番号" | "失効" | "期限", other) => otherwise(format!("a refusal for 「{word}」"), other),
        _ => Err(format!("「{word}」 is no reason of a refused proof").into()),
    }
}

pub(super) async fn card_is_there(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title] = heard.values()?;
    let programme = world.programme(title)?;
    match world.live_card(name, of, &programme).await? {
        Some(_) => Ok(()),
        None => otherwise(format!("「{title}」 of 「{of}」 on the phone of 「{name}」"), "no such card"),
    }
}

pub(super) async fn card_is_not_there(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title] = heard.values()?;
    let programme = world.programme(title)?;
    match world.live_card(name, of, &programme).await? {
        None => Ok(()),
        Some(_) => otherwise(format!("no 「{title}」 of 「{of}」 on the phone of 「{name}」"), "a live card"),
    }
}

fn application(world: &World) -> Outcome<&Application> {
    Ok(world.last.application.as_ref().ok_or("nobody has applied")?)
}

pub(super) async fn granted(world: &mut World, _: &Heard) -> Outcome {
    let Application { by, of, programme, refused } = application(world)?.clone();
    if let Some(refused) = refused {
        return otherwise("the application granted", refused);
    }
    match world.live_card(&by, &of, &programme).await? {
        Some(_) => Ok(()),
        None => otherwise("the card on the phone", "no such card"),
    }
}

pub(super) async fn not_granted(world: &mut World, _: &Heard) -> Outcome {
    let Application { by, of, programme, refused } = application(world)?.clone();
    match (refused, world.live_card(&by, &of, &programme).await?) {
        (Some(_), None) => Ok(()),
        (refused, card) => otherwise("a refusal and no card", (refused, card.is_some())),
    }
}

pub(super) async fn application_refused(world: &mut World, heard: &Heard) -> Outcome {
    let [word] = heard.values()?;
    let mut expected = reason(word)?;
    expected.code = format!("cards.{}", expected.code);
    same(&Some(expected), &application(world)?.refused)
}

pub(super) async fn sees_holder(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title, holder] = heard.values()?;
    let programme = world.programme(title)?;
    let page = share_page(world, name, of, &programme).await?;
    let router = world.house()?.router.clone();
    let body = world.person_mut(name)?.browser.page(&router, &page).await?.good()?.body;
    let names = Regex::new(r#"<li class="list__item"><span><b>([^<]*)</b>"#)?;
    let names: Vec<String> = names.captures_iter(&body).map(|groups| folded(&unescaped(&groups[1]))).collect();
    if names.contains(&folded(holder)) { Ok(()) } else { otherwise(format!("「{holder}」 among the holders"), names) }
}

pub(super) async fn share_refused(world: &mut World, _: &Heard) -> Outcome {
    match world.last.share.as_ref().ok_or("nobody has shared")? {
        Err(code) if code == "cards.not_shareable" => Ok(()),
        other => otherwise("cards.not_shareable", other),
    }
}

fn answer(world: &World) -> Outcome<&Answer> {
    Ok(world.last.answer.as_ref().ok_or("nothing was shown anywhere")?)
}

pub(super) async fn yes(world: &mut World, _: &Heard) -> Outcome {
    let answer = answer(world)?;
    if answer.accepted && answer.refused().is_none() { Ok(()) } else { otherwise("yes", answer) }
}

pub(super) async fn no(world: &mut World, heard: &Heard) -> Outcome {
    let [word] = heard.values()?;
    let answer = answer(world)?;
    if answer.accepted || answer.message.is_empty() {
        return otherwise("no, with a sentence", answer);
    }
    same(&Some(reason(word)?), &answer.refused())
}

/// What the place was told under a label.
fn seen(world: &World, label: &str) -> Outcome<Option<String>> {
    if !VISIBLE.contains(&label) {
        return Err(format!("「{label}」 is nothing a place can see; see towns/README.md").into());
    }
    let answer = answer(world)?;
    if label == VALID_UNTIL {
        return Ok(answer.valid_until.clone());
    }
    Ok(answer.fields.iter().find(|field| field.label == label).map(|field| field.value.clone()))
}

pub(super) async fn place_sees(world: &mut World, heard: &Heard) -> Outcome {
    let [label, value] = heard.values()?;
    let blanks = |text: &str| text.replace('　', " ");
    same(&Some(blanks(value)), &seen(world, label)?.map(|found| blanks(&found)))
}

pub(super) async fn place_does_not_see(world: &mut World, heard: &Heard) -> Outcome {
    let [label] = heard.values()?;
    same(&None, &seen(world, label)?)
}

pub(super) async fn barcode(world: &mut World, heard: &Heard) -> Outcome {
    let [kind, value] = heard.values()?;
    let found: Vec<(&str, &str)> = answer(world)?.barcodes.iter().map(|barcode| (barcode.kind.as_str(), barcode.value.as_str())).collect();
    same(&vec![(kind, value)], &found)
}
