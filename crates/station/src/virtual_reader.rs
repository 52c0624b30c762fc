//! Lays a card on the virtual reader of vsmartcard (Debian's `vsmartcard-vpcd`), so that any program of this machine can read it over PC/SC.
//!
//! The card is a client of the reader: each side sends a length of two bytes and that many bytes. One byte from the reader is a control, anything
//! longer a command whose answer it waits for.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Where `vpcd` waits for the card of its first reader.
pub const PORT: u16 = 35963;

/// How long the reader may take to let the card in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const GET_ATR: u8 = 4;

/// What lies on a reader: it gets power and commands.
pub trait Plastic {
    /// What it says when it gets power.
    fn atr(&self) -> Vec<u8>;

    /// Takes its power away.
    fn power_off(&mut self);

    /// Resets it with its power on.
    fn reset(&mut self);

    /// Answers a command, data and two status bytes.
    ///
    /// # Errors
    /// When it cannot: the card then leaves the reader.
    fn answer(&mut self, apdu: &[u8]) -> io::Result<Vec<u8>>;
}

/// The place on the reader, with the card on it.
#[derive(Debug)]
pub struct VirtualReader {
    stream: TcpStream,
}

/// Takes the card off from another thread.
#[derive(Debug)]
pub struct TakeOff(TcpStream);

impl TakeOff {
    /// Takes the card off; twice changes nothing.
    pub fn now(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl VirtualReader {
    /// Finds the reader; the card lies on it from now on, and answers once [`Self::lend`] runs.
    ///
    /// # Errors
    /// When nothing listens there.
    pub fn find(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// What takes the card off.
    ///
    /// # Errors
    /// When the system has no more handles.
    pub fn take_off(&self) -> io::Result<TakeOff> {
        Ok(TakeOff(self.stream.try_clone()?))
    }

    /// Lets the card answer until it is taken off or the reader goes away.
    ///
    /// # Errors
    /// What the card said when it could not answer; [`io::ErrorKind::InvalidData`] for a control nobody knows.
    pub fn lend(mut self, card: &mut dyn Plastic) -> io::Result<()> {
        while let Some(asked) = self.hear()? {
            match *asked {
                [POWER_OFF] => card.power_off(),
                [POWER_ON] => {}
                [RESET] => card.reset(),
                [GET_ATR] => self.say(&card.atr())?,
                [_] | [] => return Err(io::ErrorKind::InvalidData.into()),
                ref apdu => {
                    let answer = card.answer(apdu)?;
                    self.say(&answer)?;
                }
            }
        }
        Ok(())
    }

    /// What the reader says next; nothing when it or the card is gone.
    fn hear(&mut self) -> io::Result<Option<Vec<u8>>> {
        let gone = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Ok(None),
            _ => Err(error),
        };
        let mut length = [0; 2];
        self.acknowledge_at_once()?;
        if let Err(error) = self.stream.read_exact(&mut length) {
            return gone(error);
        }
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
        self.acknowledge_at_once()?;
        match self.stream.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(error) => gone(error),
        }
    }

    fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u16::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        self.stream.write_all(&[&length.to_be_bytes(), bytes].concat())
    }

    /// The reader writes length and bytes apart and waits for the first to be acknowledged: 40 ms a command, unless it is at once. The system
    /// forgets the wish after each time.
    #[cfg(target_os = "linux")]
    fn acknowledge_at_once(&self) -> io::Result<()> {
        Ok(rustix::net::sockopt::set_tcp_quickack(&self.stream, true)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn acknowledge_at_once(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Whoever can still take the card off holds the line too: it is closed here, or the reader would wait for an answer for ever.
impl Drop for VirtualReader {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[derive(Default)]
    struct Echo {
        heard: Vec<&'static str>,
    }

    impl Plastic for Echo {
        fn atr(&self) -> Vec<u8> {
            vec![0x3B, 0x00]
        }

        fn power_off(&mut self) {
            self.heard.push("off");
        }

        fn reset(&mut self) {
            self.heard.push("reset");
        }

        fn answer(&mut self, apdu: &[u8]) -> io::Result<Vec<u8>> {
            if apdu == [0xFF; 4] { Err(io::ErrorKind::Other.into()) } else { Ok([apdu, &[0x90, 0x00]].concat()) }
        }
    }

    /// Plays the reader: what it sends, and what it gets back.
    fn reader(sends: &'static [&'static [u8]]) -> (io::Result<()>, Vec<&'static str>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = VirtualReader::find(listener.local_addr().unwrap()).unwrap();
        let _off = place.take_off().unwrap();
        let playing = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for bytes in sends {
                let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
                stream.write_all(&length).unwrap();
                stream.write_all(bytes).unwrap();
            }
            stream.shutdown(Shutdown::Write).unwrap();
            let mut got = Vec::new();
            stream.read_to_end(&mut got).unwrap();
            got
        });
        let mut card = Echo::default();
        let lent = place.lend(&mut card);
        (lent, card.heard, playing.join().unwrap())
    }

    #[test]
    fn the_card_gets_power_and_commands_and_answers_them() {
        let (lent, heard, got) = reader(&[&[1], &[4], &[0, 0xA4, 4, 0], &[2], &[0]]);
        lent.unwrap();
        assert_eq!(heard, ["reset", "off"]);
        assert_eq!(got, [0, 2, 0x3B, 0x00, 0, 6, 0, 0xA4, 4, 0, 0x90, 0x00]);
    }

    #[test]
    fn what_makes_no_sense_ends_it() {
        assert!(reader(&[&[9]]).0.is_err());
        assert!(reader(&[&[]]).0.is_err());
        assert!(reader(&[&[0xFF; 4]]).0.is_err());
    }
}
