//! A My Number Card in software: answers command by command as the real one is known to, for tests, demonstrations and training.

mod execute;
mod personalise;
mod state;

pub use personalise::{Personalise, Pins};
pub use state::{Access, Application, CardState, File, Form, HexBytes, Model};

use std::collections::BTreeSet;

use crate::Random;
use crate::reader::{Transport, TransportError};

/// A card with power. Its state, with every counter, is [`SoftwareCard::state`] and can be kept as JSON.
pub struct SoftwareCard {
    state: CardState,
    session: Session,
    random: Box<dyn Random>,
}

/// What a card forgets without power.
#[derive(Debug, Default)]
struct Session {
    /// The current application; none in the power-on state.
    application: Option<usize>,
    file: Option<u16>,
    /// The application whose secrets were shown, and which. Outlives a reset and a new selection of the same application.
    shown_to: Option<usize>,
    shown: BTreeSet<u16>,
}

impl SoftwareCard {
    /// Lays the card on a reader: it gets power. `random` feeds GET CHALLENGE.
    pub fn insert(state: CardState, random: Box<dyn Random>) -> Self {
        Self { state, session: Session::default(), random }
    }

    /// The card as it is now, to be kept.
    pub fn state(&self) -> &CardState {
        &self.state
    }

    /// Takes the card off the reader.
    pub fn remove(self) -> CardState {
        self.state
    }

    /// A reset without loss of power: nothing is selected any more, but secrets shown stay shown (as on the real card).
    pub fn reset(&mut self) {
        self.session.application = None;
        self.session.file = None;
    }

    /// The answer to one command, data and two status bytes.
    pub fn answer(&mut self, apdu: &[u8]) -> Vec<u8> {
        match self.execute(apdu) {
            Ok(mut data) => {
                data.extend([0x90, 0x00]);
                data
            }
            Err(status) => status.0.to_be_bytes().to_vec(),
        }
    }
}

impl Transport for SoftwareCard {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        Ok(self.answer(apdu))
    }

    fn power_off(&mut self) {
        self.session = Session::default();
    }
}

impl std::fmt::Debug for SoftwareCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwareCard").field("model", &self.state.model).finish_non_exhaustive()
    }
}
