//! Makes a card for an invented person: keys, certificates, files, secrets.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz};

use super::state::{Access, Application, CardState, File, Form, HexBytes, Model};
use crate::apdu::aid;
use crate::keys::{KeyAlgorithm, KeyError, PrivateKey};
use crate::reader::TOWN_NUMBER_BYTES;
use crate::testca::{Person, TestCa};
use crate::{CertificateKind, FourItems, Random, sha256, text};

/// The secrets a holder chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    /// 利用者証明用, four digits.
    pub user_auth: String,
    /// 署名用, 6 to 16 of A-Z and 0-9.
    pub signature: String,
    /// 券面事項入力補助用, four digits.
    pub text: String,
    /// 住民基本台帳用, four digits.
    pub juki: String,
}

impl Default for Pins {
    /// The ones every demonstration uses: `1234` and `ABC123`.
    fn default() -> Self {
        Self { user_auth: "1234".into(), signature: "ABC123".into(), text: "1234".into(), juki: "1234".into() }
    }
}

/// Builds a card.
#[derive(Debug, Clone)]
pub struct Personalise {
    person: Person,
    pins: Pins,
    model: Model,
    keys: KeyAlgorithm,
    signature: bool,
    town_key: [u8; 16],
    town_number: String,
}

/// The bytes of filler behind each certificate; the real number is not known.
const FILLER: usize = 96;
/// 照合番号 have three tries in one source and ten in others.
const NUMBER_TRIES: u8 = 10;

impl Personalise {
    /// A card for this person with the usual secrets, both certificates and RSA-2048 keys.
    pub fn new(person: Person) -> Self {
        Self {
            person,
            pins: Pins::default(),
            model: Model::MyNumberCard,
            keys: KeyAlgorithm::Rsa2048,
            signature: true,
            town_key: *b"town key of demo",
            town_number: String::new(),
        }
    }

    /// With these secrets.
    #[must_use]
    pub fn pins(self, pins: Pins) -> Self {
        Self { pins, ..self }
    }

    /// Playing a phone, or a card.
    #[must_use]
    pub fn model(self, model: Model) -> Self {
        Self { model, ..self }
    }

    /// With keys of this kind.
    #[must_use]
    pub fn keys(self, keys: KeyAlgorithm) -> Self {
        Self { keys, ..self }
    }

    /// Without 署名用電子証明書, as cards of children under fifteen are.
    #[must_use]
    pub fn without_signature(self) -> Self {
        Self { signature: false, ..self }
    }

    /// With a town's key and number in the free area.
    #[must_use]
    pub fn town(self, key: [u8; 16], number: impl Into<String>) -> Self {
        Self { town_key: key, town_number: number.into(), ..self }
    }

    /// The card, with certificates from this authority. `random` gives the serial of the card; keys are made by the crypto library.
    ///
    /// # Errors
    /// [`KeyError`] when keys cannot be made.
    pub fn issue(&self, ca: &mut TestCa, now: Timestamp, random: &mut dyn Random) -> Result<CardState, KeyError> {
        let mut digits = [0; 15];
        random.fill(&mut digits);
        let serial: String = digits.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
        let expires = expiry(&self.person, now);
        let mut applications = vec![self.jpki(ca, now)?];
        if self.model == Model::MyNumberCard {
            let internal = PrivateKey::generate(KeyAlgorithm::Rsa2048)?;
            applications.push(self.text(&internal, &expires)?);
            applications.push(self.surface(internal, &expires));
            applications.push(self.common(&serial, &expires));
            applications.push(self.juki());
            applications.push(self.town_area());
        }
        let object = |text: &str| HexBytes(text.as_bytes().to_vec());
        let data_objects =
            BTreeMap::from([(0x0045, object(&serial)), (0x00F0, object(&self.person.municipality.code)), (0x00F2, object(&expires))]);
        let atr = vec![0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14];
        Ok(CardState { model: self.model, atr, data_objects, applications })
    }

    fn jpki(&self, ca: &mut TestCa, now: Timestamp) -> Result<Application, KeyError> {
        let (key, certificate) = new_certificate(ca, CertificateKind::UserAuthentication, &self.person, self.keys, now)?;
        let auth_read = if self.model == Model::Android { Access::AnyOf(vec![0x0018]) } else { Access::Free };
        let mut files = BTreeMap::from([
            (0x0002, readable(with_filler(ca.root(CertificateKind::Signature)), Access::Free)),
            (0x0006, readable(token_info(self.model), Access::Free)),
            (0x0008, readable(vec![if self.signature { 0x8F } else { 0x00 }, 0x8F, 0x00], Access::Free)),
            (0x0009, readable(vec![0; 16], Access::Never)),
            (0x000A, readable(with_filler(&certificate), auth_read)),
            (0x000B, readable(with_filler(ca.root(CertificateKind::UserAuthentication)), Access::Free)),
            (0x0016, File::Closed { blocked_secret: false }),
            (0x0017, File::Key { key, needs: 0x0018 }),
            (0x0018, secret(self.pins.user_auth.as_bytes(), 3, Form::FourDigits)),
            (0x001B, secret(self.pins.signature.as_bytes(), 5, Form::SixToSixteen)),
        ]);
        let behind_password = Access::AnyOf(vec![0x001B]);
        if self.signature {
            let (key, certificate) = new_certificate(ca, CertificateKind::Signature, &self.person, self.keys, now)?;
            files.insert(0x0001, readable(with_filler(&certificate), behind_password));
            files.insert(0x001A, File::Key { key, needs: 0x001B });
        } else {
            files.insert(0x0001, readable(vec![0xFF; 2048], behind_password));
        }
        Ok(application(aid::JPKI, files, true))
    }

    /// 券面事項入力補助. The My Number file is there, so that a reader can be seen not to read it; it holds zeros, never a number.
    fn text(&self, internal: &PrivateKey, expires: &str) -> Result<Application, KeyError> {
        let number = [&[0xFF, 0x10, 0x0C][..], b"000000000000", &[0xFF, 0xFF]].concat();
        let four_items = text::write_four_items(&four_items(&self.person));
        let by_number = format!("{}{}1234", birth_in_era(&self.person), &expires[..4]);
        // From the name to the end; the table of offsets before it holds small numbers only.
        let from_name = four_items.windows(2).position(|tag| tag == [0xDF, 0x22]).unwrap_or_default();
        let hashes = [sha256(&number), sha256(&four_items[from_name..])];
        let signature = internal.sign(&hashes.concat())?;
        let integrity = element(0xFF30, &[element(0xDF31, &hashes[0]), element(0xDF32, &hashes[1]), element(0xDF33, &signature)].concat());
        let basic = element(0xFF40, &[element(0xDF41, b"0001"), element(0xDF42, &[0; 16]), element(0xDF43, &[0; 128])].concat());
        let mut file_two = four_items;
        file_two.resize(file_two.len() + 32, 0xFF);
        let files = BTreeMap::from([
            (0x0001, readable(number, Access::AnyOf(vec![0x0011, 0x0014]))),
            (0x0002, readable(file_two, Access::AnyOf(vec![0x0011, 0x0015]))),
            (0x0003, readable(integrity, Access::AnyOf(vec![0x0011, 0x0014, 0x0015]))),
            (0x0005, readable(basic, Access::Free)),
            (0x0011, secret(self.pins.text.as_bytes(), 3, Form::FourDigits)),
            (0x0012, File::Closed { blocked_secret: true }),
            (0x0014, secret(b"000000000000", NUMBER_TRIES, Form::Fixed)),
            (0x0015, secret(by_number.as_bytes(), NUMBER_TRIES, Form::Fixed)),
        ]);
        Ok(Application { default_key: Some(internal.clone()), ..application(aid::TEXT, files, true) })
    }

    /// 券面事項確認, with the parts that are text; there are no pictures of an invented person.
    fn surface(&self, internal: PrivateKey, expires: &str) -> Application {
        let birth = self.person.date_of_birth.to_string();
        let age = element(0xFF10, &element(0xDF11, birth.as_bytes()));
        let face = element(
            0xFF20,
            &[element(0xDF22, birth.as_bytes()), element(0xDF23, self.person.sex.code().as_bytes()), element(0xDF29, expires.as_bytes())]
                .concat(),
        );
        let basic = element(0xFF40, &element(0xDF34, self.person.municipality.code.as_bytes()));
        let by_number = format!("{}{}1234", birth_in_era(&self.person), &expires[..4]);
        let files = BTreeMap::from([
            (0x0001, readable(age, Access::AnyOf(vec![0x0011]))),
            (0x0002, readable(face, Access::AnyOf(vec![0x0012, 0x0013]))),
            (0x0003, readable(basic, Access::Free)),
            (0x0011, secret(birth_in_era(&self.person).as_bytes(), NUMBER_TRIES, Form::Fixed)),
            (0x0012, secret(by_number.as_bytes(), NUMBER_TRIES, Form::Fixed)),
            (0x0013, secret(b"000000000000", NUMBER_TRIES, Form::Fixed)),
        ]);
        Application { default_key: Some(internal), ..application(aid::SURFACE, files, true) }
    }

    fn common(&self, serial: &str, expires: &str) -> Application {
        let record = [&[0x01, 0x1C][..], serial.as_bytes(), self.person.municipality.code.as_bytes(), expires.as_bytes()].concat();
        let files = BTreeMap::from([
            (0x0001, File::Records { records: vec![HexBytes(record)], read: Access::Free }),
            (0x001C, secret(self.pins.juki.as_bytes(), 3, Form::FourDigits)),
        ]);
        application(aid::COMMON, files, false)
    }

    fn juki(&self) -> Application {
        application(aid::JUKI, BTreeMap::from([(0x001C, secret(self.pins.juki.as_bytes(), 3, Form::FourDigits))]), false)
    }

    /// Our own use of the free area: EF 0001 anybody may read, written by who shows the town's key EF 0011.
    fn town_area(&self) -> Application {
        let mut number = self.town_number.as_bytes().to_vec();
        number.resize(TOWN_NUMBER_BYTES, 0xFF);
        let file = File::Transparent { content: HexBytes(number), read: Access::Free, write: Access::AnyOf(vec![0x0011]) };
        application(aid::TOWN, BTreeMap::from([(0x0001, file), (0x0011, secret(&self.town_key, 3, Form::Fixed))]), true)
    }
}

impl CardState {
    /// What a municipal counter does after a move or a new name: a new 署名用 key and certificate and new text on the card. The old
    /// certificate is to be revoked by the caller; the 利用者証明用 one stays.
    ///
    /// # Errors
    /// [`KeyError`] when keys cannot be made.
    pub fn rewrite(&mut self, ca: &mut TestCa, person: &Person, now: Timestamp) -> Result<(), KeyError> {
        for application in &mut self.applications {
            if application.aid == aid::JPKI && application.files.contains_key(&0x001A) {
                let algorithm = match application.files.get(&0x001A) {
                    Some(File::Key { key, .. }) => key.algorithm(),
                    _ => KeyAlgorithm::Rsa2048,
                };
                let (key, certificate) = new_certificate(ca, CertificateKind::Signature, person, algorithm, now)?;
                application.files.insert(0x0001, readable(with_filler(&certificate), Access::AnyOf(vec![0x001B])));
                application.files.insert(0x001A, File::Key { key, needs: 0x001B });
            }
            if application.aid == aid::TEXT {
                let mut file = text::write_four_items(&four_items(person));
                file.resize(file.len() + 32, 0xFF);
                application.files.insert(0x0002, readable(file, Access::AnyOf(vec![0x0011, 0x0015])));
            }
        }
        Ok(())
    }

    /// The certificate of one kind as the authority issued it, for the authority's own records (a reader needs the card's consent).
    pub fn certificate(&self, kind: CertificateKind) -> Option<Vec<u8>> {
        let id = match kind {
            CertificateKind::Signature => 0x0001,
            CertificateKind::UserAuthentication => 0x000A,
        };
        let application = self.applications.iter().find(|application| application.aid == aid::JPKI)?;
        let File::Transparent { content, .. } = application.files.get(&id)? else { return None };
        let [0x30, 0x82, high, low, ..] = content.0[..] else { return None };
        content.0.get(..4 + usize::from(u16::from_be_bytes([high, low]))).map(<[u8]>::to_vec)
    }
}

fn new_certificate(
    ca: &mut TestCa,
    kind: CertificateKind,
    person: &Person,
    algorithm: KeyAlgorithm,
    now: Timestamp,
) -> Result<(PrivateKey, Vec<u8>), KeyError> {
    let key = PrivateKey::generate(algorithm)?;
    let certificate = ca.issue(kind, person, &key.public_key_info()?, now)?;
    Ok((key, certificate))
}

fn four_items(person: &Person) -> FourItems {
    FourItems {
        name: person.name.clone(),
        address: person.address.clone(),
        date_of_birth: person.date_of_birth,
        sex: person.sex,
        name_has_substitutes: false,
        address_has_substitutes: false,
    }
}

fn application(aid: &[u8], files: BTreeMap<u16, File>, changes_by_24: bool) -> Application {
    Application { aid: aid.to_vec(), files, default_key: None, changes_by_24 }
}

fn readable(content: Vec<u8>, read: Access) -> File {
    File::Transparent { content: HexBytes(content), read, write: Access::Never }
}

fn secret(value: &[u8], most: u8, form: Form) -> File {
    File::Secret { value: HexBytes(value.to_vec()), left: most, most, form }
}

fn with_filler(certificate: &[u8]) -> Vec<u8> {
    let mut content = certificate.to_vec();
    content.resize(content.len() + FILLER, 0xFF);
    content
}

fn element(tag: u16, value: &[u8]) -> Vec<u8> {
    text::element_bytes(tag, value)
}

/// 160 bytes laid out as PKCS#11 CK_TOKEN_INFO with 32-bit big-endian numbers.
fn token_info(model: Model) -> Vec<u8> {
    let label = match model {
        Model::MyNumberCard => "JPKIAPICCTOKEN2",
        Model::Android => "JPKIAPGPSETOKEN",
        Model::Iphone => "JPKIAPIOSTOKEN",
    };
    let mut info = Vec::with_capacity(160);
    for (text, width) in [(label, 32), ("JPKI-TEST", 32), ("JPKI", 16), ("", 16)] {
        info.extend(format!("{text:<width$}").bytes());
    }
    let unavailable = u32::MAX;
    let numbers = [0x40D, 0, unavailable, 0, unavailable, 16, 6, unavailable, unavailable, unavailable, unavailable];
    info.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    info.extend(b"0301");
    info.extend([b' '; 16]);
    info
}

/// The tenth birthday, or the fifth of whoever is under 18, as `YYYYMMDD`.
fn expiry(person: &Person, now: Timestamp) -> String {
    let japan = tz::offset(9).to_time_zone();
    let today = now.to_zoned(japan.clone()).date();
    let minor = person.date_of_birth.year().is_some_and(|year| today.year() - year < 18);
    let end = crate::testca::end_of_validity(person.date_of_birth, now, if minor { 5 } else { 10 });
    end.to_zoned(japan).strftime("%Y%m%d").to_string()
}

/// The date of birth as a Japanese year of two digits, month and day.
fn birth_in_era(person: &Person) -> String {
    let birth = person.date_of_birth;
    let first_year = match birth.era_digit() {
        1 => 1868,
        2 => 1912,
        3 => 1926,
        4 => 1989,
        _ => 2019,
    };
    let year = birth.year().map_or(0, |year| year - first_year + 1);
    format!("{year:02}{:02}{:02}", birth.month().unwrap_or(0), birth.day().unwrap_or(0))
}
