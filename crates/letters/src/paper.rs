//! What stands where on a sheet of A4. Places are in tenths of a millimetre from the upper left corner.

use std::fmt::Write as _;
use std::io::{self, Write};

use qrcode::{Color, EcLevel, QrCode};

use crate::font::Font;
use crate::writer::Pdf;

/// The window of an envelope of 長形3号 for a sheet that is folded in three: number and code stand where the address is looked for.
const WINDOW: (u32, u32) = (220, 160);
/// Text begins below the first fold.
const TEXT_TOP: u32 = 1050;
const MARGIN: u32 = 220;
const TEXT_WIDTH: u32 = 2100 - 2 * MARGIN;
const BOTTOM: u32 = 2700;
/// Characters that do not begin a line (行頭禁則).
const NOT_FIRST: &str = "、。，．・：；？！）］｝」』】〕〉》ゝ々ーぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?)]}";

/// One letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// The register's number, which is joined with name and address where those are known.
    pub number: String,
    /// Who sends it.
    pub from: String,
    /// The day, in words.
    pub day: String,
    /// One line.
    pub title: String,
    /// Paragraphs.
    pub body: String,
    /// What is said at the foot.
    pub foot: String,
}

/// How many labels a sheet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// Two by six.
    Twelve,
    /// Three by eight.
    TwentyFour,
}

impl Sheet {
    fn grid(self) -> (u32, u32) {
        match self {
            Self::Twelve => (2, 6),
            Self::TwentyFour => (3, 8),
        }
    }
}

/// Labels with number and code.
#[derive(Debug, Clone, Copy)]
pub struct Labels(pub Sheet);

impl Labels {
    /// Writes labels sheet by sheet, as the numbers come.
    ///
    /// # Errors
    /// As [`Letter::write_all`].
    pub fn write_all<W: Write>(self, out: W, mut font: Font, numbers: impl IntoIterator<Item = String>) -> io::Result<W> {
        let (columns, rows) = self.0.grid();
        let (width, height) = (2100 / columns, 2970 / rows);
        let mut pdf = Pdf::begin(out)?;
        let (mut page, mut on_page) = (String::new(), 0);
        for number in numbers {
            let (x, y) = (on_page % columns * width, on_page / columns * height);
            let side = height.min(width) / 2;
            code(&mut page, &number, (x + 100, y + (height - side) / 2), side);
            line(&mut page, &mut font, &number, (x + 150 + side, y + height / 2 + 20), 14);
            on_page += 1;
            if on_page == columns * rows {
                pdf.page(page.as_bytes())?;
                (page, on_page) = (String::new(), 0);
            }
        }
        if on_page > 0 {
            pdf.page(page.as_bytes())?;
        }
        pdf.end(&font)
    }
}

impl Letter {
    /// Writes letters, each on sheets of its own, as they come.
    ///
    /// # Errors
    /// When it cannot be written, or the font not embedded.
    pub fn write_all<W: Write>(out: W, mut font: Font, all: impl IntoIterator<Item = Self>) -> io::Result<W> {
        let mut pdf = Pdf::begin(out)?;
        for letter in all {
            for page in pages(&mut font, &letter) {
                pdf.page(page.as_bytes())?;
            }
        }
        pdf.end(&font)
    }
}

/// What is drawn on the sheets of a letter.
fn pages(font: &mut Font, letter: &Letter) -> Vec<String> {
    let mut pages = Vec::new();
    let mut page = String::new();
    code(&mut page, &letter.number, WINDOW, 200);
    line(&mut page, font, &letter.number, (WINDOW.0 + 240, WINDOW.1 + 110), 12);
    line(&mut page, font, &letter.day, (1400, 700), 10);
    line(&mut page, font, &letter.from, (1400, 760), 10);
    let mut y = TEXT_TOP;
    for part in wrapped(font, &letter.title, 14) {
        line(&mut page, font, &part, (MARGIN, y), 14);
        y += 75;
    }
    y += 50;
    let foot = wrapped(font, &letter.foot, 9);
    for paragraph in letter.body.replace("\r\n", "\n").split('\n') {
        for part in wrapped(font, paragraph, 11) {
            if y > BOTTOM {
                pages.push(std::mem::take(&mut page));
                y = MARGIN;
                line(&mut page, font, &letter.number, (MARGIN, 120), 9);
            }
            line(&mut page, font, &part, (MARGIN, y), 11);
            y += 62;
        }
        if paragraph.is_empty() {
            y += 40;
        }
    }
    for (place, part) in foot.iter().enumerate() {
        line(&mut page, font, part, (MARGIN, BOTTOM + 70 + u32::try_from(place).unwrap_or_default() * 48), 9);
    }
    pages.push(page);
    pages
}

/// A text in lines that fit, without a line that begins with a closing mark. Words in Latin letters are not broken where a space is near.
fn wrapped(font: &mut Font, text: &str, points: u32) -> Vec<String> {
    // Tenths of a millimetre to thousandths of the size.
    let room = TEXT_WIDTH * 1000 * 72 / (254 * points);
    let (mut lines, mut current, mut used): (Vec<String>, String, u32) = (Vec::new(), String::new(), 0);
    for c in text.chars().filter(|c| !c.is_control()) {
        let width = font.width(c.encode_utf8(&mut [0; 4]));
        if used + width > room && !NOT_FIRST.contains(c) {
            let rest = match current.rfind(' ') {
                Some(space) if c.is_ascii_alphanumeric() && current.len() - space < 30 => current.split_off(space + 1),
                _ => String::new(),
            };
            lines.push(std::mem::replace(&mut current, rest));
            used = font.width(&current);
        }
        current.push(c);
        used += width;
    }
    if !current.is_empty() {
        lines.push(current);
    }
    lines
}

/// Points from tenths of a millimetre, as PDF writes numbers.
fn points(tenths: u32) -> String {
    let hundredths = u64::from(tenths) * 7200 / 254;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn from_top(y: u32) -> u32 {
    2970_u32.saturating_sub(y)
}

fn line(page: &mut String, font: &mut Font, text: &str, (x, y): (u32, u32), size: u32) {
    if text.is_empty() {
        return;
    }
    let glyphs: String = font.glyphs_of(text).iter().map(|(glyph, _)| format!("{glyph:04X}")).collect();
    let _ = writeln!(page, "BT /F {size} Tf {} {} Td <{glyphs}> Tj ET", points(x), points(from_top(y)));
}

/// A QR code of a number, so wide.
fn code(page: &mut String, number: &str, (x, y): (u32, u32), side: u32) {
    let Ok(code) = QrCode::with_error_correction_level(number, EcLevel::M) else { return };
    let width = u32::try_from(code.width()).unwrap_or(1).max(1);
    // Drawn in its own modules, so that no line of white runs between them.
    let _ = write!(page, "q {} 0 0 {} {} {} cm ", scale(side, width), scale(side, width), points(x), points(from_top(y + side)));
    for (place, colour) in code.to_colors().into_iter().enumerate() {
        if colour == Color::Dark {
            let (column, row) = (place % code.width(), place / code.width());
            let _ = write!(page, "{column} {} 1 1 re ", code.width() - 1 - row);
        }
    }
    page.push_str("f Q\n");
}

/// The side of a module in points.
fn scale(side: u32, modules: u32) -> String {
    let thousandths = u64::from(side) * 72_000 / 254 / u64::from(modules);
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}
