//! What browsers keep for us, and under which names.
//!
//! Where people reach us over HTTPS, a browser knows the cookies that say who somebody is under names that begin with `__Host-`: it takes such a cookie from
//! this very host over HTTPS alone, so that no page on a neighbouring name of the town can plant one (RFC 6265bis section 4.1.3.2). Inside the house the
//! names are the plain ones; one function here translates what goes out, one what comes in.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::SessionKind;

/// How the names of the house's own cookies begin; language and type size, which anybody may set, are called otherwise.
const OURS: &str = "tegata_";
const HOST: &str = "__Host-";

/// Makes the `Set-Cookie` line of a session; `max_age_s` as the room grants it.
pub fn session_cookie(kind: SessionKind, token: &str, max_age_s: i64, origin: &str) -> String {
    kept_cookie(kind.cookie(), token, max_age_s, origin)
}

/// Makes the `Set-Cookie` line that ends a session in the browser.
pub fn end_cookie(kind: SessionKind) -> String {
    forget_cookie(kind.cookie())
}

/// Makes the `Set-Cookie` line of something a browser keeps for us alone: no script reads it, no other site's form brings it, and where people reach us over
/// HTTPS it goes no other way. Its name begins with `tegata_`.
pub fn kept_cookie(name: &str, value: &str, max_age_s: i64, origin: &str) -> String {
    let secure = if origin.starts_with("https://") { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}")
}

/// Makes the `Set-Cookie` line that forgets such a thing.
pub fn forget_cookie(name: &str) -> String {
    format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// Reads the names browsers know our cookies by; those under the plain names are somebody else's and are dropped.
pub(crate) fn read_host_names(headers: &mut HeaderMap) {
    let lines: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().filter_map(plain_names).collect();
    headers.remove(header::COOKIE);
    for line in lines {
        headers.append(header::COOKIE, line);
    }
}

fn plain_names(line: &HeaderValue) -> Option<HeaderValue> {
    let named = |pair: &str| match pair.strip_prefix(HOST) {
        Some(ours) if ours.starts_with(OURS) => Some(ours.to_owned()),
        _ if pair.starts_with(OURS) => None,
        _ => Some(pair.to_owned()),
    };
    let pairs: Vec<String> = line.to_str().ok()?.split(';').map(str::trim).filter_map(named).collect();
    HeaderValue::from_str(&pairs.join("; ")).ok()
}

/// Gives our cookies the names browsers know them by.
pub(crate) fn write_host_names(headers: &mut HeaderMap) {
    if !headers.contains_key(header::SET_COOKIE) {
        return;
    }
    let lines: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().map(host_name).collect();
    headers.remove(header::SET_COOKIE);
    for line in lines {
        headers.append(header::SET_COOKIE, line);
    }
}

fn host_name(line: &HeaderValue) -> HeaderValue {
    let Some(text) = line.to_str().ok().filter(|text| text.starts_with(OURS)) else { return line.clone() };
    // A line that forgets needs it as well: without it the browser passes over the line.
    let secure = if text.contains("; Secure") { "" } else { "; Secure" };
    HeaderValue::from_str(&format!("{HOST}{text}{secure}")).unwrap_or_else(|_| line.clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    #[test]
    fn names_go_out_and_come_back() {
        let mut sent = HeaderMap::new();
        for line in
            [kept_cookie("tegata_session", "abc", 60, "https://a.example"), forget_cookie("tegata_proof"), "lang=en; Path=/".to_owned()]
        {
            sent.append(header::SET_COOKIE, line.parse().unwrap());
        }
        write_host_names(&mut sent);
        let sent: Vec<&str> = sent.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(
            sent,
            [
                "__Host-tegata_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure",
                "__Host-tegata_proof=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure",
                "lang=en; Path=/",
            ]
        );

        let mut brought = HeaderMap::new();
        let line = "tegata_session=planted; __Host-tegata_session=abc; lang=en; __Host-other=x; tegata_proof=planted";
        brought.append(header::COOKIE, line.parse().unwrap());
        brought.append(header::COOKIE, "__Host-tegata_proof=p".parse().unwrap());
        read_host_names(&mut brought);
        let brought: Vec<&str> = brought.get_all(header::COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(brought, ["tegata_session=abc; lang=en; __Host-other=x", "tegata_proof=p"]);
    }
}
