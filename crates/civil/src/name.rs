use std::collections::HashMap;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;

/// Gives the key by which names are compared: width, blanks, variation selectors and old or variant characters no longer differ.
///
/// `髙橋　一郎`, `高橋一郎` and `髙󠄀橋 一郎` share one key. It is coarser than the law's idea of a name on purpose (渡邊, 渡邉 and 渡辺 agree), because
/// the card, the register and a person's own typing differ in just this; it is only ever used together with birth day, sex and address.
/// Kana and their small forms stay different. Never store the key in place of the name, and never show it.
pub fn name_key(name: &str) -> String {
    if name.chars().all(|c| is_plain(c) || c == '　' || c == ' ') {
        return name.chars().filter(|c| is_plain(*c)).map(common_form).collect();
    }
    until_stable(name, |text| {
        text.nfkc()
            .filter(|c| !is_variation_selector(*c))
            .map(common_form)
            .flat_map(char::to_lowercase)
            .filter(|c| !c.is_whitespace() && !is_joint(*c))
            .collect()
    })
}

/// Characters that NFKC and lower case leave alone: most names are of these only, and take the short way.
fn is_plain(c: char) -> bool {
    matches!(c, '一'..='鿿' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '々')
}

/// Gives the common form of an old or variant kanji (髙 → 高, 邉 → 辺, 﨑 → 崎); any other character itself.
///
/// The table is `data/variants.txt`, see `data/README.md` for its sources and licences. A character with several possible forms takes the
/// first.
pub fn common_form(c: char) -> char {
    let table = table();
    match table.basic_plane.get(c as usize) {
        Some('\0') => c,
        Some(common) => *common,
        None => table.beyond.get(&c).copied().unwrap_or(c),
    }
}

/// Gives the text without the variation selectors that only choose a glyph (IVS, SVS): for systems and fonts that cannot take them.
pub fn without_variation_selectors(text: &str) -> String {
    text.chars().filter(|c| !is_variation_selector(*c)).collect()
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}' | '\u{180F}')
}

/// Marks between the parts of a name that one writer sets and another leaves out. The long-vowel mark is none of them.
fn is_joint(c: char) -> bool {
    matches!(
        c,
        '・' | '·' | ',' | '、' | '.' | '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | '\'' | '’' | '=' | '゠' | '\u{200B}'
            ..='\u{200D}' | '\u{FEFF}'
    )
}

/// Variant → common form: the basic plane as a plain array, as every character of a town's names is looked up.
struct Table {
    /// By code point; NUL where the character is its own common form.
    basic_plane: Vec<char>,
    beyond: HashMap<char, char>,
}

/// The table, read once from lines of a common form followed by its variants.
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table { basic_plane: vec!['\0'; 0x1_0000], beyond: HashMap::new() };
        for (variant, common) in pairs() {
            match table.basic_plane.get_mut(variant as usize) {
                Some(slot) => *slot = common,
                None => drop(table.beyond.insert(variant, common)),
            }
        }
        table
    })
}

/// Every variant of `data/variants.txt` with its common form.
fn pairs() -> impl Iterator<Item = (char, char)> {
    let lines = include_str!("../data/variants.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| {
        let mut chars = line.chars();
        let common = chars.next();
        chars.filter_map(move |variant| common.map(|common| (variant, common)))
    })
}

/// Folds a text again until nothing changes, so that a key is its own key; each fold here only shortens or settles, eight are plenty.
pub(crate) fn until_stable(text: &str, fold: impl Fn(&str) -> String) -> String {
    let mut key = fold(text);
    for _ in 0..8 {
        let next = fold(&key);
        if next == key {
            break;
        }
        key = next;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn old_and_variant_characters_agree_with_the_common_ones() {
        for (given, common) in [
            ("髙橋　一郎", "高橋一郎"),
            ("山﨑 花子", "山崎花子"),
            ("山\u{FA11} 花子", "山崎花子"),
            ("渡邊", "渡辺"),
            ("渡邉", "渡辺"),
            ("渡\u{9089}\u{E010F}", "渡辺"),
            ("齋藤", "斎藤"),
            ("齊藤", "斉藤"),
            ("濵田", "浜田"),
            ("濱田", "浜田"),
            ("澤田", "沢田"),
            ("廣瀨", "広瀬"),
            ("𠮷田", "吉田"),
            ("桒原", "桑原"),
            ("櫻井", "桜井"),
            ("國分", "国分"),
            ("葛\u{E0100}西", "葛西"),
            ("\u{FA19}", "神"),
            ("德川", "徳川"),
            ("栁田", "柳田"),
            ("惠", "恵"),
        ] {
            assert_eq!(name_key(given), name_key(common), "{given}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        for (a, b) in [("斎藤", "斉藤"), ("太田", "大田"), ("川", "河"), ("佐藤", "佐東"), ("はな", "ハナ"), ("きょう", "きよう")]
        {
            assert_ne!(name_key(a), name_key(b), "{a} {b}");
        }
    }

    #[test]
    fn letters_of_any_width_and_case_agree() {
        assert_eq!(name_key("ＧＡＲＣＩＡ　Ｍａｒｉａ"), name_key("Garcia, Maria"));
        assert_eq!(name_key("マイケル・スミス"), name_key("ﾏｲｹﾙ ｽﾐｽ"));
    }

    #[test]
    fn every_common_form_is_settled() {
        assert!(pairs().count() > 10_000);
        for (variant, common) in pairs() {
            assert_ne!(variant, common);
            assert_eq!((common_form(variant), common_form(common)), (common, common), "{variant}");
            assert_eq!(common.nfkc().collect::<String>(), common.to_string());
        }
    }

    proptest! {
        #[test]
        fn the_short_way_for_plain_names_gives_the_same_key(text in "[一-鿿ぁ-ゖァ-ヺー々　 ]{0,8}") {
            // a variation selector leaves no trace in the key, but forces the long way
            prop_assert_eq!(name_key(&format!("{text}\u{E0100}")), name_key(&text));
        }

        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,20}|[一-龠\u{F900}-\u{FAD9}㐀-䶵ァ-ヶ　 ]{0,12}|.{0,10}") {
            let key = name_key(&text);
            prop_assert_eq!(name_key(&key), key);
        }

        #[test]
        fn blanks_and_selectors_never_matter(text in "[一-龠]{1,6}", at in 0usize..6) {
            let mut marked: Vec<char> = text.chars().collect();
            let at = at % marked.len() + 1;
            marked.insert(at, '　');
            marked.insert(at, '\u{E0101}');
            prop_assert_eq!(name_key(&marked.into_iter().collect::<String>()), name_key(&text));
        }
    }
}
