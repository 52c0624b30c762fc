//! How days, moments and numbers are written in each language (the long forms of Unicode's CLDR, as browsers write them in islands).

use civil::Date;
use jiff::Timestamp;
use town::Language;

const PORTUGUESE: [&str; 12] =
    ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"];
const FILIPINO: [&str; 12] =
    ["Enero", "Pebrero", "Marso", "Abril", "Mayo", "Hunyo", "Hulyo", "Agosto", "Setyembre", "Oktubre", "Nobyembre", "Disyembre"];
const INDONESIAN: [&str; 12] =
    ["Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"];

/// The part of a tag that names the language: `pt` of `pt-br`.
fn main_part(language: &Language) -> &str {
    language.as_str().split('-').next().unwrap_or_default()
}

/// Writes a day in a language: 2027年3月31日, 31 March 2027, 31 tháng 3, 2027 …; in English where the language is none of the house's.
pub fn day_in_words(language: &Language, day: Date) -> String {
    let (year, month, date) = (day.year(), day.month(), day.day());
    let name = |months: [&'static str; 12]| usize::try_from(month - 1).ok().and_then(|at| months.get(at).copied()).unwrap_or_default();
    match main_part(language) {
        "ja" => civil::day_in_japanese(day),
        "zh" => format!("{year}年{month}月{date}日"),
        "vi" => format!("{date} tháng {month}, {year}"),
        "pt" => format!("{date} de {} de {year}", name(PORTUGUESE)),
        "tl" | "fil" => format!("{} {date}, {year}", name(FILIPINO)),
        "id" => format!("{date} {} {year}", name(INDONESIAN)),
        _ => civil::day_in_english(day),
    }
}

/// Writes a moment in a language, in Japan's time.
pub fn moment_in_words(language: &Language, moment: Timestamp) -> String {
    let local = moment.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    format!("{} {:02}:{:02}", day_in_words(language, local.date()), local.hour(), local.minute())
}

/// Writes a count with its thousands apart: by commas, or by points where a comma begins the decimals.
pub(crate) fn count_in_words(language: &Language, count: i64) -> String {
    let apart = if matches!(main_part(language), "vi" | "pt" | "id") { '.' } else { ',' };
    let digits = count.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(apart);
        }
        out.push(digit);
    }
    if count < 0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    #[test]
    fn a_day_is_written_as_its_readers_write_it() {
        let day = Date::constant(2027, 3, 1);
        let written = [
            ("ja", "2027年3月1日"),
            ("ja-easy", "2027年3月1日"),
            ("en", "1 March 2027"),
            ("zh", "2027年3月1日"),
            ("vi", "1 tháng 3, 2027"),
            ("pt", "1 de março de 2027"),
            ("pt-br", "1 de março de 2027"),
            ("tl", "Marso 1, 2027"),
            ("id", "1 Maret 2027"),
            ("ne", "1 March 2027"),
        ];
        for (tag, words) in written {
            assert_eq!(day_in_words(&language(tag), day), words, "{tag}");
        }
        assert_eq!(day_in_words(&language("tl"), Date::constant(2026, 12, 31)), "Disyembre 31, 2026");
    }

    #[test]
    fn a_moment_is_told_in_japans_time() {
        let moment: Timestamp = "2026-12-31T15:05:00Z".parse().unwrap();
        assert_eq!(moment_in_words(&language("id"), moment), "1 Januari 2027 00:05");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count_in_words(&language("ja"), 529_000), "529,000");
        assert_eq!(count_in_words(&language("zh"), 1_234_567), "1,234,567");
        assert_eq!(count_in_words(&language("vi"), -1_000), "-1.000");
        assert_eq!(count_in_words(&language("pt"), 999), "999");
    }
}
