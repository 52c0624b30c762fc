use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The record size every push service takes (RFC 8291 section 4).
const RECORD_SIZE: u32 = 4096;
/// Salt, record size, length of the key, key.
const HEADER_BYTES: usize = 16 + 4 + 1 + POINT_BYTES;
/// The tag and the delimiter of the last record.
const OVERHEAD_BYTES: usize = 16 + 1;
/// An uncompressed point of P-256.
const POINT_BYTES: usize = 65;
const AUTH_BYTES: usize = 16;

/// The longest text that can be sent, so that the whole stays within 4096 bytes.
pub const PLAIN_BYTES_MAX: usize = RECORD_SIZE as usize - HEADER_BYTES - OVERHEAD_BYTES;

/// What a browser gave to be written to: its public key (`p256dh`) and its secret (`auth`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserKeys {
    point: [u8; POINT_BYTES],
    auth: [u8; AUTH_BYTES],
}

/// Why a message was not encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// The browser's keys are not a point of P-256 and sixteen bytes.
    #[error("the browser's keys are not of RFC 8291")]
    Keys,
    /// The text is longer than [`PLAIN_BYTES_MAX`].
    #[error("the message is longer than a push message may be")]
    TooLong,
    /// The operating system or the library failed.
    #[error("the cryptography failed")]
    Failed,
}

impl BrowserKeys {
    /// Takes the keys as bytes.
    ///
    /// # Errors
    /// [`EncryptError::Keys`].
    pub fn new(point: &[u8], auth: &[u8]) -> Result<Self, EncryptError> {
        let point: [u8; POINT_BYTES] = point.try_into().map_err(|_| EncryptError::Keys)?;
        let auth = auth.try_into().map_err(|_| EncryptError::Keys)?;
        // 0x04 marks an uncompressed point; whether it lies on the curve shows when a secret is agreed on with it.
        if point[0] == 4 { Ok(Self { point, auth }) } else { Err(EncryptError::Keys) }
    }

    /// Takes the keys as `PushSubscription.toJSON()` writes them: base64url, with or without padding.
    ///
    /// # Errors
    /// [`EncryptError::Keys`].
    pub fn of_text(p256dh: &str, auth: &str) -> Result<Self, EncryptError> {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| EncryptError::Keys);
        let keys = Self::new(&bytes(p256dh)?, &bytes(auth)?)?;
        // Refused when it is handed in, not when the town is flooded.
        encrypt(&keys, b"")?;
        Ok(keys)
    }

    /// The public key.
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// The secret.
    pub fn auth(&self) -> &[u8] {
        &self.auth
    }
}

/// Encrypts a message for one browser: the body of the request, `aes128gcm` in one record (RFC 8188, RFC 8291).
///
/// # Errors
/// [`EncryptError`].
pub fn encrypt(browser: &BrowserKeys, plain: &[u8]) -> Result<Vec<u8>, EncryptError> {
    let own = PrivateKey::generate(&ECDH_P256).map_err(|_| EncryptError::Failed)?;
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| EncryptError::Failed)?;
    encrypt_with(browser, plain, &own, salt)
}

/// As [`encrypt`], with the key and the salt given.
fn encrypt_with(browser: &BrowserKeys, plain: &[u8], own: &PrivateKey, salt: [u8; 16]) -> Result<Vec<u8>, EncryptError> {
    if plain.len() > PLAIN_BYTES_MAX {
        return Err(EncryptError::TooLong);
    }
    let own_point = own.compute_public_key().map_err(|_| EncryptError::Failed)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, browser.point);
    let (key, nonce) = agreement::agree(own, theirs, EncryptError::Keys, |secret| content_key(browser, own_point.as_ref(), &salt, secret))?;

    let mut body = Vec::with_capacity(HEADER_BYTES + plain.len() + OVERHEAD_BYTES);
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_SIZE.to_be_bytes());
    body.push(u8::try_from(POINT_BYTES).map_err(|_| EncryptError::Failed)?);
    body.extend_from_slice(own_point.as_ref());
    body.extend_from_slice(plain);
    // The delimiter of the last record (RFC 8188 section 2); nothing is padded.
    body.push(2);
    let (_, sealed) = body.split_at_mut(HEADER_BYTES);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), sealed).map_err(|_| EncryptError::Failed)?;
    body.extend_from_slice(tag.as_ref());
    Ok(body)
}

/// The message in a body, opened as the browser does; `agree` brings the browser's key together with the key it is given.
///
/// # Errors
/// [`EncryptError::Keys`] when it is for another browser, or no message at all.
pub(crate) fn open(
    browser: &BrowserKeys,
    body: &[u8],
    agree: impl FnOnce(&[u8], &dyn Fn(&[u8]) -> Result<(LessSafeKey, Nonce), EncryptError>) -> Result<(LessSafeKey, Nonce), EncryptError>,
) -> Result<Vec<u8>, EncryptError> {
    let (head, sealed) = body.split_at_checked(HEADER_BYTES).ok_or(EncryptError::Keys)?;
    let (salt, own_point) = (&head[..16], &head[HEADER_BYTES - POINT_BYTES..]);
    let (key, nonce) = agree(own_point, &|secret| content_key(browser, own_point, salt, secret))?;
    let mut sealed = sealed.to_vec();
    let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).map_err(|_| EncryptError::Keys)?;
    // The delimiter of the last record; nothing is padded.
    plain.split_last().filter(|(delimiter, _)| **delimiter == 2).map(|(_, plain)| plain.to_vec()).ok_or(EncryptError::Keys)
}

/// The key and nonce of a body, of the secret both ends agree on (RFC 8291 section 3.4): both ends' keys go into what is derived.
fn content_key(browser: &BrowserKeys, own_point: &[u8], salt: &[u8], secret: &[u8]) -> Result<(LessSafeKey, Nonce), EncryptError> {
    let info = [b"WebPush: info\0".as_slice(), &browser.point, own_point];
    let ikm: [u8; 32] = derive(&Salt::new(HKDF_SHA256, &browser.auth).extract(secret), &info)?;
    let prk = Salt::new(HKDF_SHA256, salt).extract(&ikm);
    let key: [u8; 16] = derive(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; NONCE_LEN] = derive(&prk, &[b"Content-Encoding: nonce\0"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).map_err(|_| EncryptError::Failed)?);
    Ok((key, Nonce::assume_unique_for_key(nonce)))
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], EncryptError> {
    let mut out = [0; N];
    prk.expand(info, Bytes(N)).and_then(|okm| okm.fill(&mut out)).map_err(|_| EncryptError::Failed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 8291 appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let browser = BrowserKeys::of_text(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
        .unwrap();
        let own = PrivateKey::from_private_key(&ECDH_P256, &bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let body = encrypt_with(&browser, b"When I grow up, I want to be a watermelon", &own, salt).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body), expected);
        let _: EcPrivateKeyBin<'_> = own.as_be_bytes().unwrap();
    }

    #[test]
    fn the_longest_text_fills_the_record_and_one_more_is_refused() {
        let other = PrivateKey::generate(&ECDH_P256).unwrap();
        let browser = BrowserKeys::new(other.compute_public_key().unwrap().as_ref(), &[7; 16]).unwrap();
        assert_eq!(encrypt(&browser, &vec![b'a'; PLAIN_BYTES_MAX]).unwrap().len(), RECORD_SIZE as usize);
        assert_eq!(encrypt(&browser, &vec![b'a'; PLAIN_BYTES_MAX + 1]), Err(EncryptError::TooLong));
    }

    #[test]
    fn keys_that_are_none_are_refused_when_they_are_handed_in() {
        assert_eq!(BrowserKeys::new(&[4; 64], &[0; 16]), Err(EncryptError::Keys));
        assert_eq!(BrowserKeys::new(&[5; 65], &[0; 16]), Err(EncryptError::Keys));
        assert_eq!(BrowserKeys::of_text("not base64!", "BTBZMqHH6r4Tts7J_aSIgg"), Err(EncryptError::Keys));
        // A point that lies on no curve.
        let off = URL_SAFE_NO_PAD.encode([4; POINT_BYTES]);
        assert_eq!(BrowserKeys::of_text(&off, "BTBZMqHH6r4Tts7J_aSIgg"), Err(EncryptError::Keys));
    }
}
