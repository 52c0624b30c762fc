//! The address people and machines reach the house by.

use crate::Outcome;

/// Names of the machine one sits at: what goes there leaves nothing.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Takes an address without its last slash: over HTTPS, or on this very machine. Codes, signatures and sessions never cross a network in the clear.
///
/// # Errors
/// Any other address, and how it should be.
pub fn reached_at(address: &str) -> Outcome<String> {
    let address = address.trim_end_matches('/');
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    let bare = !rest.is_empty() && !rest.contains(['/', '?', '#', '@']);
    let here = || THIS_MACHINE.iter().any(|name| rest.strip_prefix(name).is_some_and(|port| port.is_empty() || port.starts_with(':')));
    if bare && (scheme == "https" || scheme == "http" && here()) {
        return Ok(address.to_owned());
    }
    Err(format!("{address}: the address must be https://… and nothing behind the host; http:// is for localhost alone").into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    #[test]
    fn nothing_crosses_a_network_in_the_clear() {
        assert_eq!(reached_at("https://passport.example.jp/").unwrap(), "https://passport.example.jp");
        for right in
            ["https://passport.example.jp:8443", "http://localhost", "http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:80"]
        {
            assert_eq!(reached_at(right).unwrap(), right);
        }
        for wrong in [
            "http://passport.example.jp",
            "http://localhost.example.jp",
            "http://localhost@example.jp",
            "http://10.0.0.1",
            "ftp://localhost",
            "passport.example.jp",
            "https://",
            "https://passport.example.jp/town",
            "",
        ] {
            assert!(reached_at(wrong).is_err(), "{wrong}");
        }
    }
}
