//! How the town's e-mail goes out.

use super::{Words, words};

words! {
    /// How the way to the mail server is kept from others' eyes.
    MailTls {
        /// TLS from the first byte (RFC 8314), usually port 465.
        Implicit = "tls",
        /// TLS begun by STARTTLS, and nothing sent without it; usually port 587.
        StartTls = "starttls",
        /// None: for a mail server on the same machine.
        None = "none",
    }
}

/// The server the town's e-mail goes out by, `[mail]`. Its password stands in no pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address letters come from.
    pub from: String,
    /// The name letters come from; the town's own where it is left out.
    pub name: Option<Words>,
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is kept.
    pub tls: MailTls,
    /// As whom the house signs in; nobody where the server knows it by its address.
    pub user: Option<String>,
}

impl Mail {
    /// Whether the server stands on the same machine.
    pub fn is_here(&self) -> bool {
        is_here(&self.host)
    }
}

/// Whether a host's name is this machine's.
pub(crate) fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}
