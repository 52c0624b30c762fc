//! The services that are being developed: from the command line or a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use oidc::{AGES, Client, ClientId, Exception, Registration, Scope, Scopes};
use serde::Deserialize;
use store::{Actor, Role, StaffId, Store};
use town::Town;

use crate::Outcome;

/// One service, on the command line.
#[derive(clap::Args, Debug, Clone, Default)]
pub(super) struct One {
    /// The service's `client_id`, as the town gives them (a UUID); of another name one is made, always the same, and printed.
    #[arg(long)]
    client_id: Option<String>,
    /// Where people are sent back to; may be given several times.
    #[arg(long)]
    redirect_uri: Vec<String>,
    /// Where people may be sent after logging out; may be given several times.
    #[arg(long)]
    post_logout_redirect_uri: Vec<String>,
    /// Where the service is told that somebody logged out (back-channel).
    #[arg(long)]
    backchannel_logout_uri: Option<String>,
    /// A file with the service's secret, for client_secret_basic. Without it and --jwks a secret is made and printed.
    #[arg(long, conflicts_with = "jwks")]
    client_secret_file: Option<PathBuf>,
    /// A file with the service's public keys (JWK or JWK Set), for private_key_jwt.
    #[arg(long)]
    jwks: Option<PathBuf>,
    /// What the service may ask, apart by blanks; everything there is if left out.
    #[arg(long)]
    scope: Option<String>,
    /// How strict the protocol is.
    #[arg(long, default_value = "standard")]
    profile: Profile,
    /// A rule the service is excused from: plain-request or rs256; may be given several times.
    #[arg(long)]
    exception: Vec<String>,
}

/// How strict the protocol is.
#[derive(clap::ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Profile {
    /// OpenID Connect with PKCE, pushed requests and signed client authentication.
    #[default]
    Standard,
    /// FAPI 2.0.
    Fapi2,
}

/// A service as it is told, on the command line or in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    id: String,
    #[serde(default)]
    name: Option<String>,
    redirect_uris: Vec<String>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    #[serde(default)]
    backchannel_logout_uri: Option<String>,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    jwks: Option<PathBuf>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    profile: Profile,
    #[serde(default)]
    exceptions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    client: Vec<Told>,
}

/// Reads which services there are.
pub(super) fn told(file: Option<&Path>, one: &One) -> Outcome<Vec<Told>> {
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        // Files are named as seen from the one that names them.
        let beside = |named: &mut Option<PathBuf>| {
            if let (Some(named), Some(folder)) = (named, path.parent()) {
                *named = folder.join(&*named);
            }
        };
        for client in &mut file.client {
            beside(&mut client.client_secret_file);
            beside(&mut client.jwks);
        }
        return Ok(file.client);
    }
    let one = one.clone();
    if one.redirect_uri.is_empty() {
        return Err("which service is being developed? Give --client-id and --redirect-uri, or --clients with a file".into());
    }
    Ok(vec![Told {
        id: one.client_id.unwrap_or_else(|| "my-app".to_owned()),
        name: None,
        redirect_uris: one.redirect_uri,
        post_logout_redirect_uris: one.post_logout_redirect_uri,
        backchannel_logout_uri: one.backchannel_logout_uri,
        client_secret_file: one.client_secret_file,
        jwks: one.jwks,
        scope: one.scope,
        profile: one.profile,
        exceptions: one.exception,
    }])
}

/// Registers the services, as the console does; a secret that was made is printed once.
pub(super) async fn register(store: &Store, told: &[Told], origin: &str) -> Outcome<Vec<Client>> {
    let mut ctx = store.begin(Actor::Staff(StaffId::new(store.clock().now()), vec![Role::Administrator])).await?;
    let mut clients = Vec::new();
    for one in told {
        let secret = one.client_secret_file.as_deref().map(read).transpose()?;
        let secret = secret.as_deref().map(str::trim);
        let registered = oidc::register_known(&mut ctx, client_id(&one.id), &one.registration(store.town(), origin)?, secret).await?;
        if let (Some(made), None) = (&registered.secret, secret) {
            println!("  client_secret {made}  ({}、このたびかぎり / for this run)", registered.client.name);
        }
        clients.push(registered.client);
    }
    ctx.commit().await?;
    Ok(clients)
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// The id as given, or the one that always belongs to a name: a service's settings stay the same from run to run.
fn client_id(text: &str) -> ClientId {
    text.parse().unwrap_or_else(|_| {
        let hash = digest(&SHA256, format!("tegata simulator client {text}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_ref()[..16]);
        // RFC 9562 section 5.8: a UUID of one's own making.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        ClientId::from_bytes(bytes)
    })
}

impl Told {
    fn registration(&self, town: &Town, origin: &str) -> Outcome<Registration> {
        let addresses = [&self.redirect_uris, &self.post_logout_redirect_uris].into_iter().flatten().chain(&self.backchannel_logout_uri);
        let mut exceptions: BTreeSet<Exception> = BTreeSet::new();
        for named in &self.exceptions {
            let known = Exception::ALL.iter().find(|exception| exception.as_str() == named.replace('-', "_"));
            exceptions.insert(*known.ok_or_else(|| format!("{named}: there is no such exception"))?);
        }
        // What the way it is developed asks for is no choice of the service's.
        if addresses.clone().any(|address| address.starts_with("http://")) {
            exceptions.insert(Exception::Localhost);
        }
        if self.jwks.is_none() {
            exceptions.insert(Exception::SharedSecret);
        }
        if self.profile == Profile::Fapi2 && self.jwks.is_none() {
            return Err("FAPI 2.0 knows no shared secret: give --jwks with the service's public keys".into());
        }
        Ok(Registration {
            name: self.name.clone().unwrap_or_else(|| self.id.clone()),
            purpose: format!("シミュレーターで開発しているサービスです（{origin}）。"),
            redirect_uris: self.redirect_uris.clone(),
            logout_uris: self.post_logout_redirect_uris.clone(),
            backchannel_uri: self.backchannel_logout_uri.clone(),
            scopes: match &self.scope {
                Some(scope) => scope.parse().map_err(|_| format!("{scope}: there is no such scope"))?,
                None => every_scope(town),
            },
            fapi2: self.profile == Profile::Fapi2,
            exceptions,
            keys: self.jwks.as_deref().map(read).transpose()?.unwrap_or_default(),
        })
    }
}

/// Everything a service of this town can ask.
fn every_scope(town: &Town) -> Scopes {
    let plain = [Scope::OpenId, Scope::Profile, Scope::Birthdate, Scope::Resident, Scope::District, Scope::OfflineAccess];
    let programmes = town.programmes.iter().map(|programme| Scope::Programme(programme.id.clone()));
    Scopes(plain.into_iter().chain(AGES.map(Scope::AgeOver)).chain(programmes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_id_and_an_id_is_itself() {
        assert_eq!(client_id("my-app"), client_id("my-app"));
        assert_ne!(client_id("my-app"), client_id("another"));
        let id = "0192b4c4-7e6a-7000-8000-000000000001";
        assert_eq!(client_id(id).to_string(), id);
    }

    #[test]
    fn a_file_names_several_services_and_nothing_unknown() {
        let good = "[[client]]\nid = 'a'\nredirect_uris = ['http://localhost:1/cb']\nprofile = 'fapi2'\n[[client]]\nid = 'b'\nredirect_uris = []\n";
        let file: File = toml::from_str(good).unwrap();
        assert_eq!((file.client.len(), file.client[0].profile, file.client[1].profile), (2, Profile::Fapi2, Profile::Standard));
        assert!(toml::from_str::<File>("[[client]]\nid = 'a'\nredirect_uris = []\nsecret = 'x'\n").is_err());
    }
}
