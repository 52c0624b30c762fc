use std::path::Path;

use proptest::prelude::*;
use town::Town;

use super::*;

/// The town of the repository that has a guide for parents.
fn a_town_with_a_guide() -> std::sync::Arc<Town> {
    let folders = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns")).unwrap();
    let mut towns = folders.filter_map(|folder| Town::load(&folder.unwrap().path()).ok());
    towns.find(|town| town.guides.iter().any(|guide| guide.id.as_str() == "childcare")).expect("a town has one")
}

fn draft() -> Draft {
    Draft {
        category: "park".to_owned(),
        title: "手柄山の芝生".to_owned(),
        words: "ベビーカーで入れます。".to_owned(),
        pen_name: "どんぐりママ".to_owned(),
        ..Draft::default()
    }
}

fn read(change: impl FnOnce(&mut Draft)) -> Result<Content, Vec<Fault>> {
    let town = a_town_with_a_guide();
    let mut draft = draft();
    change(&mut draft);
    content(&draft, &town.guides[0], &town.districts)
}

fn refused(change: impl FnOnce(&mut Draft)) -> Vec<(&'static str, &'static str)> {
    read(change).unwrap_err().into_iter().map(|fault| (fault.field, fault.reason)).collect()
}

#[test]
fn a_whole_form_is_read() {
    let content = read(|draft| {
        draft.district = "手柄".to_owned();
        draft.latitude = "34820000".to_owned();
        draft.longitude = " 134679000 ".to_owned();
        draft.ages = vec!["toddler".to_owned(), "baby".to_owned(), "toddler".to_owned()];
        draft.facts = vec![("pram".to_owned(), "yes".to_owned()), ("free".to_owned(), String::new()), ("rain".to_owned(), "no".to_owned())];
    })
    .unwrap();
    assert_eq!(content.position, Some(Position { latitude: 34_820_000, longitude: 134_679_000 }));
    assert_eq!(content.ages.iter().map(|age| age.as_str()).collect::<Vec<_>>(), ["baby", "toddler"]);
    let facts: Vec<_> = content.facts.iter().map(|(code, said)| (code.as_str(), *said)).collect();
    assert_eq!(facts, [("pram", Said::Yes), ("rain", Said::No)]);
}

#[test]
fn every_field_that_must_be_mended_is_named() {
    let all = refused(|draft| *draft = Draft::default());
    assert_eq!(all, [("category", "missing"), ("title", "missing"), ("words", "missing"), ("pen_name", "missing")]);
    assert_eq!(refused(|draft| draft.category = "casino".to_owned()), [("category", "unknown")]);
    assert_eq!(refused(|draft| draft.title = "長".repeat(61)), [("title", "too_long")]);
    assert_eq!(refused(|draft| draft.words = " \u{200b} ".to_owned()), [("words", "missing")]);
    assert_eq!(refused(|draft| draft.district = "東京駅".to_owned()), [("district", "unknown")]);
    assert_eq!(refused(|draft| draft.ages = vec!["old".to_owned()]), [("ages", "unknown")]);
    assert_eq!(refused(|draft| draft.facts = vec![("pram".to_owned(), "maybe".to_owned())]), [("facts", "unknown")]);
    assert_eq!(refused(|draft| draft.facts = vec![("pool".to_owned(), "yes".to_owned())]), [("facts", "unknown")]);
}

#[test]
fn a_place_is_in_the_town_or_near_it() {
    let at = |latitude: &str, longitude: &str| {
        let (latitude, longitude) = (latitude.to_owned(), longitude.to_owned());
        refused(move |draft| (draft.latitude, draft.longitude) = (latitude, longitude))
    };
    assert_eq!(at("35681000", "139767000"), [("position", "not_here")], "Tokyo station");
    assert_eq!(at("34.82", "134.67"), [("position", "unknown")], "degrees instead of millionths");
    assert_eq!(at("34820000", ""), [("position", "unknown")]);
    assert_eq!(at("99999999999", "134679000"), [("position", "unknown")]);
}

#[test]
fn a_my_number_is_refused_before_anything_is_kept() {
    // The example number of the ordinance's own check digit.
    assert!(civil::looks_like_my_number("1234 5678 9018"));
    assert_eq!(refused(|draft| draft.words = "番号は 1234 5678 9018 です".to_owned()), [("words", "my_number")]);
}

#[test]
fn telephone_numbers_and_mail_addresses_are_pointed_out() {
    let flags_of = |words: &str| flags(&read(|draft| draft.words = words.to_owned()).unwrap());
    for telephone in ["電話は079-221-0000まで", "090 1234 5678", "０７９（２２１）００００", "0792210000"] {
        assert_eq!(flags_of(telephone), [Flag::Telephone], "{telephone}");
    }
    for mail in ["mama@example.jp へ", "連絡先：ｍａｍａ＠ｅｘａｍｐｌｅ．ｊｐ"] {
        assert_eq!(flags_of(mail), [Flag::Mail], "{mail}");
    }
    for plain in ["10:00-12:00 0歳から", "2026-05-10 1000円", "〒670-0012", "@machi で検索", "0120"] {
        assert_eq!(flags_of(plain), [], "{plain}");
    }
}

#[test]
fn names_that_look_the_same_are_the_same() {
    assert!(same_name("どんぐり ママ", "どんぐりママ"));
    assert!(same_name("ＭＡＭＡ", "mama"));
    assert!(!same_name("どんぐりママ", "どんぐりパパ"));
}

proptest! {
    #[test]
    fn what_is_kept_has_no_unseen_characters_and_reads_the_same_again(title in "\\PC{0,80}", words in "[\\PC\\n\\r\u{202e}\u{200b}]{0,300}") {
        let town = a_town_with_a_guide();
        let draft = Draft { title, words, ..draft() };
        if let Ok(content) = content(&draft, &town.guides[0], &town.districts) {
            prop_assert!(!content.title.chars().any(|c| c == '\n' || unseen(c)));
            prop_assert!(!content.words.chars().any(|c| c != '\n' && unseen(c)));
            let again = Draft { title: content.title.clone(), words: content.words.clone(), ..draft };
            prop_assert_eq!(super::content(&again, &town.guides[0], &town.districts).unwrap(), content);
        }
    }
}
