//! Where in the source something stands.

/// A stretch of the source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: u32,
    /// The byte after the last.
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    pub(crate) fn to(self, other: Span) -> Self {
        Span { start: self.start, end: other.end.max(self.end) }
    }

    /// The text of the stretch; empty when it lies outside the source.
    pub(crate) fn text(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// Line and column (from 1, in characters) and length in characters.
    pub(crate) fn place(self, source: &str) -> (u32, u32, u32) {
        let before = source.get(..self.start as usize).unwrap_or(source);
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
        (line, column, self.text(source).chars().count().max(1) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters() {
        let source = "\"大畑\" ==\n resident.distric";
        assert_eq!(Span::new(13, 29).place(source), (2, 2, 16));
        assert_eq!(Span::new(9, 11).place(source), (1, 6, 2));
    }
}
