//! An authenticator of our own, byte by byte after WebAuthn Level 3, so that the library under test is the only other opinion.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{ORIGIN, RP_ID};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user: Vec<u8>,
    counter: u32,
    flags: u8,
    /// Where the browser is: a test may put it elsewhere.
    pub(crate) origin: String,
}

impl Authenticator {
    /// Makes a passkey as `navigator.credentials.create` would.
    pub(crate) fn create(id: u8, options: &Value) -> (Self, Value) {
        let asked = &options["publicKey"];
        assert_eq!(asked["rp"]["id"], RP_ID);
        assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
        let mut new = Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: vec![id; 32],
            user: URL_SAFE_NO_PAD.decode(asked["user"]["id"].as_str().unwrap()).unwrap(),
            counter: 0,
            flags: USER_PRESENT | USER_VERIFIED,
            origin: ORIGIN.to_owned(),
        };
        let answer = new.attest(asked);
        (new, answer)
    }

    fn attest(&mut self, asked: &Value) -> Value {
        let client_data = self.client_data("webauthn.create", asked);
        let mut data = self.authenticator_data(self.flags | ATTESTED);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(&self.id);
        // COSE_Key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let point = self.key.public_key().as_ref();
        data.extend([0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": bytes}
        let mut attestation = vec![0xA3, 0x63];
        attestation.extend(b"fmt\x64none\x67attStmt\xA0\x68authData\x58");
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key", "extensions": {},
            "response": { "attestationObject": encode(&attestation), "clientDataJSON": encode(&client_data) },
        })
    }

    /// Answers as `navigator.credentials.get` would.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        assert_eq!(asked["rpId"], RP_ID);
        assert!(options.get("mediation").is_none());
        self.counter += 1;
        let client_data = self.client_data("webauthn.get", asked);
        let data = self.authenticator_data(self.flags);
        let message = [&data[..], digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &message).unwrap();
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": encode(&data), "clientDataJSON": encode(&client_data), "signature": encode(signature.as_ref()),
                "userHandle": encode(&self.user),
            },
        })
    }

    /// Says it belongs to somebody else.
    pub(crate) fn pretend(&mut self, user: [u8; 16]) {
        self.user = user.to_vec();
    }

    pub(crate) fn not_verified(&mut self) {
        self.flags = USER_PRESENT;
    }

    pub(crate) fn verified(&mut self) {
        self.flags = USER_PRESENT | USER_VERIFIED;
    }

    /// Counts back, as a copy of a passkey would.
    pub(crate) fn count_back(&mut self) {
        self.counter = 0;
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, RP_ID.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, asked: &Value) -> Vec<u8> {
        serde_json::to_vec(&json!({ "type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false })).unwrap()
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
