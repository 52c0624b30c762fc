//! A PDF written from its beginning to its end (ISO 32000-1): what comes last, the font and the table, may be pointed to from before.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::font::{Embedded, Font};

const CATALOG: usize = 1;
const PAGES: usize = 2;
const FONT: usize = 3;
const DESCENDANT: usize = 4;
const DESCRIPTOR: usize = 5;
const FONT_FILE: usize = 6;
const TO_UNICODE: usize = 7;
/// The first object of the pages.
const FIRST: usize = 8;

/// A file on its way out.
pub(crate) struct Pdf<W: Write> {
    out: W,
    written: usize,
    /// Where each object stands, by its number less one.
    places: Vec<usize>,
    pages: Vec<usize>,
}

impl<W: Write> Pdf<W> {
    pub(crate) fn begin(out: W) -> io::Result<Self> {
        let mut pdf = Self { out, written: 0, places: vec![0; FIRST - 1], pages: Vec::new() };
        pdf.put(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")?;
        Ok(pdf)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len();
        self.out.write_all(bytes)
    }

    fn object(&mut self, number: usize, words: &[u8]) -> io::Result<()> {
        if self.places.len() < number {
            self.places.resize(number, 0);
        }
        self.places[number - 1] = self.written;
        self.put(format!("{number} 0 obj\n").as_bytes())?;
        self.put(words)?;
        self.put(b"\nendobj\n")
    }

    fn stream(&mut self, number: usize, more: &str, bytes: &[u8]) -> io::Result<()> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes)?;
        let packed = packed.finish()?;
        let mut words = format!("<</Filter/FlateDecode/Length {}{more}>>\nstream\n", packed.len()).into_bytes();
        words.extend_from_slice(&packed);
        words.extend_from_slice(b"\nendstream");
        self.object(number, &words)
    }

    /// Adds a page in A4 with what is drawn on it.
    pub(crate) fn page(&mut self, content: &[u8]) -> io::Result<()> {
        let number = self.places.len() + 1;
        self.pages.push(number);
        let words = format!(
            "<</Type/Page/Parent {PAGES} 0 R/MediaBox[0 0 595.28 841.89]/Contents {} 0 R/Resources<</Font<</F {FONT} 0 R>>>>>>",
            number + 1
        );
        self.object(number, words.as_bytes())?;
        self.stream(number + 1, "", content)
    }

    /// Writes what was left open. Gives back where it was written to.
    pub(crate) fn end(mut self, font: &Font) -> io::Result<W> {
        let embedded = font.embedded().map_err(io::Error::other)?;
        self.font(&embedded)?;
        let kids: Vec<String> = self.pages.iter().map(|page| format!("{page} 0 R")).collect();
        let pages = format!("<</Type/Pages/Count {}/Kids[{}]>>", self.pages.len(), kids.join(" "));
        self.object(PAGES, pages.as_bytes())?;
        self.object(CATALOG, format!("<</Type/Catalog/Pages {PAGES} 0 R/Lang(ja)>>").as_bytes())?;
        let start = self.written;
        self.put(format!("xref\n0 {}\n0000000000 65535 f\r\n", self.places.len() + 1).as_bytes())?;
        for place in std::mem::take(&mut self.places) {
            self.put(format!("{place:010} 00000 n\r\n").as_bytes())?;
            self.places.push(place);
        }
        let trailer = format!("trailer\n<</Size {}/Root {CATALOG} 0 R>>\nstartxref\n{start}\n%%EOF\n", self.places.len() + 1);
        self.put(trailer.as_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn font(&mut self, font: &Embedded) -> io::Result<()> {
        let (kind, file, more) = if font.cff {
            ("CIDFontType0", "FontFile3", "/Subtype/CIDFontType0C".to_owned())
        } else {
            ("CIDFontType2", "FontFile2", format!("/Length1 {}", font.data.len()))
        };
        let name = "AAAAAA+Letters";
        let widths: Vec<String> = font.glyphs.iter().map(|(glyph, (_, width))| format!("{glyph}[{width}]")).collect();
        let to_gid = if font.cff { "" } else { "/CIDToGIDMap/Identity" };
        let [left, bottom, right, top] = font.bounds;
        let words = format!(
            "<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{DESCENDANT} 0 R]/ToUnicode {TO_UNICODE} 0 R>>"
        );
        self.object(FONT, words.as_bytes())?;
        let words = format!(
            "<</Type/Font/Subtype/{kind}/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor {DESCRIPTOR} 0 R/DW 1000/W[{}]{to_gid}>>",
            widths.join(" ")
        );
        self.object(DESCENDANT, words.as_bytes())?;
        let words = format!(
            "<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{left} {bottom} {right} {top}]/ItalicAngle 0/Ascent {}/Descent {}/CapHeight {}/StemV 80/{file} {FONT_FILE} 0 R>>",
            font.ascent, font.descent, font.ascent
        );
        self.object(DESCRIPTOR, words.as_bytes())?;
        self.stream(FONT_FILE, &more, &font.data)?;
        self.stream(TO_UNICODE, "", to_unicode(font).as_bytes())
    }
}

/// Which character each glyph stands for, so that text can be searched and copied.
fn to_unicode(font: &Embedded) -> String {
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Letters def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
    );
    let glyphs: Vec<(&u16, &(char, u32))> = font.glyphs.iter().collect();
    // No more than a hundred at a time (Adobe Technical Note 5411).
    for some in glyphs.chunks(100) {
        map.push_str(&format!("{} beginbfchar\n", some.len()));
        for (glyph, (c, _)) in some {
            let mut units = [0; 2];
            let unicode: String = c.encode_utf16(&mut units).iter().map(|unit| format!("{unit:04X}")).collect();
            map.push_str(&format!("<{glyph:04X}> <{unicode}>\n"));
        }
        map.push_str("endbfchar\n");
    }
    map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    map
}
