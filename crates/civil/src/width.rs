/// Gives the half-width form of a full-width letter, digit or mark (全角英数); any other character as it is. They stand 0xFEE0 above ASCII.
pub fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_marks_are_made_narrow_and_nothing_else() {
        let narrow: String = "ＡＢｃ１２－！～ 漢カ1".chars().map(half_width).collect();
        assert_eq!(narrow, "ABc12-!~ 漢カ1");
    }
}
