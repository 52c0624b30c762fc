//! Any bytes behind the text's beginning; what is read has one text only.
#![no_main]

use credential::{Credential, Disclosure, PREFIX, Presentation, base45};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Presentation::parse(&format!("{PREFIX}{}", base45::encode(bytes)));
    if let Ok(credential) = Credential::read(bytes) {
        assert_eq!(credential.encoded(), bytes);
    }
    if let Ok(disclosure) = Disclosure::read(bytes) {
        assert_eq!(disclosure.encoded(), bytes);
    }
});
