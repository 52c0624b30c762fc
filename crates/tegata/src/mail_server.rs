//! The town's mail server, and where letters go without one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::SmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{Message, Transport};
use notices::Answer;
use notices::mail::{Letter, MailNetwork};
use town::{Mail, MailTls};

use crate::Outcome;

/// How long the server may take to answer a command.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Connections kept open.
const CONNECTIONS: u32 = 8;

/// A server letters are handed to over SMTP (RFC 5321).
pub struct MailServer(SmtpTransport);

impl MailServer {
    /// The server of a pack, with its password where it asks for one, and who vouches for it besides the public authorities. `origin` names this house to it.
    ///
    /// # Errors
    /// When the pack names a user and there is no password, or the authority's certificate is none.
    pub fn new(mail: &Mail, password: Option<String>, authority: Option<&[u8]>, origin: &str) -> Outcome<Self> {
        let tls = || tls(mail, authority);
        let tls = match mail.tls {
            MailTls::Implicit => Tls::Wrapper(tls()?),
            // Nothing is said before: whoever takes STARTTLS out of the greeting gets no letter.
            MailTls::StartTls => Tls::Required(tls()?),
            MailTls::None => Tls::None,
        };
        let name = origin.split_once("://").map_or("localhost", |(_, host)| host).split([':', '/']).next().unwrap_or("localhost");
        let mut builder = SmtpTransport::builder_dangerous(&mail.host)
            .port(mail.port)
            .tls(tls)
            .hello_name(ClientId::Domain(name.to_owned()))
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        if let Some(user) = &mail.user {
            let password = password
                .ok_or("[mail] names a user: its password is TEGATA_MAIL_PASSWORD, or the file mail.password of the keys' folder")?;
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self(builder.build()))
    }
}

impl MailNetwork for MailServer {
    fn send(&self, letter: &Letter) -> Result<Answer, String> {
        match self.0.send(&message(letter)?) {
            Ok(_) => Ok(Answer::Taken),
            Err(error) => answer(&error),
        }
    }
}

fn tls(mail: &Mail, authority: Option<&[u8]>) -> Outcome<TlsParameters> {
    let mut builder = TlsParameters::builder(mail.host.clone());
    if let Some(pem) = authority {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(|_| "mail.ca.pem holds no certificate")?);
    }
    Ok(builder.build()?)
}

fn message(letter: &Letter) -> Result<Message, String> {
    letter.message().map_err(|error| error.to_string())
}

fn answer(error: &SmtpError) -> Result<Answer, String> {
    let said = store::error_chain(error);
    match error.status() {
        Some(code) => {
            let code = u16::from(code);
            Ok(notices::mail::answer(code, &said))
        }
        // What the server says may name the mailbox: the log is told the kind of failure alone.
        None if error.is_timeout() => Err("no answer in time".to_owned()),
        None if error.is_tls() => Err("the connection could not be secured".to_owned()),
        None => Err("no connection, or one that broke".to_owned()),
    }
}

/// A folder letters are laid into, each a file as a program of e-mail opens it: for a demonstration, which writes to nobody.
pub struct MailFolder(PathBuf);

impl MailFolder {
    /// Lays letters into a folder, which is made with the first.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

impl MailNetwork for MailFolder {
    fn send(&self, letter: &Letter) -> Result<Answer, String> {
        let write = || {
            std::fs::create_dir_all(&self.0)?;
            // A half-written letter is nobody's to read.
            let whole = self.0.join(format!("{}.eml", letter.id));
            let begun = whole.with_extension("part");
            std::fs::write(&begun, message(letter).map_err(std::io::Error::other)?.formatted())?;
            std::fs::rename(begun, whole)
        };
        write().map(|()| Answer::Taken).map_err(|error: std::io::Error| error.to_string())
    }
}

/// Where a town's letters go: to its mail server; in a demonstration to a server on this machine, else into a folder; nowhere in a town without e-mail.
///
/// # Errors
/// As [`MailServer::new`].
pub fn of_town(
    mail: Option<&Mail>,
    password: Option<String>,
    authority: Option<&[u8]>,
    origin: &str,
    demo: Option<&Path>,
) -> Outcome<Option<Arc<dyn MailNetwork>>> {
    let Some(mail) = mail else { return Ok(None) };
    Ok(Some(match demo {
        Some(folder) if !mail.is_here() => Arc::new(MailFolder::new(folder)),
        _ => Arc::new(MailServer::new(mail, password, authority, origin)?),
    }))
}
