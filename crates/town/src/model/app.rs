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

words! {
    /// How a provider encrypts to the town what a card signed, as JOSE names it (RFC 7518 section 4.1).
    AppEncryption {
        /// To a key on P-256, agreed anew each time.
        EcdhEs = "ECDH-ES",
        /// To an RSA key.
        RsaOaep256 = "RSA-OAEP-256",
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
    /// How it has the card sign; `None`: it only says who the person is.
    pub sign: Option<AppSign>,
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

/// How a provider has the card sign a document: a transaction is begun with the document's hash, named in the question, and asked for its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSign {
    /// Where transactions are begun; each has its result at `/<id>/result` below.
    pub transactions: String,
    /// The scope that lets the town begin one, and the person sign; it is among the app's.
    pub scope: String,
    /// The parameter of the question that names the transaction.
    pub parameter: String,
    /// How the result is encrypted.
    pub encryption: AppEncryption,
    /// Under which names the provider tells the rest.
    pub fields: AppSignFields,
}

/// The names of what is sent and told about a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSignFields {
    /// The SHA-256 of the document, in base64, in the request.
    pub digest: String,
    /// The transaction's id, in the answer to it.
    pub transaction: String,
    /// The encrypted result, where the result's body is not that itself.
    pub result: String,
    /// The signature, in what was encrypted.
    pub signature: String,
    /// The certificate, in what was encrypted.
    pub certificate: String,
}

impl AppSign {
    /// The scope's usual name.
    pub(crate) const SCOPE: &'static str = "sign";
    /// The parameter's usual name.
    pub(crate) const PARAMETER: &'static str = "sign_transaction_id";
}

impl Default for AppSignFields {
    /// Plain names: what providers call these is in their contracts' documents.
    fn default() -> Self {
        let name = str::to_owned;
        Self {
            digest: name("digest"),
            transaction: name("sign_transaction_id"),
            result: name("result"),
            signature: name("signature"),
            certificate: name("certificate"),
        }
    }
}
