//! Cards that residents' phones hold by themselves (ISO/IEC 18013-5 mdocs), and present over OpenID for Verifiable Presentations.

use super::{AppAssurance, AppId, Words, words};

words! {
    /// By what name the town asks (OpenID4VP 1.0 section 5.9.3); either is proven by the same certificate.
    PhoneCardClient {
        /// The certificate's own hash.
        X509Hash = "x509_hash",
        /// The house's host, which the certificate is made out to.
        X509SanDns = "x509_san_dns",
    }
}

/// A kind of card in phones by which residents prove who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCard {
    /// Its id, unlike that of any identity app: part of addresses, and of the name of its key's file.
    pub id: AppId,
    /// What residents know it by.
    pub name: Words,
    /// The kind of document, as it stands in it.
    pub doctype: String,
    /// What is asked of it, and nothing else.
    pub elements: PhoneCardElements,
    /// The root certificates of its issuers, as PEM; without one it is offered in demonstrations only.
    pub roots: Vec<String>,
    /// The extended key usage of the certificates its issuers sign with.
    pub signer_usage: String,
    /// How surely it knows a person.
    pub assurance: AppAssurance,
    /// By what name the town asks.
    pub client: PhoneCardClient,
    /// What links to the phone's wallet begin with: `openid4vp`.
    pub scheme: String,
}

/// Where the four items stand in a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCardElements {
    /// 氏名, a text.
    pub name: CardElement,
    /// 住所, a text.
    pub address: CardElement,
    /// 生年月日, a full-date.
    pub date_of_birth: CardElement,
    /// 性別, by ISO/IEC 5218.
    pub sex: CardElement,
    /// What stays the same when the address changes and is nobody else's, a text; `None`: the four items alone find the person.
    pub subject: Option<CardElement>,
}

/// An element of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardElement {
    /// The namespace it stands in.
    pub namespace: String,
    /// Its name.
    pub name: String,
}
