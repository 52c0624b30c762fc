//! Software cards in a folder: one JSON file each, with its counters, as a real card keeps them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jpki::card::{CardState, SoftwareCard};
use jpki::{Transport, TransportError};
use serde::{Deserialize, Serialize};

use crate::virtual_reader::Plastic;

/// A folder of software cards.
#[derive(Debug, Clone)]
pub struct CardFolder(PathBuf);

/// A software card on disk.
#[derive(Debug, Serialize, Deserialize)]
pub struct LaidCard {
    /// Whose it is, for choosing it.
    pub label: String,
    /// The card.
    pub card: CardState,
}

impl CardFolder {
    /// The cards of a folder; a missing folder holds none.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Gives the cards: name and label.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<(String, String)>> {
        let mut cards = Vec::new();
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(cards),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "json")
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                cards.push((name.to_owned(), self.load(name)?.label));
            }
        }
        cards.sort();
        Ok(cards)
    }

    /// Puts a card into the folder, replacing the one of that name in one step.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, name: &str, card: &LaidCard) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let path = self.path(name)?;
        let beside = path.with_extension("tmp");
        fs::write(&beside, serde_json::to_vec(card)?)?;
        fs::rename(beside, path)
    }

    fn load(&self, name: &str) -> io::Result<LaidCard> {
        Ok(serde_json::from_slice(&fs::read(self.path(name)?)?)?)
    }

    /// The file of a name, which must be one: it comes from a form.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if plain { Ok(Path::new(&self.0).join(format!("{name}.json"))) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Lays a card on the reader.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn lay(&self, name: &str) -> io::Result<OnReader> {
        let LaidCard { label, card } = self.load(name)?;
        let random = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes");
        Ok(OnReader { folder: self.clone(), name: name.to_owned(), label, card: SoftwareCard::insert(card, Box::new(random)) })
    }
}

/// A software card on a reader: what it counts is kept after every command.
pub struct OnReader {
    folder: CardFolder,
    name: String,
    label: String,
    card: SoftwareCard,
}

impl OnReader {
    /// Whose it is.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// After every command, as a real card does: pulling the plug gives no tries back.
    fn keep(&self) -> io::Result<()> {
        self.folder.save(&self.name, &LaidCard { label: self.label.clone(), card: self.card.state().clone() })
    }
}

impl Transport for OnReader {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        let answer = self.card.answer(apdu);
        self.keep().map_err(|error| TransportError::Reader(error.to_string()))?;
        Ok(answer)
    }

    fn power_off(&mut self) {
        self.card.power_off();
    }
}

impl Plastic for OnReader {
    fn atr(&self) -> Vec<u8> {
        self.card.state().atr.clone()
    }

    fn power_off(&mut self) {
        self.card.power_off();
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn answer(&mut self, apdu: &[u8]) -> io::Result<Vec<u8>> {
        let answer = self.card.answer(apdu);
        self.keep()?;
        Ok(answer)
    }
}
