//! The match keys both sides of the data bridge compute: what an account is compared with a resident by, so that names never cross.

use aws_lc_rs::hmac;
use civil::Sex;

use crate::{FromValue, Value};

/// The secret of the match keys: at least 32 random bytes, the same on both sides of the bridge.
pub struct MatchSecret(hmac::Key);

/// The four items a card proves (基本4情報), as written; they are brought to one form before they are hashed.
#[derive(Clone, Copy)]
pub struct MatchItems<'a> {
    /// 氏名.
    pub name: &'a str,
    /// 生年月日 as the number yyyymmdd, zeros for what is unknown.
    pub date_of_birth: u32,
    /// 性別.
    pub sex: Sex,
    /// 住所.
    pub address: &'a str,
}

/// A keyed hash of a person's items: the first 128 bits of an HMAC-SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchKey(pub [u8; 16]);

/// Both match keys of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchKeys {
    /// Of name, date of birth, sex and address.
    pub four_items: MatchKey,
    /// Of name, date of birth and sex: finds someone whose address is written otherwise, and checks the name of a child.
    pub three_items: MatchKey,
}

/// Which items a key covers; part of what is hashed, so that keys of different kinds never meet.
const FOUR_ITEMS: u8 = 4;
const THREE_ITEMS: u8 = 3;

impl MatchSecret {
    /// Takes the secret's bytes; `None` unless there are at least 32.
    pub fn new(secret: &[u8]) -> Option<Self> {
        (secret.len() >= 32).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// Computes both keys of a person.
    ///
    /// What is hashed: one byte 3 or 4; the birthday, four bytes, big endian; the sex, one byte (0 not stated, 1 male, 2 female); the length of
    /// [`civil::name_key`], four bytes, and the key; then, for four items, [`civil::address_key`].
    pub fn keys(&self, items: MatchItems<'_>) -> MatchKeys {
        self.keys_of(&civil::name_key(items.name), items.date_of_birth, items.sex, &civil::address_key(items.address))
    }

    /// Computes the key of name, date of birth and sex alone.
    pub fn three_items(&self, name: &str, date_of_birth: u32, sex: Sex) -> MatchKey {
        self.keys_of(&civil::name_key(name), date_of_birth, sex, "").three_items
    }

    /// Computes both keys from a name and an address already brought to their comparable form ([`civil::name_key`], [`civil::address_key`]).
    pub fn keys_of(&self, name: &str, date_of_birth: u32, sex: Sex, address: &str) -> MatchKeys {
        let mut message = Vec::with_capacity(16 + name.len() + address.len());
        message.push(THREE_ITEMS);
        message.extend_from_slice(&date_of_birth.to_be_bytes());
        message.push(match sex {
            Sex::NotStated => 0,
            Sex::Male => 1,
            Sex::Female => 2,
        });
        message.extend_from_slice(&u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend_from_slice(name.as_bytes());
        let three_items = self.key(&message);
        message[0] = FOUR_ITEMS;
        message.extend_from_slice(address.as_bytes());
        MatchKeys { four_items: self.key(&message), three_items }
    }

    fn key(&self, message: &[u8]) -> MatchKey {
        let tag = hmac::sign(&self.0, message);
        MatchKey(*tag.as_ref().first_chunk().expect("an HMAC-SHA-256 tag has 32 bytes"))
    }
}

impl std::fmt::Debug for MatchSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MatchSecret(…)")
    }
}

impl std::fmt::Debug for MatchItems<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MatchItems(…)")
    }
}

impl From<MatchKey> for Value {
    fn from(key: MatchKey) -> Self {
        Value::Bytes(key.0.to_vec())
    }
}

impl FromValue for MatchKey {
    fn from_value(value: &Value) -> Result<Self, String> {
        let bytes = Vec::<u8>::from_value(value)?;
        bytes.try_into().map(Self).map_err(|_| "a match key has 16 bytes".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: u8, name: &str, date_of_birth: u32, sex: Sex, address: &str) -> MatchKeys {
        MatchSecret::new(&[secret; 32]).unwrap().keys(MatchItems { name, date_of_birth, sex, address })
    }

    #[test]
    fn writing_does_not_matter_but_every_item_does() {
        let one = keys(7, "髙橋　花子", 20_150_401, Sex::Female, "青空町中央１丁目２番３号");
        assert_eq!(one, keys(7, "高橋 花子", 20_150_401, Sex::Female, "青空町中央一丁目2-3"));
        let moved = keys(7, "高橋 花子", 20_150_401, Sex::Female, "青空町西9-9");
        assert_eq!(one.three_items, moved.three_items);
        assert_ne!(one.four_items, moved.four_items);
        for other in [
            keys(7, "高橋 華子", 20_150_401, Sex::Female, "青空町中央一丁目2-3"),
            keys(7, "高橋 花子", 20_150_402, Sex::Female, "青空町中央一丁目2-3"),
            keys(7, "高橋 花子", 20_150_401, Sex::Male, "青空町中央一丁目2-3"),
            keys(8, "高橋 花子", 20_150_401, Sex::Female, "青空町中央一丁目2-3"),
        ] {
            assert_ne!(one.three_items, other.three_items);
            assert_ne!(one.four_items, other.four_items);
        }
    }

    #[test]
    fn the_bytes_that_are_hashed_never_change() {
        // Computed apart from this code, from the layout told at `keys`. Another value means accounts no longer find their residents.
        let keys = keys(7, "山田　太郎", 19_800_217, Sex::Male, "青空町中央１丁目２番３号");
        assert_eq!(hex::encode(keys.three_items.0), "11dc5bad87d1f94ce143f0e71ceea1be");
        assert_eq!(hex::encode(keys.four_items.0), "190ff1758d2aa50e74cd956b8fab7f1e");
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(MatchSecret::new(&[7; 31]).is_none());
    }
}
