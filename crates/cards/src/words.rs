//! Cards and answers in the reader's words.

use credential::Refusal;
use town::{Disclosed, Programme, ShownBy};
use web::View;

use crate::domain::CardView;
use crate::model::{Ended, How};

/// The key of a refusal's sentence: `refusal-stale`, `refusal-not-entitled-moved-out`.
pub(crate) fn refusal_key(refusal: &Refusal) -> String {
    let (code, why) = crate::store::refusal_columns(Some(refusal));
    let code = code.unwrap_or_default();
    let key = why.map_or_else(|| format!("refusal-{code}"), |why| format!("refusal-{code}-{why}"));
    key.replace('_', "-")
}

/// The key of what may be done with a card in the family: share it, hand it back; nothing with one that only its owner shows.
pub(crate) fn family_key(view: &View, card: &CardView) -> Option<&'static str> {
    let programme = view.app.town().programme(&card.holding.programme).filter(|_| card.is_live())?;
    match card.holding.how {
        How::Shared => Some("share-give-back"),
        How::Proxy => None,
        How::Own | How::Guardian => programme.may_be_shown_by(ShownBy::Shared).then_some("card-share"),
    }
}

/// A refusal as one plain sentence.
pub(crate) fn refusal(view: &View, refusal: &Refusal) -> String {
    let json = serde_json::to_value(refusal).unwrap_or_default();
    let seconds = json.get("seconds").and_then(serde_json::Value::as_i64).unwrap_or_default();
    let ago = seconds.to_string();
    view.ta(
        &refusal_key(refusal),
        &[
            ("seconds", seconds.into()),
            ("town", json.get("town").and_then(|town| town.as_str()).unwrap_or("").into()),
            ("ago", ago.as_str().into()),
        ],
    )
}

/// Who a card is for: the name, or for a child without one the birthday.
pub(crate) fn holder_label(view: &View, card: &CardView) -> String {
    match (&card.name, card.date_of_birth) {
        (Some(name), _) => name.clone(),
        (None, Some(born)) if card.holding.how == How::Guardian => view.t1("card-child-born", "day", &view.day(&born)),
        _ => view.t("card-yours"),
    }
}

/// Why a card can no longer be shown.
pub(crate) fn ended(view: &View, why: Option<Ended>) -> String {
    view.t(&format!("ended-{}", why.unwrap_or(Ended::NotEntitled).as_str().replace('_', "-")))
}

/// The label of something a place may see.
pub(crate) fn claim_label(view: &View, what: Disclosed) -> String {
    view.t(&format!("claim-{}", what.word().replace('_', "-")))
}

/// A claim's value as people read it.
pub(crate) fn claim_value(view: &View, programme: Option<&Programme>, what: Disclosed, value: &str) -> String {
    match what {
        Disclosed::DateOfBirth | Disclosed::ValidUntil => value.parse().map_or_else(|_| value.to_owned(), |day| view.day(&day)),
        Disclosed::Copayment => programme
            .and_then(|programme| programme.copayment.as_ref())
            .map_or_else(|| value.to_owned(), |words| view.words(words).to_owned()),
        _ => value.to_owned(),
    }
}
