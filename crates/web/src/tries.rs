//! Codes that people type: how often somebody may be wrong, before anything is looked at.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use identity::{CodeKind, TrySource};
use store::Actor;

use crate::{App, Problem, caller};

/// A route that takes a code.
#[derive(Debug, Clone)]
pub struct CodeRoute {
    /// How it is asked.
    pub method: Method,
    /// Its path, as it is routed.
    pub path: &'static str,
    /// What kind of code.
    pub kind: CodeKind,
}

impl CodeRoute {
    /// Whether a request comes here. What is asked for its head alone is looked up all the same.
    fn takes(&self, method: &Method, path: &str) -> bool {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let mut parts = path.split('/');
        let fits = |part: &str| parts.next().is_some_and(|given| given == part || part.starts_with('{'));
        self.method == *method && self.path.split('/').all(fits) && parts.next().is_none()
    }
}

/// Put on an answer that shows a form again because the code was wrong; problems say it themselves.
#[derive(Debug, Clone, Copy)]
pub struct WrongCode;

/// The proxies in front whose `X-Forwarded-For` is believed, besides one on this machine.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Arc<[IpAddr]>);

/// Lets a code be tried unless its source was wrong too often, and counts it if it was wrong again.
pub(crate) async fn guard(app: &App, routes: &[CodeRoute], request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let Some(route) = routes.iter().find(|route| route.takes(request.method(), request.uri().path())) else {
        return next(request).await;
    };
    let kind = route.kind;
    let (parts, body) = request.into_parts();
    let source = match source(&parts, app).await {
        Ok(source) => source,
        Err(problem) => return problem.into_response(),
    };
    if let Err(problem) = count(app, kind, source).await {
        return problem.into_response();
    }
    let response = next(Request::from_parts(parts, body)).await;
    let wrong =
        response.extensions().get::<WrongCode>().is_some() || response.extensions().get::<Problem>().is_some_and(Problem::says_wrong_code);
    if !wrong && let Err(error) = give_back(app, kind, source).await {
        // The answer stands: only a try too many is remembered.
        tracing::warn!(%error, "a try was not given back");
    }
    response
}

/// A change of its own: it must stay when the wrong code's own change is undone.
async fn count(app: &App, kind: CodeKind, source: TrySource) -> Result<(), Problem> {
    let mut ctx = app.store().begin(Actor::Anonymous).await?;
    identity::count_try(&mut ctx, kind, source).await?;
    Ok(ctx.commit().await?)
}

async fn give_back(app: &App, kind: CodeKind, source: TrySource) -> Result<(), identity::Error> {
    let mut ctx = app.store().begin(Actor::Anonymous).await?;
    identity::give_try_back(&mut ctx, kind, source).await?;
    Ok(ctx.commit().await?)
}

/// Who tries: whoever is signed in, else the network address. A cookie nobody was given counts for nothing.
async fn source(parts: &Parts, app: &App) -> Result<TrySource, Problem> {
    let (ctx, _) = caller::look(parts, app).await?;
    Ok(match &ctx.actor {
        Actor::Anonymous => TrySource::new(&format!("address:{}", address(parts, app.proxies()))),
        known => TrySource::new(&known.to_string()),
    })
}

/// The address a request came from: that of the connection, or the one a proxy in front names last.
fn address(parts: &Parts, proxies: &[IpAddr]) -> IpAddr {
    let here = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(here, |ConnectInfo(peer)| peer.ip().to_canonical());
    let is_proxy = peer.is_loopback() || proxies.contains(&peer);
    // The last entry is the proxy's own; those before it were written by whoever asked.
    let lines = parts.headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let named = lines.flat_map(|line| line.split(',')).last().and_then(|last| last.trim().parse::<IpAddr>().ok());
    network(named.filter(|_| is_proxy).unwrap_or(peer).to_canonical())
}

/// What one customer of a provider has: an IPv4 address, or the first half of an IPv6 address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut request = axum::http::Request::builder();
        for line in forwarded {
            request = request.header("x-forwarded-for", *line);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        let proxies: Vec<IpAddr> = proxies.iter().map(|proxy| proxy.parse().expect("an address")).collect();
        address(&parts, &proxies).to_string()
    }

    #[test]
    fn a_code_is_counted_wherever_it_is_tried() {
        let route = CodeRoute { method: Method::GET, path: "/api/v1/proofs/{code}", kind: CodeKind::Proof };
        assert!(route.takes(&Method::GET, "/api/v1/proofs/ABCD-1234"));
        assert!(route.takes(&Method::HEAD, "/api/v1/proofs/ABCD-1234"), "its head alone tells as much");
        assert!(!route.takes(&Method::POST, "/api/v1/proofs/ABCD-1234"));
        for other in ["/api/v1/proofs", "/api/v1/proofs/a/b", "/api/v1/proof/a", "/me"] {
            assert!(!route.takes(&Method::GET, other), "{other}");
        }
    }

    #[test]
    fn nobody_can_say_they_are_somebody_else() {
        assert_eq!(asked("203.0.113.5", &["198.51.100.1"], &[]), "203.0.113.5");
        assert_eq!(asked("127.0.0.1", &["198.51.100.1"], &[]), "198.51.100.1");
        // What the asker wrote stands before what the proxy wrote.
        assert_eq!(asked("127.0.0.1", &["198.51.100.9", "192.0.2.3, 198.51.100.1"], &[]), "198.51.100.1");
        assert_eq!(asked("10.0.0.2", &["198.51.100.1"], &["10.0.0.2"]), "198.51.100.1");
        assert_eq!(asked("10.0.0.3", &["198.51.100.1"], &["10.0.0.2"]), "10.0.0.3");
        assert_eq!(asked("::ffff:203.0.113.5", &[], &[]), "203.0.113.5");
        assert_eq!(asked("127.0.0.1", &["nonsense"], &[]), "127.0.0.1");
    }

    #[test]
    fn a_customer_with_a_whole_network_is_one_source() {
        assert_eq!(asked("2001:db8:1:2:3:4:5:6", &[], &[]), asked("2001:db8:1:2:ffff::1", &[], &[]));
        assert_ne!(asked("2001:db8:1:2::1", &[], &[]), asked("2001:db8:1:3::1", &[], &[]));
    }
}
