/// Counts the lines of a text as an editor shows them, for rows whose beginnings are known as offsets.
///
/// A reader of CSV counts a row as begun before the line feed of the row before where that ends in two characters (CRLF), and so names the line above.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    text: &'a str,
    counted: usize,
    ends: u32,
}

impl<'a> Lines<'a> {
    /// Begins to count at the beginning of a text.
    pub fn of(text: &'a str) -> Self {
        Self { text, counted: 0, ends: 0 }
    }

    /// The line, from 1, of the row that begins at a byte offset or after the ends of lines there; rows are asked for in their order, so that the text
    /// is walked through once.
    pub fn at(&mut self, offset: u64) -> u32 {
        let bytes = self.text.as_bytes();
        let mut start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        while matches!(bytes.get(start), Some(b'\r' | b'\n')) {
            start += 1;
        }
        let ends = bytes.get(self.counted..start).map_or(0, |passed| passed.iter().filter(|byte| **byte == b'\n').count());
        self.ends = self.ends.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.counted = start.max(self.counted);
        self.ends.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_where_an_editor_shows_them_whatever_ends_the_lines() {
        for (text, offsets) in [("a\nb\n\nc", [0, 2, 4]), ("a\r\nb\r\n\r\nc", [0, 2, 6])] {
            let mut lines = Lines::of(text);
            assert_eq!(offsets.map(|offset| lines.at(offset)), [1, 2, 4], "{text:?}");
        }
        assert_eq!(Lines::of("").at(9), 1);
    }
}
