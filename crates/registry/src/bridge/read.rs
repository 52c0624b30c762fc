//! Reads an export into canonical rows: every row checked, two threads, no text allocated per cell.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::columns::Columns;
use super::csv::{Fault, Splitter, cut};
use super::layout::Layout;
use super::piece::{Piece, PieceReader};
use super::problem::{Problem, Problems, Reason};
use super::text::{BOM, Encoding};
use store::MatchSecret;

/// A whole export, read and checked: its rows in the order of their ids, and everything that is wrong with it.
pub struct Export {
    /// The encoding it was read in.
    pub encoding: Encoding,
    /// Lines of the file, the header included.
    pub lines: u32,
    /// What is wrong with it.
    pub problems: Problems,
    /// Rows that were bad and are represented by their id alone.
    pub left_out: u64,
    pieces: Vec<Piece>,
    order: Vec<Entry>,
}

/// Where a row's bytes stand.
#[derive(Clone, Copy)]
struct Entry {
    id: u128,
    hash: u128,
    piece: u32,
    offset: u32,
    line: u32,
}

/// How the four items of a row become its match keys.
#[derive(Clone, Copy)]
pub enum Hashing<'a> {
    /// As keyed hashes that can cross the bridge.
    Keyed(&'a MatchSecret),
    /// As quick hashes that only serve to compare two exports on the inner network; such rows are never sealed.
    InnerOnly,
}

/// Bytes a thread takes at a time.
const PIECE_BYTES: usize = 1 << 20;
/// Threads that read, at most.
const THREADS: usize = 2;

impl Export {
    /// Reads a whole export file. Bad rows are among the [`problems`](Self::problems); nothing makes it fail or panic.
    pub fn read(file: &[u8], declared: Option<Encoding>, layout: &Layout, hashing: Hashing<'_>) -> Self {
        let encoding = if file.starts_with(BOM) { Encoding::Utf8 } else { declared.unwrap_or_else(|| Encoding::detect(file)) };
        let file = file.strip_prefix(BOM).unwrap_or(file);
        let mut export = Self { encoding, lines: 0, problems: Problems::default(), left_out: 0, pieces: Vec::new(), order: Vec::new() };

        let mut header = Splitter::new(file);
        let columns = match Columns::read(file, &mut header, encoding, layout) {
            Ok(columns) => columns,
            Err(problems) => {
                export.problems = problems;
                return export;
            }
        };
        let body = &file[header.position()..];
        let read = |pieces: &[&[u8]]| read_pieces(pieces, encoding, &columns, layout, hashing);
        let mut pieces = read(&cut(body, PIECE_BYTES));
        if pieces.iter().any(|piece| piece.quote_fault) {
            // Where quotes are out of place, where a piece ends is a guess: one reader from front to end tells the true lines.
            pieces = read(&[body]);
        }
        export.lines = header.lines();
        export.gather(pieces);
        export.put_in_order(&columns);
        export
    }

    /// Number of rows, those left out included.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Says whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The rows' canonical bytes in the order of their ids.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u128, &[u8])> {
        self.order.iter().map(|entry| (entry.id, self.pieces[entry.piece as usize].row(entry.offset as usize)))
    }

    /// The rows' ids and the hashes they are compared by, in the order of the ids.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = (u128, u128)> {
        self.order.iter().map(|entry| (entry.id, entry.hash))
    }

    fn gather(&mut self, pieces: Vec<Piece>) {
        self.order.reserve(pieces.iter().map(|piece| piece.index.len()).sum());
        let (mut twelve, mut valid) = (0, 0);
        for (number, mut piece) in pieces.into_iter().enumerate() {
            let before = self.lines;
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let placed =
                |at: &super::piece::Place| Entry { id: at.id, hash: at.hash, piece: number, offset: at.offset, line: at.line + before };
            self.order.extend(piece.index.iter().map(placed));
            piece.index = Vec::new();
            self.problems.append(std::mem::take(&mut piece.problems), before);
            self.lines += piece.lines;
            self.left_out += piece.left_out;
            twelve += piece.twelve_digit_ids;
            valid += piece.my_number_like_ids;
            self.pieces.push(piece);
        }
        // One id in eleven has that check digit by chance; a column of My Numbers has it in every row.
        if twelve >= 8 && valid * 2 > twelve {
            self.problems.push(Problem { line: 1, column: 0, header: String::new(), reason: Reason::LooksLikeMyNumber });
        }
    }

    /// Sorts the rows by id, as the bundle carries them, and tells the same id from another line.
    fn put_in_order(&mut self, columns: &Columns) {
        if !self.order.is_sorted_by(|a, b| a.id < b.id) {
            self.order.sort_unstable_by_key(|entry| (entry.id, entry.line));
        }
        let twice: Vec<u32> = self.order.windows(2).filter(|pair| pair[0].id == pair[1].id).map(|pair| pair[1].line).collect();
        if twice.is_empty() {
            return;
        }
        for line in twice {
            self.problems.push(columns.problem(line, columns.resident_id, Reason::DuplicateResidentId));
        }
        self.problems.listed.sort_by_key(|problem| (problem.line, problem.column));
        // Which of the rows is right nobody knows here: the person stays as known, by id alone.
        let pieces = &mut self.pieces;
        let mut left_out = 0;
        self.order.dedup_by(|later, kept| {
            let same = later.id == kept.id;
            if same {
                let piece = &mut pieces[kept.piece as usize];
                left_out += u64::from(piece.leave_out(kept.offset as usize));
                kept.hash = super::row::hash(piece.row(kept.offset as usize));
            }
            same
        });
        self.left_out += left_out;
    }
}

/// Reads pieces on up to two threads and gives them back in their order.
fn read_pieces(pieces: &[&[u8]], encoding: Encoding, columns: &Columns, layout: &Layout, hashing: Hashing<'_>) -> Vec<Piece> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut reader = PieceReader::new(encoding, columns, layout, hashing);
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(at) else { return done };
            done.push((at, reader.read(piece)));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..THREADS.min(pieces.len())).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, piece)| piece).collect()
}

impl Fault {
    pub(super) fn reason(self) -> (usize, Reason) {
        match self {
            Self::Stray(cell) => (cell, Reason::StrayQuote),
            Self::Unclosed(cell) => (cell, Reason::UnclosedQuote),
        }
    }
}
