//! Base45 (RFC 9285): bytes in the 45 characters of a QR code's alphanumeric mode.

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Character to value, 255 where there is none. Lower case is not base45.
const VALUES: [u8; 256] = {
    let mut values = [255u8; 256];
    let mut i = 0;
    while i < 45 {
        values[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    values
};

/// The text of some bytes: three characters for two bytes, two for a last single one.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    let mut push = |value: u16| text.push(ALPHABET[usize::from(value % 45)] as char);
    for chunk in bytes.chunks(2) {
        match *chunk {
            [high, low] => {
                let value = u16::from(high) << 8 | u16::from(low);
                push(value);
                push(value / 45);
                push(value / 2025);
            }
            [single] => {
                push(u16::from(single));
                push(u16::from(single) / 45);
            }
            _ => unreachable!("chunks(2) gives one or two bytes"),
        }
    }
    text
}

/// The bytes of a text, or nothing if it is not base45: a foreign character, a number beyond its bytes, a lonely last character.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for chunk in text.as_bytes().chunks(3) {
        let mut value = 0u32;
        for character in chunk.iter().rev() {
            let digit = VALUES[usize::from(*character)];
            if digit == 255 {
                return None;
            }
            value = value * 45 + u32::from(digit);
        }
        match chunk.len() {
            3 => bytes.extend(u16::try_from(value).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_rfc_9285_hold() {
        for (bytes, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn numbers_beyond_their_bytes_and_foreign_characters_are_refused() {
        assert_eq!(decode("FGW"), Some(vec![0xff, 0xff]));
        for text in ["GGW", ":::", "::", "A", "bb8", "BB8A", "BB_", "あ"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_has_one_reading_and_all_bytes_one_text(bytes: Vec<u8>, text in "[0-9A-Z $%*+./:-]{0,20}") {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
            if let Some(read) = decode(&text) {
                prop_assert_eq!(encode(&read), text);
            }
        }
    }
}
