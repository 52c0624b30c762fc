//! Reads a My Number Card over any transport, carefully: tries are shown before they are spent, the My Number file is never selected,
//! and the card is powered off at the end.

mod error;
mod link;
mod secret;

pub use error::{CardError, PinForm, TransportError};
pub use link::Transport;
pub use secret::{PinKind, SignaturePassword, SpendLastTry, TextPin, TownKey, Tries, UserAuthPin};

use crate::apdu::{StatusWord, aid};
use crate::cert::ParsedCertificate;
use crate::four::FourItems;
use crate::keys::KeyAlgorithm;
use crate::{CertificateKind, digest_info_sha256, sha256, sha384, text};
use link::{Answer, send};

/// What kind of token answers, by the label in its EF 0006.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// マイナンバーカード.
    MyNumberCard,
    /// An Android phone.
    Android,
    /// An iPhone.
    Iphone,
    /// A label not known here, perhaps of a coming generation; treated as a card.
    Other(String),
}

impl TokenKind {
    /// Whether the token is a phone, which has no application with the face data.
    pub fn is_phone(&self) -> bool {
        matches!(self, Self::Android | Self::Iphone)
    }
}

/// A certificate and a signature made with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAnswer {
    /// The certificate in DER, without filler.
    pub certificate: Vec<u8>,
    /// The signature, in the form of the key (256 bytes for RSA-2048, DER for ECDSA).
    pub signature: Vec<u8>,
}

/// Which certificates the card says it has (EF 0008). `None` where it says something not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// 署名用電子証明書.
    pub signature: Option<bool>,
    /// 利用者証明用電子証明書.
    pub user_authentication: Option<bool>,
}

/// The record of the common application, which anybody holding a reader to the card can read: no authentication.
#[derive(Clone, PartialEq, Eq)]
pub struct CardRecord {
    /// 15 digits naming this piece of plastic. Not shown by `Debug`.
    pub serial: String,
    /// 全国地方公共団体コード, five digits without check digit.
    pub municipality: String,
    /// The day the card ends, `YYYYMMDD`.
    pub expires: String,
}

impl std::fmt::Debug for CardRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardRecord").field("municipality", &self.municipality).field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// The applications a reader may enter. There is no way to name any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Application {
    Jpki,
    Text,
    Juki,
    Common,
    Town,
}

impl Application {
    fn aid(self) -> &'static [u8] {
        match self {
            Self::Jpki => aid::JPKI,
            Self::Text => aid::TEXT,
            Self::Juki => aid::JUKI,
            Self::Common => aid::COMMON,
            Self::Town => aid::TOWN,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Jpki => "jpki",
            Self::Text => "text",
            Self::Juki => "juki",
            Self::Common => "common",
            Self::Town => "town",
        }
    }
}

/// The files a reader may select. Text EF 0001, the My Number, is not among them and cannot be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum File {
    SignatureCertificate,
    TokenInfo,
    Availability,
    UserAuthCertificate,
    UserAuthKey,
    SignatureKey,
    Pin(PinKind),
    FourItems,
    CardRecord,
    TownNumber,
}

impl File {
    fn place(self) -> (Application, u16) {
        match self {
            Self::SignatureCertificate => (Application::Jpki, 0x0001),
            Self::TokenInfo => (Application::Jpki, 0x0006),
            Self::Availability => (Application::Jpki, 0x0008),
            Self::UserAuthCertificate => (Application::Jpki, 0x000A),
            Self::UserAuthKey => (Application::Jpki, 0x0017),
            Self::SignatureKey => (Application::Jpki, 0x001A),
            Self::Pin(PinKind::UserAuthentication) => (Application::Jpki, 0x0018),
            Self::Pin(PinKind::Signature) => (Application::Jpki, 0x001B),
            Self::Pin(PinKind::Text) => (Application::Text, 0x0011),
            Self::Pin(PinKind::Juki) => (Application::Juki, 0x001C),
            Self::Pin(PinKind::Town) => (Application::Town, 0x0011),
            Self::FourItems => (Application::Text, 0x0002),
            Self::CardRecord => (Application::Common, 0x0001),
            Self::TownNumber => (Application::Town, 0x0001),
        }
    }
}

/// The size of the file a town may write its own number to, in bytes.
pub const TOWN_NUMBER_BYTES: usize = 64;

/// A card in use. Powers it off when dropped.
pub struct Reader<T: Transport> {
    link: T,
    token: TokenKind,
    current: Option<Application>,
}

impl<T: Transport> Reader<T> {
    /// The card on the reader, if it is one of ours: found by trying its application, never by its ATR.
    ///
    /// Leaves behind whatever PIN an earlier program may have shown the card.
    ///
    /// # Errors
    /// [`CardError::NoCard`], [`CardError::NotThisCard`] for any other card, [`CardError::Removed`].
    pub fn open(link: T) -> Result<Self, CardError> {
        let mut reader = Self { link, token: TokenKind::MyNumberCard, current: None };
        // A phone may not know the issuer domain; then selecting the application below has to do.
        reader.select_application(aid::ISSUER)?;
        if reader.select_application(aid::JPKI)?.status != StatusWord::OK {
            return Err(CardError::NotThisCard);
        }
        reader.current = Some(Application::Jpki);
        reader.token = reader.read_token()?;
        Ok(reader)
    }

    /// What kind of token it is.
    pub fn token(&self) -> &TokenKind {
        &self.token
    }

    /// How many tries a secret has left; costs nothing.
    ///
    /// # Errors
    /// [`CardError::NotOnThisToken`] or [`CardError::NoCertificate`] when there is no such secret, and what can happen to any card.
    pub fn tries_left(&mut self, which: PinKind) -> Result<Tries, CardError> {
        self.select_pin(which)?;
        let status = send(&mut self.link, [0x00, 0x20, 0x00, 0x80], None, None)?.status;
        if status == StatusWord::OK {
            // Not seen on a real card: the counter hides behind an earlier success. Leave the application, then ask again.
            self.forget()?;
            self.select_pin(which)?;
            let again = send(&mut self.link, [0x00, 0x20, 0x00, 0x80], None, None)?.status;
            return if again == StatusWord::OK { Ok(Tries::NotTold) } else { counter(again) };
        }
        counter(status)
    }

    /// Which certificates the card says it has.
    ///
    /// # Errors
    /// What can happen to any card; a token without that file answers with two `None`.
    pub fn availability(&mut self) -> Result<Availability, CardError> {
        let told = |byte: u8| match byte {
            0x8F => Some(true),
            0x00 => Some(false),
            _ => None,
        };
        if self.select(File::Availability)?.status != StatusWord::OK {
            return Ok(Availability { signature: None, user_authentication: None });
        }
        let bytes = self.read_chunk(0, 3)?.ok("READ BINARY")?;
        let [signature, user_authentication, ..] = bytes[..] else { return Err(CardError::Garbled("certificate availability")) };
        Ok(Availability { signature: told(signature), user_authentication: told(user_authentication) })
    }

    /// The 利用者証明用電子証明書 in DER. A card shows it to anybody.
    ///
    /// # Errors
    /// [`CardError::PinNeeded`] on a phone that shows it only after its PIN: [`Self::sign_user_auth`] reads it along.
    pub fn user_auth_certificate(&mut self) -> Result<Vec<u8>, CardError> {
        self.read_certificate(CertificateKind::UserAuthentication)
    }

    /// Signs a message with the 利用者証明用 key and reads its certificate. The message should be a [`crate::Challenge`]'s.
    ///
    /// # Errors
    /// [`CardError::WrongPin`], [`CardError::Blocked`], [`CardError::LastTry`] without consent, and what can happen to any card.
    pub fn sign_user_auth(&mut self, pin: &UserAuthPin, last_try: Option<SpendLastTry>, message: &[u8]) -> Result<SignedAnswer, CardError> {
        self.present(PinKind::UserAuthentication, pin.bytes(), last_try)?;
        let certificate = self.read_certificate(CertificateKind::UserAuthentication)?;
        let signature = self.sign(File::UserAuthKey, &certificate, message)?;
        Ok(SignedAnswer { certificate, signature })
    }

    /// Signs a message with the 署名用 key and reads its certificate, which holds the four items. The password is shown to the card once
    /// for each signature.
    ///
    /// # Errors
    /// As [`Self::sign_user_auth`], and [`CardError::NoCertificate`] on a card without 署名用電子証明書.
    pub fn sign_document(
        &mut self,
        password: &SignaturePassword,
        last_try: Option<SpendLastTry>,
        message: &[u8],
    ) -> Result<SignedAnswer, CardError> {
        if self.availability()?.signature == Some(false) {
            return Err(CardError::NoCertificate(CertificateKind::Signature));
        }
        self.present(PinKind::Signature, password.bytes(), last_try)?;
        let certificate = self.read_certificate(CertificateKind::Signature)?;
        let signature = self.sign(File::SignatureKey, &certificate, message)?;
        Ok(SignedAnswer { certificate, signature })
    }

    /// The four items from the card's text file. No third party can check them: use them where the reader itself is trusted.
    ///
    /// # Errors
    /// [`CardError::NotOnThisToken`] on a phone, the PIN errors, and [`CardError::FourItems`] for a file that is not well formed.
    pub fn four_items(&mut self, pin: &TextPin, last_try: Option<SpendLastTry>) -> Result<FourItems, CardError> {
        let file = self.four_items_file(pin, last_try)?;
        Ok(text::parse_four_items(&file)?)
    }

    /// The bytes of that file without filler, for a terminal that leaves reading them to [`crate::parse_four_items`] on the server.
    ///
    /// # Errors
    /// As [`Self::four_items`], but the content is not looked at.
    pub fn four_items_file(&mut self, pin: &TextPin, last_try: Option<SpendLastTry>) -> Result<Vec<u8>, CardError> {
        self.present(PinKind::Text, pin.bytes(), last_try)?;
        self.select(File::FourItems)?.ok("SELECT")?;
        self.read_measured(text::whole_length, "four-information file")
    }

    /// The record of the common application, without any PIN.
    ///
    /// # Errors
    /// [`CardError::NotOnThisToken`] on a phone, [`CardError::Garbled`] for a record of another shape.
    pub fn card_record(&mut self) -> Result<CardRecord, CardError> {
        self.select(File::CardRecord)?.ok("SELECT")?;
        let record = send(&mut self.link, [0x00, 0xB2, 0x01, 0x04], None, Some(256))?.ok("READ RECORD")?;
        let digits = record.strip_prefix(&[0x01, 0x1C]).filter(|digits| digits.len() == 28 && digits.iter().all(u8::is_ascii_digit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok()).ok_or(CardError::Garbled("card record"))?;
        Ok(CardRecord { serial: digits[..15].into(), municipality: digits[15..20].into(), expires: digits[20..].into() })
    }

    /// The number the town wrote into the free area of our software card; `None` when it is empty.
    ///
    /// # Errors
    /// [`CardError::NotOnThisToken`] on a card without that area, such as every real card today.
    pub fn town_number(&mut self) -> Result<Option<String>, CardError> {
        self.select(File::TownNumber)?.ok("SELECT")?;
        let bytes = self.read_chunk(0, TOWN_NUMBER_BYTES)?.ok("READ BINARY")?;
        let end = bytes.iter().position(|byte| *byte == 0xFF).unwrap_or(bytes.len());
        let number = String::from_utf8(bytes[..end].to_vec()).map_err(|_| CardError::Garbled("town number"))?;
        Ok((!number.is_empty()).then_some(number))
    }

    /// Writes the town's number into the free area of our software card.
    ///
    /// # Errors
    /// [`CardError::DoesNotFit`] for more than [`TOWN_NUMBER_BYTES`] bytes, the key's errors as for a PIN.
    pub fn write_town_number(&mut self, key: &TownKey, last_try: Option<SpendLastTry>, number: &str) -> Result<(), CardError> {
        if number.len() > TOWN_NUMBER_BYTES {
            return Err(CardError::DoesNotFit);
        }
        self.present(PinKind::Town, key.bytes(), last_try)?;
        self.select(File::TownNumber)?.ok("SELECT")?;
        let mut content = [0xFF; TOWN_NUMBER_BYTES];
        content[..number.len()].copy_from_slice(number.as_bytes());
        send(&mut self.link, [0x00, 0xD6, 0x00, 0x00], Some(&content), None)?.ok("UPDATE BINARY")?;
        Ok(())
    }

    /// Ends the use of the card and cuts its power; dropping the reader does the same.
    pub fn finish(self) {}

    fn read_token(&mut self) -> Result<TokenKind, CardError> {
        if self.select(File::TokenInfo)?.status != StatusWord::OK {
            return Err(CardError::NotThisCard);
        }
        let label = self.read_chunk(0, 32)?.ok("READ BINARY")?;
        let label = String::from_utf8_lossy(&label).trim_end_matches([' ', '\0']).to_owned();
        match label.as_str() {
            "JPKIAPICCTOKEN2" => Ok(TokenKind::MyNumberCard),
            "JPKIAPGPSETOKEN" => Ok(TokenKind::Android),
            "JPKIAPIOSTOKEN" => Ok(TokenKind::Iphone),
            // 住民基本台帳カード: its certificates ended years ago.
            "JPKIAPICCTOKEN" => Err(CardError::NotThisCard),
            _ => Ok(TokenKind::Other(label)),
        }
    }

    /// Shows a secret to the card, looking at the counter first.
    fn present(&mut self, which: PinKind, secret: &[u8], last_try: Option<SpendLastTry>) -> Result<(), CardError> {
        match self.tries_left(which)? {
            Tries::Blocked => return Err(CardError::Blocked(which)),
            Tries::Left(1) | Tries::NotTold if last_try.is_none() => return Err(CardError::LastTry { which }),
            Tries::Left(_) | Tries::NotTold => {}
        }
        self.select_pin(which)?;
        let status = send(&mut self.link, [0x00, 0x20, 0x00, 0x80], Some(secret), None)?.status;
        match status.0 {
            0x9000 => Ok(()),
            0x63C0 | 0x6984 => Err(CardError::Blocked(which)),
            0x63C1..=0x63CF => Err(CardError::WrongPin { which, left: Tries::Left((status.0 & 0x0F) as u8) }),
            0x6300 => Err(CardError::WrongPin { which, left: Tries::NotTold }),
            _ => Err(CardError::Status { command: "VERIFY", status }),
        }
    }

    fn select_pin(&mut self, which: PinKind) -> Result<(), CardError> {
        match self.select(File::Pin(which))?.status {
            StatusWord::OK => Ok(()),
            StatusWord::NOT_FOUND if which == PinKind::Signature => Err(CardError::NoCertificate(CertificateKind::Signature)),
            StatusWord::NOT_FOUND if which == PinKind::UserAuthentication => {
                Err(CardError::NoCertificate(CertificateKind::UserAuthentication))
            }
            status => Err(CardError::Status { command: "SELECT", status }),
        }
    }

    fn read_certificate(&mut self, kind: CertificateKind) -> Result<Vec<u8>, CardError> {
        let (file, pin) = match kind {
            CertificateKind::Signature => (File::SignatureCertificate, PinKind::Signature),
            CertificateKind::UserAuthentication => (File::UserAuthCertificate, PinKind::UserAuthentication),
        };
        if self.select(file)?.status != StatusWord::OK {
            return Err(CardError::NoCertificate(kind));
        }
        self.read_measured(certificate_length, "certificate").map_err(|error| match error {
            CardError::Status { status: StatusWord::SECURITY, .. } => CardError::PinNeeded(pin),
            // Nothing but filler: the file is there, the certificate is not.
            CardError::Garbled(_) => CardError::NoCertificate(kind),
            other => other,
        })
    }

    /// The hash for the certificate's kind of key, signed by the card.
    fn sign(&mut self, key: File, certificate: &[u8], message: &[u8]) -> Result<Vec<u8>, CardError> {
        let certificate = ParsedCertificate::parse(certificate).map_err(|_| CardError::Garbled("certificate"))?;
        let block = match certificate.key_algorithm() {
            Some(KeyAlgorithm::Rsa2048) => digest_info_sha256(&sha256(message)),
            // How a coming card takes its hash is not published; our software card takes it bare.
            Some(KeyAlgorithm::P384) => sha384(message).to_vec(),
            None => return Err(CardError::Garbled("certificate")),
        };
        self.select(key)?.ok("SELECT")?;
        let signature = send(&mut self.link, [0x80, 0x2A, 0x00, 0x80], Some(&block), Some(256))?.ok("COMPUTE SIGNATURE")?;
        if !certificate.made(message, &signature) {
            return Err(CardError::Garbled("signature"));
        }
        Ok(signature)
    }

    /// The one element at the start of the current file, its filler left out.
    fn read_measured(&mut self, measure: fn(&[u8]) -> Option<usize>, what: &'static str) -> Result<Vec<u8>, CardError> {
        let head = self.read_chunk(0, 5)?.ok("READ BINARY")?;
        let length = measure(&head).filter(|length| (head.len()..=MOST_FILE).contains(length)).ok_or(CardError::Garbled(what))?;
        let mut file = head;
        while file.len() < length {
            let chunk = self.read_chunk(file.len(), (length - file.len()).min(256))?.ok("READ BINARY")?;
            if chunk.is_empty() || chunk.len() > length - file.len() {
                return Err(CardError::Garbled(what));
            }
            file.extend(chunk);
        }
        Ok(file)
    }

    fn read_chunk(&mut self, offset: usize, count: usize) -> Result<Answer, CardError> {
        let [high, low] = u16::try_from(offset).map_err(|_| CardError::Garbled("offset"))?.to_be_bytes();
        send(&mut self.link, [0x00, 0xB0, high & 0x7F, low], None, Some(count))
    }

    fn select(&mut self, file: File) -> Result<Answer, CardError> {
        let (application, id) = file.place();
        if self.current != Some(application) {
            self.current = None;
            if self.select_application(application.aid())?.status != StatusWord::OK {
                return Err(CardError::NotOnThisToken(application.name()));
            }
            self.current = Some(application);
        }
        send(&mut self.link, [0x00, 0xA4, 0x02, 0x0C], Some(&id.to_be_bytes()), None)
    }

    fn select_application(&mut self, aid: &[u8]) -> Result<Answer, CardError> {
        send(&mut self.link, [0x00, 0xA4, 0x04, 0x0C], Some(aid), None)
    }

    /// Leaves every application, so that the card forgets which PINs it has seen.
    fn forget(&mut self) -> Result<(), CardError> {
        self.current = None;
        self.select_application(aid::ISSUER).map(drop)
    }
}

/// No file of the card comes near this.
const MOST_FILE: usize = 0x7FFF;

/// The length of a certificate from its first bytes: `30 82 hh ll` or the shorter forms.
fn certificate_length(head: &[u8]) -> Option<usize> {
    match *head {
        [0x30, 0x82, high, low, ..] => Some(4 + usize::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

fn counter(status: StatusWord) -> Result<Tries, CardError> {
    match status.0 {
        0x63C0 | 0x6984 => Ok(Tries::Blocked),
        0x63C1..=0x63CF => Ok(Tries::Left((status.0 & 0x0F) as u8)),
        0x6300 => Ok(Tries::NotTold),
        _ => Err(CardError::Status { command: "VERIFY", status }),
    }
}

impl<T: Transport> Drop for Reader<T> {
    fn drop(&mut self) {
        self.link.power_off();
    }
}
