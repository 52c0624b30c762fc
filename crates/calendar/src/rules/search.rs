//! Finding an item whichever way it is typed: kana, half width, small letters, rōmaji, or a word of another language of the town.

use town::{Garbage, GarbageItem};

/// The most items shown.
pub const SHOWN_MAX: usize = 50;

/// Finds the items a text is part of in any language they are written in, those that begin with it first.
pub fn items<'a>(garbage: &'a Garbage, text: &str) -> Vec<&'a GarbageItem> {
    let sought = Sought::new(text);
    let mut found: Vec<(u8, &GarbageItem)> = garbage.items.iter().filter_map(|item| Some((sought.rank(garbage, item)?, item))).collect();
    found.sort_by_key(|(rank, item)| (*rank, item.name.chars().count()));
    found.into_iter().map(|(_, item)| item).take(SHOWN_MAX).collect()
}

/// What somebody typed, as it is compared.
struct Sought {
    /// As it stands, and as kana if it is rōmaji.
    whole: Vec<String>,
    /// Each word of it without an English plural.
    words: Vec<String>,
}

impl Sought {
    fn new(text: &str) -> Self {
        let whole = [key(text), key(&kana_of_romaji(text))].into_iter().filter(|key| !key.is_empty()).collect();
        let words = text.split_whitespace().map(key).filter(|key| !key.is_empty()).map(|key| singular(&key).to_owned()).collect();
        Self { whole, words }
    }

    /// How well an item fits; nothing if it does not.
    fn rank(&self, garbage: &Garbage, item: &GarbageItem) -> Option<u8> {
        let reading = key(&item.furigana);
        // A single letter is what the list is filed under, and no reading.
        let by_reading = reading.chars().count() > 1 && self.whole.iter().any(|key| reading.contains(key.as_str()));
        let by_name = garbage.written(&item.name).filter_map(|name| self.rank_of(&key(name))).min();
        by_name.into_iter().chain(by_reading.then_some(1)).min()
    }

    fn rank_of(&self, name: &str) -> Option<u8> {
        if self.whole.iter().any(|key| name.starts_with(key.as_str())) {
            Some(0)
        } else if self.whole.iter().any(|key| name.contains(key.as_str())) {
            Some(1)
        } else {
            (!self.words.is_empty() && self.words.iter().all(|word| name.contains(word.as_str()))).then_some(2)
        }
    }
}

fn key(text: &str) -> String {
    civil::kana_key(&civil::without_accents(text))
}

/// What a word in capital letters has in common with its singular, so that `BATTERIES` is part of `BATTERY`.
fn singular(word: &str) -> &str {
    let bare = ["IES", "ES", "S"].iter().find_map(|ending| word.strip_suffix(ending));
    bare.filter(|bare| bare.len() >= 3 && bare.bytes().all(|b| b.is_ascii_uppercase())).unwrap_or(word)
}

/// Hepburn and the commoner spellings beside it, longest first.
const SYLLABLES: &[(&str, &str)] = &[
    ("kya", "きゃ"),
    ("kyu", "きゅ"),
    ("kyo", "きょ"),
    ("sha", "しゃ"),
    ("shu", "しゅ"),
    ("sho", "しょ"),
    ("cha", "ちゃ"),
    ("chu", "ちゅ"),
    ("cho", "ちょ"),
    ("nya", "にゃ"),
    ("nyu", "にゅ"),
    ("nyo", "にょ"),
    ("hya", "ひゃ"),
    ("hyu", "ひゅ"),
    ("hyo", "ひょ"),
    ("mya", "みゃ"),
    ("myu", "みゅ"),
    ("myo", "みょ"),
    ("rya", "りゃ"),
    ("ryu", "りゅ"),
    ("ryo", "りょ"),
    ("gya", "ぎゃ"),
    ("gyu", "ぎゅ"),
    ("gyo", "ぎょ"),
    ("bya", "びゃ"),
    ("byu", "びゅ"),
    ("byo", "びょ"),
    ("pya", "ぴゃ"),
    ("pyu", "ぴゅ"),
    ("pyo", "ぴょ"),
    ("shi", "し"),
    ("chi", "ち"),
    ("tsu", "つ"),
    ("ja", "じゃ"),
    ("ju", "じゅ"),
    ("jo", "じょ"),
    ("ji", "じ"),
    ("fu", "ふ"),
    ("ka", "か"),
    ("ki", "き"),
    ("ku", "く"),
    ("ke", "け"),
    ("ko", "こ"),
    ("sa", "さ"),
    ("si", "し"),
    ("su", "す"),
    ("se", "せ"),
    ("so", "そ"),
    ("ta", "た"),
    ("ti", "ち"),
    ("tu", "つ"),
    ("te", "て"),
    ("to", "と"),
    ("na", "な"),
    ("ni", "に"),
    ("nu", "ぬ"),
    ("ne", "ね"),
    ("no", "の"),
    ("ha", "は"),
    ("hi", "ひ"),
    ("hu", "ふ"),
    ("he", "へ"),
    ("ho", "ほ"),
    ("ma", "ま"),
    ("mi", "み"),
    ("mu", "む"),
    ("me", "め"),
    ("mo", "も"),
    ("ya", "や"),
    ("yu", "ゆ"),
    ("yo", "よ"),
    ("ra", "ら"),
    ("ri", "り"),
    ("ru", "る"),
    ("re", "れ"),
    ("ro", "ろ"),
    ("wa", "わ"),
    ("wo", "を"),
    ("ga", "が"),
    ("gi", "ぎ"),
    ("gu", "ぐ"),
    ("ge", "げ"),
    ("go", "ご"),
    ("za", "ざ"),
    ("zi", "じ"),
    ("zu", "ず"),
    ("ze", "ぜ"),
    ("zo", "ぞ"),
    ("da", "だ"),
    ("de", "で"),
    ("do", "ど"),
    ("ba", "ば"),
    ("bi", "び"),
    ("bu", "ぶ"),
    ("be", "べ"),
    ("bo", "ぼ"),
    ("pa", "ぱ"),
    ("pi", "ぴ"),
    ("pu", "ぷ"),
    ("pe", "ぺ"),
    ("po", "ぽ"),
    ("a", "あ"),
    ("i", "い"),
    ("u", "う"),
    ("e", "え"),
    ("o", "お"),
    ("n", "ん"),
    ("-", "ー"),
];

/// A word of rōmaji in hiragana; nothing if it is no such word.
fn kana_of_romaji(text: &str) -> String {
    let text = text.chars().map(civil::half_width).collect::<String>().to_lowercase();
    let mut rest = text.trim();
    let mut kana = String::new();
    while let Some(first) = rest.chars().next() {
        let doubled = rest.len() > 1 && rest.is_char_boundary(1) && rest[1..].starts_with(first) && !"aiueon".contains(first);
        if doubled {
            kana.push('っ');
            rest = &rest[1..];
        } else if let Some((letters, sign)) = SYLLABLES.iter().find(|(letters, _)| rest.starts_with(letters)) {
            kana.push_str(sign);
            rest = &rest[letters.len()..];
        } else {
            return String::new();
        }
    }
    kana
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plural_is_part_of_what_it_is_the_plural_of() {
        for (plural, singular_form) in
            [("BATTERIES", "BATTERY"), ("BOTTLES", "BOTTLE"), ("BOXES", "BOX"), ("CANS", "CAN"), ("GLASS", "GLASSES")]
        {
            assert!(singular_form.contains(singular(plural)), "{plural}");
        }
        for as_it_is in ["BUS", "S", "ペットS", "缶"] {
            assert_eq!(singular(as_it_is), as_it_is);
        }
    }

    fn list() -> Garbage {
        let item = |name: &str, furigana: &str| GarbageItem {
            name: name.into(),
            label: "燃える".into(),
            notice: String::new(),
            furigana: furigana.into(),
        };
        Garbage {
            items: vec![
                item("ペットボトルのふた", "へ"),
                item("ペットボトル", "ぺっとぼとる"),
                item("乾電池", "かんでんち"),
                item("ＣＤ", "し"),
            ],
            ..Garbage::default()
        }
    }

    #[test]
    fn an_item_is_found_whichever_way_it_is_typed() {
        let garbage = list();
        let names = |text: &str| items(&garbage, text).iter().map(|item| item.name.clone()).collect::<Vec<_>>();
        for typed in ["ペットボトル", "ぺっとぼとる", "ﾍﾟｯﾄﾎﾞﾄﾙ", "pettobotoru", "ＰＥＴＴＯＢＯＴＯＲＵ"]
        {
            assert_eq!(names(typed), ["ペットボトル", "ペットボトルのふた"], "{typed}");
        }
        for typed in ["乾電池", "かんでんち", "kandenchi", "でんち"] {
            assert_eq!(names(typed), ["乾電池"], "{typed}");
        }
        assert_eq!(names("cd"), ["ＣＤ"]);
        assert_eq!(names("  "), Vec::<String>::new());
        assert_eq!(names("冷蔵庫"), Vec::<String>::new());
    }
}
