use serde::Deserialize;
use town::{AppEndpoints, IdentityApp};

use crate::AppRefusal;

/// Where an identity app's provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppProvider {
    pub(crate) issuer: String,
    pub(crate) authorization: String,
    pub(crate) token: String,
    pub(crate) userinfo: Option<String>,
    pub(crate) keys: String,
    /// Every answer of it says who answers (RFC 9207).
    pub(crate) names_itself: bool,
}

/// A discovery document, as far as it matters (OpenID Connect Discovery section 3).
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The address of an issuer's discovery document.
pub(super) fn discovery_address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl AppProvider {
    pub(super) fn configured(app: &IdentityApp, endpoints: &AppEndpoints) -> Self {
        let AppEndpoints { authorization, token, userinfo, keys } = endpoints.clone();
        Self { issuer: app.issuer.clone(), authorization, token, userinfo, keys, names_itself: false }
    }

    /// Takes what a discovery document says, if it is the issuer's own and lets us ask as we do.
    pub(super) fn discovered(app: &IdentityApp, document: &[u8]) -> Result<Self, AppRefusal> {
        let found: Document = serde_json::from_slice(document).map_err(|_| AppRefusal::Discovery)?;
        let lacks = |list: Option<Vec<String>>, wanted: &str| list.is_some_and(|list| !list.iter().any(|one| one == wanted));
        if lacks(found.code_challenge_methods_supported, "S256") || lacks(found.token_endpoint_auth_methods_supported, "private_key_jwt") {
            return Err(AppRefusal::Discovery);
        }
        let provider = Self {
            issuer: found.issuer,
            authorization: found.authorization_endpoint,
            token: found.token_endpoint,
            userinfo: found.userinfo_endpoint,
            keys: found.jwks_uri,
            names_itself: found.authorization_response_iss_parameter_supported,
        };
        let mut addresses = [&provider.authorization, &provider.token, &provider.keys].into_iter().chain(&provider.userinfo);
        let good = provider.issuer == app.issuer && addresses.all(|address| is_as_safe_as(address, &app.issuer));
        drop(addresses);
        if good { Ok(provider) } else { Err(AppRefusal::Discovery) }
    }

    /// Says whether an answer may be this provider's, by whom it names (RFC 9207 section 2.4).
    pub(super) fn is_named_by(&self, issuer: Option<&str>) -> Result<(), AppRefusal> {
        match issuer {
            Some(issuer) if issuer == self.issuer => Ok(()),
            None if !self.names_itself => Ok(()),
            _ => Err(AppRefusal::Issuer),
        }
    }
}

/// Over TLS; without it on this machine only, and only where the pack's own issuer is there.
fn is_as_safe_as(address: &str, issuer: &str) -> bool {
    let Ok(address) = url::Url::parse(address) else { return false };
    let here = matches!(address.host_str(), Some("localhost" | "127.0.0.1"));
    address.scheme() == "https" || (address.scheme() == "http" && here && issuer.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_names_must_be_as_safe_as_its_issuer() {
        let issuer = "https://op.example.jp";
        assert!(is_as_safe_as("https://login.example.jp/auth", issuer));
        for bad in ["http://op.example.jp/auth", "http://localhost:9/auth", "/auth", "ftp://op.example.jp", "javascript:alert(1)"] {
            assert!(!is_as_safe_as(bad, issuer), "{bad}");
        }
        assert!(is_as_safe_as("http://localhost:9/auth", "http://localhost:9"));
        assert!(!is_as_safe_as("http://op.example.jp/auth", "http://localhost:9"));
    }

    #[test]
    fn the_document_lies_below_the_issuer() {
        let address = "https://op.example.jp/realms/main/.well-known/openid-configuration";
        assert_eq!(discovery_address("https://op.example.jp/realms/main"), address);
        assert_eq!(discovery_address("https://op.example.jp/realms/main/"), address);
    }
}
