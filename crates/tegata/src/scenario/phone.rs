//! The card a person's phone holds by itself: presented to the house as a wallet does it.

use std::sync::Arc;

use axum::Router;
use jiff::SignedDuration;
use jpki::FourItems;
use mdoc::soft::SoftCard;
use serde_json::Value;

use super::browser::Browser;
use super::people::{Proof, big_code, first};
use super::world::{ORIGIN, World};
use crate::{Outcome, phone_cards};

/// How somebody presents the card of their phone.
#[derive(Clone, Copy)]
pub(super) struct Presenting {
    /// The browser is on another screen, whose QR code the phone reads.
    pub(super) elsewhere: bool,
    /// How many days ago the card was put into the phone.
    pub(super) days_old: i64,
}

impl World {
    /// Proves who somebody is by the card their phone holds, and registers the phone the first time.
    ///
    /// # Errors
    /// When the pack takes no card in phones, or a page does not lead on; a refusal by the house is an outcome.
    pub(super) async fn prove_by_phone_card(&mut self, name: &str, presenting: Presenting) -> Outcome<Proof> {
        let town = Arc::clone(&self.town);
        let kind = town.phone_cards.first().ok_or("the pack takes no card in phones")?;
        let router = self.house()?.router.clone();
        let card = self.phone_card_of(name, presenting.days_old)?;
        let browser = &mut self.person_mut(name)?.browser;
        browser.form(&router, &format!("/start/phone-card/begin/{}", kind.id), &[("next", "")]).await?.good()?;
        let page = browser.page(&router, "/start/phone-card").await?.good()?;
        let link = first(r#"<a class="button button--big" href="([^"]+)""#, &page.body)?.ok_or("the page leads to no wallet")?;
        let back = match answer(&router, &card, &link).await? {
            Ok(back) => back,
            Err(code) => return Ok(Proof::Refused(code)),
        };
        if presenting.elsewhere {
            // The phone's own browser shows the code, which is typed where the QR code was.
            let code = big_code(&Browser::default().page(&router, &back).await?.good()?)?;
            browser.form(&router, "/start/phone-card/done", &[("code", code.trim())]).await?.good()?;
        } else {
            browser.page(&router, &back).await?.good()?;
        }
        if !self.has_phone(name) {
            self.register_phone(name).await?;
        }
        Ok(Proof::Believed)
    }

    /// The card of somebody, as the scenario's own issuer put it into their phone.
    fn phone_card_of(&mut self, name: &str, days_old: i64) -> Outcome<SoftCard> {
        let town = Arc::clone(&self.town);
        let kind = town.phone_cards.first().ok_or("the pack takes no card in phones")?;
        let (folder, issued_at) = (self.folder().to_owned(), self.now() - SignedDuration::from_hours(24 * days_old));
        let holder = &self.person_mut(name)?.holder;
        let items = FourItems {
            name: holder.name.clone(),
            address: holder.address.clone(),
            date_of_birth: holder.date_of_birth,
            sex: holder.sex,
            name_has_substitutes: false,
            address_has_substitutes: false,
        };
        phone_cards::issue(kind, &folder, &items, issued_at)
    }
}

/// The wallet's part: it knows the link, and nothing of the browser. Gives where the phone's browser is led, or the code of the refusal.
async fn answer(router: &Router, card: &SoftCard, link: &str) -> Outcome<Result<String, String>> {
    let mut wallet = Browser::default();
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "request_uri").ok_or("the link names no request")?.1;
    let request = wallet.ask(router, inside(&asked)?).await?.good()?.body;
    let posted = card.answer(&phone_cards::claims_of(&request)?)?;
    let reply = wallet.form(router, inside(&posted.address)?, &[("response", &posted.response)]).await?;
    if let Some(code) = reply.problem("error_description") {
        return Ok(Err(code));
    }
    let told: Value = reply.json()?;
    Ok(Ok(inside(told["redirect_uri"].as_str().ok_or("the wallet is led nowhere")?)?.to_owned()))
}

/// The path of an address of the house.
fn inside(address: &str) -> Outcome<&str> {
    Ok(address.strip_prefix(ORIGIN).ok_or_else(|| format!("{address} leads out of the house"))?)
}
