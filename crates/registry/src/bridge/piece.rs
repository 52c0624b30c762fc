//! Reads one piece of an export: each row checked cell by cell and written in its canonical form.

use civil::Sex;
use town::FactKind;

use super::columns::Columns;
use super::csv::{Fault, Record, Span, Splitter};
use super::layout::Layout;
use super::problem::{Problems, Reason};
use super::read::Hashing;
use super::row::{DayNumber, FOUR_AT, HEAD, Head, MatchKey, RegisterId, Status, THREE_AT, is_left_out, sex_number, write_text};
use super::text::{Encoding, is_cp932, trim};
use super::words::{self, Words};
use store::MatchSecret;

/// The rows of a piece, one behind the other, each behind its length in two bytes.
#[derive(Default)]
pub(crate) struct Piece {
    rows: Vec<u8>,
    pub(crate) index: Vec<Place>,
    pub(crate) problems: Problems,
    pub(crate) lines: u32,
    pub(crate) left_out: u64,
    pub(crate) quote_fault: bool,
    pub(crate) twelve_digit_ids: u64,
    pub(crate) my_number_like_ids: u64,
}

/// Where a row stands in its piece, and on which line it stood in the file.
pub(crate) struct Place {
    pub(crate) id: u128,
    /// What the row is compared by, taken while its bytes are at hand.
    pub(crate) hash: u128,
    pub(crate) offset: u32,
    pub(crate) line: u32,
}

impl Piece {
    pub(crate) fn row(&self, offset: usize) -> &[u8] {
        let length = usize::from(u16::from_be_bytes([self.rows[offset], self.rows[offset + 1]]));
        &self.rows[offset + 2..offset + 2 + length]
    }

    /// Reduces a row to its id; says whether it was more than that.
    pub(crate) fn leave_out(&mut self, offset: usize) -> bool {
        let row = self.row(offset);
        if is_left_out(row) {
            return false;
        }
        let (id, facts) = (super::row::id_of(row).expect("every row starts with its id"), count_texts(row));
        let mut reduced = Vec::with_capacity(row.len());
        write_left_out(&mut reduced, id, facts);
        let length = u16::try_from(reduced.len()).expect("never longer than the row it replaces");
        self.rows[offset..offset + 2].copy_from_slice(&length.to_be_bytes());
        self.rows[offset + 2..offset + 2 + reduced.len()].copy_from_slice(&reduced);
        true
    }
}

/// Texts behind the head of a row.
fn count_texts(row: &[u8]) -> usize {
    let (mut at, mut count) = (HEAD, 0);
    while at < row.len() {
        at += 1 + usize::from(row[at]);
        count += 1;
    }
    count
}

fn write_left_out(out: &mut Vec<u8>, id: u128, texts: usize) {
    Head { id, left_out: true, ..Head::default() }.write(out);
    out.resize(out.len() + texts, 0);
}

/// Reads pieces one after the other, keeping what it learned about spellings.
pub(crate) struct PieceReader<'a> {
    encoding: Encoding,
    columns: &'a Columns,
    crosses_birth: bool,
    crosses_sex: bool,
    hashing: Hashing<'a>,
    status: Words<Status>,
    sex: Words<Sex>,
    protected: Words<bool>,
    yes_no: Words<Option<bool>>,
    relation: Words<Box<str>>,
    district: Words<Box<str>>,
    /// Neighbouring rows share their address: the last one's comparable form, by its bytes.
    last_address: (Vec<u8>, String),
    spans: Vec<Span>,
    piece: Piece,
    bad: bool,
    /// The piece holds bytes that are not of its encoding, or stand-ins for lost characters: cells must be looked at one by one.
    suspect: bool,
}

impl<'a> PieceReader<'a> {
    pub(crate) fn new(encoding: Encoding, columns: &'a Columns, layout: &Layout, hashing: Hashing<'a>) -> Self {
        Self {
            encoding,
            columns,
            crosses_birth: layout.crosses().date_of_birth,
            crosses_sex: layout.crosses().sex,
            hashing,
            status: Words::new(encoding, words::status),
            sex: Words::new(encoding, words::sex),
            protected: Words::new(encoding, words::protected),
            yes_no: Words::new(encoding, words::yes_no),
            relation: Words::new(encoding, words::short_text),
            district: Words::new(encoding, words::short_text),
            last_address: (Vec::new(), String::new()),
            spans: Vec::with_capacity(columns.headers.len()),
            piece: Piece::default(),
            bad: false,
            suspect: false,
        }
    }

    /// Reads a piece that starts and ends at record boundaries.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Piece {
        self.suspect = match self.encoding {
            Encoding::Utf8 => simdutf8::basic::from_utf8(bytes).is_err() || memchr::memmem::find(bytes, LOST).is_some(),
            Encoding::ShiftJis => !is_cp932(bytes),
        };
        self.piece.rows.reserve(bytes.len() + bytes.len() / 4);
        let mut splitter = Splitter::new(bytes);
        let mut spans = std::mem::take(&mut self.spans);
        while let Some(record) = splitter.next(&mut spans) {
            self.record(bytes, &spans, record);
        }
        self.spans = spans;
        self.piece.lines = splitter.lines();
        self.piece.rows.shrink_to_fit();
        std::mem::take(&mut self.piece)
    }

    fn record(&mut self, bytes: &[u8], spans: &[Span], record: Record) {
        self.bad = false;
        let line = record.line;
        if let Some(fault) = record.fault {
            self.quote_fault(line, fault);
        }
        if spans.len() != self.columns.headers.len() && !self.bad {
            self.complain_row(line, Reason::ColumnCount);
        }
        let mut head = Head::default();
        let resident_id = spans.get(self.columns.resident_id).map(|span| span.bytes(bytes)).unwrap_or_default();
        let Some(id) = self.resident_id(line, &resident_id) else { return };
        head.id = id.bits();

        let offset = self.piece.rows.len();
        self.piece.rows.extend_from_slice(&[0; 2]);
        if !self.bad {
            self.cells(bytes, spans, line, &mut head);
        }
        if self.bad {
            self.piece.rows.truncate(offset + 2);
            write_left_out(&mut self.piece.rows, head.id, 2 + self.columns.facts.len());
            self.piece.left_out += 1;
        }
        let length = u16::try_from(self.piece.rows.len() - offset - 2).expect("at most 202 texts of 255 bytes");
        self.piece.rows[offset..offset + 2].copy_from_slice(&length.to_be_bytes());
        let hash = super::row::hash(&self.piece.rows[offset + 2..]);
        let offset = u32::try_from(offset).expect("a piece is cut far below 4 GB");
        self.piece.index.push(Place { id: head.id, hash, offset, line });
    }

    fn quote_fault(&mut self, line: u32, fault: Fault) {
        let (cell, reason) = fault.reason();
        self.piece.quote_fault = true;
        self.complain(line, cell, reason);
    }

    fn complain(&mut self, line: u32, cell: usize, reason: Reason) {
        self.bad = true;
        self.piece.problems.push(self.columns.problem(line, cell, reason));
    }

    fn complain_row(&mut self, line: u32, reason: Reason) {
        self.bad = true;
        self.piece.problems.push(super::problem::Problem { line, column: 0, header: String::new(), reason });
    }

    fn resident_id(&mut self, line: u32, cell: &[u8]) -> Option<RegisterId> {
        let cell = cell.trim_ascii();
        if cell.len() == 12 && cell.iter().all(u8::is_ascii_digit) {
            self.piece.twelve_digit_ids += 1;
            let like = std::str::from_utf8(cell).is_ok_and(civil::looks_like_my_number);
            self.piece.my_number_like_ids += u64::from(like);
        }
        let id = RegisterId::parse(cell);
        if id.is_none() {
            let reason = if cell.is_empty() { Reason::NoResidentId } else { Reason::BadResidentId };
            self.complain(line, self.columns.resident_id, reason);
        }
        id
    }

    /// Checks all cells of a row with the right number of them, and appends its canonical form.
    fn cells(&mut self, bytes: &[u8], spans: &[Span], line: u32, head: &mut Head) {
        self.every_cell(bytes, spans, line);
        if self.bad {
            return;
        }
        let columns = self.columns;
        let status = {
            let meaning = self.status.meaning(&spans[columns.status].bytes(bytes)).copied();
            self.kept(line, columns.status, meaning).unwrap_or(Status::Current)
        };
        head.status = status as u8;
        head.status_on = self.status_day(bytes, spans, line, status);
        let sex = self.sex.meaning(&spans[columns.sex].bytes(bytes)).copied();
        let sex = self.kept(line, columns.sex, sex).unwrap_or_default();
        let protected = self.protected.meaning(&spans[columns.protected].bytes(bytes)).copied();
        head.protected = self.kept(line, columns.protected, protected).unwrap_or(true);
        let birth = self.date_of_birth(bytes, spans, line);
        if let Some(cell) = columns.household {
            self.household(bytes, spans, line, cell, head);
        }
        if let Some(cell) = columns.resident_since {
            head.resident_since = self.whole_day(bytes, spans, line, cell);
        }
        if self.crosses_birth {
            head.date_of_birth = birth.0;
        }
        if self.crosses_sex {
            head.sex = sex_number(sex);
        }
        let start = self.piece.rows.len();
        head.write(&mut self.piece.rows);
        self.texts(bytes, spans, line);
        let (four, three) = self.match_keys(bytes, spans, line, birth, sex, status);
        self.piece.rows[start + FOUR_AT..start + FOUR_AT + 16].copy_from_slice(&four);
        self.piece.rows[start + THREE_AT..start + THREE_AT + 16].copy_from_slice(&three);
    }

    /// What holds for every cell, also of columns the layout does not know: whole characters, and no My Number.
    fn every_cell(&mut self, bytes: &[u8], spans: &[Span], line: u32) {
        for (at, span) in spans.iter().enumerate() {
            let cell = &bytes[span.start..span.end];
            if self.suspect {
                match self.encoding.decode(cell) {
                    None => self.complain(line, at, words::undecodable(self.encoding)),
                    Some(text) if text.contains('\u{fffd}') => self.complain(line, at, Reason::LostCharacter),
                    Some(_) => {}
                }
            }
            if cell.len() >= 12
                && at != self.columns.resident_id
                && Some(at) != self.columns.household
                && may_hold_twelve_digits(cell, self.encoding)
            {
                let text = self.encoding.decode(cell).unwrap_or_default();
                if civil::looks_like_my_number(&text) {
                    self.complain(line, at, Reason::LooksLikeMyNumber);
                }
            }
        }
    }

    fn kept<T>(&mut self, line: u32, cell: usize, meaning: Result<T, Reason>) -> Option<T> {
        meaning.map_err(|reason| self.complain(line, cell, reason)).ok()
    }

    /// A day that must be wholly known when it is given; 0 for a blank cell.
    fn whole_day(&mut self, bytes: &[u8], spans: &[Span], line: u32, cell: usize) -> u32 {
        let day = words::day(&spans[cell].bytes(bytes), self.encoding);
        let day = day.and_then(|day| if day != 0 && day % 100 == 0 { Err(Reason::BadDate) } else { Ok(day) });
        self.kept(line, cell, day).unwrap_or(0)
    }

    /// The day the status took effect: from the column of its own where the register has one and it is filled, else from the common one.
    fn status_day(&mut self, bytes: &[u8], spans: &[Span], line: u32, status: Status) -> u32 {
        let columns = self.columns;
        let own = match status {
            Status::MovedOut => columns.moved_out_on,
            Status::Died => columns.died_on,
            Status::Current | Status::StruckOff => None,
        };
        let mut day = 0;
        for cell in own.into_iter().chain(columns.status_on) {
            if day == 0 {
                day = self.whole_day(bytes, spans, line, cell);
            }
        }
        if status != Status::Current && day == 0 && !self.bad {
            self.complain(line, own.or(columns.status_on).unwrap_or(columns.status), Reason::NoStatusDay);
        }
        day
    }

    fn date_of_birth(&mut self, bytes: &[u8], spans: &[Span], line: u32) -> DayNumber {
        let cell = self.columns.date_of_birth;
        let written = spans[cell].bytes(bytes);
        if trim(&written, self.encoding).is_empty() {
            self.complain(line, cell, Reason::NoDateOfBirth);
        }
        let day = words::day(&written, self.encoding);
        DayNumber(self.kept(line, cell, day).unwrap_or(0))
    }

    fn household(&mut self, bytes: &[u8], spans: &[Span], line: u32, cell: usize, head: &mut Head) {
        let written = spans[cell].bytes(bytes);
        let written = written.trim_ascii();
        if written.is_empty() {
            if head.status == Status::Current as u8 {
                self.complain(line, cell, Reason::NoHousehold);
            }
        } else {
            let household = RegisterId::parse(written).ok_or(Reason::BadHousehold);
            head.household = self.kept(line, cell, household).map_or(0, RegisterId::bits);
        }
    }

    /// Appends relation, district and facts.
    fn texts(&mut self, bytes: &[u8], spans: &[Span], line: u32) {
        let columns = self.columns;
        for (cell, relation) in [(columns.relation, true), (columns.district, false)] {
            let Some(cell) = cell else {
                self.piece.rows.push(0);
                continue;
            };
            let words = if relation { &mut self.relation } else { &mut self.district };
            match words.meaning(&spans[cell].bytes(bytes)) {
                Ok(text) => write_text(&mut self.piece.rows, text.as_bytes()),
                Err(reason) => {
                    self.piece.rows.push(0);
                    self.complain(line, cell, reason);
                }
            }
        }
        for &(cell, kind) in &columns.facts {
            let written = spans[cell].bytes(bytes);
            let written = trim(&written, self.encoding);
            if let Err(reason) = self.fact(written, kind) {
                self.piece.rows.push(0);
                self.complain(line, cell, reason);
            }
        }
    }

    /// Appends the one text that stands for a fact's cell, or nothing at all.
    fn fact(&mut self, cell: &[u8], kind: FactKind) -> Result<(), Reason> {
        let plain = cell.is_ascii() && matches!(kind, FactKind::String);
        let text = if plain { None } else { Some(self.encoding.decode(cell).ok_or(words::undecodable(self.encoding))?) };
        let day;
        let text: std::borrow::Cow<'_, [u8]> = match (kind, text) {
            (_, None) => cell.into(),
            (FactKind::String, Some(text)) => text.into_owned().into_bytes().into(),
            (FactKind::Int, Some(text)) => words::number_text(&text)?.into_owned().into_bytes().into(),
            (FactKind::Bool, Some(_)) => match self.yes_no.meaning(cell)? {
                Some(true) => b"1"[..].into(),
                Some(false) => b"0"[..].into(),
                None => b""[..].into(),
            },
            (FactKind::Date, Some(_)) => {
                let number = words::day(cell, self.encoding)?;
                if number == 0 {
                    b""[..].into()
                } else if number % 100 == 0 {
                    return Err(Reason::BadDate);
                } else {
                    day = format!("{:04}-{:02}-{:02}", number / 10_000, number / 100 % 100, number % 100);
                    day.as_bytes().into()
                }
            }
        };
        if text.len() > 255 {
            return Err(Reason::TooLong);
        }
        write_text(&mut self.piece.rows, &text);
        Ok(())
    }

    fn match_keys(&mut self, bytes: &[u8], spans: &[Span], line: u32, birth: DayNumber, sex: Sex, status: Status) -> (MatchKey, MatchKey) {
        let columns = self.columns;
        let (name, address) = (spans[columns.name].bytes(bytes), spans[columns.address].bytes(bytes));
        if trim(&name, self.encoding).is_empty() {
            self.complain(line, columns.name, Reason::NoName);
        }
        if status == Status::Current && trim(&address, self.encoding).is_empty() {
            self.complain(line, columns.address, Reason::NoAddress);
        }
        if self.bad {
            return Default::default();
        }
        match self.hashing {
            Hashing::Keyed(secret) => self.keyed(secret, &name, &address, birth, sex),
            Hashing::InnerOnly => {
                let seed = u64::from(birth.0) << 8 | u64::from(sex_number(sex));
                let three = xxhash_rust::xxh3::xxh3_128_with_seed(&name, seed);
                let four = xxhash_rust::xxh3::xxh3_128_with_seed(&address, (three >> 64) as u64 ^ three as u64);
                (four.to_be_bytes(), three.to_be_bytes())
            }
        }
    }

    fn keyed(&mut self, secret: &MatchSecret, name: &[u8], address: &[u8], birth: DayNumber, sex: Sex) -> (MatchKey, MatchKey) {
        if *self.last_address.0 != *address {
            let text = self.encoding.decode(address).unwrap_or_default();
            self.last_address = (address.to_vec(), civil::address_key(&text));
        }
        let name = civil::name_key(&self.encoding.decode(name).unwrap_or_default());
        let keys = secret.keys_of(&name, birth.0, sex, &self.last_address.1);
        (keys.four_items.0, keys.three_items.0)
    }
}

/// U+FFFD in UTF-8.
const LOST: &[u8] = "\u{fffd}".as_bytes();

/// A quick look, right whenever it says no: whether a cell could hold twelve digits in any width.
fn may_hold_twelve_digits(cell: &[u8], encoding: Encoding) -> bool {
    // Full-width digits are EF BC 9x in UTF-8 and 82 4F…58 in Shift_JIS: their first bytes are counted like a digit.
    let lead = match encoding {
        Encoding::Utf8 => 0xef,
        Encoding::ShiftJis => 0x82,
    };
    // Counted in bytes, as many side by side as the machine can.
    let count = |part: &[u8]| u32::from(part.iter().map(|byte| u8::from(byte.is_ascii_digit() | (*byte == lead))).sum::<u8>());
    cell.chunks(255).map(count).sum::<u32>() >= 12
}
