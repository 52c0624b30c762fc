//! What people do without a phone: at a kiosk with their card, at a reader with a tap, at the counter with a document.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jpki::card::{CardState, Pins, SoftwareCard};
use jpki::{Reader, SignaturePassword, TownKey};
use serde::Deserialize;
use serde_json::json;
use store::Role;
use town::PlaceId;

use super::browser::Browser;
use super::people::{answer_of, fill, first};
use super::world::{Answer, World};
use crate::Outcome;

/// Where a kiosk's card reader is, for the browser beside it. Nothing is asked there: the scenario is the reader.
const BESIDE: &str = "/kiosk?station=http%3A%2F%2F127.0.0.1%3A8081";

/// The card readers of the town, each enrolled at its place.
pub(super) type Stations = BTreeMap<PlaceId, Browser>;

#[derive(Deserialize)]
struct Question {
    id: String,
    message: String,
    region_id: Option<RegionId>,
}

#[derive(Deserialize)]
struct RegionId {
    number: String,
    key: String,
}

#[derive(Deserialize)]
struct Enrolled {
    token: String,
}

impl World {
    /// The place the pack calls so.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn place_named(&self, place: &str) -> Outcome<PlaceId> {
        let found = self.town.places.iter().find(|other| other.name.ja() == place);
        Ok(found.ok_or_else(|| format!("the pack has no place 「{place}」"))?.id.clone())
    }

    /// The card reader of a place, enrolled when it is first needed.
    async fn station_at(&mut self, place: &PlaceId) -> Outcome<Browser> {
        if let Some(station) = self.stations.remove(place) {
            return Ok(station);
        }
        let house = self.house()?;
        let mut ctx = house.store.begin(self.staff(&[Role::Clerk])).await?;
        let code = identity::pairing_code(&mut ctx, identity::DeviceKind::Station, place).await?;
        ctx.commit().await?;
        let router = house.router.clone();
        let mut station = Browser::default();
        let body = json!({ "code": code.code, "label": "読み取り機" });
        let enrolled: Enrolled = station.tell(&router, "/api/v1/stations", &body).await?.json()?;
        station.carry(enrolled.token);
        Ok(station)
    }

    /// Somebody lays their card at a kiosk: the screen asks, the reader beside it answers and writes the town's number into the card, and the screen
    /// shows what is theirs.
    ///
    /// # Errors
    /// When a page does not lead on.
    pub(super) async fn at_kiosk(&mut self, name: &str, place: &str) -> Outcome {
        let place = self.place_named(place)?;
        let card = self.card_of(name)?;
        let mut station = self.station_at(&place).await?;
        let router = self.house()?.router.clone();
        let mut screen = Browser::default();
        screen.page(&router, BESIDE).await?.good()?;
        let going = screen.form(&router, "/kiosk", &[("tap", "yes")]).await?.good()?;
        let code = first(r#"href="http://127\.0\.0\.1:8081/\?code=([A-Z0-9-]+)&"#, &going.body)?;
        let code = code.ok_or_else(|| format!("the kiosk leads to no card reader: {}", going.body))?;
        let question: Question = station.ask(&router, &format!("/api/v1/proofs/{code}")).await?.json()?;
        let (body, card) = answered(card, &question)?;
        station.tell(&router, &format!("/api/v1/proofs/{}/answer", question.id), &body).await?.good()?;
        screen.page(&router, "/start/done").await?.good()?;
        self.stations.insert(place, station);
        let person = self.person_mut(name)?;
        (person.browser, person.card) = (screen, Some(card));
        Ok(())
    }

    /// Somebody holds their card to the reader of a place.
    ///
    /// # Errors
    /// When the card has no number of the town, or the house gives no answer.
    pub(super) async fn tap_card(&mut self, name: &str, place: &str) -> Outcome<Answer> {
        let card = self.card_of(name)?;
        let mut card = SoftwareCard::insert(card, Box::new(fill));
        let number = Reader::open(&mut card)?.town_number()?;
        let number = number.ok_or_else(|| format!("the card of 「{name}」 has no number of the town"))?;
        self.tap(&number, place).await
    }

    /// A number is read at a place: by an enrolled reader of the town.
    ///
    /// # Errors
    /// When the house gives no answer.
    pub(super) async fn tap(&mut self, number: &str, place: &str) -> Outcome<Answer> {
        let place = self.place_named(place)?;
        let mut station = self.station_at(&place).await?;
        let router = self.house()?.router.clone();
        let body = json!({ "id": cards::UseId::new(self.now()).to_string(), "presentation": number });
        let reply = station.tell(&router, "/api/v1/decisions", &body).await?;
        self.stations.insert(place, station);
        reply.json()
    }

    /// A clerk's browser, signed in.
    ///
    /// # Errors
    /// When the house does not let the clerk in.
    pub(super) async fn clerk(&self) -> Outcome<Browser> {
        let house = self.house()?;
        let mut ctx = house.store.begin(self.staff(&[Role::Administrator])).await?;
        let invited = identity::invite_staff(&mut ctx, "窓口 係", &[Role::Clerk]).await?;
        let made_up = identity::Demonstration::of_a_made_up_town();
        let staff = identity::accept_invitation_without_passkey(&mut ctx, made_up, &invited.code.code).await?;
        let started = identity::start_session(&mut ctx, identity::SessionOwner::Staff(staff), "窓口").await?;
        ctx.commit().await?;
        let mut clerk = Browser::default();
        clerk.hold(web::STAFF_COOKIE, &started.token);
        Ok(clerk)
    }
}

/// Lets the card sign and, where it was asked, takes the town's number into it.
fn answered(card: CardState, question: &Question) -> Outcome<(serde_json::Value, CardState)> {
    let mut card = SoftwareCard::insert(card, Box::new(fill));
    let mut reader = Reader::open(&mut card)?;
    let message = URL_SAFE_NO_PAD.decode(&question.message)?;
    let signed = reader.sign_document(&SignaturePassword::new(&Pins::default().signature)?, None, &message)?;
    if let Some(region) = &question.region_id {
        reader.write_town_number(&TownKey::new(&region.key)?, None, &region.number)?;
    }
    reader.finish();
    let mut body = answer_of(&signed);
    if let Some(region) = &question.region_id {
        body["region_id"] = region.number.as_str().into();
    }
    Ok((body, card.remove()))
}
