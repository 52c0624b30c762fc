//! A font, and those of its glyphs that were used.

use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::{Face, RawFace, Tag};

/// The font cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    /// It is no OpenType font.
    #[error("the font cannot be read")]
    Unreadable,
    /// Its glyphs cannot be taken out of it.
    #[error("the font cannot be embedded")]
    Unembeddable,
}

/// An OpenType font, or the first of a collection.
pub struct Font {
    data: Vec<u8>,
    used: GlyphRemapper,
    /// By the glyph's new number: its character, and its width in thousandths of the size.
    glyphs: BTreeMap<u16, (char, u32)>,
    known: BTreeMap<char, (u16, u32)>,
}

/// What a file needs to hold of a font.
pub(crate) struct Embedded {
    /// The font's own data.
    pub(crate) data: Vec<u8>,
    /// Outlines in CFF, else in glyf.
    pub(crate) cff: bool,
    /// By glyph: character and width.
    pub(crate) glyphs: BTreeMap<u16, (char, u32)>,
    pub(crate) ascent: i32,
    pub(crate) descent: i32,
    pub(crate) bounds: [i32; 4],
}

impl Font {
    /// Takes a font.
    ///
    /// # Errors
    /// [`FontError::Unreadable`].
    pub fn new(data: Vec<u8>) -> Result<Self, FontError> {
        Face::parse(&data, 0).map_err(|_| FontError::Unreadable)?;
        Ok(Self { data, used: GlyphRemapper::new(), glyphs: BTreeMap::new(), known: BTreeMap::new() })
    }

    /// Whether it has a glyph for every character of a text that is seen.
    pub fn has(&self, text: &str) -> bool {
        let Ok(face) = Face::parse(&self.data, 0) else { return false };
        text.chars().all(|c| c.is_whitespace() || face.glyph_index(c).is_some())
    }

    /// The glyph of each character, with its width. A character the font has not is 〓, the printers' own sign for one that is missing.
    pub(crate) fn glyphs_of(&mut self, text: &str) -> Vec<(u16, u32)> {
        let unknown: Vec<char> = text.chars().filter(|c| !self.known.contains_key(c)).collect();
        if !unknown.is_empty()
            && let Ok(face) = Face::parse(&self.data, 0)
        {
            let per_em = u32::from(face.units_per_em()).max(1);
            for c in unknown {
                let glyph = face.glyph_index(c).or_else(|| face.glyph_index('〓')).unwrap_or_default();
                let width = u32::from(face.glyph_hor_advance(glyph).unwrap_or_default()) * 1000 / per_em;
                let number = self.used.remap(glyph.0);
                self.glyphs.entry(number).or_insert((c, width));
                self.known.insert(c, (number, width));
            }
        }
        text.chars().filter_map(|c| self.known.get(&c).copied()).collect()
    }

    /// How wide a text is, in thousandths of the size.
    pub(crate) fn width(&mut self, text: &str) -> u32 {
        self.glyphs_of(text).iter().map(|(_, width)| width).sum()
    }

    /// Takes out what was used.
    pub(crate) fn embedded(&self) -> Result<Embedded, FontError> {
        let subset = subsetter::subset(&self.data, 0, &self.used).map_err(|_| FontError::Unembeddable)?;
        let raw = RawFace::parse(&subset, 0).map_err(|_| FontError::Unembeddable)?;
        let cff = raw.table(Tag::from_bytes(b"CFF ")).map(<[u8]>::to_vec);
        let face = Face::parse(&self.data, 0).map_err(|_| FontError::Unreadable)?;
        let per_em = i32::from(face.units_per_em()).max(1);
        let scaled = |value: i16| i32::from(value) * 1000 / per_em;
        let bounds = face.global_bounding_box();
        Ok(Embedded {
            cff: cff.is_some(),
            data: cff.unwrap_or(subset),
            glyphs: self.glyphs.clone(),
            ascent: scaled(face.ascender()),
            descent: scaled(face.descender()),
            bounds: [scaled(bounds.x_min), scaled(bounds.y_min), scaled(bounds.x_max), scaled(bounds.y_max)],
        })
    }
}
