use unicode_normalization::UnicodeNormalization;

/// Gives the key by which readings of names are compared: katakana, full width, small kana as large ones, without blanks and dots.
///
/// `ﾀﾅﾌﾞ ｼｮｳｺ`, `たなぶ　しょうこ` and `タナブ・シヨウコ` share one key. Registers write small kana large, and cards do not always. The key is for
/// comparing only; it is not a reading to show.
pub fn kana_key(reading: &str) -> String {
    crate::name::until_stable(reading, |text| {
        let wide: Vec<char> = text.nfkc().flat_map(char::to_uppercase).collect();
        let mut key = String::with_capacity(text.len());
        for c in wide {
            let c = large_katakana(c);
            match c {
                '・' | '.' | ',' | '\'' | '’' => {}
                _ if c.is_whitespace() => {}
                // after kana, every dash in use stands for the long-vowel mark
                '-' | '‐' | '‑' | '–' | '—' | '―' | '−' if key.chars().next_back().is_some_and(is_katakana) => key.push('ー'),
                '-' | '‐' | '‑' | '–' | '—' | '―' | '−' => {}
                _ => key.push(c),
            }
        }
        key
    })
}

/// Gives a text with its Latin letters bare of marks, as people type them in haste: `chai nhựa` as `chai nhua`, `Plástico` as `Plastico`.
/// Kana keep theirs (が is not か).
pub fn without_accents(text: &str) -> String {
    let parts = text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c));
    let bare = |c| match c {
        'đ' => 'd',
        'Đ' => 'D',
        other => other,
    };
    parts.map(bare).nfc().collect()
}

fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ー')
}

/// Hiragana as katakana, small kana as large.
fn large_katakana(c: char) -> char {
    let katakana = match c {
        'ぁ'..='ゖ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        _ => c,
    };
    match katakana {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn width_script_and_small_kana_do_not_matter() {
        for reading in ["ﾀﾅﾌﾞ ｼｮｳｺ", "たなぶ　しょうこ", "タナブ・シヨウコ", "タナブ ショウコ"] {
            assert_eq!(kana_key(reading), "タナブシヨウコ");
        }
    }

    #[test]
    fn a_dash_after_kana_is_the_long_vowel_mark() {
        assert_eq!(kana_key("ﾏｰｸ"), kana_key("マ－ク"));
        assert_ne!(kana_key("マーク"), kana_key("マク"));
    }

    #[test]
    fn latin_letters_lose_their_marks_and_kana_keep_theirs() {
        assert_eq!(without_accents("Rác đốt được, Đồ nhựa"), "Rac dot duoc, Do nhua");
        assert_eq!(without_accents("lâmpada"), "lampada");
        assert_eq!(without_accents("がぱガﾊﾟ漢"), "がぱガﾊﾟ漢");
    }

    #[test]
    fn different_readings_stay_different() {
        assert_ne!(kana_key("ハマダ"), kana_key("ハマタ"));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "[ぁ-ヶｦ-ﾟー・ 　a-z-]{0,20}|.{0,20}") {
            let key = kana_key(&text);
            prop_assert_eq!(kana_key(&key), key);
        }
    }
}
