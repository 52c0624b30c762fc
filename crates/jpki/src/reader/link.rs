//! The link to a card: bytes out, bytes in, with what readers do in between.

use zeroize::{Zeroize, Zeroizing};

use super::error::{CardError, TransportError};
use crate::apdu::StatusWord;

/// Something that carries commands to one card and its answers back. Synchronous: a card does one thing at a time.
///
/// A PC/SC transport must connect exclusively and power the card off (`SCARD_UNPOWER_CARD`) in `power_off`, because a card keeps
/// accepting a PIN it has seen until it loses power.
pub trait Transport {
    /// The answer, data and two status bytes, to one command.
    ///
    /// # Errors
    /// [`TransportError`] when no answer came; a status word that reports an error is an answer.
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError>;

    /// Cuts the card's power so that it forgets every PIN; called once at the end, also after errors.
    fn power_off(&mut self);
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        (**self).transmit(apdu)
    }

    fn power_off(&mut self) {
        (**self).power_off();
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        (**self).transmit(apdu)
    }

    fn power_off(&mut self) {
        (**self).power_off();
    }
}

/// The most rounds of 61xx one answer may take, so that no card can keep a reader busy for ever.
const MOST_ROUNDS: usize = 64;

/// Data and status of one finished command.
pub(super) struct Answer {
    pub(super) data: Vec<u8>,
    pub(super) status: StatusWord,
}

impl Answer {
    pub(super) fn ok(self, command: &'static str) -> Result<Vec<u8>, CardError> {
        if self.status == StatusWord::OK { Ok(self.data) } else { Err(CardError::Status { command, status: self.status }) }
    }
}

/// Sends a command with optional data and Le (1 to 256) in short form; asks again on 6Cxx and collects 61xx.
pub(super) fn send<T: Transport>(link: &mut T, header: [u8; 4], data: Option<&[u8]>, le: Option<usize>) -> Result<Answer, CardError> {
    let mut answer = once(link, header, data, le)?;
    if let [0x6C, right] = answer.status.0.to_be_bytes() {
        answer = once(link, header, data, Some(wire_length(right)))?;
    }
    for _ in 0..MOST_ROUNDS {
        let [0x61, more] = answer.status.0.to_be_bytes() else { return Ok(answer) };
        let next = once(link, [0x00, 0xC0, 0x00, 0x00], None, Some(wire_length(more)))?;
        answer.data.extend(next.data);
        answer.status = next.status;
    }
    Err(CardError::Garbled("an answer without end"))
}

fn wire_length(byte: u8) -> usize {
    if byte == 0 { 256 } else { usize::from(byte) }
}

fn once<T: Transport>(link: &mut T, header: [u8; 4], data: Option<&[u8]>, le: Option<usize>) -> Result<Answer, CardError> {
    let size = data.map_or(0, <[u8]>::len);
    // The whole room at once: a buffer that grows would leave copies of a PIN behind.
    let mut apdu = Zeroizing::new(Vec::with_capacity(header.len() + 2 + size));
    apdu.extend(header);
    if let Some(data) = data {
        apdu.push(u8::try_from(size).map_err(|_| CardError::DoesNotFit)?);
        apdu.extend(data);
    }
    if let Some(le) = le {
        apdu.push((le & 0xFF) as u8);
    }
    let result = link.transmit(&apdu);
    apdu.zeroize();
    let mut data = result?;
    let (Some(low), Some(high)) = (data.pop(), data.pop()) else {
        return Err(CardError::Garbled("an answer without status"));
    };
    Ok(Answer { data, status: StatusWord(u16::from_be_bytes([high, low])) })
}
