//! Any bytes as a status list token.
#![no_main]

use credential::StatusToken;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(token) = StatusToken::read(bytes) {
        for idx in [0, 1, token.list.entries().wrapping_sub(1), token.list.entries(), u64::MAX] {
            assert_eq!(token.list.get(idx).is_some(), idx < token.list.entries());
        }
    }
});
