//! What is done at the card: look how many tries are left, let it sign. All of it waits for the card, so it is called where waiting is allowed.

use jpki::reader::Availability;
use jpki::{
    CardError, CertificateKind, PinKind, Reader, SignaturePassword, SpendLastTry, TextPin, TownKey, Transport, TransportError, Tries,
    UserAuthPin,
};

use crate::centre::{Answer, Question, RegionId};
use crate::slot::{Slot, Trouble};

/// By which of their secrets somebody proves who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// 署名用パスワード.
    Password,
    /// The two 4-digit PINs, at a station of the town only.
    Digits,
}

impl Way {
    fn certificate(self) -> CertificateKind {
        match self {
            Self::Password => CertificateKind::Signature,
            Self::Digits => CertificateKind::UserAuthentication,
        }
    }

    fn secrets(self) -> &'static [PinKind] {
        match self {
            Self::Password => &[PinKind::Signature],
            Self::Digits => &[PinKind::UserAuthentication, PinKind::Text],
        }
    }
}

/// What was typed.
pub(crate) enum Typed {
    /// 署名用パスワード.
    Password(SignaturePassword),
    /// 利用者証明用 and 券面事項入力補助用.
    Digits(UserAuthPin, TextPin),
}

/// Why the card cannot be used, or did not answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// There is no card to speak to.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The card said no.
    #[error(transparent)]
    Card(CardError),
    /// It was taken away. `asked` when it had been shown a secret and did not say what it thinks of it: a try may have been spent.
    #[error("card was taken away")]
    Away {
        /// Whether a secret was on its way.
        asked: bool,
    },
}

/// A card that can be asked.
pub(crate) struct Looked {
    /// Whose it is; known of software cards only.
    pub(crate) label: String,
    /// The tries left of each secret this way needs.
    pub(crate) tries: Vec<(PinKind, Tries)>,
}

/// Looks whether the card can be asked this way, and how many tries it has left. Costs none.
pub(crate) fn look(slot: &Slot, chosen: &str, way: Way) -> Result<Looked, Fault> {
    let lying = slot.connect(chosen)?;
    let tries = with_card(lying.link, |reader| {
        let Availability { signature, user_authentication } = reader.availability()?;
        let there = if way == Way::Password { signature } else { user_authentication };
        if there == Some(false) {
            return Err(CardError::NoCertificate(way.certificate()));
        }
        let counted = |which: &PinKind| match reader.tries_left(*which)? {
            Tries::Blocked => Err(CardError::Blocked(*which)),
            tries => Ok((*which, tries)),
        };
        way.secrets().iter().map(counted).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(Looked { label: lying.label, tries })
}

/// Lets the card sign; its last try is spent only when its holder has agreed. Where the holder asked for it, the town's number is then written into the
/// card; the question loses it when the card has no place for it or was taken away too early, which costs nothing: what was signed is signed.
pub(crate) fn sign(
    slot: &Slot,
    chosen: &str,
    typed: &Typed,
    agreed: Option<SpendLastTry>,
    question: &mut Question,
) -> Result<Answer, Fault> {
    let lying = slot.connect(chosen)?;
    with_card(lying.link, |reader| {
        let message = &question.message;
        let answer = match typed {
            Typed::Password(password) => Answer::Signature(reader.sign_document(password, agreed, message)?),
            Typed::Digits(pin, text_pin) => {
                let file = reader.four_items_file(text_pin, agreed)?;
                Answer::Digits(reader.sign_user_auth(pin, agreed, message)?, file)
            }
        };
        question.region = question.region.take().filter(|region| is_written(reader, region));
        Ok(answer)
    })
}

/// Writes the town's number. The key's last try is never spent: a card that counts wrong keys belongs to another town.
fn is_written(reader: &mut Reader<&mut Link>, region: &RegionId) -> bool {
    let written = TownKey::new(&region.key).and_then(|key| reader.write_town_number(&key, None, &region.number));
    if let Err(error) = &written {
        tracing::warn!(%error, "the town's number was not written into the card");
    }
    written.is_ok()
}

/// Reads the town's number from the card that lies there; nothing when it has none. No secret is needed.
pub(crate) fn tapped(slot: &Slot, chosen: &str) -> Result<Option<String>, Fault> {
    let lying = slot.connect(chosen)?;
    with_card(lying.link, |reader| match reader.town_number() {
        Err(CardError::NotOnThisToken(_)) => Ok(None),
        read => read,
    })
}

type Link = Watched<Box<dyn Transport + Send>>;

fn with_card<T>(link: Box<dyn Transport + Send>, ask: impl FnOnce(&mut Reader<&mut Link>) -> Result<T, CardError>) -> Result<T, Fault> {
    let mut link = Watched { link, unanswered: false };
    let asked = Reader::open(&mut link).and_then(|mut reader| ask(&mut reader));
    asked.map_err(|error| match error {
        CardError::Removed | CardError::NoCard => Fault::Away { asked: link.unanswered },
        other => Fault::Card(other),
    })
}

/// Remembers whether a secret was shown to the card and not answered.
struct Watched<T> {
    link: T,
    unanswered: bool,
}

/// VERIFY.
const SHOWS_A_SECRET: u8 = 0x20;

impl<T: Transport> Transport for Watched<T> {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        // Without data it only asks how many tries are left.
        self.unanswered = matches!(apdu, [_, SHOWS_A_SECRET, _, _, _, _, ..]);
        let answer = self.link.transmit(apdu)?;
        self.unanswered = false;
        Ok(answer)
    }

    fn power_off(&mut self) {
        self.link.power_off();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card that is gone after so many commands.
    struct Leaving(usize);

    impl Transport for Leaving {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, TransportError> {
            self.0 = self.0.checked_sub(1).ok_or(TransportError::Removed)?;
            Ok(vec![0x90, 0x00])
        }

        fn power_off(&mut self) {}
    }

    #[test]
    fn a_try_is_in_doubt_only_while_a_secret_is_unanswered() {
        let (select, ask, show) = ([0, 0xA4, 4, 12, 1, 9], [0, 0x20, 0, 0x80], [0, 0x20, 0, 0x80, 1, 9]);
        let after = |commands: &[&[u8]]| {
            let mut link = Watched { link: Leaving(commands.len() - 1), unanswered: false };
            for command in commands {
                let _ = link.transmit(command);
            }
            link.unanswered
        };
        assert!(!after(&[&select]));
        assert!(!after(&[&ask]));
        assert!(after(&[&select, &show]));
        assert!(!after(&[&show, &select]), "it was answered before");
    }
}
