//! Identity apps: who else may say who a person is, over OpenID Connect.

use super::{AppId, Words, words};

words! {
    /// How surely an identity app knows a person, in the words of what a card's own keys prove.
    AppAssurance {
        /// As the card's 利用者証明用 key together with the four items.
        UserAuth = "user_auth",
        /// As the card's 署名用 key.
        Signature = "signature",
    }
}

words! {
    /// Whom the client's assertion is addressed to when it asks for tokens (RFC 7523 section 3).
    AssertionAudience {
        /// The token endpoint.
        TokenEndpoint = "token_endpoint",
        /// The issuer.
        Issuer = "issuer",
    }
}

/// An identity app: an OpenID provider that proves residents to this town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityApp {
    /// Its id: part of the addresses its provider is told, and of the name of its key's file.
    pub id: AppId,
    /// What residents know it by.
    pub name: Words,
    /// The provider's issuer, exactly as it stands in its tokens.
    pub issuer: String,
    /// Where the provider is asked; `None`: its discovery document says so.
    pub endpoints: Option<AppEndpoints>,
    /// What the provider calls this town.
    pub client_id: String,
    /// What is asked for; `openid` is among them.
    pub scopes: Vec<String>,
    /// How the person should be authenticated there, as the provider names it, best first.
    pub acr_values: Vec<String>,
    /// What the ID token must say of how the person was authenticated: one of these; whatever it says if there are none.
    pub acr_accepted: Vec<String>,
    /// How surely it knows a person.
    pub assurance: AppAssurance,
    /// Whom the client's assertion is addressed to.
    pub assertion_audience: AssertionAudience,
    /// Under which names the provider tells the four items.
    pub claims: AppClaims,
}

/// Where a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppEndpoints {
    /// Where the person's browser is sent.
    pub authorization: String,
    /// Where the code is exchanged for tokens.
    pub token: String,
    /// Where the person's items are asked for; `None`: they stand in the ID token.
    pub userinfo: Option<String>,
    /// Where the provider's public keys are.
    pub keys: String,
}

/// The names of the four items in what a provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppClaims {
    /// 氏名.
    pub name: String,
    /// 住所.
    pub address: String,
    /// 生年月日.
    pub birthdate: String,
    /// 性別.
    pub gender: String,
}

impl Default for AppClaims {
    /// The names of OpenID Connect Core section 5.1.
    fn default() -> Self {
        let name = str::to_owned;
        Self { name: name("name"), address: name("address"), birthdate: name("birthdate"), gender: name("gender") }
    }
}
