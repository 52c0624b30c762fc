//! Pure decisions: values in, answers out.

use ::store::AccountId;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use credential::HolderKey;
use jiff::SignedDuration;

use crate::{Assurance, CodeKind, Entry, Error, Result, SessionKind};

/// How long a question put to a card may be answered.
pub(crate) const PROOF_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// A session that began this many microseconds after a proof at most began with it: it may be answered for ten minutes, and claimed for ten more.
pub(crate) const PROOF_TO_SESSION_US: i64 = 20 * 60 * 1_000_000;
/// For how many days the proof of an identity app counts: it does not tell when the certificate behind it ends.
pub(crate) const APP_PROOF_DAYS: i64 = 365;
/// Days after which a provider's subject that nobody used leads to no account any more: the provider has to tell the four items again.
pub(crate) const APP_SUBJECT_DAYS: i64 = 365;
/// For how many days a clerk's look at a document counts.
pub(crate) const COUNTER_PROOF_DAYS: i64 = 365;
/// How long a question put to a phone may be answered.
pub(crate) const PHONE_CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long a pairing code may be typed.
pub(crate) const PAIRING_LIFE: SignedDuration = SignedDuration::from_mins(30);
/// How long an invitation may be accepted.
pub(crate) const INVITATION_LIFE: SignedDuration = SignedDuration::from_hours(72);
/// How long a passkey ceremony may take.
pub(crate) const CEREMONY_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How long after the beginning of a session that a proof began a passkey may be made in it.
pub(crate) const PASSKEY_AFTER_PROOF: SignedDuration = SignedDuration::from_mins(15);
/// The most passkeys a resident may have.
pub(crate) const PASSKEYS_MAX: usize = 20;
/// How long somebody is signed in at a kiosk: long enough to share a card, too short for the next person but one.
pub(crate) const KIOSK_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// How long wrong codes are remembered against who typed them.
pub(crate) const TRY_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// The most characters a name or label may have.
pub(crate) const TEXT_CHARS_MAX: usize = 80;

/// Characters of a code.
pub(crate) const CODE_CHARS: usize = 8;
/// What codes are made of: no 0 or O, no 1, I or L.
pub const CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// How often one source may be wrong within [`TRY_WINDOW`]. A household or a town hall reaches us by one address: it is let type wrongly a few times,
/// and somebody who guesses has no chance against 39 bits either way.
pub(crate) fn tries_max(kind: CodeKind) -> u32 {
    match kind {
        CodeKind::Proof => 30,
        CodeKind::Share | CodeKind::Device | CodeKind::Proxy => 20,
        CodeKind::Pairing | CodeKind::Invitation => 10,
    }
}

/// Counts one more try onto what was counted `before`: since when and how many. A window that is over, or that a clock set back left in the future,
/// begins anew.
///
/// # Errors
/// How many seconds to wait, when there are no tries left.
pub(crate) fn next_try(kind: CodeKind, before: Option<(Timestamp, u32)>, now: Timestamp) -> Result<(Timestamp, u32), u32> {
    match before.filter(|(began_at, _)| *began_at <= now && now < *began_at + TRY_WINDOW) {
        None => Ok((now, 1)),
        Some((began_at, tries)) if tries < tries_max(kind) => Ok((began_at, tries + 1)),
        Some((began_at, _)) => {
            let left = (began_at + TRY_WINDOW).duration_since(now);
            Err(u32::try_from(left.as_secs()).unwrap_or(0) + 1)
        }
    }
}

/// Gives a code as it was made from how it was typed: small letters, full width, blanks and hyphens do not matter. `None` when it cannot be one.
pub fn readable_code(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '−' | '－' | 'ー'))
        .map(|c| civil::half_width(c).to_ascii_uppercase())
        .take(CODE_CHARS + 1)
        .collect();
    let known = |c: char| u8::try_from(c).is_ok_and(|byte| CODE_ALPHABET.contains(&byte));
    (code.chars().count() == CODE_CHARS && code.chars().all(known)).then_some(code)
}

/// Gives the thumbprint of a phone's key: RFC 7638 with SHA-256, in base64url.
pub fn thumbprint(key: &HolderKey) -> String {
    let coordinate = |bytes: &[u8; 32]| URL_SAFE_NO_PAD.encode(bytes);
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, coordinate(&key.0.x), coordinate(&key.0.y));
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}

/// Gives the two digits, `10` to `99`, by which a person sees that a reader asks for the very screen in front of them. No secret: whoever has the code
/// may know them.
pub(crate) fn comparison(challenge: &jpki::Challenge) -> String {
    let digest = digest::digest(&digest::SHA256, &[b"comparison\0".as_slice(), &challenge.nonce].concat());
    let number = u16::from_be_bytes(*digest.as_ref().first_chunk().expect("SHA-256 has 32 bytes"));
    (10 + number % 90).to_string()
}

/// The account that was signed in when a proof was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) id: AccountId,
    pub(crate) assurance: Assurance,
    /// Name, birthday and sex are those of the card.
    pub(crate) same_three_items: bool,
}

/// Which account a proof belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belongs {
    /// To one that is there.
    To(AccountId),
    /// To a new one.
    New,
}

/// Decides which account a proof belongs to: the one that knows the certificate, else the one with the same four items (a renewed card), else the
/// one that is signed in when it was never proven or agrees but for the address (a card renewed after a move), else a new one.
///
/// # Errors
/// [`Error::OtherPerson`] when a proven person is signed in and the card is somebody else's; [`Error::UnknownCard`] when the card told no four items
/// and nobody knows it.
pub(crate) fn belongs(
    by_serial: Option<AccountId>,
    by_items: Option<AccountId>,
    told_items: bool,
    asker: Option<Asker>,
) -> Result<Belongs> {
    let known = by_serial.or(by_items);
    let Some(asker) = asker else {
        return match known {
            Some(account) => Ok(Belongs::To(account)),
            None if told_items => Ok(Belongs::New),
            None => Err(Error::UnknownCard),
        };
    };
    let light = asker.assurance == Assurance::None;
    match known {
        Some(account) if account == asker.id || light => Ok(Belongs::To(account)),
        Some(_) => Err(Error::OtherPerson),
        None if !told_items => Err(Error::UnknownCard),
        None if light || asker.same_three_items => Ok(Belongs::To(asker.id)),
        None => Err(Error::OtherPerson),
    }
}

/// What is known of the beginning of a resident's session.
pub(crate) struct Begun {
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
    pub(crate) entry: Option<Entry>,
    /// A proof of any kind that came shortly before.
    pub(crate) proof_at: Option<Timestamp>,
}

/// Says whether a passkey may be made in a session: only a proof a short while ago shows that who sits there is who the passkey will stand for. A kiosk
/// keeps no passkey, whoever stands at it, and a passkey begets no other.
pub(crate) fn may_make_passkey(session: &Begun, now: Timestamp) -> bool {
    session.entry == Some(Entry::Proof) && session.proof_at.is_some() && now < session.at + PASSKEY_AFTER_PROOF
}

/// Says whether a phone's key may be bound in a session: a new phone is set up with the card, not with a passkey that may have been copied to it.
pub(crate) fn may_bind_phone(entry: Option<Entry>) -> bool {
    entry != Some(Entry::Passkey)
}

/// How long a session lasts when it is not used, and at most.
pub(crate) struct Life {
    pub(crate) unused: SignedDuration,
    pub(crate) most: SignedDuration,
}

/// Gives how long sessions of a kind last. A phone stays signed in for months, a console for a shift, a counter's tablet for years.
pub(crate) fn life(kind: SessionKind) -> Life {
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    match kind {
        SessionKind::Holder => Life { unused: days(90), most: days(365) },
        SessionKind::Staff => Life { unused: SignedDuration::from_hours(8), most: SignedDuration::from_hours(14) },
        SessionKind::Verifier | SessionKind::Station => Life { unused: days(90), most: days(1095) },
    }
}

/// Gives when a session used at `now` expires: after its time unused, but never after its end.
pub(crate) fn expires(kind: SessionKind, now: Timestamp, ends_at: Timestamp) -> Timestamp {
    (now + life(kind).unused).min(ends_at)
}

/// Says whether the expiry is worth writing: at most once an hour.
pub(crate) fn refresh_due(kind: SessionKind, now: Timestamp, expires_at: Timestamp, ends_at: Timestamp) -> bool {
    expires(kind, now, ends_at) >= expires_at + SignedDuration::from_hours(1)
}

/// Gives a name or label as it is kept.
///
/// # Errors
/// [`Error::Text`] when it is empty, longer than eighty characters, holds control characters or what looks like a My Number.
pub(crate) fn kept_text(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::Text { reason: "it is empty" });
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Error::Text { reason: "it is longer than eighty characters" });
    }
    if text.chars().any(char::is_control) {
        return Err(Error::Text { reason: "it holds control characters" });
    }
    if civil::looks_like_my_number(text) {
        return Err(Error::Text { reason: "it looks like a My Number" });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_account() -> impl Strategy<Value = Option<AccountId>> {
        proptest::option::of((1u8..4).prop_map(account))
    }

    proptest! {
        #[test]
        fn no_card_ever_lands_a_proven_person_in_another_account(
            by_serial in any_account(), by_items in any_account(), told in any::<bool>(), same in any::<bool>(), who in 1u8..4,
        ) {
            let asker = Asker { id: account(who), assurance: Assurance::Signature, same_three_items: same };
            if let Ok(belongs) = belongs(by_serial, by_items, told, Some(asker)) {
                prop_assert_eq!(belongs, Belongs::To(account(who)));
            }
        }

        #[test]
        fn a_card_without_items_never_opens_an_account(by_serial in any_account(), light in any::<bool>()) {
            let asker = light.then(|| Asker { id: account(9), assurance: Assurance::None, same_three_items: false });
            prop_assert_eq!(belongs(by_serial, None, false, asker).ok(), by_serial.map(Belongs::To));
        }

        #[test]
        fn whatever_is_typed_is_a_code_or_not(typed in ".{0,40}") {
            if let Some(code) = readable_code(&typed) {
                prop_assert_eq!(readable_code(&code.to_lowercase()), Some(code));
            }
        }
    }

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    fn asker(assurance: Assurance, same_three_items: bool) -> Option<Asker> {
        Some(Asker { id: account(9), assurance, same_three_items })
    }

    #[test]
    fn a_card_nobody_knows_opens_an_account_if_it_tells_who_it_is() {
        assert_eq!(belongs(None, None, true, None).unwrap(), Belongs::New);
        assert!(matches!(belongs(None, None, false, None), Err(Error::UnknownCard)));
    }

    #[test]
    fn the_certificate_is_stronger_than_the_items() {
        assert_eq!(belongs(Some(account(1)), Some(account(2)), true, None).unwrap(), Belongs::To(account(1)));
        assert_eq!(belongs(None, Some(account(2)), true, None).unwrap(), Belongs::To(account(2)));
    }

    #[test]
    fn a_light_account_becomes_the_persons_own_unless_they_have_one() {
        assert_eq!(belongs(None, None, true, asker(Assurance::None, false)).unwrap(), Belongs::To(account(9)));
        assert_eq!(belongs(Some(account(1)), None, true, asker(Assurance::None, false)).unwrap(), Belongs::To(account(1)));
        assert!(matches!(belongs(None, None, false, asker(Assurance::None, false)), Err(Error::UnknownCard)));
    }

    #[test]
    fn a_proven_person_cannot_answer_with_somebody_elses_card() {
        assert!(matches!(belongs(Some(account(1)), None, true, asker(Assurance::Signature, true)), Err(Error::OtherPerson)));
        assert!(matches!(belongs(None, None, true, asker(Assurance::Signature, false)), Err(Error::OtherPerson)));
        assert!(matches!(belongs(None, None, false, asker(Assurance::Signature, true)), Err(Error::UnknownCard)));
    }

    #[test]
    fn a_card_renewed_after_a_move_stays_with_the_account_that_is_signed_in() {
        assert_eq!(belongs(None, None, true, asker(Assurance::Signature, true)).unwrap(), Belongs::To(account(9)));
        assert_eq!(belongs(Some(account(9)), None, false, asker(Assurance::Signature, false)).unwrap(), Belongs::To(account(9)));
    }

    #[test]
    fn a_passkey_is_made_only_shortly_after_a_proof_on_a_screen_of_ones_own() {
        let at: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let begun = |entry, proof_at| Begun { account: account(1), at, entry, proof_at };
        let soon = at + SignedDuration::from_mins(14);
        assert!(may_make_passkey(&begun(Some(Entry::Proof), Some(at)), soon));
        assert!(!may_make_passkey(&begun(Some(Entry::Proof), Some(at)), at + PASSKEY_AFTER_PROOF));
        assert!(!may_make_passkey(&begun(Some(Entry::Proof), None), soon), "nothing was proven");
        for entry in [None, Some(Entry::Kiosk), Some(Entry::Code), Some(Entry::Passkey)] {
            assert!(!may_make_passkey(&begun(entry, Some(at)), soon), "{entry:?}");
        }
    }

    #[test]
    fn a_session_slides_but_never_beyond_its_end() {
        let start: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let hour = SignedDuration::from_hours(1);
        let ends_at = start + life(SessionKind::Staff).most;
        let first = expires(SessionKind::Staff, start, ends_at);
        assert_eq!(first, start + hour * 8);
        assert!(!refresh_due(SessionKind::Staff, start + SignedDuration::from_mins(59), first, ends_at));
        assert!(refresh_due(SessionKind::Staff, start + hour, first, ends_at));
        assert_eq!(expires(SessionKind::Staff, start + hour * 7, ends_at), ends_at);
        assert!(!refresh_due(SessionKind::Staff, start + hour * 7, ends_at, ends_at));
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        // The key of RFC 7515 A.3; its thumbprint was computed by hand from the canonical form.
        let key = HolderKey::from_jwk(
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        )
        .unwrap();
        assert_eq!(thumbprint(&key), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    }

    #[test]
    fn the_comparison_is_two_digits_of_the_question_alone() {
        let challenge = |nonce: u8, session: &str| jpki::Challenge {
            relying_party: "https://town.example".to_owned(),
            purpose: jpki::Purpose::Register,
            session: session.to_owned(),
            nonce: [nonce; 32],
            issued_at: "2026-11-23T00:00:00Z".parse().unwrap(),
            expires_at: "2026-11-23T00:10:00Z".parse().unwrap(),
            document: None,
        };
        let numbers: Vec<String> = (0..=255).map(|nonce| comparison(&challenge(nonce, "a"))).collect();
        assert!(numbers.iter().all(|number| number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit())));
        assert!(numbers.iter().collect::<std::collections::BTreeSet<_>>().len() > 60, "too few numbers to tell screens apart");
        assert_eq!(comparison(&challenge(1, "a")), comparison(&challenge(1, "b")));
    }

    #[test]
    fn texts_that_cannot_be_kept_are_refused() {
        assert_eq!(kept_text(" 祖母の電話 ").unwrap(), "祖母の電話");
        for bad in ["", "　", "a\nb", "123456789018", &"あ".repeat(81)] {
            assert!(matches!(kept_text(bad), Err(Error::Text { .. })), "{bad}");
        }
    }
}
