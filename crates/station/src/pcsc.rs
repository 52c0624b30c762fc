//! The reader at this machine, over PC/SC.
//!
//! Nothing is held between two looks, neither the service nor the list of readers: a service that starts late or again, a reader that is plugged in
//! late, a card that comes and goes are seen at the next look, and nothing has to be restarted.

use std::ffi::{CStr, CString};
use std::time::Duration;

use jpki::{Transport, TransportError};
use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State};

use crate::slot::Trouble;

/// Room for the longest answer to a short command, 256 bytes and the status; some readers add a few.
const ANSWER_BYTES: usize = 512;

/// The readers of this machine, or those of a name.
#[derive(Debug, Clone, Default)]
pub struct CardReader {
    name: Option<String>,
}

impl CardReader {
    /// All readers, or those whose name holds these letters.
    pub fn new(name: Option<String>) -> Self {
        Self { name }
    }

    /// Whether exactly one card lies on all these readers together.
    pub(crate) fn look(&self) -> Result<(), Trouble> {
        self.find().map(drop)
    }

    /// Connects to the one card, for us alone.
    pub(crate) fn connect(&self) -> Result<PcscCard, Trouble> {
        let (context, reader) = self.find()?;
        let card = context.connect(&reader, ShareMode::Exclusive, Protocols::T0 | Protocols::T1).map_err(trouble)?;
        Ok(PcscCard { card: Some(card) })
    }

    fn find(&self) -> Result<(Context, CString), Trouble> {
        let context = Context::establish(Scope::User).map_err(|error| {
            tracing::debug!(%error, "PC/SC does not answer");
            Trouble::NoService
        })?;
        let names = context.list_readers_owned().map_err(trouble)?;
        let mut readers: Vec<ReaderState> =
            names.into_iter().filter(|name| self.is_meant(name)).map(|name| ReaderState::new(name, State::UNAWARE)).collect();
        if readers.is_empty() {
            return Err(Trouble::NoReader);
        }
        context.get_status_change(Duration::ZERO, &mut readers).map_err(trouble)?;
        let mut laid = readers.iter().filter(|reader| reader.event_state().contains(State::PRESENT));
        let reader = match (laid.next(), laid.next()) {
            (None, _) => return Err(Trouble::NoCard),
            (Some(_), Some(_)) => return Err(Trouble::TwoCards),
            (Some(reader), None) => reader,
        };
        if reader.event_state().contains(State::EXCLUSIVE) {
            return Err(Trouble::Busy);
        }
        if reader.event_state().contains(State::MUTE) {
            return Err(Trouble::Silent);
        }
        let name = reader.name().to_owned();
        Ok((context, name))
    }

    fn is_meant(&self, reader: &CStr) -> bool {
        self.name.as_ref().is_none_or(|name| reader.to_string_lossy().contains(name.as_str()))
    }
}

fn trouble(error: Error) -> Trouble {
    match error {
        Error::NoService | Error::ServiceStopped | Error::SecurityViolation | Error::InvalidHandle => Trouble::NoService,
        Error::NoReadersAvailable | Error::UnknownReader | Error::ReaderUnavailable => Trouble::NoReader,
        Error::NoSmartcard | Error::RemovedCard => Trouble::NoCard,
        Error::SharingViolation => Trouble::Busy,
        Error::UnresponsiveCard | Error::UnpoweredCard | Error::UnsupportedCard | Error::ProtoMismatch | Error::CardUnsupported => {
            Trouble::Silent
        }
        other => {
            tracing::warn!(error = %other, "the reader failed");
            Trouble::Failed
        }
    }
}

/// A card on a reader, connected exclusively: no other program can speak to it while it knows our PIN.
pub(crate) struct PcscCard {
    card: Option<Card>,
}

impl Transport for PcscCard {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        let card = self.card.as_ref().ok_or(TransportError::Removed)?;
        let mut room = [0; ANSWER_BYTES];
        match card.transmit(apdu, &mut room) {
            // Every answer of a card ends with its status: some drivers tell a card that is gone as an empty answer.
            Ok([] | [_]) => Err(TransportError::Removed),
            Ok(answer) => Ok(answer.to_vec()),
            Err(error) => Err(lost(error)),
        }
    }

    fn power_off(&mut self) {
        let Some(card) = self.card.take() else { return };
        // A card that is gone has no power either.
        if let Err((_, error)) = card.disconnect(Disposition::UnpowerCard) {
            tracing::debug!(%error, "the card was not let go of");
        }
    }
}

/// A card that leaves the field shows as any of these, as the reader noticed it.
fn lost(error: Error) -> TransportError {
    match error {
        Error::RemovedCard
        | Error::NoSmartcard
        | Error::NotTransacted
        | Error::CommDataLost
        | Error::CommError
        | Error::ResetCard
        | Error::UnpoweredCard
        | Error::UnresponsiveCard => TransportError::Removed,
        other => TransportError::Reader(other.to_string()),
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        self.power_off();
    }
}
