//! Signing a card for one phone.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand;
use civil::Date;
use credential::{Claims, Disclosure, IssuerKey, StatusRef, TownCode, allocate_index};
use jiff::{SignedDuration, Timestamp};
use registry::bridge::MatchSecret;
use store::Ctx;
use town::Programme;

use crate::domain::hold;
use crate::model::{Card, CardId, Ended, Error, Holding, Result};
use crate::people::Known;
use crate::{rules, store as rows};

/// How long a signed card is good for before the phone must fetch it again.
const CARD_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A phone that asks within this span of the end gets a new one.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 15);
/// Places in the status list; an index is never used twice.
const STATUS_ENTRIES: u64 = 1 << 22;

/// The town's desk that signs cards and checks them.
pub struct Office {
    issuer: IssuerKey,
    pub(crate) verifier: credential::Verifier,
    pub(crate) town: TownCode,
    origin: String,
    match_secret: MatchSecret,
    pub(crate) status: Mutex<Option<super::status::Kept>>,
}

impl Office {
    /// Opens the desk with the town's signing key; `origin` is where people reach the house, `match_secret` what names are compared under.
    ///
    /// # Errors
    /// [`Error::Credential`] when the key is not one.
    pub fn new(issuer: IssuerKey, town: &town::Town, origin: &str, match_secret: MatchSecret) -> Result<Self> {
        let code: TownCode = town.code.to_string().parse().map_err(|_| Error::Credential(credential::Error::BadKey))?;
        let verifier = credential::Verifier::new(code, vec![*issuer.public()])?;
        Ok(Self { issuer, verifier, town: code, origin: origin.to_owned(), match_secret, status: Mutex::default() })
    }

    /// The status list's address and name.
    pub fn status_uri(&self) -> String {
        format!("{}/s/1", self.origin)
    }

    pub(crate) fn match_secret(&self) -> &MatchSecret {
        &self.match_secret
    }

    pub(crate) fn issuer(&self) -> &IssuerKey {
        &self.issuer
    }

    pub(crate) fn entries(&self) -> u64 {
        STATUS_ENTRIES
    }

    pub(crate) fn kept(&self) -> std::sync::MutexGuard<'_, Option<super::status::Kept>> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the card of a holding in a phone: the one that is there, or a new one when there is none, its time is nearly up, or what it says
    /// is no longer so.
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
        let says: Vec<(&'static str, String)> = rules::claims_of(programme)
            .into_iter()
            .filter_map(|what| Some((rules::claim_name(what), known.shown(programme, what, name, today)?)))
            .collect();
        if let Some(card) = rows::live_card(ctx.tx(), holding.id, phone).await? {
            if ctx.now() < card.expires_at - RENEW_BEFORE && still_says(&card, &says, valid_until) {
                return Ok(card);
            }
            hold::end_one_card(ctx, &card, Ended::NotEntitled).await?;
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
        let status_idx = free_index(ctx).await?;
        let disclosures =
            says.iter().map(|(name, value)| Ok(Disclosure::new(random()?, *name, value.as_str()))).collect::<Result<Vec<_>>>()?;
        let claims = Claims {
            town: self.town,
            card: credential::CardId(id.bytes()),
            programme: holding.programme.to_string(),
            valid_until,
            issued_at: now,
            expires_at: now + CARD_LIFE,
            status: StatusRef { uri: self.status_uri(), idx: status_idx },
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
            status_idx: i64::try_from(status_idx).unwrap_or(i64::MAX),
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

async fn free_index(ctx: &mut Ctx) -> Result<u64> {
    // The list is drawn from before it is asked, a few candidates at a time, since asking waits for the database.
    for _ in 0..64 {
        let drawn = allocate_index(STATUS_ENTRIES, || u64::from_be_bytes(random().unwrap_or_default()), |_| false);
        let idx = drawn.ok_or(Error::StatusListFull)?;
        if !rows::status_taken(ctx.tx(), i64::try_from(idx).unwrap_or(i64::MAX)).await? {
            return Ok(idx);
        }
    }
    Err(Error::StatusListFull)
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::Credential(credential::Error::BadKey))?;
    Ok(bytes)
}

fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}
