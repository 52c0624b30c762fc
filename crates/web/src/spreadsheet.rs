/// What stands in front of a cell that a spreadsheet would take for a formula, and of one that begins with it already.
const QUOTE: char = '\'';

/// A cell of a CSV that no spreadsheet takes for a formula. What was put in front is always one apostrophe, so that it can be taken away again.
pub fn no_formula(cell: &str) -> String {
    let starts = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠' | QUOTE);
    if cell.starts_with(starts) { format!("{QUOTE}{cell}") } else { cell.to_owned() }
}
