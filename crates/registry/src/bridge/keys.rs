//! Match keys: keyed hashes by which an account finds its resident, so that names and addresses never cross the bridge.

use aws_lc_rs::hmac;
use civil::Sex;

use super::row::{DayNumber, MatchKey, sex_number};

/// The secret of the match keys: 32 random bytes that both sides of the bridge hold.
pub struct MatchSecret(hmac::Key);

/// The four items a card proves (基本4情報), as written; they are brought to one form before they are hashed.
#[derive(Clone, Copy)]
pub struct FourItems<'a> {
    /// 氏名.
    pub name: &'a str,
    /// 生年月日.
    pub date_of_birth: DayNumber,
    /// 性別.
    pub sex: Sex,
    /// 住所.
    pub address: &'a str,
}

/// Both match keys of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchKeys {
    /// Keyed hash of name, date of birth, sex and address.
    pub four_items: MatchKey,
    /// Keyed hash of name, date of birth and sex: finds someone whose address is written otherwise, and checks the name of a child.
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

    /// Computes the match keys of a person.
    pub fn keys(&self, items: FourItems<'_>) -> MatchKeys {
        let name = civil::name_key(items.name);
        let address = civil::address_key(items.address);
        self.keys_of(&name, items.date_of_birth, items.sex, &address)
    }

    /// Computes the key of name, date of birth and sex alone.
    pub fn three_items(&self, name: &str, date_of_birth: DayNumber, sex: Sex) -> MatchKey {
        self.keys_of(&civil::name_key(name), date_of_birth, sex, "").three_items
    }

    /// Computes the keys from a name and an address already in their comparable form.
    pub(crate) fn keys_of(&self, name_key: &str, date_of_birth: DayNumber, sex: Sex, address_key: &str) -> MatchKeys {
        let mut message = Vec::with_capacity(16 + name_key.len() + address_key.len());
        message.push(THREE_ITEMS);
        message.extend_from_slice(&date_of_birth.0.to_be_bytes());
        message.push(sex_number(sex));
        message.extend_from_slice(&u32::try_from(name_key.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend_from_slice(name_key.as_bytes());
        let three_items = self.key(&message);
        message[0] = FOUR_ITEMS;
        message.extend_from_slice(address_key.as_bytes());
        MatchKeys { four_items: self.key(&message), three_items }
    }

    fn key(&self, message: &[u8]) -> MatchKey {
        let tag = hmac::sign(&self.0, message);
        *tag.as_ref().first_chunk().expect("an HMAC-SHA-256 tag has 32 bytes")
    }
}

impl std::fmt::Debug for MatchSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MatchSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &MatchSecret, name: &str, address: &str) -> MatchKeys {
        secret.keys(FourItems { name, date_of_birth: DayNumber(20_150_401), sex: Sex::Female, address })
    }

    #[test]
    fn writing_does_not_matter_but_every_item_does() {
        let secret = MatchSecret::new(&[7; 32]).unwrap();
        let one = keys(&secret, "髙橋　花子", "青空町中央１丁目２番３号");
        assert_eq!(one, keys(&secret, "高橋 花子", "青空町中央一丁目2-3"));
        assert_ne!(one.three_items, keys(&secret, "高橋 華子", "青空町中央1-2-3").three_items);
        let moved = keys(&secret, "高橋 花子", "青空町西9-9");
        assert_eq!(one.three_items, moved.three_items);
        assert_ne!(one.four_items, moved.four_items);
    }

    #[test]
    fn another_secret_gives_other_keys_and_a_short_one_is_refused() {
        let (a, b) = (MatchSecret::new(&[7; 32]).unwrap(), MatchSecret::new(&[8; 32]).unwrap());
        assert_ne!(keys(&a, "山田", "一"), keys(&b, "山田", "一"));
        assert!(MatchSecret::new(&[7; 31]).is_none());
    }
}
