//! The browser that asks: what it is called, what it keeps of a proof it began, and where it goes afterwards.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::{AppBegun, PhoneCardBegun, ProofSession, ProofSessionId};
use web::{Problem, cookie, forget_cookie, kept_cookie};

/// The browser's half of a proof.
const PROOF_COOKIE: &str = "tegata_proof";
/// The browser's half of a question to an identity app.
const APP_COOKIE: &str = "tegata_app";
/// The browser's half of a question to a card in a phone.
const PHONE_CARD_COOKIE: &str = "tegata_phone_card";
/// Seconds it is kept: a little longer than the proof may be answered.
const PROOF_COOKIE_S: i64 = 900;
/// The longest path somebody is led back to.
const PATH_BYTES_MAX: usize = 500;

/// What a browser keeps of the proof it began: which question is its own, the secret that shows it, what its screen shows, and where it was going.
pub(crate) struct Begun {
    pub(crate) id: ProofSessionId,
    pub(crate) secret: String,
    pub(crate) code: String,
    pub(crate) comparison: String,
    /// A path of our own, to which the person was on the way.
    pub(crate) next: Option<String>,
}

impl Begun {
    /// What the browser sent back; nothing when it began none.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = cookie(headers, PROOF_COOKIE)?;
        let mut parts = value.splitn(5, '.').map(str::to_owned);
        let (id, secret, code) = (parts.next()?.parse().ok()?, parts.next()?, parts.next().unwrap_or_default());
        let comparison = parts.next().unwrap_or_default();
        let next = parts.next().and_then(|next| String::from_utf8(URL_SAFE_NO_PAD.decode(next).ok()?).ok());
        // Checked again: a cookie is what a browser says.
        let next = next.and_then(|next| own_path(&next).map(str::to_owned));
        Some(Self { id, secret, code, comparison, next })
    }

    /// The `Set-Cookie` line that keeps a proof just begun.
    pub(crate) fn keep(session: &ProofSession, next: &str, origin: &str) -> String {
        let next = URL_SAFE_NO_PAD.encode(own_path(next).unwrap_or_default());
        let value = format!("{}.{}.{}.{}.{next}", session.id, session.secret, session.code, session.comparison);
        kept_cookie(PROOF_COOKIE, &value, PROOF_COOKIE_S, origin)
    }

    /// The `Set-Cookie` line that forgets it.
    pub(crate) fn forget() -> String {
        forget_cookie(PROOF_COOKIE)
    }
}

/// What a browser keeps of the question it took to an identity app: the secret that brings the answer, and where it was going.
pub(crate) struct Sent {
    pub(crate) secret: String,
    /// A path of our own, to which the person was on the way.
    pub(crate) next: Option<String>,
}

impl Sent {
    /// What the browser sent back; nothing when it asked nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let (secret, next) = cookie(headers, APP_COOKIE)?.split_once('.')?;
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(next).unwrap_or_default()).unwrap_or_default();
        // Checked again: a cookie is what a browser says.
        Some(Self { secret: secret.to_owned(), next: own_path(&next).map(str::to_owned) })
    }

    /// The `Set-Cookie` line that keeps a question just asked.
    pub(crate) fn keep(begun: &AppBegun, next: &str, origin: &str) -> String {
        let next = URL_SAFE_NO_PAD.encode(own_path(next).unwrap_or_default());
        kept_cookie(APP_COOKIE, &format!("{}.{next}", begun.secret), PROOF_COOKIE_S, origin)
    }

    /// The `Set-Cookie` line that forgets it.
    pub(crate) fn forget() -> String {
        forget_cookie(APP_COOKIE)
    }
}

/// What a browser keeps of the question it put to a card in a phone: the secret that claims the answer, what finds the question, and where it was going.
pub(crate) struct Shown {
    pub(crate) secret: String,
    pub(crate) token: String,
    /// A path of our own, to which the person was on the way.
    pub(crate) next: Option<String>,
}

impl Shown {
    /// What the browser sent back; nothing when it asked nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut parts = cookie(headers, PHONE_CARD_COOKIE)?.splitn(3, '.').map(str::to_owned);
        let (secret, token, next) = (parts.next()?, parts.next()?, parts.next()?);
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(next).unwrap_or_default()).unwrap_or_default();
        // Checked again: a cookie is what a browser says.
        Some(Self { secret, token, next: own_path(&next).map(str::to_owned) })
    }

    /// The `Set-Cookie` line that keeps a question just asked.
    pub(crate) fn keep(begun: &PhoneCardBegun, next: &str, origin: &str) -> String {
        let next = URL_SAFE_NO_PAD.encode(own_path(next).unwrap_or_default());
        kept_cookie(PHONE_CARD_COOKIE, &format!("{}.{}.{next}", begun.secret, begun.token), PROOF_COOKIE_S, origin)
    }

    /// The `Set-Cookie` line that forgets it.
    pub(crate) fn forget() -> String {
        forget_cookie(PHONE_CARD_COOKIE)
    }
}

/// Gives an answer cookies to keep or to forget.
pub(crate) fn with_cookies(mut response: Response, lines: &[String]) -> Result<Response, Problem> {
    for line in lines {
        response.headers_mut().append(header::SET_COOKIE, header_value(line)?);
    }
    Ok(response)
}

/// Lets a page lead on by itself: where forms of ours may not lead, a page may.
pub(crate) fn leading_on(mut page: Response, address: &str) -> Result<Response, Problem> {
    page.headers_mut().insert(header::REFRESH, header_value(&format!("0; url={address}"))?);
    Ok(page)
}

fn header_value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|error| Problem::internal(&error))
}

/// Gives a path that leads to a page of this house, or nothing: never another host, never the way in itself, nothing a header cannot carry.
pub(crate) fn own_path(next: &str) -> Option<&str> {
    let inside = next.starts_with('/') && !next.starts_with("//");
    let plain = next.len() <= PATH_BYTES_MAX && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let page = next.split(['?', '#']).next().unwrap_or_default();
    let elsewhere = page == "/start" || page.starts_with("/start/") || page.starts_with("/api/");
    (inside && plain && !elsewhere).then_some(next)
}

/// Names the browser and system a sign-in came from, so that its owner knows it again: `Chrome · Android`. Nothing when the header tells neither.
pub(crate) fn browser_of(headers: &HeaderMap) -> Option<String> {
    let told = headers.get(header::USER_AGENT)?.to_str().ok()?;
    // The order matters: every browser names those it descends from, too.
    let first = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| told.contains(mark)).map(|(_, name)| *name);
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (browser, system) => browser.or(system).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn one_is_led_back_to_pages_of_this_house_only() {
        for own in ["/", "/me", "/apply/child-medical/1?lang=en", "/join?code=AB%20CD"] {
            assert_eq!(own_path(own), Some(own));
        }
        let long = format!("/{}", "a".repeat(PATH_BYTES_MAX));
        for other in [
            "",
            "me",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\nb",
            "/温泉",
            "/start",
            "/start/done",
            "/start?next=/",
            "/api/v1/me/proof",
            &long,
        ] {
            assert_eq!(own_path(other), None, "{other}");
        }
    }

    #[test]
    fn what_the_browser_keeps_comes_back() {
        let value = format!("{}.secret.ABCD-EFGH.47.{}", ProofSessionId::from_bytes([7; 16]), URL_SAFE_NO_PAD.encode("/me?x=1;2"));
        let begun = Begun::of(&headers(header::COOKIE, &format!("a=b; {PROOF_COOKIE}={value}; c=d"))).unwrap();
        assert_eq!((begun.id, begun.secret.as_str()), (ProofSessionId::from_bytes([7; 16]), "secret"));
        assert_eq!((begun.code.as_str(), begun.comparison.as_str(), begun.next.as_deref()), ("ABCD-EFGH", "47", Some("/me?x=1;2")));
        let forged = format!("{PROOF_COOKIE}={}.s.c.1.{}", ProofSessionId::from_bytes([7; 16]), URL_SAFE_NO_PAD.encode("//evil.example"));
        assert_eq!(Begun::of(&headers(header::COOKIE, &forged)).unwrap().next, None);
        assert!(Begun::of(&headers(header::COOKIE, "tegata_proof=x")).is_none());
    }

    #[test]
    fn browsers_are_told_apart() {
        let named = |told: &str| browser_of(&headers(header::USER_AGENT, told));
        let cases = [
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36",
                "Chrome · Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari · iPhone",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0", "Edge · Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox · Linux"),
        ];
        for (told, name) in cases {
            assert_eq!(named(told).as_deref(), Some(name));
        }
        assert_eq!(named("curl/8.0"), None);
    }
}
