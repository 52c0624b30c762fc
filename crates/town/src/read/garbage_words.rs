//! Reads `garbage/words.csv`: what the garbage files say, in the languages of the town.

use std::collections::{BTreeMap, BTreeSet};

use super::PackFile;
use super::garbage::{Row, Rows, at};
use crate::{
    diagnostic::Diagnostic,
    fields::Faults,
    model::{Garbage, Language, Words},
};

/// The words by those of the town. The first column is the town's, each other one a language of the pack; an empty cell falls back.
pub(super) fn read(rows: &Rows, garbage: &Garbage, languages: &[Language], faults: &mut Faults) -> BTreeMap<String, Words> {
    let Some((head, body)) = rows.rows.split_first() else {
        faults.push(Diagnostic::error(at(&rows.file, 1, 1), "the file is empty", format!("write {}", heading(languages))));
        return BTreeMap::new();
    };
    let Some(columns) = columns(rows, head, languages, faults) else { return BTreeMap::new() };
    let said = said(garbage);
    let mut words = BTreeMap::new();
    for row in body {
        let own = &row.cells[0];
        if let Some(read) = translated(rows, row, &columns, faults) {
            if words.contains_key(own) {
                faults.push(Diagnostic::error(rows.place(row, 0, 0), format!("{own:?} is there twice"), "keep one of them"));
                continue;
            }
            if !said.contains(&own.as_str()) {
                let reason = format!("{own:?} stands in no file of garbage/");
                faults.push(Diagnostic::warning(
                    rows.place(row, 0, 0),
                    reason,
                    "compare how the files write it; a whole cell is one row here",
                ));
            }
            words.insert(own.clone(), read);
        }
    }
    is_in_every_language(rows, head, &said, &words, languages, faults);
    words
}

/// A town that brings no such file: a warning where it has readers of other languages.
pub(super) fn none(area_days: &PackFile, languages: &[Language], faults: &mut Faults) -> BTreeMap<String, Words> {
    if languages.iter().any(|language| *language != Language::JAPANESE) {
        let location = at(&area_days.path.as_str().into(), 1, 1);
        let next = format!("add garbage/words.csv with {}; until then people read Japanese", heading(languages));
        faults.push(Diagnostic::warning(location, "what the garbage files say is in Japanese only", next));
    }
    BTreeMap::new()
}

/// The head the file should have.
fn heading(languages: &[Language]) -> String {
    let others = others(languages).map(Language::as_str);
    std::iter::once(Language::JAPANESE.as_str()).chain(others).collect::<Vec<_>>().join(",")
}

fn others(languages: &[Language]) -> impl Iterator<Item = &Language> {
    languages.iter().filter(|language| **language != Language::JAPANESE)
}

/// The language of each column after the first; nothing if the first is not the town's own words.
fn columns(rows: &Rows, head: &Row, languages: &[Language], faults: &mut Faults) -> Option<Vec<Option<Language>>> {
    if head.cells[0] != Language::JAPANESE.as_str() {
        let reason = format!("the first column is {:?}, and not the town's own words", head.cells[0]);
        faults.push(Diagnostic::error(rows.place(head, 0, 0), reason, format!("write {}", heading(languages))));
        return None;
    }
    // Trailing blank headings hold nothing.
    let width = head.cells.iter().rposition(|cell| !cell.is_empty()).map_or(1, |last| last + 1);
    let mut columns: Vec<Option<Language>> = Vec::new();
    for (cell, tag) in head.cells.iter().enumerate().take(width).skip(1) {
        let known = others(languages).find(|language| language.as_str() == tag).cloned();
        if known.is_none() {
            let tags = others(languages).map(Language::as_str).collect::<Vec<_>>().join(", ");
            let next = format!("use one of {tags}, or add it to languages of [town]");
            faults.push(Diagnostic::error(rows.place(head, cell, 0), format!("{tag:?} is no other language of the town"), next));
        } else if columns.contains(&known) {
            faults.push(Diagnostic::error(
                rows.place(head, cell, 0),
                format!("the language {tag:?} is there twice"),
                "join the two columns",
            ));
        }
        columns.push(known);
    }
    Some(columns)
}

/// What a row says, in Japanese and in each language it has something in.
fn translated(rows: &Rows, row: &Row, columns: &[Option<Language>], faults: &mut Faults) -> Option<Words> {
    let own = &row.cells[0];
    if own.is_empty() {
        faults.push(Diagnostic::error(rows.place(row, 0, 0), "the row has no words of the town", "write them as the other files do"));
        return None;
    }
    if let Some(cell) = row.cells.iter().skip(columns.len() + 1).position(|cell| !cell.is_empty()) {
        let location = rows.place(row, columns.len() + 1 + cell, 0);
        let next = "put a text with a comma between quotation marks";
        faults.push(Diagnostic::error(location, "the row has more cells than the head", next));
        return None;
    }
    let said = columns.iter().zip(&row.cells[1..]).filter(|(_, text)| !text.is_empty());
    let said = said.filter_map(|(language, text)| Some((language.clone()?, text.clone())));
    Some(Words::new(std::iter::once((Language::JAPANESE, own.clone())).chain(said).collect()))
}

/// What people read of the files, each once, in about the order they come upon it.
fn said(garbage: &Garbage) -> Vec<&str> {
    let kinds = garbage.kinds.iter();
    let named = kinds.clone().map(|kind| &kind.name).chain(garbage.areas.iter().map(|area| &area.name));
    let described = kinds.flat_map(|kind| [&kind.sublabel, &kind.description]);
    let items = garbage.items.iter().flat_map(|item| [&item.label, &item.name, &item.notice]);
    let remarks = garbage.remarks.iter().map(|(_, text)| text);
    let mut seen = BTreeSet::new();
    let all = named.chain(described).chain(items).chain(remarks).map(String::as_str);
    all.filter(|text| !text.is_empty() && seen.insert(*text)).collect()
}

/// One line for each language and not for each of a thousand items.
fn is_in_every_language(
    rows: &Rows,
    head: &Row,
    said: &[&str],
    words: &BTreeMap<String, Words>,
    languages: &[Language],
    faults: &mut Faults,
) {
    for language in others(languages) {
        let lacks = |own: &&&str| !words.get(**own).is_some_and(|words| words.languages().any(|known| known == language));
        let missing = said.iter().filter(lacks).count();
        if let Some(first) = said.iter().find(lacks) {
            let column = head.cells.iter().position(|tag| tag == language.as_str()).unwrap_or(0);
            let reason = format!("{missing} of the {} words of the garbage files have no {language}, the first is {first:?}", said.len());
            let next = "add the texts; until then people read English or Japanese";
            faults.push(Diagnostic::warning(rows.place(head, column, 0), reason, next));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::garbage::tests::in_languages;
    use super::*;

    const DAYS: &str = "地名,センター,燃える,びん\n本村,,月,火\n";
    const ITEMS: &str = "label,name,notice,furigana\n燃える,紙,\"店へ,どうぞ\",か\n";

    fn read(words: &[u8]) -> (Garbage, Vec<String>) {
        let languages = ["ja", "ja-easy", "en", "vi"].map(|tag| tag.parse().unwrap());
        in_languages(&[("area_days.csv", DAYS.as_bytes()), ("target.csv", ITEMS.as_bytes()), ("words.csv", words)], &languages)
    }

    #[test]
    fn every_word_is_read_in_the_nearest_language_and_stays_what_it_is_known_by() {
        let words = "ja,en,ja-easy,vi\n燃える,Burnable waste,燃（も）える,Rác đốt được\nびん,Bottles,,\n\"店へ,どうぞ\",,店（みせ）へ,\n";
        let (garbage, said) = read(words.as_bytes());
        let language = |tag: &str| tag.parse::<Language>().unwrap();
        let shown = |own: &str, tag: &str| {
            let (of, text) = garbage.read(own, &language(tag));
            format!("{of} {text}")
        };
        assert_eq!(garbage.kinds[0].name, "燃える");
        assert_eq!(shown("燃える", "vi"), "vi Rác đốt được");
        assert_eq!(shown("びん", "vi"), "en Bottles");
        assert_eq!(shown("びん", "ja-easy"), "ja びん");
        assert_eq!(shown("店へ,どうぞ", "vi"), "ja-easy 店（みせ）へ");
        assert_eq!(shown("店へ,どうぞ", "ja"), "ja 店へ,どうぞ");
        assert_eq!(shown("本村", "en"), "ja 本村");
        assert_eq!(garbage.written("燃える").collect::<Vec<_>>(), ["燃える", "Burnable waste", "燃（も）える", "Rác đốt được"]);
        assert_eq!(garbage.written("紙").collect::<Vec<_>>(), ["紙"]);
        assert_eq!(
            said,
            [
                "garbage/words.csv:1:7 Warning 3 of the 5 words of the garbage files have no ja-easy, the first is \"びん\"",
                "garbage/words.csv:1:4 Warning 3 of the 5 words of the garbage files have no en, the first is \"本村\"",
                "garbage/words.csv:1:15 Warning 4 of the 5 words of the garbage files have no vi, the first is \"びん\"",
            ]
        );
    }

    #[test]
    fn faults_of_words_have_line_and_column() {
        let all = "燃える,a,b,c\nびん,a,b,c\n本村,a,b,c\n紙,a,b,c\n\"店へ,どうぞ\",a,b,c\n";
        let words = format!("ja,ja-easy,en,vi,\n{all}びん,a\n,a\nビン,a,b,c\n\"缶,大\",Cans,big,small,and more\n");
        let (garbage, said) = read(words.as_bytes());
        assert_eq!(garbage.words.len(), 6);
        assert_eq!(
            said,
            [
                "garbage/words.csv:7:1 Error \"びん\" is there twice",
                "garbage/words.csv:8:1 Error the row has no words of the town",
                "garbage/words.csv:9:1 Warning \"ビン\" stands in no file of garbage/",
                "garbage/words.csv:10:22 Error the row has more cells than the head",
            ]
        );
        let columns = |head: &str| {
            let (_, said) = read(format!("{head}\n{all}").as_bytes());
            said.into_iter().filter(|line| line.contains("Error")).collect::<Vec<_>>()
        };
        assert_eq!(columns("ja,ja-easy,fr,vi"), ["garbage/words.csv:1:12 Error \"fr\" is no other language of the town"]);
        assert_eq!(columns("ja,en,en,vi"), ["garbage/words.csv:1:7 Error the language \"en\" is there twice"]);
        assert_eq!(columns("en,ja,vi,ja-easy"), ["garbage/words.csv:1:1 Error the first column is \"en\", and not the town's own words"]);
        assert_eq!(read(b"").1, ["garbage/words.csv:1:1 Error the file is empty"]);
    }

    #[test]
    fn a_town_without_the_file_is_told_what_it_would_hold() {
        let languages = [Language::JAPANESE, Language::ENGLISH];
        let (_, said) = in_languages(&[("area_days.csv", DAYS.as_bytes())], &languages);
        assert_eq!(said, ["garbage/area_days.csv:1:1 Warning what the garbage files say is in Japanese only"]);
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode("ja,en\nびん,Bottles\n");
        let (garbage, _) = in_languages(&[("area_days.csv", DAYS.as_bytes()), ("words.csv", &sjis)], &languages);
        assert_eq!(garbage.read("びん", &Language::ENGLISH), (&Language::ENGLISH, "Bottles"));
    }
}
