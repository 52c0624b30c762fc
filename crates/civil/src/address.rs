use unicode_normalization::UnicodeNormalization;

use crate::name::{common_form, until_stable, without_variation_selectors};

/// Gives the key by which addresses are compared: `○○県△△市中央一丁目８番１号`, `△△市中央1丁目8-1` and `△△市中央１－８－１` share one key.
///
/// Width, blanks, variants of kanji, kanji and Arabic numbers, 丁目・番地・番・号・の and every dash, ヶ・ケ・が, ノ・の・之, small kana, 大字 and 字, the
/// prefecture and a leading postal code no longer differ. The key is only for comparing: never store it in place of the address.
pub fn address_key(address: &str) -> String {
    until_stable(address, |text| {
        let narrow: Vec<char> = without_variation_selectors(text).nfkc().map(common_form).flat_map(char::to_lowercase).collect();
        let plain = without_prefecture(without_postal_code(&narrow));
        let numbered = arabic_numbers(&hyphens(plain));
        same_spelling(&hyphenated_lots(&numbered))
    })
}

/// Drops `〒035-0000` at the start.
fn without_postal_code(text: &[char]) -> &[char] {
    let start = text.iter().position(|c| !c.is_whitespace()).unwrap_or(0);
    match text[start..].strip_prefix(&['〒']) {
        Some(rest) => {
            let end = rest.iter().position(|c| !(c.is_ascii_digit() || c.is_whitespace() || is_dash(*c))).unwrap_or(rest.len());
            &rest[end..]
        }
        None => &text[start..],
    }
}

/// Drops the prefecture at the start.
fn without_prefecture(text: &[char]) -> &[char] {
    const PREFECTURES: &str = "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 山梨県 \
        長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 \
        熊本県 大分県 宮崎県 鹿児島県 沖縄県";
    for prefecture in PREFECTURES.split_whitespace() {
        let length = prefecture.chars().count();
        if text.len() > length && text.iter().copied().zip(prefecture.chars()).take(length).all(|(a, b)| a == b) {
            return &text[length..];
        }
    }
    text
}

/// One hyphen for every dash; a blank between two numbers parts them too, any other blank goes.
fn hyphens(text: &[char]) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    for (i, &c) in text.iter().enumerate() {
        let after_number = out.last().is_some_and(|c| is_number(*c));
        if c.is_whitespace() {
            let next = text[i..].iter().find(|c| !c.is_whitespace());
            if after_number && next.is_some_and(|c| is_number(*c)) {
                out.push('-');
            }
        } else if c == 'ー' {
            // a long vowel in a building's name, a dash behind a number
            out.push(if after_number { '-' } else { c });
        } else {
            out.push(if is_dash(c) { '-' } else { c });
        }
    }
    out
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '－' | '─' | '~' | '〜')
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit() || kanji_digit(c).is_some() || matches!(c, '十' | '百' | '千')
}

fn kanji_digit(c: char) -> Option<u64> {
    "〇一二三四五六七八九".chars().position(|k| k == c).map(|n| n as u64)
}

/// Kanji numbers as Arabic ones: 二十三 and 二三 become 23. Names of places change with them (三笠 → 3笠), alike on both sides.
fn arabic_numbers(text: &[char]) -> Vec<char> {
    let is_kanji = |c: &char| is_number(*c) && !c.is_ascii_digit();
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|c| is_kanji(c)).count();
        if run == 0 {
            out.push(first);
            rest = &rest[1..];
            continue;
        }
        if out.last().is_some_and(char::is_ascii_digit) {
            out.push('-');
        }
        out.extend(number_of(&rest[..run]).chars());
        rest = &rest[run..];
        // 九1-2 is not 91-2
        if rest.first().is_some_and(char::is_ascii_digit) {
            out.push('-');
        }
    }
    out
}

/// The digits of one kanji number; positional ones (一〇三) digit by digit. One too long to be a number stays digit by digit.
fn number_of(run: &[char]) -> String {
    if run.iter().all(|c| kanji_digit(*c).is_some()) {
        return run.iter().filter_map(|c| kanji_digit(*c)).map(|d| d.to_string()).collect();
    }
    let (mut total, mut digit) = (0u64, None);
    for &c in run {
        match kanji_digit(c) {
            Some(d) => digit = Some(digit.unwrap_or(0u64).saturating_mul(10).saturating_add(d)),
            None => {
                let unit = if c == '十' {
                    10
                } else if c == '百' {
                    100
                } else {
                    1000
                };
                total = total.saturating_add(digit.take().unwrap_or(1).saturating_mul(unit));
            }
        }
    }
    total.saturating_add(digit.unwrap_or(0)).to_string()
}

/// 丁目, 番地, 番, 号室, 号, の behind a number as one hyphen; none at the end or before a word.
fn hyphenated_lots(text: &[char]) -> Vec<char> {
    const MARKS: [&[char]; 9] =
        [&['丁', '目'], &['番', '地', 'の'], &['番', '地'], &['号', '室'], &['番'], &['号'], &['の'], &['ノ'], &['之']];
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let after_number = out.last().is_some_and(|c| c.is_ascii_digit() || *c == '-');
        let mark = MARKS.iter().find(|mark| after_number && rest.starts_with(mark));
        if first == '-' || mark.is_some() {
            if out.last() != Some(&'-') {
                out.push('-');
            }
            rest = &rest[mark.map_or(1, |mark| mark.len())..];
        } else {
            if out.last() == Some(&'-') && !first.is_ascii_digit() {
                out.pop();
            }
            out.push(first);
            rest = &rest[1..];
        }
    }
    while out.last() == Some(&'-') {
        out.pop();
    }
    out
}

/// Spellings of place names that mean the same: 大字・字 dropped, ヶ・ケ・が, ノ・の・之, small kana.
fn same_spelling(text: &[char]) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    let mut rest = text;
    while let Some(&c) = rest.first() {
        let dropped = if rest.starts_with(&['大', '字']) { 2 } else { usize::from(matches!(c, '字' | '、' | ',' | '・' | '.')) };
        if dropped == 0 {
            out.push(match c {
                'ヶ' | 'ガ' | 'が' | '箇' | '个' => 'ケ',
                'ヵ' | 'か' => 'カ',
                'ノ' | '之' | '乃' => 'の',
                'ッ' | 'っ' | 'つ' => 'ツ',
                other => other,
            });
        }
        rest = &rest[dropped.max(1)..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ways_of_writing_a_lot_agree() {
        let keys: Vec<String> = [
            "青森県青空市中央一丁目８番１号",
            "青空市中央1丁目8番1号",
            "青空市中央１－８－１",
            "青空市 中央 1-8-1",
            "〒035-0000 青森県青空市中央１ー８ー１",
            "青空市中央１丁目８の１",
            "青空市中央1丁目8番地1",
            "青空市中央1−8−1番",
            "青空市大字中央1‐8‐1",
        ]
        .into_iter()
        .map(address_key)
        .collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }

    #[test]
    fn different_lots_stay_different() {
        for (a, b) in [
            ("青空市中央1-8-1", "青空市中央1-8-11"),
            ("青空市中央1-8-1", "青空市中央18-1"),
            ("青空市中央十一番地", "青空市中央一番地1"),
            ("青空市中央1-8-1", "青空町中央1-8-1"),
            ("青空市九1-2", "青空市91-2"),
            ("青空市中央1-8-1 101", "青空市中央1-8-1101"),
        ] {
            assert_ne!(address_key(a), address_key(b), "{a} {b}");
        }
    }

    #[test]
    fn kanji_numbers_are_read_as_numbers() {
        assert_eq!(address_key("中央二十三番地"), address_key("中央23"));
        assert_eq!(address_key("中央百二番地"), address_key("中央102番地"));
        assert_eq!(address_key("中央一〇三"), address_key("中央103"));
        assert_eq!(address_key("北三条西十丁目"), address_key("北3条西10丁目"));
    }

    #[test]
    fn spellings_of_places_agree() {
        assert_eq!(address_key("つつじヶ丘1"), address_key("つつじが丘１番地"));
        assert_eq!(address_key("井ノ頭"), address_key("井の頭"));
        assert_eq!(address_key("大字平沢字谷内3"), address_key("平沢谷内3番地"));
        assert_eq!(address_key("三ッ澤"), address_key("三ツ沢"));
    }

    #[test]
    fn a_building_behind_the_lot_is_kept() {
        assert_eq!(address_key("中央8番1号　コーポ青空101号室"), address_key("中央8-1コーポ青空101"));
        assert_ne!(address_key("中央8-1コーポ青空101"), address_key("中央8-1コーポ青空102"));
    }

    #[test]
    fn only_a_prefecture_at_the_start_goes() {
        assert_eq!(address_key("京都府京都市北区1"), address_key("京都市北区1"));
        assert_eq!(address_key("東京都"), "東京都");
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "[市町中央一二十百千〇0-9０-９－ーの丁目番地号大字ヶが 　ノ青森県〒A-Z]{0,24}|.{0,20}") {
            let key = address_key(&text);
            prop_assert_eq!(address_key(&key), key);
        }

        #[test]
        fn kanji_and_arabic_lot_numbers_agree(lot in 1u32..9999) {
            let digits: Vec<char> = "〇一二三四五六七八九".chars().collect();
            let positional: String = lot.to_string().bytes().map(|b| digits[usize::from(b - b'0')]).collect();
            let mut spoken = String::new();
            for (unit, mark) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
                let digit = lot / unit % 10;
                if digit > 1 || (digit == 1 && unit == 1) {
                    spoken.push(digits[digit as usize]);
                }
                if digit > 0 {
                    spoken.push_str(mark);
                }
            }
            let key = address_key(&format!("中央{lot}番地"));
            prop_assert_eq!(address_key(&format!("中央{positional}番地")), key.clone());
            prop_assert_eq!(address_key(&format!("中央{spoken}番地")), key);
        }
    }
}
