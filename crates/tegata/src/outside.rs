//! The network, for rooms that may not reach out themselves.

use std::net::IpAddr;
use std::time::Duration;

use notices::Answer;
use notices::push::PushRequest;
use ureq::http;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use web::FetchFault;

/// How long another server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a file of another server may take to come.
const FILE_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a server of files may point elsewhere: catalogues keep files apart from their addresses.
const FILE_REDIRECTS_MAX: u32 = 3;

/// Speaks HTTP to other servers. Redirects are not followed: what a service registered is where it is told.
pub struct Outside(ureq::Agent);

/// Fetches files that others publish: over HTTPS, from public addresses, and nowhere else, wherever a server points.
pub struct Files(ureq::Agent);

impl Default for Files {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .https_only(true)
            .timeout_global(Some(FILE_TIMEOUT))
            .max_redirects(FILE_REDIRECTS_MAX)
            .http_status_as_error(true)
            .build();
        Self(ureq::Agent::with_parts(config, DefaultConnector::default(), PublicOnly(DefaultResolver::default())))
    }
}

/// Finds the addresses of a name and keeps those that are public, so that no published address leads into the town's own network. Asked anew for every
/// connection, redirects included.
#[derive(Debug)]
struct PublicOnly(DefaultResolver);

impl Resolver for PublicOnly {
    fn resolve(&self, uri: &http::Uri, config: &ureq::config::Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let all = self.0.resolve(uri, config, timeout)?;
        let mut public = self.empty();
        all.iter().filter(|address| is_public(address.ip())).for_each(|address| public.push(*address));
        if public.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(public) }
    }
}

/// Whether an address is one of the open internet (the special-purpose registries of RFC 6890 left out).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let special = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0) || (a, b) == (198, 18) || (a, b) == (198, 19);
            !(v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_multicast() || v4.is_documentation() || shared || special)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            // 2000::/3 is all that is handed out; of it the documentation range, 6to4 and Teredo carry other addresses inside.
            None => {
                let [first, second, ..] = v6.segments();
                let carries_another = first == 0x2002 || (first, second) == (0x2001, 0) || (first, second) == (0x2001, 0x0db8);
                (first & 0xe000) == 0x2000 && !carries_another
            }
        },
    }
}

impl web::Outside for Files {
    fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchFault> {
        if !address.starts_with("https://") {
            return Err(FetchFault::Address);
        }
        let mut answer = self.0.get(address).call().map_err(|error| fault_of(&error))?;
        answer.body_mut().with_config().limit(web::FILE_BYTES_MAX).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => FetchFault::TooLarge,
            _ => FetchFault::Incomplete,
        })
    }
}

/// As [`Files`], and from this machine itself without TLS: towns of a demonstration that are neighbours.
#[derive(Default)]
pub struct AlsoHere {
    files: Files,
    here: Outside,
}

impl AlsoHere {
    /// Whether an address is one of this machine, by a name nobody else can answer.
    fn is_here(address: &str) -> bool {
        let host = address.strip_prefix("http://").and_then(|rest| rest.split('/').next());
        let name = host.filter(|host| !host.contains('@')).map(|host| host.split_once(':').map_or(host, |(name, _)| name));
        matches!(name, Some("localhost" | "127.0.0.1"))
    }
}

impl web::Outside for AlsoHere {
    fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchFault> {
        if !Self::is_here(address) {
            return self.files.fetch(address);
        }
        let mut answer = self.here.0.get(address).call().map_err(|error| fault_of(&error))?;
        if !answer.status().is_success() {
            return Err(FetchFault::Refused);
        }
        answer.body_mut().with_config().limit(web::FILE_BYTES_MAX).read_to_vec().map_err(|_| FetchFault::Incomplete)
    }
}

fn fault_of(error: &ureq::Error) -> FetchFault {
    match error {
        ureq::Error::StatusCode(_) => FetchFault::Refused,
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) | ureq::Error::HostNotFound => FetchFault::Address,
        _ => FetchFault::Unreachable,
    }
}

impl Default for Outside {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build();
        Self(config.into())
    }
}

/// Hands messages to push services: over HTTPS and to public addresses only, whatever a browser said it subscribed with.
pub struct PushServices(ureq::Agent);

impl Default for PushServices {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .https_only(true)
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build();
        Self(ureq::Agent::with_parts(config, DefaultConnector::default(), PublicOnly(DefaultResolver::default())))
    }
}

impl oidc::Outside for Outside {
    fn post_form(&self, address: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        let answer = self.0.post(address).send_form(fields.iter().copied()).map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("answered {}", answer.status().as_u16())) }
    }
}

impl notices::push::PushNetwork for PushServices {
    fn post(&self, request: &PushRequest) -> Result<Answer, String> {
        let answer = self
            .0
            .post(&request.endpoint)
            .header("authorization", &request.authorization)
            .header("content-encoding", "aes128gcm")
            .header("content-type", "application/octet-stream")
            .header("ttl", request.ttl_s.to_string())
            .header("urgency", request.urgency)
            .header("topic", &request.topic)
            .send(&request.body[..])
            .map_err(|error| error.to_string())?;
        let retry_after_s = retry_after_s(answer.headers());
        Ok(notices::push::answer(answer.status().as_u16(), retry_after_s))
    }
}

/// `Retry-After` in seconds; a day of the calendar there is none.
pub(crate) fn retry_after_s(headers: &http::HeaderMap) -> Option<u32> {
    headers.get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_towns_own_network_is_not_public() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "198.18.0.1",
        ];
        let private_6 =
            ["::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "2002:a00:1::", "2001:0:a00::1", "ff02::1", "64:ff9b::a00:1"];
        for address in private.iter().chain(&private_6) {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "203.0.114.9", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for here in ["http://localhost:8080/x", "http://127.0.0.1/x", "http://localhost"] {
            assert!(AlsoHere::is_here(here), "{here}");
        }
        for other in [
            "http://localhost.example/x",
            "http://localhost@evil.example/",
            "http://localhost:8080@evil.example/",
            "https://localhost/x",
            "http://10.0.0.1/x",
            "localhost",
        ] {
            assert!(!AlsoHere::is_here(other), "{other}");
        }
    }

    #[test]
    fn files_come_over_tls_and_from_the_open_internet_only() {
        use web::Outside as _;
        let files = Files::default();
        for address in
            ["http://example.jp/a.csv", "https://127.0.0.1/a.csv", "https://localhost:9/a.csv", "https://[::1]/a.csv", "file:///etc/passwd"]
        {
            assert_eq!(files.fetch(address), Err(FetchFault::Address), "{address}");
        }
    }
}
