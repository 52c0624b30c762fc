//! Guards around the station's pages: every web page can send requests to the machine it is looked at on.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Station;

/// Refuses what another site's page sends, and a name that somebody else's name server made point here; lets no page frame ours.
///
/// The first page may be reached by a link from anywhere: the passport's own link comes from another address. It reads no card.
pub(crate) async fn guard(State(station): State<Arc<Station>>, request: Request, next: Next) -> Response {
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    let way_in = looks && request.uri().path() == "/";
    if request.uri().path() == "/healthz" {
        return next.run(request).await;
    }
    if !is_called_by_address(request.headers()) || !(way_in || web::comes_from_us(request.headers(), None)) {
        return (StatusCode::FORBIDDEN, "This page was asked for by another site. Open the card reader's page itself.\n").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| policy(station.centre.address()));
    response
}

/// Forms go to the station, whose answer leads back to the centre and nowhere else.
fn policy(centre: &str) -> HeaderValue {
    let policy =
        |back: &str| format!("default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'{back}; frame-ancestors 'none'");
    let plain = !centre.contains([';', ',']) && !centre.contains(char::is_whitespace);
    let back = if plain { format!(" {centre}") } else { String::new() };
    HeaderValue::from_str(&policy(&back))
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'self'; form-action 'self'; frame-ancestors 'none'"))
}

/// A station is called `localhost` or by its number. Any other name could be made to point here by whoever owns it, and would then be the same site as
/// their page.
fn is_called_by_address(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_nobody_else_owns_are_ours() {
        let called = |host: &'static str| is_called_by_address(&HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]));
        for host in ["localhost", "localhost:8081", "LOCALHOST:1", "127.0.0.1:8081", "192.168.0.7", "[::1]:8081", "[::1]"] {
            assert!(called(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:8081", "127.0.0.1.evil.example", "[evil.example]:1"] {
            assert!(!called(host), "{host}");
        }
        assert!(!is_called_by_address(&HeaderMap::new()));
    }

    #[test]
    fn forms_lead_to_the_station_and_its_centre_only() {
        let text = |centre: &str| policy(centre).to_str().unwrap_or_default().to_owned();
        assert!(text("https://town.example").contains("form-action 'self' https://town.example; frame-ancestors 'none'"));
        assert!(text("https://a; script-src *").contains("form-action 'self'; frame-ancestors 'none'"));
    }
}
