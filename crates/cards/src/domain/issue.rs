//! Signing a card for one phone.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand;
use civil::Date;
use credential::{Claims, Disclosure, IssuerKey, StatusRef, TownCode};
use jiff::{SignedDuration, Timestamp};
use registry::bridge::MatchSecret;
use store::Ctx;
use town::Programme;

use crate::domain::{hold, status};
use crate::model::{Card, CardId, Ended, Error, Holding, Result};
use crate::people::Known;
use crate::{rules, store as rows};

/// How long a signed card is good for before the phone must fetch it again.
const CARD_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A phone that asks within this span of the end gets a new one.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 15);
/// Places in the status list. A card holds one until it is past and no list in use speaks of it: about 37 days.
const STATUS_ENTRIES: u64 = 1 << 22;

/// The town's desk that signs cards and checks them.
pub struct Office {
    issuer: IssuerKey,
    pub(crate) verifier: credential::Verifier,
    pub(crate) town: TownCode,
    origin: String,
    entries: u64,
    match_secret: MatchSecret,
    media: identity::MediaKey,
    pub(crate) status: Mutex<Option<super::status::Kept<Vec<u8>>>>,
    pub(crate) status_jwt: Mutex<Option<super::status::Kept<String>>>,
}

impl Office {
    /// Opens the desk with the town's signing key; `origin` is where people reach the house, `match_secret` what names are
    /// compared under, `media` what numbers of media are found by.
    ///
    /// # Errors
    /// [`Error::Credential`] when the key is not one.
    pub fn new(issuer: IssuerKey, town: &town::Town, origin: &str, match_secret: MatchSecret, media: identity::MediaKey) -> Result<Self> {
        let code: TownCode = town.code.to_string().parse().map_err(|_| Error::Credential(credential::Error::BadKey))?;
        let verifier = credential::Verifier::new(code, vec![*issuer.public()])?;
        Ok(Self {
            issuer,
            verifier,
            town: code,
            origin: origin.to_owned(),
            entries: STATUS_ENTRIES,
            match_secret,
            media,
            status: Mutex::default(),
            status_jwt: Mutex::default(),
        })
    }

    /// The same desk with a status list of so many places: small, to see what happens when it is full.
    pub fn with_status_entries(self, entries: u64) -> Self {
        Self { entries, ..self }
    }

    /// The status list's address and name.
    pub fn status_uri(&self) -> String {
        format!("{}/s/1", self.origin)
    }

    pub(crate) fn match_secret(&self) -> &MatchSecret {
        &self.match_secret
    }

    pub(crate) fn media(&self) -> &identity::MediaKey {
        &self.media
    }

    /// Where people reach the house.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn issuer(&self) -> &IssuerKey {
        &self.issuer
    }

    pub(crate) fn entries(&self) -> u64 {
        self.entries
    }

    pub(crate) fn kept(&self) -> std::sync::MutexGuard<'_, Option<super::status::Kept<Vec<u8>>>> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn kept_jwt(&self) -> std::sync::MutexGuard<'_, Option<super::status::Kept<String>>> {
        self.status_jwt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the card of a holding in a phone: the one that is there, or a new one when there is none, its time is nearly up, or what it says
    /// is no longer so. The one before stays good until the new one was seen: the answer with it may never arrive.
    #[expect(clippy::too_many_arguments, reason = "all of it goes into the card")]
    pub(crate) async fn card_for(
        &self,
        ctx: &mut Ctx,
        holding: &Holding,
        phone: identity::PhoneId,
        programme: &Programme,
        known: &Known,
        name: Option<&str>,
        valid_until: Option<Date>,
    ) -> Result<Card> {
        let today = ctx.today();
        let says = says(programme, known, name, today);
        if let Some(card) = rows::live_card(ctx.tx(), holding.id, phone).await? {
            if ctx.now() < card.expires_at - RENEW_BEFORE && still_says(&card, &says, valid_until) {
                return Ok(card);
            }
            rows::replace_card(ctx.tx(), card.id).await?;
        }
        self.sign(ctx, holding, phone, &says, valid_until).await
    }

    async fn sign(
        &self,
        ctx: &mut Ctx,
        holding: &Holding,
        phone: identity::PhoneId,
        says: &[(&'static str, String)],
        valid_until: Option<Date>,
    ) -> Result<Card> {
        let holder = identity::phone(ctx, phone).await?.ok_or(Error::NoSuchPhone)?.key;
        let now = whole_seconds(ctx.now());
        let id = CardId::new(ctx.now());
        let status_idx = status::free_place(ctx, self.entries).await?;
        let disclosures =
            says.iter().map(|(name, value)| Ok(Disclosure::new(random()?, *name, value.as_str()))).collect::<Result<Vec<_>>>()?;
        let claims = Claims {
            town: self.town,
            card: credential::CardId(id.bytes()),
            programme: holding.programme.to_string(),
            valid_until,
            issued_at: now,
            expires_at: now + CARD_LIFE,
            status: StatusRef { uri: self.status_uri(), idx: status_idx.unsigned_abs() },
            holder,
        };
        let signed = credential::issue(&self.issuer, &claims, &disclosures)?;
        let held = credential::Held::new(signed.encoded(), &disclosures);
        let card = Card {
            id,
            holding: holding.id,
            phone,
            programme: holding.programme.clone(),
            resident: holding.resident,
            status_idx: Some(status_idx),
            status: 0,
            credential: signed.encoded().to_vec(),
            disclosures: serde_json::to_string(&held.disclosures).map_err(store::Error::from)?,
            issued_at: now,
            expires_at: claims.expires_at,
        };
        rows::insert_card(ctx.tx(), &card).await?;
        ctx.record("cards.issued", &(card.id, &card.programme, phone)).await?;
        Ok(card)
    }
}

/// What a programme's card says of a person, closed until it is opened: all any place may be told, and no more.
pub(crate) fn says(programme: &Programme, known: &Known, name: Option<&str>, today: Date) -> Vec<(&'static str, String)> {
    let claims = rules::claims_of(programme).into_iter();
    claims.filter_map(|what| Some((rules::claim_name(what), known.shown(programme, what, name, today)?))).collect()
}

/// Whether a signed card still says what is so today.
fn still_says(card: &Card, says: &[(&'static str, String)], valid_until: Option<Date>) -> bool {
    let Ok(credential) = credential::Credential::read(&card.credential) else { return false };
    let Ok(disclosures) = serde_json::from_str::<Vec<String>>(&card.disclosures) else { return false };
    let held = credential::Held { credential: String::new(), disclosures };
    let said = held.disclosures.iter().filter_map(|text| opened(text)).collect::<Vec<_>>();
    credential.claims().valid_until == valid_until
        && said.len() == says.len()
        && says.iter().all(|(name, value)| said.iter().any(|(said_name, said_value)| said_name == name && said_value == value))
}

fn opened(text: &str) -> Option<(String, String)> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
    let disclosure = Disclosure::read(&bytes).ok()?;
    match disclosure.value() {
        credential::ClaimValue::Text(value) => Some((disclosure.name().to_owned(), value.clone())),
        _ => None,
    }
}

/// Ends the cards of a phone whose place a newer one has taken, once `seen` says that the phone has that one.
async fn end_replaced(ctx: &mut Ctx, phone: identity::PhoneId, seen: impl Fn(&Card) -> bool) -> Result<()> {
    for card in rows::replaced_cards(ctx.tx(), phone).await? {
        let newer = rows::live_card(ctx.tx(), card.holding, phone).await?;
        if newer.is_some_and(|newer| seen(&newer)) {
            hold::end_one_card(ctx, &card, Ended::NotEntitled).await?;
        }
    }
    Ok(())
}

/// Takes note of what a phone has: it tells back the centre's time in the last answer it kept, and everything issued until then came with that answer.
///
/// # Errors
/// The store's.
pub async fn phone_has(ctx: &mut Ctx, phone: identity::PhoneId, answered_at: Timestamp) -> Result<()> {
    end_replaced(ctx, phone, |newer| newer.issued_at <= answered_at).await
}

/// Takes note that a card was shown: the phone has it, and those before it are of no more use.
///
/// # Errors
/// The store's.
pub(crate) async fn was_shown(ctx: &mut Ctx, phone: identity::PhoneId, card: CardId) -> Result<()> {
    end_replaced(ctx, phone, |newer| newer.id == card).await
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::Credential(credential::Error::BadKey))?;
    Ok(bytes)
}

pub(crate) fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}
