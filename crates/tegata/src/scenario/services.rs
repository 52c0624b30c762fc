//! Services of others that trust the town's accounts: they ask as any OpenID Connect client does, with a key of their own.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::jose::{JwkSet, TokenKey, make_es256};
use oidc::{Acr, ClientId, Registration};
use serde_json::{Value, json};
use store::Role;

use super::browser::{Browser, form_body, unescaped};
use super::people::first;
use super::world::{ORIGIN, World};
use crate::Outcome;

/// Where services have people sent back to.
const BACK: &str = "https://service.example/back";
// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A service, and what it knows of people.
pub(super) struct Service {
    id: ClientId,
    key: TokenKey,
    scope: String,
    known: BTreeMap<String, Known>,
}

/// What a service was told of somebody at a log-in.
struct Known {
    access: String,
    id: Value,
}

/// Where a log-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogIn {
    /// At the service; whether the person was asked what it may know.
    Done { asked: bool },
    /// Before the card reader.
    CardWanted,
    /// Before a person who must first prove who they are.
    ProofWanted,
}

impl Service {
    /// What shows that a request is the service's own (`private_key_jwt`).
    fn assertion(&self, now: jiff::Timestamp) -> Outcome<String> {
        let (id, now) = (self.id.to_string(), now.as_second());
        let claims = json!({ "iss": id, "sub": id, "aud": ORIGIN, "iat": now, "exp": now + 60, "jti": identity::secret::token() });
        Ok(self.key.sign("JWT", &claims)?)
    }
}

impl World {
    /// A service is registered in the console, with all it may ever ask.
    ///
    /// # Errors
    /// When the registration does not stand.
    pub(super) async fn register_service(&mut self, name: &str, scope: &str) -> Outcome {
        let key = TokenKey::es256(&make_es256()?)?;
        let told = Registration {
            name: name.to_owned(),
            purpose: format!("「{name}」を使うときに、だれかを確かめます。"),
            redirect_uris: vec![BACK.to_owned()],
            scopes: scope.parse()?,
            keys: serde_json::to_string(&JwkSet { keys: vec![key.public().clone()] })?,
            ..Registration::default()
        };
        let administrator = self.staff(&[Role::Administrator]);
        let mut ctx = self.house()?.store.begin(administrator).await?;
        let id = oidc::register(&mut ctx, &told).await?.client.id;
        ctx.commit().await?;
        self.services.insert(name.to_owned(), Service { id, key, scope: format!("openid {scope}"), known: BTreeMap::new() });
        Ok(())
    }

    /// Somebody logs in at a service in their browser, and agrees where they are asked.
    ///
    /// # Errors
    /// When a page or an endpoint does not lead on.
    pub(super) async fn log_in_at(&mut self, name: &str, service: &str, acr: Option<Acr>) -> Outcome<LogIn> {
        let router = self.house()?.router.clone();
        let uri = self.push(service, acr).await?;
        let id = self.service(service)?.id;
        let mut browser = std::mem::take(&mut self.person_mut(name)?.browser);
        let went = to_the_code(
            &mut browser,
            &router,
            &format!("/oidc/authorize?{}", form_body(&[("client_id", &id.to_string()), ("request_uri", &uri)])),
        )
        .await;
        self.person_mut(name)?.browser = browser;
        match went? {
            Went::Back { code, asked } => {
                self.redeem(name, service, &code).await?;
                Ok(LogIn::Done { asked })
            }
            Went::Stopped(login) => Ok(login),
        }
    }

    async fn push(&mut self, service: &str, acr: Option<Acr>) -> Outcome<String> {
        let scope = self.service(service)?.scope.clone();
        let mut fields = vec![
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", scope.as_str()),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        fields.extend(acr.map(|acr| ("acr_values", acr.as_str())));
        let pushed = self.service_asks(service, "/oidc/par", &fields).await?;
        Ok(pushed["request_uri"].as_str().ok_or_else(|| format!("the request was not taken: {pushed}"))?.to_owned())
    }

    async fn redeem(&mut self, name: &str, service: &str, code: &str) -> Outcome {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
        let tokens = self.service_asks(service, "/oidc/token", &fields).await?;
        let (access, id) = (tokens["access_token"].as_str(), tokens["id_token"].as_str());
        let (Some(access), Some(id)) = (access, id) else { return Err(format!("no tokens: {tokens}").into()) };
        // Its signature is checked by clients of another make, in other tests.
        let claims = URL_SAFE_NO_PAD.decode(id.split('.').nth(1).unwrap_or_default())?;
        let known = Known { access: access.to_owned(), id: serde_json::from_slice(&claims)? };
        self.service_mut(service)?.known.insert(name.to_owned(), known);
        Ok(())
    }

    /// What a service finds out about somebody now, by the token of their last log-in; nothing when the token counts no more.
    ///
    /// # Errors
    /// When the person never logged in there.
    pub(super) async fn told_to(&mut self, service: &str, name: &str) -> Outcome<Option<Value>> {
        let mut program = Browser::default();
        program.carry(self.known(service, name)?.access.clone());
        let reply = program.ask(&self.house()?.router, "/oidc/userinfo").await?;
        if reply.status.is_success() { Ok(Some(reply.json()?)) } else { Ok(None) }
    }

    /// What a service calls somebody.
    ///
    /// # Errors
    /// As [`Self::told_to`].
    pub(super) fn subject_at(&self, service: &str, name: &str) -> Outcome<String> {
        self.claim_at(service, name, "sub")
    }

    /// A claim of the ID token of somebody's last log-in.
    ///
    /// # Errors
    /// As [`Self::told_to`].
    pub(super) fn claim_at(&self, service: &str, name: &str, claim: &str) -> Outcome<String> {
        Ok(self.known(service, name)?.id[claim].as_str().ok_or_else(|| format!("no {claim} was told"))?.to_owned())
    }

    /// Somebody switches off what a service may know, on the page of the services they use.
    ///
    /// # Errors
    /// When the page has no such switch.
    pub(super) async fn withdraw_from(&mut self, name: &str, service: &str, scope: &str) -> Outcome {
        let router = self.house()?.router.clone();
        let id = self.service(service)?.id;
        let browser = &mut self.person_mut(name)?.browser;
        let page = browser.page(&router, "/me/services").await?.good()?.body;
        if !page.contains(&format!("value=\"{scope}\"")) {
            return Err(format!("the page has no switch for {scope}: {page}").into());
        }
        browser.form(&router, &format!("/me/services/{id}/withdraw"), &[("scope", scope)]).await?.good()?;
        Ok(())
    }

    async fn service_asks(&mut self, service: &str, path: &str, fields: &[(&str, &str)]) -> Outcome<Value> {
        let assertion = self.service(service)?.assertion(self.now())?;
        let shown =
            [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion.as_str())];
        let reply = Browser::default().form(&self.house()?.router, path, &[fields, &shown].concat()).await?;
        Ok(serde_json::from_str(&reply.body)?)
    }

    fn service(&self, name: &str) -> Outcome<&Service> {
        self.services.get(name).ok_or_else(|| format!("no service is called 「{name}」").into())
    }

    fn service_mut(&mut self, name: &str) -> Outcome<&mut Service> {
        self.services.get_mut(name).ok_or_else(|| format!("no service is called 「{name}」").into())
    }

    fn known(&self, service: &str, name: &str) -> Outcome<&Known> {
        self.service(service)?.known.get(name).ok_or_else(|| format!("「{name}」 never logged in at 「{service}」").into())
    }
}

enum Went {
    Back { code: String, asked: bool },
    Stopped(LogIn),
}

/// From the service's link to its code.
async fn to_the_code(browser: &mut Browser, router: &axum::Router, link: &str) -> Outcome<Went> {
    let reply = browser.page(router, link).await?.good()?;
    let to = reply.location.ok_or_else(|| format!("the link leads nowhere: {}", reply.body))?;
    if let Some(code) = code_in(&to)? {
        return Ok(Went::Back { code, asked: false });
    }
    let page = browser.page(router, &to).await?.good()?;
    if page.location.as_deref().is_some_and(|to| to.starts_with("/start")) {
        return Ok(Went::Stopped(LogIn::CardWanted));
    }
    let (Some(request), Some(seen_by)) =
        (first(r#"name="request" value="([^"]+)""#, &page.body)?, first(r#"name="seen_by" value="([^"]+)""#, &page.body)?)
    else {
        return Ok(Went::Stopped(LogIn::ProofWanted));
    };
    let yes = [("request", request.as_str()), ("decision", "yes"), ("seen_by", &seen_by)];
    let over = browser.form(router, "/oidc/continue", &yes).await?.good()?;
    let to = first(r#"href="(https://service\.example/back[^"]+)""#, &over.body)?;
    let to = unescaped(&to.ok_or_else(|| format!("the yes leads to no service: {}", over.body))?);
    let code = code_in(&to)?.ok_or_else(|| format!("the service got no code: {to}"))?;
    Ok(Went::Back { code, asked: true })
}

/// The code in an address of the service.
fn code_in(address: &str) -> Outcome<Option<String>> {
    if !address.starts_with(BACK) {
        return Ok(None);
    }
    first("[?&]code=([^&]+)", address)
}
