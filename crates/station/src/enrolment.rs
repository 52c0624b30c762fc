//! What makes a station the town's own: its token, in a file only its owner can read.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A station's enrolment at its centre.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The centre that gave it: the token is told to no other.
    pub centre: String,
    /// The station's id there.
    pub station: String,
    /// The place it stands at, for people.
    pub place: String,
    /// What it shows the centre.
    pub(crate) token: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").field("centre", &self.centre).field("station", &self.station).finish_non_exhaustive()
    }
}

/// Why an enrolment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The file cannot be read or written.
    #[error("the enrolment's file cannot be used")]
    File(#[from] io::Error),
    /// The file is not one `tegata station enrol` wrote.
    #[error("the enrolment's file cannot be understood: enrol again")]
    Broken(#[from] serde_json::Error),
    /// Others may read it.
    #[error("others may read the enrolment's file: allow only its owner (chmod 600) and, if somebody may have, enrol again")]
    OthersMayRead,
    /// It was given by another centre.
    #[error("the enrolment is for {0}")]
    AnotherCentre(String),
    /// The centre would be told the token in the clear.
    #[error("a station is enrolled over https, or at a centre on its own machine")]
    InTheClear,
}

impl Enrolment {
    /// An enrolment made beside the centre, in the same program, instead of by a code over the network.
    pub fn new(centre: &str, station: &str, place: &str, token: &str) -> Self {
        Self { centre: centre.to_owned(), station: station.to_owned(), place: place.to_owned(), token: token.to_owned() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`EnrolmentError`]; the file of another centre is one.
    pub fn load(path: &Path, centre: &str) -> Result<Self, EnrolmentError> {
        if others_may_read(&fs::metadata(path)?) {
            return Err(EnrolmentError::OthersMayRead);
        }
        let enrolment: Self = serde_json::from_slice(&fs::read(path)?)?;
        if enrolment.centre != centre.trim_end_matches('/') {
            return Err(EnrolmentError::AnotherCentre(enrolment.centre));
        }
        Ok(enrolment)
    }

    /// Writes the file anew, for its owner only, whole or not at all.
    ///
    /// # Errors
    /// [`EnrolmentError::File`].
    pub fn save(&self, path: &Path) -> Result<(), EnrolmentError> {
        let beside = path.with_extension("new");
        let _ = fs::remove_file(&beside);
        let mut file = for_its_owner().open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        Ok(fs::rename(beside, path)?)
    }
}

/// Refuses a centre that would be told secrets over a network in the clear.
///
/// # Errors
/// [`EnrolmentError::InTheClear`].
pub(crate) fn reached_safely(centre: &str) -> Result<(), EnrolmentError> {
    let host = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
    let near = |host: &str| {
        let name = host.strip_prefix('[').map_or_else(|| host.split(':').next(), |rest| rest.split(']').next()).unwrap_or_default();
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    match centre.strip_prefix("http://").map(host) {
        None if centre.starts_with("https://") => Ok(()),
        Some(host) if near(&host) => Ok(()),
        _ => Err(EnrolmentError::InTheClear),
    }
}

#[cfg(unix)]
fn others_may_read(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn others_may_read(_: &fs::Metadata) -> bool {
    false
}

fn for_its_owner() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrolment() -> Enrolment {
        let text = |text: &str| text.to_owned();
        Enrolment { centre: text("https://town.example"), station: text("s"), place: text("役場"), token: text("secret") }
    }

    #[test]
    fn a_file_is_its_owners_and_its_centres() {
        let folder = std::env::temp_dir().join(format!("tegata-enrolment-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("station.json");
        enrolment().save(&path).unwrap();
        enrolment().save(&path).unwrap();
        assert_eq!(Enrolment::load(&path, "https://town.example/").unwrap(), enrolment());
        assert!(matches!(Enrolment::load(&path, "https://other.example"), Err(EnrolmentError::AnotherCentre(_))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(Enrolment::load(&path, "https://town.example"), Err(EnrolmentError::OthersMayRead)));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&path, "{}").unwrap();
        assert!(matches!(Enrolment::load(&path, "https://town.example"), Err(EnrolmentError::Broken(_))));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_token_does_not_cross_a_network_in_the_clear() {
        for safe in ["https://town.example", "http://localhost:8080", "http://127.0.0.1:8080/", "http://[::1]:8080"] {
            assert!(reached_safely(safe).is_ok(), "{safe}");
        }
        for open in ["http://town.example", "http://10.0.0.5:8080", "http://localhost.evil.example", "town.example", "ftp://localhost", ""]
        {
            assert!(reached_safely(open).is_err(), "{open}");
        }
    }

    #[test]
    fn the_token_does_not_show_itself() {
        assert!(!format!("{:?}", enrolment()).contains("secret"));
    }
}
