//! The secrets of a town, each a file only its owner reads. They come from the operator's folder, never from the repository.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use civil::Timestamp;
use credential::IssuerKey;
use identity::jose::TokenKey;
use identity::{AppKey, ReaderKey};
use jiff::SignedDuration;
use pdfseal::Sealer;
use registry::BridgeKeys;
use registry::bridge::{MatchSecret, OpeningKey, SealingKey, SigningKey};
use town::{AppEncryption, AppId};

use crate::{Outcome, phone_cards};

/// The centre's keys.
pub struct CentreKeys {
    folder: PathBuf,
}

/// The inner side's keys: what `bridge seal` needs, on the inner network only.
pub struct InnerKeys {
    /// Signs bundles.
    pub signing: SigningKey,
    /// What names are hashed under.
    pub match_secret: MatchSecret,
    /// The centre's public key.
    pub centre: SealingKey,
}

const ISSUER: &str = "issuer.pk8";
const MATCH: &str = "match.key";
const SERIAL: &str = "serial.key";
/// What opens the free area of a card of this town: 16 bytes.
const REGION: &str = "region.key";
const CENTRE: &str = "bridge-centre.key";
const CENTRE_PUBLIC: &str = "bridge-centre.pub";
const INNER: &str = "bridge-inner.key";
const INNER_PUBLIC: &str = "bridge-inner.pub";
const PAIRWISE: &str = "pairwise.key";
/// By which push services know this town (VAPID).
const VAPID: &str = "vapid.pk8";
/// What the house signs in to the town's mail server with.
const MAIL_PASSWORD: &str = "mail.password";
/// Who vouches for that server, where it is the town's own authority.
const MAIL_AUTHORITY: &str = "mail.ca.pem";
/// What the house shows to LINE, and what it knows LINE by.
const LINE_TOKEN: &str = "line.token";
const LINE_SECRET: &str = "line.secret";
/// What dispositions are signed with (職責証明書の鍵), in PKCS#8.
const SEAL: &str = "seal.pk8";
/// Its certificate in PEM, with those above it.
const SEAL_CERTIFICATES: &str = "seal.crt";
/// Whom the made-up certificate names: nobody who reads it takes it for a town's.
const MADE_UP_SEAL: &str = "見本の職印（効力なし）";
/// Keys tokens are signed with: `tokens-es256-20261126T0300.pk8`, named after the moment they were made.
const TOKENS_ES256: &str = "tokens-es256-";
const TOKENS_RS256: &str = "tokens-rs256-";
/// A new key is published for so long before it signs: whoever keeps our keys for the five minutes we allow has it by then.
const PUBLISHED_FIRST: SignedDuration = SignedDuration::from_mins(10);

impl CentreKeys {
    /// Uses the keys of a folder; they are read when they are needed.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Makes every key that is missing, the inner side's too: for a demonstration, or to be carried to the inner network by hand.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn make_missing(folder: &Path) -> Outcome {
        fs::create_dir_all(folder)?;
        for name in [MATCH, SERIAL, CENTRE, INNER, PAIRWISE] {
            if !folder.join(name).exists() {
                keep(&folder.join(name), &random()?)?;
            }
        }
        if !folder.join(REGION).exists() {
            keep(&folder.join(REGION), &random()?[..16])?;
        }
        if !folder.join(ISSUER).exists() {
            let (_, pkcs8) = IssuerKey::generate()?;
            keep(&folder.join(ISSUER), &pkcs8)?;
        }
        if !folder.join(VAPID).exists() {
            keep(&folder.join(VAPID), &identity::jose::make_es256()?)?;
        }
        if !folder.join(SEAL).exists() {
            let made = Sealer::make_up("Tegata", MADE_UP_SEAL, "2025-01-01T00:00:00Z".parse()?)?;
            keep(&folder.join(SEAL), &made.key)?;
            fs::write(folder.join(SEAL_CERTIFICATES), made.certificate)?;
        }
        for (start, make) in TOKEN_KEYS {
            if token_files(folder, start)?.is_empty() {
                keep(&folder.join(format!("{start}00000000T0000.pk8")), &make()?)?;
            }
        }
        let centre = OpeningKey::new(&fs::read(folder.join(CENTRE))?).map_err(|_| bad(CENTRE))?;
        fs::write(folder.join(CENTRE_PUBLIC), hex::encode(centre.public().bytes()))?;
        let inner = SigningKey::new(&fs::read(folder.join(INNER))?).map_err(|_| bad(INNER))?;
        fs::write(folder.join(INNER_PUBLIC), hex::encode(inner.public().0))?;
        Ok(())
    }

    /// The key that signs cards.
    ///
    /// # Errors
    /// When the file is missing or holds no key.
    pub fn issuer(&self) -> Outcome<IssuerKey> {
        Ok(IssuerKey::from_pkcs8(&self.read(ISSUER)?)?)
    }

    /// What names are hashed under, shared with the inner side.
    ///
    /// # Errors
    /// As [`Self::issuer`].
    pub fn match_bytes(&self) -> Outcome<Vec<u8>> {
        self.read(MATCH)
    }

    /// What serials of certificates are hashed under.
    ///
    /// # Errors
    /// As [`Self::issuer`].
    pub fn serial_bytes(&self) -> Outcome<Vec<u8>> {
        self.read(SERIAL)
    }

    /// The key that opens the free area of cards; none where the town writes no numbers into cards.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold sixteen bytes.
    pub fn region(&self) -> Outcome<Option<[u8; 16]>> {
        if !self.folder.join(REGION).exists() {
            return Ok(None);
        }
        Ok(Some(self.read(REGION)?.try_into().map_err(|_| bad(REGION))?))
    }

    /// Makes new keys for tokens, named after the moment: they are published at the next start or within a minute while serving, and sign ten minutes later. The earlier
    /// ones are published until somebody deletes their files: leave them for a day, until every token they signed is over.
    ///
    /// # Errors
    /// When the folder cannot be written, or keys were made in this very minute.
    pub fn rotate_tokens(folder: &Path, now: Timestamp) -> Outcome<Vec<String>> {
        let stamp = now.strftime("%Y%m%dT%H%M").to_string();
        let mut made = Vec::new();
        for (start, make) in TOKEN_KEYS {
            let name = format!("{start}{stamp}.pk8");
            keep(&folder.join(&name), &make()?)?;
            made.push(name);
        }
        Ok(made)
    }

    /// The keys tokens are signed with, the one that signs first: the newest that has been published for longer than others keep our keys.
    ///
    /// # Errors
    /// As [`Self::issuer`].
    pub fn tokens(&self, now: Timestamp) -> Outcome<oidc::Keyring> {
        let known_since = (now - PUBLISHED_FIRST).strftime("%Y%m%dT%H%M").to_string();
        let mut keys = Vec::new();
        for (start, _) in TOKEN_KEYS {
            let mut names = token_files(&self.folder, start)?;
            // The stamp in the name says when it was made; those nobody may know yet come after all others.
            let too_new = |name: &String| name[start.len()..] > *known_since;
            names.sort_by_key(|name| (too_new(name), std::cmp::Reverse(name.clone())));
            for name in names {
                let pkcs8 = self.read(&name)?;
                let key = if start == TOKENS_ES256 { TokenKey::es256(&pkcs8) } else { TokenKey::rs256(&pkcs8) };
                keys.push(key.map_err(|_| bad(&name))?);
            }
        }
        Ok(oidc::Keyring::new(keys).ok_or_else(|| format!("{}: no {TOKENS_ES256}….pk8: run tegata keys", self.folder.display()))?)
    }

    /// The secret under which people get another name at each service.
    ///
    /// # Errors
    /// As [`Self::issuer`].
    pub fn pairwise(&self) -> Outcome<[u8; 32]> {
        Ok(self.read(PAIRWISE)?.try_into().map_err(|_| bad(PAIRWISE))?)
    }

    /// The key by which push services know this town, which names `origin` as the address of whoever runs it.
    ///
    /// # Errors
    /// As [`Self::issuer`].
    pub fn vapid(&self, origin: &str) -> Outcome<notices::push::Vapid> {
        Ok(notices::push::Vapid::new(&self.read(VAPID)?, origin).map_err(|_| bad(VAPID))?)
    }

    /// The password of the town's mail server: of `TEGATA_MAIL_PASSWORD`, else of the folder; none where there is neither.
    ///
    /// # Errors
    /// When the file cannot be read or holds no line of text.
    pub fn mail_password(&self) -> Outcome<Option<String>> {
        self.line_of("TEGATA_MAIL_PASSWORD", MAIL_PASSWORD)
    }

    /// The certificate, in PEM, of the authority that vouches for the town's mail server; none where a public one does.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mail_authority(&self) -> Outcome<Option<Vec<u8>>> {
        if self.folder.join(MAIL_AUTHORITY).exists() { self.read(MAIL_AUTHORITY).map(Some) } else { Ok(None) }
    }

    /// The channel access token of the town's official account of LINE: of `TEGATA_LINE_TOKEN`, else of the folder; none where there is neither.
    ///
    /// # Errors
    /// As [`Self::mail_password`].
    pub fn line_token(&self) -> Outcome<Option<String>> {
        self.line_of("TEGATA_LINE_TOKEN", LINE_TOKEN)
    }

    /// Its channel secret, of `TEGATA_LINE_SECRET` or the folder.
    ///
    /// # Errors
    /// As [`Self::mail_password`].
    pub fn line_secret(&self) -> Outcome<Option<String>> {
        self.line_of("TEGATA_LINE_SECRET", LINE_SECRET)
    }

    /// One line that somebody else gave the town: of the environment, else of a file.
    fn line_of(&self, variable: &str, name: &str) -> Outcome<Option<String>> {
        if let Ok(line) = std::env::var(variable) {
            return Ok(Some(line));
        }
        if !self.folder.join(name).exists() {
            return Ok(None);
        }
        let text = String::from_utf8(self.read(name)?).map_err(|_| bad(name))?;
        Ok(Some(text.lines().next().filter(|line| !line.is_empty()).ok_or_else(|| bad(name))?.to_owned()))
    }

    /// The key that signs dispositions, with its certificate; none where the town has none.
    ///
    /// # Errors
    /// When the files cannot be read, or do not belong together.
    pub fn seal(&self) -> Outcome<Option<Sealer>> {
        if !self.folder.join(SEAL).exists() {
            return Ok(None);
        }
        let sealer = Sealer::new(&self.read(SEAL)?, &self.read(SEAL_CERTIFICATES)?);
        Ok(Some(sealer.map_err(|error| format!("{SEAL}, {SEAL_CERTIFICATES}: {error}"))?))
    }

    /// What bundles are opened with: the centre's secret, and the inner sides that are trusted.
    ///
    /// # Errors
    /// As [`Self::issuer`].
    pub fn bridge(&self) -> Outcome<BridgeKeys> {
        let signer: [u8; 32] = public(&self.folder, INNER_PUBLIC)?.try_into().map_err(|_| bad(INNER_PUBLIC))?;
        Ok(BridgeKeys::new(&[signer], &self.read(CENTRE)?).map_err(|_| bad(CENTRE))?)
    }

    /// Makes the key of an identity app if it is missing.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn make_app(&self, app: &AppId) -> Outcome {
        let path = self.folder.join(app_file(app));
        fs::create_dir_all(&self.folder)?;
        if path.exists() { Ok(()) } else { keep(&path, &AppKey::generate()?) }
    }

    /// Makes the key an identity app's answers are encrypted to if it is missing: for one by which the card signs.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn make_app_opening(&self, app: &AppId, encryption: AppEncryption) -> Outcome {
        let path = self.folder.join(app_opening_file(app));
        fs::create_dir_all(&self.folder)?;
        if path.exists() { Ok(()) } else { keep(&path, &AppKey::generate_opening(encryption)?) }
    }

    /// The keys by which an identity app's provider knows this town; `None` where there is no file of the one that asks.
    ///
    /// # Errors
    /// When a file cannot be read or holds no key.
    pub fn app(&self, app: &AppId) -> Outcome<Option<AppKey>> {
        let (name, opening) = (app_file(app), app_opening_file(app));
        if !self.folder.join(&name).exists() {
            return Ok(None);
        }
        let key = AppKey::from_pkcs8(&self.read(&name)?).map_err(|_| bad(&name))?;
        if !self.folder.join(&opening).exists() {
            return Ok(Some(key));
        }
        Ok(Some(key.with_opening(&self.read(&opening)?).map_err(|_| bad(&opening))?))
    }

    /// The key by which wallets know this town when it asks for a card in phones; `None` where there is no file of it.
    ///
    /// # Errors
    /// When a file cannot be read, holds no key or certificate, or the two do not belong together.
    pub fn phone_card(&self, card: &AppId) -> Outcome<Option<ReaderKey>> {
        let (key, certificates) = phone_cards::files_of(card);
        if !self.folder.join(&key).exists() {
            return Ok(None);
        }
        let text = String::from_utf8(self.read(&certificates)?).map_err(|_| bad(&certificates))?;
        Ok(Some(phone_cards::read_key(&self.read(&key)?, &text).map_err(|error| format!("{key}, {certificates}: {error}"))?))
    }

    fn read(&self, name: &str) -> Outcome<Vec<u8>> {
        fs::read(self.folder.join(name)).map_err(|error| format!("{}: {error}", self.folder.join(name).display()).into())
    }
}

impl InnerKeys {
    /// Reads the inner side's keys from a folder.
    ///
    /// # Errors
    /// When one is missing or is no key.
    pub fn load(folder: &Path) -> Outcome<Self> {
        let read = |name: &str| fs::read(folder.join(name)).map_err(|error| format!("{}: {error}", folder.join(name).display()));
        Ok(Self {
            signing: SigningKey::new(&read(INNER)?).map_err(|_| bad(INNER))?,
            match_secret: MatchSecret::new(&read(MATCH)?).ok_or_else(|| bad(MATCH))?,
            centre: SealingKey::new(&public(folder, CENTRE_PUBLIC)?).map_err(|_| bad(CENTRE_PUBLIC))?,
        })
    }
}

type MakeKey = fn() -> Result<Vec<u8>, identity::jose::JoseError>;
const TOKEN_KEYS: [(&str, MakeKey); 2] = [(TOKENS_ES256, identity::jose::make_es256), (TOKENS_RS256, identity::jose::make_rs256)];

/// The names of token keys of a kind, oldest first.
fn token_files(folder: &Path, start: &str) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string()
            && name.starts_with(start)
            && name.ends_with(".pk8")
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn app_file(app: &AppId) -> String {
    format!("app-{app}.pk8")
}

/// Beside no other app's: an id has no dot.
fn app_opening_file(app: &AppId) -> String {
    format!("app-{app}.enc.key")
}

fn public(folder: &Path, name: &str) -> Outcome<Vec<u8>> {
    let text = fs::read_to_string(folder.join(name)).map_err(|error| format!("{}: {error}", folder.join(name).display()))?;
    hex::decode(text.trim()).map_err(|_| bad(name).into())
}

fn bad(name: &str) -> String {
    format!("{name} holds no key of its kind")
}

/// 32 random bytes.
pub(crate) fn random() -> Outcome<[u8; 32]> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| "the operating system gives no random bytes")?;
    Ok(bytes)
}

/// Writes a secret so that only its owner can read it.
pub(crate) fn keep(path: &Path, secret: &[u8]) -> Outcome {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret)?;
    Ok(file.sync_all()?)
}
