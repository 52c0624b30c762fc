use std::sync::Arc;

use ::store::{AccountId, text_enum};
use civil::Timestamp;
use town::AppId;

use crate::rp::AppProvider;

::store::id!(AppQuestionId, "A question put to an identity app, from the moment a browser is sent there until its answer is taken.");

/// Why the answer of an identity app is not believed. [`AppRefusal::as_str`] is the code a person tells the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AppRefusal {
    /// The person said no at the app.
    Cancelled,
    /// The provider cannot be reached, or says that it cannot answer now.
    Away,
    /// The provider's discovery document is not one we can follow.
    Discovery,
    /// The answer came to the address of another app than was asked.
    OtherApp,
    /// The answer came by another browser than the one that asked.
    OtherBrowser,
    /// The answer says that it is from another issuer than was asked, or must say so and does not.
    Issuer,
    /// The provider refused the question.
    Provider,
    /// The provider did not take the code: wrong, used, or for another client, redirect or verifier.
    Code,
    /// What the provider sent is not what the protocol says.
    Answer,
    /// The ID token is signed by an algorithm that is not allowed for its key.
    Algorithm,
    /// The ID token is signed by a key the provider does not publish, or no longer.
    Key,
    /// The signature of the ID token is wrong.
    Signature,
    /// The ID token is from another issuer.
    TokenIssuer,
    /// The ID token is for somebody else.
    Audience,
    /// The ID token is out of its time, or older than the question.
    Time,
    /// The ID token answers another question.
    Nonce,
    /// The access token is not the one the ID token was given out with.
    AccessToken,
    /// The person was not authenticated there as the pack asks.
    Acr,
    /// The items are about another person than the ID token.
    Subject,
    /// The items are not there or cannot be read.
    Claims,
    /// The provider began no transaction for the card to sign in.
    Transaction,
    /// The provider gave no result of the transaction that was begun, or one that cannot be read.
    Result,
    /// The result is not encrypted to the town's key.
    Sealed,
    /// The card that signed is another person's than the provider speaks of.
    Signer,
}
text_enum!(AppRefusal {
    Cancelled = "app_cancelled",
    Away = "app_away",
    Discovery = "app_discovery",
    OtherApp = "app_other_app",
    OtherBrowser = "app_other_browser",
    Issuer = "app_issuer",
    Provider = "app_provider",
    Code = "app_code",
    Answer = "app_answer",
    Algorithm = "app_algorithm",
    Key = "app_key",
    Signature = "app_signature",
    TokenIssuer = "app_token_issuer",
    Audience = "app_audience",
    Time = "app_time",
    Nonce = "app_nonce",
    AccessToken = "app_access_token",
    Acr = "app_acr",
    Subject = "app_subject",
    Claims = "app_claims",
    Transaction = "app_transaction",
    Result = "app_result",
    Sealed = "app_sealed",
    Signer = "app_signer",
});

impl std::error::Error for AppRefusal {}

/// A question that is ready to be put to an identity app; only [`Apps::prepare`](crate::Apps::prepare) gives it.
pub struct AppPrepared {
    pub(crate) id: AppQuestionId,
    pub(crate) app: AppId,
    pub(crate) provider: Arc<AppProvider>,
    pub(crate) signing: Option<AppSigning>,
}

impl std::fmt::Debug for AppPrepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AppPrepared({})", self.id)
    }
}

/// What a person signs by an app.
pub(crate) struct AppSigning {
    /// The very words, and what makes them this question's.
    pub(crate) statement: String,
    /// What the provider calls the transaction in which they are signed.
    pub(crate) transaction: String,
}

/// A question put to an identity app, as the browser that asks needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct AppBegun {
    /// The question.
    pub id: AppQuestionId,
    /// Where the browser goes: the provider's address with the question in it.
    pub address: String,
    /// What the asking browser keeps to bring the answer; nobody else is given it.
    pub secret: String,
    /// What the person is about to sign, to be read before they go there; `None` where nothing is signed.
    pub statement: Option<String>,
    /// The first moment it is too late.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for AppBegun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AppBegun({})", self.id)
    }
}

/// What a browser that came back from an identity app brings: untrusted.
#[derive(Clone, Default)]
pub struct AppAnswer {
    /// What finds the question.
    pub state: String,
    /// What the tokens are asked for with.
    pub code: Option<String>,
    /// Why there is no code, in the words of RFC 6749 section 4.1.2.1.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
}

impl std::fmt::Debug for AppAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppAnswer(…)")
    }
}

/// A question whose answer is being taken; there is one of it, and only [`take_app_answer`](crate::take_app_answer) gives it.
pub struct AppQuestion {
    pub(crate) id: AppQuestionId,
    pub(crate) app: AppId,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    pub(crate) signing: Option<AppSigning>,
    pub(crate) asker: Option<AccountId>,
    pub(crate) begun_at: Timestamp,
}

impl std::fmt::Debug for AppQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AppQuestion({})", self.id)
    }
}

/// What a provider was found to say about a person; only [`Apps::ask`](crate::Apps::ask) gives it.
pub struct AppTold {
    pub(crate) subject: String,
    pub(crate) items: Option<jpki::FourItems>,
    pub(crate) acr: Option<String>,
    pub(crate) algorithm: &'static str,
    pub(crate) signed: Option<AppSigned>,
}

/// A statement that a card was found to have signed.
pub(crate) struct AppSigned {
    pub(crate) statement: String,
    pub(crate) by: jpki::VerifiedSignature,
}

impl std::fmt::Debug for AppTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppTold(…)")
    }
}

/// An identity app by which somebody proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedApp {
    /// The app; the pack may offer it no longer.
    pub app: AppId,
    /// Since when.
    pub first_used_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Timestamp,
}
