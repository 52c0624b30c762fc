#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use identity::SessionId;
use identity::jose::JwkSet;
use store::AccountId;

use super::*;
use crate::model::{ClientId, ClientKeys};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn now() -> Timestamp {
    "2026-11-26T03:00:00Z".parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

fn client() -> Client {
    Client {
        id: ClientId::from_bytes([1; 16]),
        name: "図書館".to_owned(),
        purpose: "本を借ります。".to_owned(),
        redirect_uris: vec!["https://library.example/back".to_owned()],
        logout_uris: vec![],
        backchannel_uri: None,
        scopes: "openid resident age_over_20".parse().unwrap(),
        profile: Profile::Standard,
        exceptions: [].into(),
        keys: ClientKeys::Public(JwkSet::default()),
        registered_at: now(),
        ended_at: None,
    }
}

fn parameters(more: &[(&str, &str)]) -> Parameters {
    let mut pairs = BTreeMap::from([
        ("response_type", "code"),
        ("redirect_uri", "https://library.example/back"),
        ("scope", "openid resident"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    pairs.extend(more.iter().copied());
    Parameters::new(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()).unwrap()
}

fn read(more: &[(&str, &str)]) -> Result<AuthRequest, Fault> {
    auth_request(&client(), &parameters(more), now())
}

#[test]
fn a_good_request_is_read() {
    let request = read(&[("state", "s"), ("nonce", "n"), ("max_age", "60"), ("prompt", "login consent")]).unwrap();
    assert_eq!(request.scopes.to_string(), "openid resident");
    assert_eq!((request.state.as_deref(), request.nonce.as_deref(), request.max_age_s), (Some("s"), Some("n"), Some(60)));
    assert_eq!(request.prompt, [Prompt::Login, Prompt::Consent]);
    assert!(!request.card);
    assert_eq!(read(&[("prompt", "login login")]).unwrap().prompt, [Prompt::Login]);
    let for_ever = read(&[("max_age", "9223372036854775807")]).unwrap();
    assert_eq!(next(&for_ever, Some(&person(ago(60), true)), &for_ever.scopes, now()), Next::Answer(Acr::Card));
    assert!(read(&[("acr_values", "x urn:tegata:acr:card")]).unwrap().card);
}

#[test]
fn each_fault_has_the_standards_own_code() {
    let code = |more: &[(&str, &str)]| read(more).unwrap_err().code;
    assert_eq!(code(&[("response_type", "token")]), "unsupported_response_type");
    assert_eq!(code(&[("response_type", "code id_token")]), "unsupported_response_type");
    assert_eq!(code(&[("response_mode", "fragment")]), "invalid_request");
    assert_eq!(code(&[("scope", "resident")]), "invalid_scope");
    assert_eq!(code(&[("scope", "openid district")]), "invalid_scope");
    assert_eq!(code(&[("code_challenge", "")]), "invalid_request");
    assert_eq!(code(&[("code_challenge_method", "plain")]), "invalid_request");
    assert_eq!(code(&[("code_challenge", "short")]), "invalid_request");
    assert_eq!(code(&[("prompt", "none login")]), "invalid_request");
    assert_eq!(code(&[("max_age", "-1")]), "invalid_request");
    assert_eq!(code(&[("request", "eyJ")]), "request_not_supported");
    assert_eq!(code(&[("request_uri", "https://library.example/request")]), "request_uri_not_supported");
    assert_eq!(code(&[("dpop_jkt", "x")]), "invalid_request");
    assert_eq!(code(&[("redirect_uri", "https://library.example/back/")]), "invalid_request");
    assert_eq!(code(&[("state", &"x".repeat(2049))]), "invalid_request");
    // What nobody knows is left out, as the standard wants.
    assert_eq!(read(&[("scope", "openid email")]).unwrap().scopes.to_string(), "openid");
}

#[test]
fn a_parameter_comes_once() {
    let twice = vec![("state".to_owned(), "a".to_owned()), ("state".to_owned(), "b".to_owned())];
    assert_eq!(Parameters::new(twice).err().unwrap().reason, "repeated");
}

#[test]
fn the_verifier_is_the_challenges_own() {
    // RFC 7636 appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert!(redeems(verifier, CHALLENGE));
    assert!(!redeems(&verifier.replace('d', "e"), CHALLENGE));
    assert!(!redeems(CHALLENGE, CHALLENGE), "the challenge itself is no verifier");
    assert!(!redeems("", CHALLENGE));
}

fn person(at: Timestamp, by_card: bool) -> SignedIn {
    let card_at = by_card.then_some(at);
    let (account, session) = (AccountId::from_bytes([2; 16]), SessionId::from_bytes([3; 16]));
    SignedIn { account, session, at, entry: Some(Entry::Proof), card_at, proven: true }
}

fn by_passkey(at: Timestamp) -> SignedIn {
    SignedIn { entry: Some(Entry::Passkey), ..person(at, false) }
}

fn asked(more: &[(&str, &str)]) -> AuthRequest {
    read(more).unwrap()
}

#[test]
fn who_is_signed_in_and_agreed_is_answered_at_once() {
    let all: Scopes = "openid resident".parse().unwrap();
    let told = |request: &AuthRequest, person: Option<&SignedIn>, consented: &Scopes| next(request, person, consented, now());
    let signed_in = person(ago(3600), true);
    assert_eq!(told(&asked(&[]), Some(&signed_in), &all), Next::Answer(Acr::Login));
    assert_eq!(told(&asked(&[]), Some(&person(ago(60), true)), &all), Next::Answer(Acr::Card));
    assert_eq!(told(&asked(&[]), None, &all), Next::SignIn);
    assert_eq!(told(&asked(&[]), Some(&signed_in), &"openid".parse().unwrap()), Next::Ask);
    assert_eq!(told(&asked(&[("prompt", "consent")]), Some(&signed_in), &all), Next::Ask);
    let light = SignedIn { proven: false, ..signed_in };
    assert_eq!(told(&asked(&[]), Some(&light), &all), Next::Prove);
}

#[test]
fn strong_acts_ask_for_the_card_again() {
    let all: Scopes = "openid resident".parse().unwrap();
    let told = |more: &[(&str, &str)], person: &SignedIn| next(&asked(more), Some(person), &all, now());
    let card: &[(&str, &str)] = &[("acr_values", "urn:tegata:acr:card")];
    assert_eq!(told(card, &person(ago(601), true)), Next::SignIn);
    assert_eq!(told(card, &person(ago(599), true)), Next::Answer(Acr::Card));
    assert_eq!(told(card, &person(ago(1), false)), Next::SignIn);
    assert_eq!(told(&[("max_age", "100")], &person(ago(101), true)), Next::SignIn);
    assert_eq!(told(&[("max_age", "100")], &person(ago(99), true)), Next::Answer(Acr::Card));
    assert_eq!(told(&[("prompt", "login")], &person(ago(1), true)), Next::SignIn);
    // Signed in again since it was asked.
    assert_eq!(told(&[("prompt", "login")], &person(now(), true)), Next::Answer(Acr::Card));
    assert_eq!(told(&[("max_age", "0")], &person(now(), true)), Next::Answer(Acr::Card));
}

#[test]
fn a_passkey_is_a_log_in_and_never_the_card() {
    let all: Scopes = "openid resident".parse().unwrap();
    let told = |more: &[(&str, &str)], person: &SignedIn| next(&asked(more), Some(person), &all, now());
    assert_eq!(told(&[], &by_passkey(ago(599))), Next::Answer(Acr::Passkey));
    assert_eq!(told(&[], &by_passkey(ago(601))), Next::Answer(Acr::Login));
    for more in [&[("max_age", "0")][..], &[("prompt", "login")]] {
        assert_eq!(told(more, &by_passkey(ago(1))), Next::SignIn);
        assert_eq!(told(more, &by_passkey(now())), Next::Answer(Acr::Passkey), "signing in again is signing in");
    }
    let card = ("acr_values", "urn:tegata:acr:card");
    for more in [&[card][..], &[card, ("max_age", "0")], &[card, ("prompt", "login")]] {
        assert_eq!(told(more, &by_passkey(now())), Next::SignIn, "the card is asked for");
    }
    assert_eq!(told(&[card], &person(ago(1), true)), Next::Answer(Acr::Card));
}

#[test]
fn a_quiet_request_is_never_shown_anything() {
    let quiet: &[(&str, &str)] = &[("prompt", "none")];
    let code = |person: Option<&SignedIn>, consented: &str| match next(&asked(quiet), person, &consented.parse().unwrap(), now()) {
        Next::Refuse(fault) => fault.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(None, "openid resident"), "login_required");
    assert_eq!(code(Some(&person(ago(1), true)), ""), "consent_required");
    assert_eq!(code(Some(&SignedIn { proven: false, ..person(ago(1), true) }), ""), "interaction_required");
}

#[test]
fn addresses_are_https_but_on_a_developers_own_machine() {
    let localhost = [Exception::Localhost].into();
    for good in ["https://a.example", "https://a.example/b?c=d", "https://a.example:8443/b"] {
        assert_eq!(address(good, &[].into()), Ok(()), "{good}");
    }
    for wrong in [
        "",
        "a.example",
        "http://a.example/",
        "https://",
        "javascript:alert(1)",
        "https://user@a.example",
        "http://localhost.evil.example",
        "http://localhost:x@evil.example/",
    ] {
        assert_eq!(address(wrong, &localhost), Err("https"), "{wrong}");
    }
    for wrong in ["https://a.example/#b", "https://a.example/ b", "https://a.example/\"", "https://町.example"] {
        assert_eq!(address(wrong, &localhost), Err("characters"), "{wrong}");
    }
    assert_eq!(address("http://localhost:3000/cb", &[].into()), Err("localhost"));
    assert_eq!(address("http://localhost:3000/cb", &localhost), Ok(()));
    assert_eq!(address("http://127.0.0.1/cb", &localhost), Ok(()));
}
