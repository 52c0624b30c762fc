//! What is laid on the reader: software cards of a folder, by `tegata card` or by a hand that can pull them away at any moment; and things that are no
//! My Number Card.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use jpki::card::{CardState, File, Personalise};
use jpki::testca::{Person, TestCa};
use station::virtual_reader::{Plastic, TakeOff, VirtualReader};
use station::{CardFolder, LaidCard, OnReader};
use store::{Clock as _, SystemClock};

use super::pcscd::Pcscd;
use super::until;
use crate::helpers::{Folder, person};

/// The folder of cards of a test.
pub(crate) struct Table {
    pub(crate) cards: CardFolder,
    folder: std::path::PathBuf,
    port: u16,
}

impl Table {
    pub(crate) fn new(folder: &Folder, service: &Pcscd) -> Self {
        let folder = folder.0.join("cards");
        Self { cards: CardFolder::new(&folder), folder, port: service.port() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// A card like everybody's.
    pub(crate) fn issue(&self, name: &str, ca: &mut TestCa) {
        self.keep(name, &Personalise::new(person()), ca);
    }

    /// A card of a child under fifteen: it cannot sign.
    pub(crate) fn issue_for_child(&self, name: &str, ca: &mut TestCa) {
        let child = Person { name: "青空　太郎".to_owned(), ..person() };
        self.keep(name, &Personalise::new(child).without_signature(), ca);
    }

    fn keep(&self, name: &str, personalise: &Personalise, ca: &mut TestCa) {
        let mut random = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
        let card = personalise.issue(ca, SystemClock.now(), &mut random).unwrap();
        self.cards.save(name, &LaidCard { label: name.to_owned(), card }).unwrap();
    }

    /// How many tries a secret has left, by what the card itself counts.
    pub(crate) fn tries(&self, name: &str, file: u16) -> u8 {
        let kept: LaidCard = serde_json::from_slice(&std::fs::read(self.folder.join(format!("{name}.json"))).unwrap()).unwrap();
        counted(&kept.card, file)
    }

    /// Lays a card by the hand of the test.
    pub(crate) fn lay(&self, name: &str) -> Laid {
        Laid::on(self.port, Whole(self.cards.lay(name).unwrap()))
    }

    /// Lays a card that is pulled away when it is told to do this.
    pub(crate) fn lay_pulled_at(&self, name: &str, instruction: u8) -> Laid {
        Laid::on(self.port, Pulled { card: self.cards.lay(name).unwrap(), instruction })
    }

    /// Lays a card and does something when it is told to sign.
    pub(crate) fn lay_that_signs(&self, name: &str, then: impl FnMut() + Send + 'static) -> Laid {
        Laid::on(self.port, Signing { card: self.cards.lay(name).unwrap(), then })
    }

    /// Lays a card whose signatures are wrong.
    pub(crate) fn lay_forger(&self, name: &str) -> Laid {
        Laid::on(self.port, Forger(self.cards.lay(name).unwrap()))
    }
}

fn counted(card: &CardState, file: u16) -> u8 {
    let secrets = card.applications.iter().filter_map(|application| match application.files.get(&file) {
        Some(File::Secret { left, .. }) => Some(*left),
        _ => None,
    });
    secrets.min().expect("there is such a secret")
}

/// VERIFY.
pub(crate) const SHOW_SECRET: u8 = 0x20;
/// COMPUTE SIGNATURE.
pub(crate) const SIGN: u8 = 0x2A;

/// No hand swaps cards more quickly. pcscd looks every 0.4 s: a card that is back before it looked again is "not there" for it until it is lifted
/// once more.
const A_HAND: std::time::Duration = std::time::Duration::from_secs(1);

/// A card on the reader; taken off when dropped.
pub(crate) struct Laid {
    off: TakeOff,
    lending: Option<JoinHandle<()>>,
    told: Arc<AtomicUsize>,
}

impl Laid {
    /// Lays anything on the reader of a port.
    pub(crate) fn on(port: u16, card: impl Plastic + Send + 'static) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let reader = until("the virtual reader waits for a card", || VirtualReader::find(address).ok());
        let (off, told) = (reader.take_off().unwrap(), Arc::<AtomicUsize>::default());
        let mut card = Counted { card, told: Arc::clone(&told) };
        let lending = std::thread::spawn(move || drop(reader.lend(&mut card)));
        Self { off, lending: Some(lending), told }
    }

    /// How many commands it was given.
    pub(crate) fn told(&self) -> usize {
        self.told.load(Ordering::SeqCst)
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        self.off.now();
        if let Some(lending) = self.lending.take() {
            let _ = lending.join();
        }
        std::thread::sleep(A_HAND);
    }
}

macro_rules! plastic {
    ($name:ident $(<$generic:ident: $bound:path>)?, $field:tt, |$card:ident, $apdu:ident| $answer:expr) => {
        impl $(<$generic: $bound>)? Plastic for $name $(<$generic>)? {
            fn atr(&self) -> Vec<u8> {
                self.$field.atr()
            }

            fn power_off(&mut self) {
                Plastic::power_off(&mut self.$field);
            }

            fn reset(&mut self) {
                self.$field.reset();
            }

            fn answer(&mut self, $apdu: &[u8]) -> io::Result<Vec<u8>> {
                let $card = self;
                $answer
            }
        }
    };
}

struct Counted<C> {
    card: C,
    told: Arc<AtomicUsize>,
}

plastic!(Counted<C: Plastic>, card, |counted, apdu| {
    counted.told.fetch_add(1, Ordering::SeqCst);
    counted.card.answer(apdu)
});

struct Whole(OnReader);

plastic!(Whole, 0, |whole, apdu| whole.0.answer(apdu));

/// The card does what it was told, and is gone before it can say so.
struct Pulled {
    card: OnReader,
    instruction: u8,
}

plastic!(Pulled, card, |pulled, apdu| {
    let answer = pulled.card.answer(apdu)?;
    // With data: without, it only asks how many tries are left.
    if apdu.get(1) == Some(&pulled.instruction) && apdu.len() > 5 { Err(io::ErrorKind::Other.into()) } else { Ok(answer) }
});

struct Signing<F> {
    card: OnReader,
    then: F,
}

impl<F: FnMut()> Plastic for Signing<F> {
    fn atr(&self) -> Vec<u8> {
        self.card.atr()
    }

    fn power_off(&mut self) {
        Plastic::power_off(&mut self.card);
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn answer(&mut self, apdu: &[u8]) -> io::Result<Vec<u8>> {
        if apdu.get(1) == Some(&SIGN) {
            (self.then)();
        }
        self.card.answer(apdu)
    }
}

struct Forger(OnReader);

plastic!(Forger, 0, |forger, apdu| {
    let mut answer = forger.0.answer(apdu)?;
    if apdu.get(1) == Some(&SIGN) {
        answer[0] ^= 1;
    }
    Ok(answer)
});

/// A card that talks, but knows nothing of ours: a licence, a fare card.
pub(crate) struct Licence;

impl Plastic for Licence {
    fn atr(&self) -> Vec<u8> {
        vec![0x3B, 0x88, 0x80, 0x01, 0, 0, 0, 0, 0x91, 0x81, 0xC1, 0x00, 0x50 ^ 0x08]
    }

    fn power_off(&mut self) {}

    fn reset(&mut self) {}

    fn answer(&mut self, _: &[u8]) -> io::Result<Vec<u8>> {
        Ok(vec![0x6A, 0x82])
    }
}

/// `tegata card`, as anybody lays a card.
pub(crate) struct LaidByCommand(Child);

impl LaidByCommand {
    pub(crate) fn lay(table: &Table, name: &str) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_tegata"))
            .args(["card", "--cards"])
            .arg(table.path())
            .args(["--port", &table.port.to_string()])
            .arg(name)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for LaidByCommand {
    fn drop(&mut self) {
        // As Ctrl+C does.
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let ended = self.0.wait().unwrap();
        if !std::thread::panicking() {
            assert!(ended.success(), "{ended}");
        }
    }
}
