//! People who are not in the register: a neighbouring town's card in their wallet, and rolls of digital residents.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::sdjwt::{self, Closed, WalletClaims};
use credential::{IssuerKey, Jwk, PhoneKey, Status, StatusBits, StatusList};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde_json::{Value, json};
use town::Neighbour;
use web::FetchFault;

use super::{Heard, otherwise};
use crate::Outcome;
use crate::scenario::browser::unescaped;
use crate::scenario::people::{Proof, first};
use crate::scenario::world::World;

/// Places in a neighbour's status list.
const ENTRIES: u64 = 64;

/// The neighbouring towns of a scenario: what each publishes, by its address. They answer in place of the network.
#[derive(Default)]
pub(in crate::scenario) struct Neighbours(Mutex<BTreeMap<String, Vec<u8>>>);

impl web::Outside for Neighbours {
    fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchFault> {
        let published = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        published.get(address).cloned().ok_or(FetchFault::Unreachable)
    }
}

/// A neighbouring town that issues cards.
pub(in crate::scenario) struct Issuer {
    neighbour: Neighbour,
    key: IssuerKey,
    list: StatusList,
    issued: u64,
}

/// A wallet with the card of a neighbouring town.
pub(in crate::scenario) struct Wallet {
    key: PhoneKey,
    card: String,
    town: String,
    idx: u64,
}

impl Issuer {
    fn new(neighbour: Neighbour) -> Outcome<Self> {
        let origin = neighbour.issuer.trim_end_matches("/wallet").to_owned();
        let list = StatusList::new(format!("{origin}/status-lists/1"), StatusBits::Two, ENTRIES);
        Ok(Self { neighbour, key: IssuerKey::generate()?.0, list, issued: 0 })
    }

    /// Puts its keys and its list where verifiers look for them.
    fn publish(&self, to: &Neighbours, now: Timestamp) -> Outcome {
        let issuer = &self.neighbour.issuer;
        let keys = json!({ "issuer": issuer, "jwks": { "keys": [Jwk::from(*self.key.public())] } });
        let list = sdjwt::sign_status_list(&self.key, &self.list, now, now + SignedDuration::from_hours(24 * 400), 60)?;
        let address = issuer.replace("/wallet", "/.well-known/jwt-vc-issuer/wallet");
        let mut published = to.0.lock().unwrap_or_else(PoisonError::into_inner);
        published.insert(address, keys.to_string().into_bytes());
        published.insert(self.list.uri().to_owned(), list.into_bytes());
        Ok(())
    }

    fn issue(&mut self, name: &str, born: &str, now: Timestamp) -> Outcome<Wallet> {
        let (key, idx) = (PhoneKey::generate()?.0, self.issued);
        self.issued += 1;
        let claims = WalletClaims {
            issuer: self.neighbour.issuer.clone(),
            vct: self.neighbour.credential.clone(),
            issued_at: now,
            expires_at: now + SignedDuration::from_hours(24 * 365),
            status_uri: self.list.uri().to_owned(),
            status_idx: idx,
            holder: key.public(),
        };
        let mut salt = [0; 16];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| "no random bytes")?;
        let mut other = salt;
        other[0] ^= 1;
        let closed = [Closed { salt, name: "name", value: name }, Closed { salt: other, name: "date_of_birth", value: born }];
        let card = sdjwt::issue(&self.key, &claims, &closed)?;
        Ok(Wallet { key, card, town: self.neighbour.name.ja().to_owned(), idx })
    }
}

impl Wallet {
    /// The card bound to a question (RFC 9901 section 4.3).
    fn bound(&self, question: &Value, now: Timestamp) -> Outcome<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.card.as_bytes());
        let header = json!({ "alg": "ES256", "typ": "kb+jwt" });
        let body = json!({
            "aud": question["client_id"], "nonce": question["nonce"], "iat": now.as_second(), "sd_hash": URL_SAFE_NO_PAD.encode(hash),
        });
        let signed = format!("{}.{}", part(&header), part(&body));
        let signature = self.key.sign(signed.as_bytes())?;
        Ok(format!("{}{signed}.{}", self.card, URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn neighbour(world: &World, town: &str) -> Outcome<Neighbour> {
    let found = world.town.neighbours.iter().find(|neighbour| neighbour.name.ja() == town);
    Ok(found.cloned().ok_or_else(|| format!("the pack has no neighbour 「{town}」"))?)
}

/// Somebody from elsewhere with a birthday, who has proven who they are with their own card.
pub(super) async fn guest(world: &mut World, heard: &Heard) -> Outcome {
    let [day, name] = heard.values()?;
    if world.register()?.knows(name) {
        return Err(format!("「{name}」 is in the register").into());
    }
    world.guest(name, super::day(day)?);
    match world.prove(name, true).await? {
        Proof::Believed => Ok(()),
        other => otherwise("a proof that is believed", other),
    }
}

/// The neighbouring town issues its card to somebody's wallet.
pub(super) async fn has_card(world: &mut World, heard: &Heard) -> Outcome {
    let [name, town] = heard.values()?;
    let (now, neighbour) = (world.now(), neighbour(world, town)?);
    let (written, born) = world.written_name_and_birthday(name)?;
    if !world.issuers.contains_key(town) {
        world.issuers.insert(town.to_owned(), Issuer::new(neighbour)?);
    }
    let issuer = world.issuers.get_mut(town).ok_or("no issuer")?;
    let wallet = issuer.issue(&written, &born, now)?;
    issuer.publish(&world.neighbours, now)?;
    world.wallets.insert(name.to_owned(), wallet);
    Ok(())
}

pub(super) async fn prove(world: &mut World, heard: &Heard) -> Outcome {
    let [name, town] = heard.values()?;
    show(world, name, name, town).await
}

pub(super) async fn prove_with(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, town] = heard.values()?;
    show(world, name, of, town).await
}

/// The page's button, the wallet's answer, and what the page says then.
async fn show(world: &mut World, name: &str, of: &str, town: &str) -> Outcome {
    let (now, neighbour) = (world.now(), neighbour(world, town)?);
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let reply = browser.form(&router, &format!("/residence/neighbours/{}", neighbour.id), &[]).await?;
    let page = reply.location.clone().ok_or_else(|| format!("nothing was asked: {}", reply.body))?;
    let asked = browser.page(&router, &page).await?.good()?.body;
    let uri = unescaped(&first(r#"href="(openid4vp:[^"]+)""#, &asked)?.ok_or("the page shows no code for a wallet")?);
    let token = uri.rsplit_once("%2F").ok_or("the code names no question")?.1.to_owned();
    let mut nobody = crate::scenario::browser::Browser::default();
    let question = nobody.page(&router, &format!("/wallet/residence/requests/{token}")).await?.good()?.body;
    let body = question.split('.').nth(1).ok_or("the question is no token")?;
    let question: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body)?)?;
    let wallet = world.wallets.get(of).filter(|wallet| wallet.town == town).ok_or_else(|| format!("「{of}」 has no card of 「{town}」"))?;
    let shown = json!({ "residence": [wallet.bound(&question, now)?] }).to_string();
    let state = question["state"].as_str().unwrap_or_default().to_owned();
    nobody.form(&router, &format!("/wallet/residence/answers/{token}"), &[("vp_token", &shown), ("state", &state)]).await?;
    let said = world.person_mut(name)?.browser.page(&router, &page).await?.good()?.body;
    world.last.page = Some(said);
    Ok(())
}

/// The neighbouring town ends somebody's card there: its list says so from now on.
pub(super) async fn ends(world: &mut World, heard: &Heard) -> Outcome {
    let [town, name] = heard.values()?;
    let now = world.now();
    let idx = world.wallets.get(name).ok_or_else(|| format!("「{name}」 has no wallet"))?.idx;
    let issuer = world.issuers.get_mut(town).ok_or_else(|| format!("「{town}」 issued nothing"))?;
    issuer.list.set(idx, Status::Invalid)?;
    issuer.publish(&world.neighbours, now)
}

/// The house looks at the neighbours' status lists as its timetable says, as the server does all the time.
pub(super) async fn are_looked_at(world: &mut World, _heard: &Heard) -> Outcome {
    world.do_due_jobs_outside().await
}

fn said(world: &World, key: &str, town: &str) -> Outcome<String> {
    Ok(world.house()?.app.catalogue().text(&town::Language::JAPANESE, key, &[("town", town.into())]))
}

pub(super) async fn is_proven(world: &mut World, heard: &Heard) -> Outcome {
    let [town] = heard.values()?;
    says(world, "residence-outcome-proven", town)
}

pub(super) async fn is_refused(world: &mut World, heard: &Heard) -> Outcome {
    let [town, why] = heard.values()?;
    let key = match why {
        "別の人" => "residence-outcome-other-person",
        "失効" => "residence-outcome-revoked",
        "期限切れ" => "residence-outcome-expired",
        "確かめられない" => "residence-outcome-unreachable",
        other => return Err(format!("「{other}」 is no reason of towns/README.md").into()),
    };
    says(world, key, town)
}

fn says(world: &World, key: &str, town: &str) -> Outcome {
    let (page, wanted) = (world.last.page.as_deref().ok_or("nothing was shown")?, said(world, key, town)?);
    if unescaped(page).contains(&wanted) { Ok(()) } else { otherwise(wanted, page) }
}

pub(super) async fn joins(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    let found = world.town.digital_residents.iter().find(|roll| roll.name.ja() == title);
    let roll = found.ok_or_else(|| format!("the pack has no roll 「{title}」"))?.id.clone();
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let reply = browser.form(&router, &format!("/residence/rolls/{roll}"), &[("agree", "yes")]).await?;
    if reply.status.is_redirection() { Ok(()) } else { otherwise("joined", reply.body) }
}

pub(super) async fn leaves(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let page = browser.page(&router, "/residence").await?.good()?.body;
    let forms = Regex::new(r#"(?s)list__item list__item--two"><span><b>([^<]*)</b>.{0,900}?action="(/residence/[^"]+/leave)""#)?;
    let found = forms.captures_iter(&page).map(|groups| groups.extract::<2>().1).find(|[name, _]| unescaped(name) == title);
    let [_, action] = found.ok_or_else(|| format!("the page does not hold 「{title}」"))?;
    browser.form(&router, action, &[]).await?.good()?;
    Ok(())
}
