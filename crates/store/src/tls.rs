//! How PostgreSQL is reached: in the clear on the same machine, everywhere else over TLS with the server's certificate and name checked.

use std::net::IpAddr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// Names the file of authorities that certify the database server, when the address does not.
const CA_VARIABLE: &str = "TEGATA_DATABASE_CA";

/// A server's address, read.
pub(crate) struct Server {
    /// Whom to connect to.
    pub(crate) config: Config,
    /// How the line is encrypted; `None` where it is not.
    pub(crate) tls: Option<MakeRustlsConnect>,
}

/// What the address says of encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Plain,
    Encrypted,
}

/// Reads `postgres://…`, with `sslmode` (`disable`, `require`, `verify-ca`, `verify-full`) and `sslrootcert` (a PEM file of authorities).
///
/// Without `sslmode`, a server on this machine is reached in the clear and any other over TLS. Whoever asks for TLS gets the certificate and the name
/// checked: an unchecked line only looks safe. `prefer` and `allow` would fall back in silence and are refused.
///
/// # Errors
/// [`Error::Address`], without the address: it may hold a password.
pub(crate) fn read(address: &str) -> Result<Server> {
    let parameters = Parameters::split(address);
    let mut config: Config = parameters.rest.parse().map_err(|_| refused("not a PostgreSQL address"))?;
    let asked = match parameters.sslmode.as_deref() {
        None if is_on_this_machine(&config) => Asked::Plain,
        None | Some("require" | "verify-ca" | "verify-full") => Asked::Encrypted,
        Some("disable") => Asked::Plain,
        Some(_) => return Err(refused("sslmode is disable, require or verify-full")),
    };
    if asked == Asked::Plain {
        config.ssl_mode(SslMode::Disable);
        return Ok(Server { config, tls: None });
    }
    config.ssl_mode(SslMode::Require);
    let file = parameters.sslrootcert.or_else(|| std::env::var(CA_VARIABLE).ok().filter(|file| !file.is_empty()));
    let roots = match file {
        Some(file) => authorities(&file)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    Ok(Server { config, tls: Some(MakeRustlsConnect::new(client(roots)?)) })
}

/// The address without what stands in it for us.
struct Parameters {
    rest: String,
    sslmode: Option<String>,
    sslrootcert: Option<String>,
}

impl Parameters {
    fn split(address: &str) -> Self {
        let Some((base, query)) = address.split_once('?') else {
            return Self { rest: address.to_owned(), sslmode: None, sslrootcert: None };
        };
        let (mut sslmode, mut sslrootcert, mut others) = (None, None, Vec::new());
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = || Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
            match name {
                "sslmode" => sslmode = value(),
                "sslrootcert" => sslrootcert = value(),
                _ => others.push(pair),
            }
        }
        let rest = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
        Self { rest, sslmode, sslrootcert }
    }
}

/// Whether no packet leaves the machine: every host is a socket file or the loopback interface.
fn is_on_this_machine(config: &Config) -> bool {
    let hosts = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    hosts && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn authorities(file: &str) -> Result<RootCertStore> {
    let unreadable = |error: &dyn std::fmt::Display| refused(&format!("{file} cannot be read as certificates in PEM: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))? {
        roots.add(certificate.map_err(|error| unreadable(&error))?).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() { Err(refused(&format!("{file} holds no certificate in PEM"))) } else { Ok(roots) }
}

fn client(roots: RootCertStore) -> Result<ClientConfig> {
    // Named, because another crate of the house brings a second provider into the build.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(versions.map_err(|error| refused(&error.to_string()))?.with_root_certificates(roots).with_no_client_auth())
}

fn refused(reason: &str) -> Error {
    Error::Address { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encrypted(address: &str) -> bool {
        read(address).unwrap_or_else(|error| panic!("{address}: {error}")).tls.is_some()
    }

    #[test]
    fn only_the_same_machine_is_reached_in_the_clear_unless_it_is_asked_for() {
        for here in ["postgres://u@localhost/t", "postgres://u:p@127.0.0.1:5432/t", "postgres://u@[::1]/t", "postgres://u@%2Frun%2Fpg/t"] {
            assert!(!encrypted(here), "{here}");
        }
        for away in ["postgres://u@db.internal/t", "postgres://u@10.0.0.7/t", "postgres://u@localhost,db.internal/t"] {
            assert!(encrypted(away), "{away}");
            assert!(!encrypted(&format!("{away}?sslmode=disable")), "{away}");
        }
        for asked in ["require", "verify-ca", "verify-full"] {
            assert!(encrypted(&format!("postgres://u@127.0.0.1/t?connect_timeout=3&sslmode={asked}")), "{asked}");
        }
    }

    #[test]
    fn what_would_fall_back_in_silence_is_refused() {
        for bad in ["prefer", "allow", "", "REQUIRE"] {
            let said = read(&format!("postgres://u:secret@db.internal/t?sslmode={bad}")).err().unwrap().to_string();
            assert!(said.contains("sslmode") && !said.contains("secret"), "{said}");
        }
        for bad in ["postgres://u:secret@db/t?sslmode=require&sslrootcert=%2Fnowhere%2Fca.pem", "postgres://u:secret@db/t?nonsense=1"] {
            let said = read(bad).err().unwrap().to_string();
            assert!(!said.contains("secret"), "{said}");
        }
        assert!(read("postgres://u@db/t?sslrootcert=Cargo.toml").err().unwrap().to_string().contains("no certificate"));
    }
}
