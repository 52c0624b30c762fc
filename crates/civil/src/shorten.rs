//! Text that has to fit where it is shown.

/// Shortens a text to so many characters, the last being `…` where something is left out.
pub fn shortened(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// Puts a text on one line, blanks for what broke or spread it, and shortens it as [`shortened`] does.
pub fn in_one_line(text: &str, chars_max: usize) -> String {
    shortened(&text.split_whitespace().collect::<Vec<_>>().join(" "), chars_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_stays_and_a_longer_one_says_that_it_was_cut() {
        assert_eq!(shortened("むつ市役所", 5), "むつ市役所");
        assert_eq!(shortened("むつ市役所", 4), "むつ市…");
        assert_eq!(shortened("むつ市役所", 1), "…");
        assert_eq!(shortened("", 3), "");
    }

    #[test]
    fn lines_and_blanks_become_one_line() {
        assert_eq!(in_one_line("  大雨の\n\nお知らせ　です ", 20), "大雨の お知らせ です");
        assert_eq!(in_one_line("大雨の\nお知らせ", 5), "大雨の …");
    }
}
