//! The people of a scenario, each with a My Number Card in software and a phone: what they do, they do through the house's pages and API.

use std::collections::BTreeMap;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::{Held, NONCE_BYTES, PhoneKey};
use jiff::SignedDuration;
use jpki::card::{CardState, Personalise, Pins, SoftwareCard};
use jpki::revocation::Reason;
use jpki::testca::{Municipality, Person as Holder};
use jpki::{CardError, CertificateKind, PartialDate, Reader, Sex, SignaturePassword};
use regex::Regex;
use serde::Deserialize;
use serde_json::json;
use town::{BridgeField, Column, Programme};

use super::browser::{Browser, Reply};
use super::register::full_width_blank;
use super::world::World;
use crate::Outcome;

/// Somebody who acts.
pub(super) struct Person {
    pub(super) holder: Holder,
    pub(super) card: Option<CardState>,
    /// The browser of the phone.
    pub(super) browser: Browser,
    phone: Option<Phone>,
}

/// A phone that was registered: its key, and the cards it was ever given.
struct Phone {
    key: PhoneKey,
    device: String,
    wallet: BTreeMap<String, Kept>,
}

/// A card as the phone keeps it, ended ones too.
struct Kept {
    programme: String,
    holder_label: String,
    held: Held,
}

/// How a proof went.
#[derive(Debug)]
pub(super) enum Proof {
    /// The card's answer was believed and the browser is signed in.
    Believed,
    /// The card refused the password.
    WrongPassword,
    /// The house refused the answer, with this code.
    Refused(String),
}

/// The caller's cards, as the phone reads them.
#[derive(Deserialize)]
struct MyCards {
    cards: Vec<MyCard>,
}

/// One of them.
#[derive(Deserialize)]
pub(super) struct MyCard {
    id: String,
    programme: String,
    holder_label: String,
    state: String,
    credential: Option<String>,
    disclosures: Vec<String>,
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

impl MyCard {
    /// Whether it can be shown now.
    pub(super) fn is_live(&self) -> bool {
        self.state == "live" && self.credential.is_some()
    }

    /// Where it would be shared, whether or not the card leads there.
    pub(super) fn share_address(&self) -> String {
        format!("/share/{}", self.id)
    }

    /// The page on which it is shared.
    pub(super) fn share_page(&self) -> Option<&str> {
        self.links.iter().map(|link| link.href.as_str()).find(|href| href.starts_with("/share/"))
    }
}

#[derive(Deserialize)]
struct Question {
    id: String,
    message: String,
}

#[derive(Deserialize)]
struct Challenge {
    challenge: String,
    message: String,
}

#[derive(Deserialize)]
struct Registered {
    device: String,
}

/// A password that no card of a scenario has.
const WRONG_PASSWORD: &str = "WRONG999";

impl World {
    /// Lets somebody of the inner register step onto the stage.
    ///
    /// # Errors
    /// When a cell of their row is no day.
    pub(super) fn person_of_row(&mut self, name: &str) -> Outcome {
        let register = self.register()?;
        let cell = |field| register.cell(name, &Column::Field(field));
        let born: civil::Date = cell(BridgeField::DateOfBirth)?.parse()?;
        let sex = if cell(BridgeField::Sex)? == "男" { Sex::Male } else { Sex::Female };
        let address = register.cell(name, &Column::Address)?.to_owned();
        let code = register.municipality();
        self.add_person(name, address, born, sex, code);
        Ok(())
    }

    /// Lets somebody from elsewhere step onto the stage.
    pub(super) fn stranger(&mut self, name: &str) {
        let born = civil::Date::constant(1990, 4, 12);
        self.add_person(name, "架空町一丁目2番3号".to_owned(), born, Sex::Male, "13208".to_owned());
    }

    /// Lets somebody from elsewhere step onto the stage who was born on a day.
    pub(super) fn guest(&mut self, name: &str, born: civil::Date) {
        self.add_person(name, "架空市二丁目4番6号".to_owned(), born, Sex::Female, "13208".to_owned());
    }

    /// Somebody's name and birthday as their card has them.
    ///
    /// # Errors
    /// When nobody is called so.
    pub(super) fn written_name_and_birthday(&self, name: &str) -> Outcome<(String, String)> {
        let holder = &self.people.get(name).ok_or_else(|| format!("nobody is called 「{name}」"))?.holder;
        let born = holder.date_of_birth.date().ok_or("a birthday that is no day")?;
        Ok((holder.name.clone(), born.to_string()))
    }

    fn add_person(&mut self, name: &str, address: String, born: civil::Date, sex: Sex, code: String) {
        let municipality = Municipality { code, prefecture: "Kaku-ken".to_owned(), city: "Kaku".to_owned() };
        let holder = Holder { name: full_width_blank(name), address, date_of_birth: PartialDate::from(born), sex, municipality };
        self.people.insert(name.to_owned(), Person { holder, card: None, browser: Browser::default(), phone: None });
    }

    /// Whether somebody proved who they are.
    pub(super) fn has_phone(&self, name: &str) -> bool {
        self.people.get(name).is_some_and(|person| person.phone.is_some())
    }

    /// The card of somebody, made when it is first needed: keys take a while.
    pub(super) fn card_of(&mut self, name: &str) -> Outcome<CardState> {
        let (now, key) = (self.now(), self.region_key()?);
        let (person, authority) = self.person_and_authority(name)?;
        if let Some(card) = &person.card {
            return Ok(card.clone());
        }
        let card = Personalise::new(person.holder.clone()).pins(Pins::default()).town(key, "").issue(authority, now, &mut fill)?;
        person.card = Some(card.clone());
        Ok(card)
    }

    /// The authority revokes both certificates of somebody's card, and its new lists reach the house.
    ///
    /// # Errors
    /// When the card cannot be read.
    pub(super) async fn revoke(&mut self, name: &str) -> Outcome {
        let now = self.now();
        let card = self.card_of(name)?;
        let mut reader = Reader::open(SoftwareCard::insert(card, Box::new(fill)))?;
        let user_auth = reader.user_auth_certificate()?;
        let signature = reader.sign_document(&SignaturePassword::new(&Pins::default().signature)?, None, b"")?.certificate;
        reader.finish();
        let (_, authority) = self.person_and_authority(name)?;
        let certificates = [(CertificateKind::Signature, signature), (CertificateKind::UserAuthentication, user_auth)];
        for (kind, certificate) in certificates {
            if !authority.revoke(kind, &certificate, Reason::PrivilegeWithdrawn, now - SignedDuration::from_hours(1)) {
                return Err("the authority does not know the certificate".into());
            }
        }
        self.reopen().await
    }

    /// Proves who somebody is: from the start page over a card reader to a signed-in browser and, the first time, a registered phone.
    ///
    /// # Errors
    /// When a page does not lead on; a refusal of card or house is an outcome.
    pub(super) async fn prove(&mut self, name: &str, right_password: bool) -> Outcome<Proof> {
        let card = self.card_of(name)?;
        let router = self.house()?.router.clone();
        let mut browser = std::mem::take(&mut self.person_mut(name)?.browser);
        browser.form(&router, "/start", &[("next", "")]).await?.good()?;
        let page = browser.page(&router, "/start/read").await?.good()?;
        let code = big_code(&page)?;

        // At the reader: another browser, which knows only the code.
        let mut reader = Browser::default();
        let question: Question = reader.ask(&router, &format!("/api/v1/proofs/{}", code.trim())).await?.json()?;
        let typed = if right_password { Pins::default().signature } else { WRONG_PASSWORD.to_owned() };
        let (answered, card) = sign(card, &typed, &URL_SAFE_NO_PAD.decode(&question.message)?)?;
        let proof = match answered {
            None => Proof::WrongPassword,
            Some(answer) => {
                let body = answer_of(&answer);
                let reply = reader.tell(&router, &format!("/api/v1/proofs/{}/answer", question.id), &body).await?;
                match reply.problem("code") {
                    Some(code) => Proof::Refused(code),
                    None => {
                        reply.good()?;
                        browser.page(&router, "/start/done").await?.good()?;
                        Proof::Believed
                    }
                }
            }
        };
        let person = self.person_mut(name)?;
        (person.browser, person.card) = (browser, Some(card));
        if matches!(proof, Proof::Believed) && !self.has_phone(name) {
            self.register_phone(name).await?;
        }
        Ok(proof)
    }

    pub(super) async fn register_phone(&mut self, name: &str) -> Outcome {
        let router = self.house()?.router.clone();
        let person = self.person_mut(name)?;
        let (key, _) = PhoneKey::generate()?;
        let asked: Challenge = person.browser.ask(&router, "/api/v1/me/devices/challenge").await?.json()?;
        let proof = key.sign(&URL_SAFE_NO_PAD.decode(&asked.message)?)?;
        let body = json!({
            "challenge": asked.challenge,
            "jwk": key.public(),
            "proof": URL_SAFE_NO_PAD.encode(proof),
            "label": "スマートフォン",
        });
        let registered: Registered = person.browser.tell(&router, "/api/v1/me/devices", &body).await?.json()?;
        person.phone = Some(Phone { key, device: registered.device, wallet: BTreeMap::new() });
        Ok(())
    }

    /// The cards of somebody's phone as the centre gives them now; nothing without a phone. Who was signed out long ago reads the card again.
    ///
    /// # Errors
    /// When the house does not answer.
    pub(super) async fn cards_of(&mut self, name: &str) -> Outcome<Vec<MyCard>> {
        let router = self.house()?.router.clone();
        let Some(phone) = &self.person_mut(name)?.phone else {
            let reply = self.person_mut(name)?.browser.ask(&router, "/api/v1/me/cards?device=00000000-0000-7000-8000-000000000000").await?;
            return if reply.status.is_client_error() { Ok(Vec::new()) } else { Err("cards are given to nobody".into()) };
        };
        let path = format!("/api/v1/me/cards?device={}", phone.device);
        let mut reply = self.person_mut(name)?.browser.ask(&router, &path).await?;
        if reply.status == axum::http::StatusCode::UNAUTHORIZED {
            match self.prove(name, true).await? {
                Proof::Believed => reply = self.person_mut(name)?.browser.ask(&router, &path).await?,
                other => return Err(format!("「{name}」 could not sign in again: {other:?}").into()),
            }
        }
        let cards = reply.json::<MyCards>()?.cards;
        let wallet = &mut self.person_mut(name)?.phone.as_mut().ok_or("no phone")?.wallet;
        for card in &cards {
            if let Some(credential) = card.credential.clone().filter(|_| card.is_live()) {
                let held = Held { credential, disclosures: card.disclosures.clone() };
                let kept = Kept { programme: card.programme.clone(), holder_label: card.holder_label.clone(), held };
                wallet.insert(card.id.clone(), kept);
            }
        }
        Ok(cards)
    }

    /// The live card of `of` that somebody's phone shows for a programme.
    ///
    /// # Errors
    /// When the house does not answer.
    pub(super) async fn live_card(&mut self, name: &str, of: &str, programme: &Programme) -> Outcome<Option<MyCard>> {
        let cards = self.cards_of(name).await?;
        let labels = self.labels(of);
        let mine =
            |card: &MyCard| card.is_live() && card.programme == programme.id.as_str() && labels.contains(&folded(&card.holder_label));
        Ok(cards.into_iter().find(mine))
    }

    /// A fresh presentation from somebody's phone: of the live card, or of the one it still keeps though the town has ended it.
    ///
    /// # Errors
    /// When the phone never had such a card.
    pub(super) async fn present(&mut self, name: &str, of: &str, programme: &Programme) -> Outcome<String> {
        let live = self.live_card(name, of, programme).await?;
        let (labels, now) = (self.labels(of), self.now());
        let phone = self.person_mut(name)?.phone.as_ref().ok_or_else(|| format!("「{name}」 has no phone with cards"))?;
        let kept = match live {
            Some(card) => phone.wallet.get(&card.id),
            None => {
                let mut ended = phone.wallet.values();
                ended.find(|kept| kept.programme == programme.id.as_str() && labels.contains(&folded(&kept.holder_label)))
            }
        };
        let kept = kept.ok_or_else(|| format!("the phone of 「{name}」 never had 「{}」 of 「{of}」", programme.name.ja()))?;
        let (credential, disclosures) = kept.held.open()?;
        let mut nonce = [0; NONCE_BYTES];
        fill(&mut nonce);
        Ok(phone.key.present(&credential, &disclosures, now, nonce)?)
    }

    /// How a card of somebody may be labelled: by their name, or as a child by its birthday.
    fn labels(&self, of: &str) -> Vec<String> {
        let mut labels = vec![folded(of)];
        let born = self.people.get(of).and_then(|person| person.holder.date_of_birth.date());
        if let (Some(born), Ok(house)) = (born, self.house()) {
            let day = web::day_in_words(&town::Language::JAPANESE, born);
            let label = house.app.catalogue().text(&town::Language::JAPANESE, "card-child-born", &[("day", day.as_str().into())]);
            labels.push(folded(&label));
        }
        labels
    }

    /// The birthday of somebody in the words of the pages.
    ///
    /// # Errors
    /// When nobody is called so.
    pub(super) fn birthday_in_words(&self, name: &str) -> Outcome<String> {
        let born = self.people.get(name).and_then(|person| person.holder.date_of_birth.date());
        Ok(web::day_in_words(&town::Language::JAPANESE, born.ok_or_else(|| format!("nobody is called 「{name}」"))?))
    }
}

/// Signs with a card on the reader; nothing when the card refuses the password. Gives the card back with its counters.
fn sign(card: CardState, password: &str, message: &[u8]) -> Outcome<(Option<jpki::reader::SignedAnswer>, CardState)> {
    let mut card = SoftwareCard::insert(card, Box::new(fill));
    let mut reader = Reader::open(&mut card)?;
    let signed = reader.sign_document(&SignaturePassword::new(password)?, None, message);
    reader.finish();
    match signed {
        Ok(answer) => Ok((Some(answer), card.remove())),
        Err(CardError::WrongPin { .. }) => Ok((None, card.remove())),
        Err(error) => Err(error.into()),
    }
}

/// A card's signature as a reader hands it in.
pub(super) fn answer_of(signed: &jpki::reader::SignedAnswer) -> serde_json::Value {
    json!({
        "kind": "signature",
        "certificate": URL_SAFE_NO_PAD.encode(&signed.certificate),
        "signature": URL_SAFE_NO_PAD.encode(&signed.signature),
    })
}

/// The code a page shows in big letters.
///
/// # Errors
/// When it shows none.
pub(super) fn big_code(page: &Reply) -> Outcome<String> {
    Ok(first(r#"<p class="code-big num">([^<]+)</p>"#, &page.body)?.ok_or("the page shows no code")?)
}

/// A name or label in the form it is compared in.
pub(super) fn folded(label: &str) -> String {
    civil::name_key(label)
}

/// What the first group of a pattern finds in a page.
///
/// # Errors
/// When the pattern is none.
pub(super) fn first(pattern: &str, page: &str) -> Outcome<Option<String>> {
    let found = Regex::new(pattern)?.captures(page);
    Ok(found.and_then(|groups| groups.get(1)).map(|group| super::browser::unescaped(group.as_str())))
}

pub(super) fn fill(bytes: &mut [u8]) {
    rand::fill(bytes).expect("the operating system gives random bytes");
}
