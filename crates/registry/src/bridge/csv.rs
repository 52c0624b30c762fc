//! Splits CSV into cells, on bytes: comma, quote and line feed are never part of another character, neither in UTF-8 nor in Shift_JIS.

use std::borrow::Cow;

/// Where a cell's text stands in the piece, quotes not included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The text holds doubled quotes.
    pub(crate) escaped: bool,
}

impl Span {
    /// The cell's bytes, doubled quotes undone.
    pub(crate) fn bytes(self, piece: &[u8]) -> Cow<'_, [u8]> {
        let raw = &piece[self.start..self.end];
        if !self.escaped {
            return Cow::Borrowed(raw);
        }
        let mut undone = Vec::with_capacity(raw.len());
        let mut bytes = raw.iter();
        while let Some(&byte) = bytes.next() {
            undone.push(byte);
            if byte == b'"' {
                bytes.next();
            }
        }
        Cow::Owned(undone)
    }
}

/// What is wrong with a record's quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A quote inside an unquoted cell, or text after a closing quote, in this cell (from 0).
    Stray(usize),
    /// The file ends inside the quotes of this cell (from 0).
    Unclosed(usize),
}

/// A record: its line and what is wrong with its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    /// Line of its first byte, from 1 within the piece.
    pub(crate) line: u32,
    pub(crate) fault: Option<Fault>,
}

/// Walks through a piece record by record.
pub(crate) struct Splitter<'a> {
    piece: &'a [u8],
    marks: Marks<'a>,
    /// Where the next record starts.
    at: usize,
    line: u32,
}

impl<'a> Splitter<'a> {
    pub(crate) fn new(piece: &'a [u8]) -> Self {
        Self { piece, marks: Marks { piece, block: 0, next: 0, found: 0 }, at: 0, line: 1 }
    }

    /// Lines walked through so far, those inside quotes included.
    pub(crate) fn lines(&self) -> u32 {
        self.line - 1
    }

    /// Where the next record starts.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Gives the next record, its cells in `spans`; blank lines are passed over.
    pub(crate) fn next(&mut self, spans: &mut Vec<Span>) -> Option<Record> {
        loop {
            if self.at >= self.piece.len() {
                return None;
            }
            spans.clear();
            let record = self.record(spans);
            if record.fault.is_some() || spans.len() != 1 || spans[0].start != spans[0].end {
                return Some(record);
            }
        }
    }

    fn record(&mut self, spans: &mut Vec<Span>) -> Record {
        let line = self.line;
        let mut fault = None;
        let mut start = self.at;
        while let Some(mark) = self.marks.next() {
            match self.piece[mark] {
                b',' => {
                    spans.push(Span { start, end: mark, escaped: false });
                    start = mark + 1;
                }
                b'\n' => {
                    let end = if mark > start && self.piece[mark - 1] == b'\r' { mark - 1 } else { mark };
                    spans.push(Span { start, end, escaped: false });
                    self.at = mark + 1;
                    self.line += 1;
                    return Record { line, fault };
                }
                _ if mark != start => fault = fault.or(Some(Fault::Stray(spans.len()))),
                _ => {
                    let (ended, after) = self.quoted(mark + 1, spans, &mut fault);
                    match ended {
                        Ended::Cell => start = after,
                        Ended::Record => {
                            self.at = after;
                            return Record { line, fault };
                        }
                    }
                }
            }
        }
        // The file ends without a line feed.
        let end = if self.piece.ends_with(b"\r") && self.piece.len() > start { self.piece.len() - 1 } else { self.piece.len() };
        spans.push(Span { start, end, escaped: false });
        self.at = self.piece.len();
        Record { line, fault }
    }

    /// Walks through a quoted cell that starts at `start` (behind its opening quote).
    fn quoted(&mut self, start: usize, spans: &mut Vec<Span>, fault: &mut Option<Fault>) -> (Ended, usize) {
        let mut escaped = false;
        let mut closed: Option<usize> = None;
        while let Some(mark) = self.marks.next() {
            let byte = self.piece[mark];
            let Some(end) = closed else {
                match byte {
                    b'"' if self.piece.get(mark + 1) == Some(&b'"') => {
                        escaped = true;
                        self.marks.next();
                    }
                    b'"' => closed = Some(mark),
                    b'\n' => self.line += 1,
                    _ => {}
                }
                continue;
            };
            if byte == b'"' {
                *fault = fault.or(Some(Fault::Stray(spans.len())));
                continue;
            }
            let between = &self.piece[end + 1..mark];
            if !(between.is_empty() || (byte == b'\n' && between == b"\r")) {
                *fault = fault.or(Some(Fault::Stray(spans.len())));
            }
            spans.push(Span { start, end, escaped });
            if byte == b'\n' {
                self.line += 1;
                return (Ended::Record, mark + 1);
            }
            return (Ended::Cell, mark + 1);
        }
        match closed {
            None => *fault = fault.or(Some(Fault::Unclosed(spans.len()))),
            Some(end) if !matches!(&self.piece[end + 1..], b"" | b"\r") => *fault = fault.or(Some(Fault::Stray(spans.len()))),
            Some(_) => {}
        }
        spans.push(Span { start, end: closed.unwrap_or(self.piece.len()), escaped });
        (Ended::Record, self.piece.len())
    }
}

/// Every comma, quote and line feed of a piece, looked for sixty-four bytes at a time: cells are short, and a new search for each costs more.
struct Marks<'a> {
    piece: &'a [u8],
    /// Where the bytes looked at last begin, and where those after them do.
    block: usize,
    next: usize,
    /// A bit for each mark found there and not yet given.
    found: u64,
}

/// Bytes looked at together.
const BLOCK: usize = 64;

impl Marks<'_> {
    fn look(bytes: &[u8; BLOCK]) -> u64 {
        let mut hit = [0u8; BLOCK];
        for (hit, byte) in hit.iter_mut().zip(bytes) {
            *hit = u8::from(*byte == b',') | u8::from(*byte == b'"') | u8::from(*byte == b'\n');
        }
        // Eight bytes of 0 or 1 become eight bits: the factor moves byte i to bit 56 + i, and no two of the others meet.
        let (eights, _) = hit.as_chunks::<8>();
        eights.iter().rev().fold(0, |found, eight| found << 8 | u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56)
    }
}

impl Iterator for Marks<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            let rest = self.piece.get(self.next..).filter(|rest| !rest.is_empty())?;
            self.found = match rest.first_chunk() {
                Some(block) => Self::look(block),
                None => {
                    let mut block = [0; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    Self::look(&block)
                }
            };
            (self.block, self.next) = (self.next, self.next + BLOCK);
        }
        let at = self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(self.block + at)
    }
}

enum Ended {
    Cell,
    Record,
}

/// Cuts a file at record boundaries into pieces of about `size` bytes, by counting quotes: a line feed ends a record when the quotes before it pair up.
/// Right for every file without faults in its quotes; a file with such a fault is read as one piece instead.
pub(crate) fn cut(file: &[u8], size: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::with_capacity(file.len() / size + 1);
    let mut rest = file;
    while rest.len() > size {
        let mut inside = memchr::memchr_iter(b'"', &rest[..size]).count() % 2 == 1;
        let end = memchr::memchr2_iter(b'"', b'\n', &rest[size..]).find(|&at| {
            let quote = rest[size + at] == b'"';
            inside ^= quote;
            !quote && !inside
        });
        let Some(end) = end else { break };
        let (piece, later) = rest.split_at(size + end + 1);
        pieces.push(piece);
        rest = later;
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> Vec<(u32, Vec<String>, Option<Fault>)> {
        let mut splitter = Splitter::new(text.as_bytes());
        let mut spans = Vec::new();
        let mut all = Vec::new();
        while let Some(record) = splitter.next(&mut spans) {
            let row = spans.iter().map(|span| String::from_utf8(span.bytes(text.as_bytes()).into_owned()).unwrap()).collect();
            all.push((record.line, row, record.fault));
        }
        all
    }

    #[test]
    fn quotes_line_breaks_and_doubled_quotes_are_read_as_written() {
        let read = cells("a,\"b\"\"c\",\"d\r\ne\"\r\n\r\n,x\n\"y\"");
        assert_eq!(read[0], (1, vec!["a".into(), "b\"c".into(), "d\r\ne".into()], None));
        assert_eq!(read[1], (4, vec![String::new(), "x".into()], None));
        assert_eq!(read[2], (5, vec!["y".into()], None));
    }

    #[test]
    fn a_quote_out_of_place_and_one_never_closed_are_told_with_their_cell() {
        assert_eq!(cells("a,b\"c,d\n")[0].2, Some(Fault::Stray(1)));
        assert_eq!(cells("\"a\"b,c\n")[0].2, Some(Fault::Stray(0)));
        assert_eq!(cells("a,\"b\nc,d\n")[0].2, Some(Fault::Unclosed(1)));
    }

    proptest! {
        #[test]
        fn pieces_read_as_the_whole_and_as_the_csv_crate_does(rows in proptest::collection::vec(proptest::collection::vec("[a,\"\n 字]{0,6}", 3), 1..30), size in 1usize..60) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let whole: Vec<Vec<String>> = cells(&text).into_iter().map(|(_, row, fault)| { assert_eq!(fault, None); row }).collect();
            prop_assert_eq!(&whole, &rows);
            let cut: Vec<Vec<String>> = cut(text.as_bytes(), size).into_iter()
                .flat_map(|piece| cells(std::str::from_utf8(piece).unwrap())).map(|(_, row, _)| row).collect();
            prop_assert_eq!(&cut, &rows);
        }

        #[test]
        fn marks_are_every_comma_quote_and_line_feed(bytes in proptest::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), any::<u8>()], 0..300)) {
            let marks: Vec<usize> = Marks { piece: &bytes, block: 0, next: 0, found: 0 }.collect();
            prop_assert_eq!(marks, memchr::memchr3_iter(b',', b'"', b'\n', &bytes).collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_make_it_panic_or_overlap(bytes in proptest::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200)) {
            let mut splitter = Splitter::new(&bytes);
            let mut spans = Vec::new();
            while splitter.next(&mut spans).is_some() {
                for span in &spans {
                    prop_assert!(span.start <= span.end && span.end <= bytes.len());
                    let _ = span.bytes(&bytes);
                }
            }
            prop_assert_eq!(splitter.position(), bytes.len());
        }
    }
}
