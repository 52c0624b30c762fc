//! Letters and labels to be printed, as PDF: pages are written as they come, so that a town's worth of them is never in memory.
//!
//! Text is set in the glyphs of one font, of which only those that were used are embedded, and can be copied out again. The file is a plain one:
//! for a printer, not for reading on a screen.

mod font;
mod paper;
mod writer;

pub use font::{Font, FontError};
pub use paper::{Labels, Letter, Sheet};
