//! Hiding parts of a picture: what was there cannot be read back.

use image::imageops::FilterType;
use image::{DynamicImage, GenericImage as _, GenericImageView as _, Rgba};
use web::picture::{Picture, PictureError, open_picture, write_picture};

/// Squares across a hidden area: few enough that no face or number can be read back.
const BLOCKS_ACROSS: u32 = 4;
/// Columns of the grid on which areas are chosen without a script.
pub(crate) const GRID_COLUMNS: u32 = 8;
/// Rows of that grid.
pub(crate) const GRID_ROWS: u32 = 8;

/// Hides squares of the grid of a kept picture, counted row by row from 0.
///
/// # Errors
/// [`PictureError`] when the kept picture cannot be read.
pub(crate) fn hide(jpeg: &[u8], squares: &[u32]) -> Result<Picture, PictureError> {
    let mut picture = open_picture(jpeg)?;
    for square in squares.iter().filter(|square| **square < GRID_COLUMNS * GRID_ROWS) {
        let (column, row) = (square % GRID_COLUMNS, square / GRID_COLUMNS);
        let (width, height) = picture.dimensions();
        let (left, top) = (width * column / GRID_COLUMNS, height * row / GRID_ROWS);
        let (right, bottom) = (width * (column + 1) / GRID_COLUMNS, height * (row + 1) / GRID_ROWS);
        pixelate(&mut picture, (left, top), (right - left, bottom - top));
    }
    write_picture(&picture)
}

/// Puts one colour over each of a few squares of an area: the middle of what was there.
fn pixelate(picture: &mut DynamicImage, (left, top): (u32, u32), (width, height): (u32, u32)) {
    if width == 0 || height == 0 {
        return;
    }
    let area = picture.crop_imm(left, top, width, height);
    let small = area.resize_exact(BLOCKS_ACROSS.min(width), BLOCKS_ACROSS.min(height), FilterType::Triangle);
    let (across, down) = small.dimensions();
    for y in 0..height {
        for x in 0..width {
            let Rgba(colour) = small.get_pixel(x * across / width, y * down / height);
            picture.put_pixel(left + x, top + y, Rgba(colour));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use image::RgbImage;
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    #[test]
    fn a_hidden_square_holds_nothing_of_what_was_there() {
        // Stripes of one pixel, as fine as writing.
        let picture = RgbImage::from_fn(320, 320, |x, _| if x % 2 == 0 { image::Rgb([255, 255, 255]) } else { image::Rgb([0, 0, 0]) });
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 100).encode_image(&picture).unwrap();
        let kept = image::load_from_memory(&hide(&jpeg, &[0, 9]).unwrap().jpeg).unwrap().to_luma8();
        let contrast = |x: u32, y: u32| i32::from(kept.get_pixel(x, y).0[0]).abs_diff(i32::from(kept.get_pixel(x + 1, y).0[0]));
        assert!((2..37).all(|x| contrast(x, 20) < 40), "hidden");
        assert!((42..77).all(|x| contrast(x, 60) < 40), "hidden");
        assert!((90..110).any(|x| contrast(x, 20) > 100), "the rest is as it was");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(hide(b"nothing", &[1]), Err(PictureError::UnknownFormat));
    }
}
