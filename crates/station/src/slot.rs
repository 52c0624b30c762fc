//! Where the card lies: the reader at this machine, or a folder of software cards that stands in for one.

use jpki::Transport;

use crate::folder::CardFolder;
use crate::pcsc::CardReader;

/// Where the card lies.
#[derive(Debug, Clone)]
pub enum Slot {
    /// Software cards, of which one is chosen on the page.
    Cards(CardFolder),
    /// A reader.
    Reader(CardReader),
}

/// Why there is no card to speak to. Each is a state the page waits in, and goes on from by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// The service that knows the readers does not run, or does not let us in.
    #[error("no reader service")]
    NoService,
    /// No reader is plugged in.
    #[error("no reader")]
    NoReader,
    /// The reader failed.
    #[error("reader failed")]
    Failed,
    /// No card.
    #[error("no card")]
    NoCard,
    /// More than one card.
    #[error("two cards")]
    TwoCards,
    /// Another program is using the card.
    #[error("card in use")]
    Busy,
    /// A card that does not answer: upside down, or of a kind that does not talk this way.
    #[error("card does not answer")]
    Silent,
}

impl Trouble {
    /// The key of the sentence to show.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::NoService => "reader-no-service",
            Self::NoReader => "reader-none",
            Self::Failed => "card-reader-failed",
            Self::NoCard => "card-no-card",
            Self::TwoCards => "reader-two-cards",
            Self::Busy => "reader-busy",
            Self::Silent => "reader-silent",
        }
    }

    /// Whether it is the reader's, so that no card helps.
    pub(crate) fn is_the_readers(self) -> bool {
        matches!(self, Self::NoService | Self::NoReader | Self::Failed)
    }
}

/// A card that can be spoken to, and whose it is as far as that is known before it is read.
pub(crate) struct Lying {
    pub(crate) label: String,
    pub(crate) link: Box<dyn Transport + Send>,
}

impl Slot {
    /// The cards to choose from, name and label; none at a reader, where a card is laid.
    pub(crate) fn choices(&self) -> Vec<(String, String)> {
        match self {
            Self::Reader(_) => Vec::new(),
            Self::Cards(folder) => folder.list().unwrap_or_else(|error| {
                tracing::error!(%error, "cards cannot be listed");
                Vec::new()
            }),
        }
    }

    /// Connects to the card: nobody else can until it is let go of.
    pub(crate) fn connect(&self, chosen: &str) -> Result<Lying, Trouble> {
        match self {
            Self::Cards(folder) => {
                let card = folder.lay(chosen).map_err(|_| Trouble::NoCard)?;
                Ok(Lying { label: card.label().to_owned(), link: Box::new(card) })
            }
            Self::Reader(reader) => Ok(Lying { label: String::new(), link: Box::new(reader.connect()?) }),
        }
    }
}
