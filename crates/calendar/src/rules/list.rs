//! A list of events as towns publish it (自治体標準オープンデータセット・推奨データセット「イベント一覧」): rows under their headings, in whichever order they stand.

use civil::{Date, Lines, shortened};
use town::Language;

use crate::model::{Details, Error, Part, Result, RowFault, Said, Texts, Who};

/// Characters of a cell a fault shows.
const SHOWN_CHARS_MAX: usize = 40;

/// A row that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The line of the file it begins at, counted from 1.
    pub line: u64,
    /// What it is known again by: its number, else its name and first day.
    pub key: String,
    /// What it says.
    pub details: Details,
}

/// The columns that are read, each with the names it has in the wild. Those of [`WRITTEN`] may stand in other languages besides.
const COLUMNS: [(Field, &[&str]); 14] = [
    (Field::Number, &["NO", "ID"]),
    (Field::Title, &["イベント名", "名称"]),
    (Field::StartsOn, &["開始日"]),
    (Field::EndsOn, &["終了日"]),
    (Field::StartsAt, &["開始時間", "開始時刻"]),
    (Field::EndsAt, &["終了時間", "終了時刻"]),
    (Field::Remark, &["開始日時特記事項"]),
    (Field::About, &["説明", "概要"]),
    (Field::Place, &["場所名称", "開催場所"]),
    (Field::Building, &["方書", "建物名等(方書)"]),
    (Field::Capacity, &["定員"]),
    (Field::Url, &["URL", "イベントURL"]),
    (Field::ApplyFrom, &["参加申込開始日"]),
    (Field::ApplyUntil, &["参加申込終了日"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Number,
    Title,
    StartsOn,
    EndsOn,
    StartsAt,
    EndsAt,
    Remark,
    About,
    Place,
    Building,
    Capacity,
    Url,
    ApplyFrom,
    ApplyUntil,
}

/// The heading under which a field that cannot stand is looked for.
pub(crate) fn heading(field: &str) -> &'static str {
    match field {
        "title" => "イベント名",
        "ends_on" => "終了日",
        "starts_at" => "開始時間",
        "ends_at" => "終了時間",
        "url" => "URL",
        "capacity" => "定員",
        "about" => "説明",
        "place" => "場所名称",
        "apply_until" => "参加申込終了日",
        _ => "",
    }
}

/// What is written for people, and may be in other languages: the heading, `_`, and the language.
const WRITTEN: [(Part, Field); 3] = [(Part::Title, Field::Title), (Part::Place, Field::Place), (Part::About, Field::About)];

/// How a list calls a language besides its tag. `_英語` is the standard's own, `_英字` that of the list before it.
const LANGUAGES: [(&str, &str); 9] = [
    ("英語", "en"),
    ("英字", "en"),
    ("やさしい日本語", "ja-easy"),
    ("中国語", "zh"),
    ("ベトナム語", "vi"),
    ("ポルトガル語", "pt"),
    ("フィリピノ語", "tl"),
    ("タガログ語", "tl"),
    ("インドネシア語", "id"),
];

/// The heading of a part in another language, as a list of the standard would have it.
pub(crate) fn heading_in(part: Part, language: &Language) -> String {
    let name = LANGUAGES.iter().find(|(_, tag)| *tag == language.as_str()).map_or(language.as_str(), |(name, _)| name);
    format!("{}_{name}", heading(part.as_str()))
}

/// Reads a list: the rows that can be read, and what is wrong with the others. Texts are read in the `languages` of the town.
///
/// # Errors
/// [`Error::Headings`] when it has no names or no days.
pub fn read(text: &str, languages: &[Language]) -> Result<(Vec<ListRow>, Vec<RowFault>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(Ok(headings)) = records.next() else { return Err(Error::Headings) };
    let headings: Vec<String> = headings.iter().map(plain).collect();
    let columns = Columns::of(&headings, languages);
    if columns.place(Field::Title).is_none() || columns.place(Field::StartsOn).is_none() {
        return Err(Error::Headings);
    }
    let (mut rows, mut faults, mut lines) = (Vec::new(), Vec::new(), Lines::of(text));
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(RowFault { line, column: String::new(), reason: "unreadable", value: String::new() });
                continue;
            }
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = record.position().map_or(0, |position| lines.at(position.byte()).into());
        if record.len() != headings.len() {
            let value = format!("{} / {}", record.len(), headings.len());
            faults.push(RowFault { line, column: String::new(), reason: "cells", value });
            continue;
        }
        match row(&columns, &record) {
            Ok((key, details)) => rows.push(ListRow { line, key, details }),
            Err((column, reason, value)) => {
                let value = shortened(value, SHOWN_CHARS_MAX);
                faults.push(RowFault { line, column: column.to_owned(), reason, value });
            }
        }
    }
    Ok((rows, faults))
}

/// A heading without blanks, line breaks and full-width letters.
fn plain(heading: &str) -> String {
    heading.chars().map(civil::half_width).filter(|c| !c.is_whitespace()).collect::<String>().replace(['（', '）'], "")
}

struct Columns {
    fields: Vec<(Field, usize)>,
    /// Columns of texts in other languages than Japanese.
    texts: Vec<(Language, Part, usize)>,
}

impl Columns {
    fn of(headings: &[String], languages: &[Language]) -> Self {
        let place = |names: &[&str]| names.iter().find_map(|name| headings.iter().position(|heading| *heading == plain(name)));
        let names = |field| COLUMNS.iter().find(|(known, _)| *known == field).map_or(&[] as &[&str], |(_, names)| names);
        let mut texts = Vec::new();
        for language in languages.iter().filter(|language| **language != Language::JAPANESE) {
            let called = LANGUAGES.iter().filter(|(_, tag)| *tag == language.as_str()).map(|(name, _)| *name);
            let called: Vec<&str> = called.chain([language.as_str()]).collect();
            for (part, field) in WRITTEN {
                let all: Vec<String> = names(field).iter().flat_map(|name| called.iter().map(move |one| format!("{name}_{one}"))).collect();
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                texts.extend(place(&all).map(|place| (language.clone(), part, place)));
            }
        }
        Self { fields: COLUMNS.iter().filter_map(|(field, names)| Some((*field, place(names)?))).collect(), texts }
    }

    fn place(&self, field: Field) -> Option<usize> {
        self.fields.iter().find(|(known, _)| *known == field).map(|(_, place)| *place)
    }

    /// What a row says in other languages, beside what it says in Japanese.
    fn texts(&self, japanese: Said, record: &csv::StringRecord) -> Texts {
        let mut texts = Texts::of(Language::JAPANESE, japanese);
        for (language, part, place) in &self.texts {
            let mut said = texts.said(language);
            said.part_mut(*part).push_str(record.get(*place).unwrap_or_default());
            texts.set(language.clone(), said);
        }
        texts
    }

    fn cell<'a>(&self, field: Field, record: &'a csv::StringRecord) -> &'a str {
        self.place(field).and_then(|place| record.get(place)).unwrap_or_default()
    }
}

type Wrong<'a> = (&'static str, &'static str, &'a str);

fn row<'a>(columns: &Columns, record: &'a csv::StringRecord) -> std::result::Result<(String, Details), Wrong<'a>> {
    let cell = |field| columns.cell(field, record);
    let days = |field, column: &'static str| match cell(field) {
        "" => Ok(None),
        text => day(text).map(Some).ok_or((column, "no-day", text)),
    };
    let title = cell(Field::Title);
    if title.is_empty() {
        return Err(("イベント名", "missing", ""));
    }
    let starts_on = days(Field::StartsOn, "開始日")?.ok_or(("開始日", "no-day", ""))?;
    let places: String = cell(Field::Capacity).chars().map(civil::half_width).filter(|c| *c != ',').collect();
    let capacity = match places.trim_end_matches(['人', '名']).trim() {
        "" => None,
        places => Some(places.parse().map_err(|_| ("定員", "no-number", cell(Field::Capacity)))?),
    };
    let joined = |parts: [&str; 2], between: &str| parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between);
    let japanese = Said {
        title: title.to_owned(),
        about: joined([cell(Field::About), cell(Field::Remark)], "\n"),
        place: joined([cell(Field::Place), cell(Field::Building)], " "),
    };
    let details = Details {
        texts: columns.texts(japanese, record),
        starts_on,
        ends_on: days(Field::EndsOn, "終了日")?.unwrap_or(starts_on),
        starts_at: clock(cell(Field::StartsAt)),
        ends_at: clock(cell(Field::EndsAt)),
        url: cell(Field::Url).to_owned(),
        who: Who::Nobody,
        capacity,
        apply_from: days(Field::ApplyFrom, "参加申込開始日")?,
        apply_until: days(Field::ApplyUntil, "参加申込終了日")?,
    };
    let key = match cell(Field::Number) {
        "" => format!("{title}|{starts_on}"),
        number => number.to_owned(),
    };
    Ok((key, details))
}

/// `2026-12-01`, `2026/12/1`, `20261201`, `令和8年12月1日`.
fn day(text: &str) -> Option<Date> {
    let plain: String = text.chars().map(civil::half_width).collect();
    if plain.len() == 8 && plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{}-{}-{}", &plain[..4], &plain[4..6], &plain[6..]).parse().ok();
    }
    let parts: Option<Vec<i16>> = plain.split(['-', '/']).map(|part| part.trim().parse().ok()).collect();
    match parts.as_deref() {
        Some([year, month, day]) => Date::new(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?).ok(),
        _ => civil::read_day(&plain).ok().flatten(),
    }
}

/// `9:00`, `09:00:00` as `09:00`; anything else as it is, to be refused by its column.
fn clock(text: &str) -> String {
    let plain: String = text.chars().map(civil::half_width).collect();
    let plain = plain.trim();
    let plain = if plain.len() >= 7 && plain.ends_with(":00") { &plain[..plain.len() - 3] } else { plain };
    if plain.len() == 4 && plain.as_bytes()[1] == b':' { format!("0{plain}") } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    fn languages() -> Vec<Language> {
        ["ja", "ja-easy", "en", "vi"].map(|tag| tag.parse().unwrap()).into()
    }

    fn read(text: &str) -> Result<(Vec<ListRow>, Vec<RowFault>)> {
        super::read(text, &languages())
    }

    #[test]
    fn a_list_says_it_in_every_language_of_the_town() {
        let list = "イベント名,イベント名_英語,イベント名_ベトナム語,名称_zh,開始日,説明,説明_vi,場所名称,場所名称_やさしい日本語\n\
            雪まつり,Snow festival,Lễ hội tuyết,雪节,2027-02-06,雪像,Tượng tuyết,代官山公園,代官山（だいかんやま）公園（こうえん）\n";
        let (rows, faults) = read(list).unwrap();
        assert_eq!(faults, []);
        let texts = &rows[0].details.texts;
        let said = |tag: &str| texts.said(&tag.parse().unwrap());
        assert_eq!(said("en").title, "Snow festival");
        assert_eq!((said("vi").title.as_str(), said("vi").about.as_str(), said("vi").place.as_str()), ("Lễ hội tuyết", "Tượng tuyết", ""));
        assert_eq!(said("ja-easy").place, "代官山（だいかんやま）公園（こうえん）");
        assert_eq!(said("zh"), Said::default(), "not a language of this town");
        assert_eq!(heading_in(Part::Place, &"vi".parse().unwrap()), "場所名称_ベトナム語");
    }

    #[test]
    fn both_generations_of_headings_and_ways_of_writing_days_are_read() {
        let list = "ＮＯ,イベント名,イベント名_英語,開始日,終了日,開始時間,開始日時特記事項,説明,場所名称,方書,定員\n\
            1,雪まつり,Snow festival,2027/2/6,20270207,9:00:00,荒天中止,雪像,代官山公園,,\"1,000名\"\n\
            2,\"講座\n（全二回）\",,令和9年3月1日,,,,,公民館,2階,\n";
        let (rows, faults) = read(list).unwrap();
        assert_eq!(faults, []);
        let (first, second) = (&rows[0].details, &rows[1].details);
        assert_eq!((first.starts_on.to_string(), first.ends_on.to_string()), ("2027-02-06".into(), "2027-02-07".into()));
        assert_eq!(first.texts.said(&Language::ENGLISH).title, "Snow festival");
        assert_eq!((first.starts_at.as_str(), first.capacity), ("09:00", Some(1000)));
        assert_eq!(first.about(), "雪像\n荒天中止");
        assert_eq!((second.starts_on.to_string(), second.place()), ("2027-03-01".into(), "公民館 2階"));
        assert_eq!((rows[0].line, rows[1].line), (2, 3));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_said_with_line_and_column() {
        let list =
            "NO,イベント名,開始日,定員\n1,\"二\n行\",2027-02-06,\n2,あ,2027-02-30,\n3,い,2027-02-06,多数\n4,う\n5,,2027-02-06,\n,,,\n";
        let (rows, faults) = read(list).unwrap();
        assert_eq!(rows.len(), 1);
        let said: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column.as_str(), fault.reason, fault.value.as_str())).collect();
        assert_eq!(
            said,
            [
                (4, "開始日", "no-day", "2027-02-30"),
                (5, "定員", "no-number", "多数"),
                (6, "", "cells", "2 / 4"),
                (7, "イベント名", "missing", "")
            ]
        );
        assert!(matches!(read("名前,日\nあ,い\n"), Err(Error::Headings)));
        assert!(matches!(read(""), Err(Error::Headings)));
    }
}
