//! Pictures people send: decoded, turned upright, made small enough and written anew, so that nothing but the pixels is kept.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

/// The largest upload that is looked at.
pub const PICTURE_BYTES_MAX: usize = 12 * 1024 * 1024;
/// The most pixels an upload may unfold to.
pub const PICTURE_PIXELS_MAX: u64 = 50_000_000;
/// The longer edge of what is kept, in pixels.
pub const PICTURE_EDGE_MAX: u32 = 1600;
/// The longer side of a picture that is looked at, in pixels.
pub const PICTURE_SIDE_MAX: u32 = 12_000;
/// The memory one picture may take while it is read.
const DECODER_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Photographs stay good to look at, and a page of twenty stays quick to load.
const JPEG_QUALITY: u8 = 82;

/// A picture that may be kept and shown: a JPEG of our own writing, without anything the camera wrote beside the pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The JPEG file.
    pub jpeg: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Why an upload is no picture that can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The upload is larger than [`PICTURE_BYTES_MAX`].
    #[error("the file is larger than 12 MB")]
    TooManyBytes,
    /// The picture has more pixels than [`PICTURE_PIXELS_MAX`], is longer than [`PICTURE_SIDE_MAX`], or takes too much memory to unfold.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// Neither JPEG, PNG nor WebP.
    #[error("the file is neither JPEG, PNG nor WebP")]
    UnknownFormat,
    /// It begins like a picture and is broken.
    #[error("the picture cannot be read")]
    Broken,
}

impl PictureError {
    /// The problem's code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooManyBytes => "web.picture_too_large",
            Self::TooManyPixels => "web.picture_too_many_pixels",
            Self::UnknownFormat => "web.picture_unknown_format",
            Self::Broken => "web.picture_broken",
        }
    }
}

impl From<PictureError> for crate::Problem {
    fn from(error: PictureError) -> Self {
        Self::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, error.code())
    }
}

/// Gives a JPEG of an upload (JPEG, PNG or WebP) that may be kept: turned upright, at most [`PICTURE_EDGE_MAX`] pixels long, on white where it was
/// transparent. Place, time, camera and thumbnail, which cameras write into the file, are gone, since only the pixels are written again.
///
/// It computes for up to a second: call it outside the runtime's own threads (`tokio::task::spawn_blocking`) and outside any transaction.
///
/// # Errors
/// [`PictureError`]; the size is looked at before anything is unfolded.
pub fn safe_picture(bytes: &[u8]) -> Result<Picture, PictureError> {
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(PictureError::TooManyBytes);
    }
    let upright = open_picture(bytes)?;
    let (width, height) = (upright.width(), upright.height());
    let small = if width.max(height) > PICTURE_EDGE_MAX {
        upright.resize(PICTURE_EDGE_MAX, PICTURE_EDGE_MAX, FilterType::CatmullRom)
    } else {
        upright
    };
    write_picture(&small)
}

/// Writes pixels as they may be kept and shown, on white where they were transparent.
///
/// # Errors
/// [`PictureError::Broken`] for a picture without pixels.
pub fn write_picture(picture: &DynamicImage) -> Result<Picture, PictureError> {
    let pixels = on_white(picture);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(&pixels).map_err(|_| PictureError::Broken)?;
    Ok(Picture { jpeg, width: pixels.width(), height: pixels.height() })
}

/// Gives the pixels of an upload as they are to be seen, turned upright; for who changes them before they are written ([`write_picture`]).
///
/// # Errors
/// [`PictureError`]; the size is looked at before anything is unfolded.
pub fn open_picture(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| PictureError::Broken)?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err(PictureError::UnknownFormat);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(PICTURE_SIDE_MAX);
    limits.max_image_height = Some(PICTURE_SIDE_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    // Decoders differ in which limits they keep; these hold for all, before a pixel is read.
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > PICTURE_SIDE_MAX || pixels > PICTURE_PIXELS_MAX || decoder.total_bytes() > DECODER_BYTES_MAX {
        return Err(PictureError::TooManyPixels);
    }
    // What says which way is up is part of what is thrown away, so that it is followed first.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refused(error: ImageError) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::TooManyPixels,
        _ => PictureError::Broken,
    }
}

/// The pixels without transparency, which JPEG does not know.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let with_alpha = picture.to_rgba8();
    RgbImage::from_fn(with_alpha.width(), with_alpha.height(), |x, y| {
        let [red, green, blue, alpha] = with_alpha.get_pixel(x, y).0;
        let over = |channel: u8| {
            let mixed = (u16::from(channel) * u16::from(alpha) + 255 * (255 - u16::from(alpha))) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, Rgba, RgbaImage};

    use super::*;

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Left half red, right half blue.
    fn two_halves(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }).into()
    }

    /// A JPEG with an EXIF part that says it lies on its side, where it was taken and with which camera.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x02".to_vec();
        tiff.extend([0x01, 0x0f, 0, 2, 0, 0, 0, 14, 0, 0, 0, 38]); // Make
        tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]); // Orientation
        tiff.extend([0, 0, 0, 0]);
        tiff.extend(b"SECRET-CAMERA\0");
        let mut part = b"Exif\0\0".to_vec();
        part.extend(tiff);
        let length = u16::try_from(part.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &part, &jpeg[2..]].concat()
    }

    #[test]
    fn every_accepted_format_becomes_a_jpeg_of_the_same_size() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let picture = safe_picture(&written(&two_halves(40, 20), format)).unwrap();
            assert_eq!((picture.width, picture.height), (40, 20), "{format:?}");
            let again = image::load_from_memory_with_format(&picture.jpeg, ImageFormat::Jpeg).unwrap().to_rgb8();
            let (left, right) = (again.get_pixel(5, 10).0, again.get_pixel(35, 10).0);
            assert!(left[0] > 200 && left[2] < 60 && right[2] > 200 && right[0] < 60, "{format:?}: {left:?} {right:?}");
        }
    }

    #[test]
    fn what_the_camera_wrote_is_followed_and_then_gone() {
        let sent = with_exif(&written(&two_halves(40, 20), ImageFormat::Jpeg), 6);
        assert!(sent.windows(13).any(|part| part == b"SECRET-CAMERA"));
        let picture = safe_picture(&sent).unwrap();
        // Turned a quarter to the right: what was left is above.
        assert_eq!((picture.width, picture.height), (20, 40));
        let again = image::load_from_memory(&picture.jpeg).unwrap().to_rgb8();
        assert!(again.get_pixel(10, 5).0[0] > 200 && again.get_pixel(10, 35).0[2] > 200);
        for word in [&b"SECRET-CAMERA"[..], b"Exif"] {
            assert!(!picture.jpeg.windows(word.len()).any(|part| part == word));
        }
    }

    #[test]
    fn a_large_picture_is_made_small_in_its_own_shape() {
        let picture = safe_picture(&written(&two_halves(3200, 1000), ImageFormat::Jpeg)).unwrap();
        assert_eq!((picture.width, picture.height), (1600, 500));
        let upright = safe_picture(&written(&two_halves(10, 1601), ImageFormat::Png)).unwrap();
        assert_eq!(upright.height, 1600);
    }

    #[test]
    fn transparency_becomes_white() {
        let clear = DynamicImage::from(RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])));
        let picture = safe_picture(&written(&clear, ImageFormat::Png)).unwrap();
        let again = image::load_from_memory(&picture.jpeg).unwrap().to_rgb8();
        assert!(again.get_pixel(4, 4).0.iter().all(|channel| *channel > 250));
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_unfolded() {
        assert_eq!(safe_picture(&vec![0xff; PICTURE_BYTES_MAX + 1]), Err(PictureError::TooManyBytes));
        // A PNG of 60,000 × 60,000 in 100 bytes: the size stands in its head, with the checksum that belongs to it.
        let mut head = b"IHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0".to_vec();
        let sum = crc32(&head).to_be_bytes();
        head.extend(sum);
        let bomb = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0d"[..], &head, b"\0\0\0\x0aIDAT", &[0; 14]].concat();
        assert_eq!(safe_picture(&bomb), Err(PictureError::TooManyPixels));
    }

    #[test]
    fn a_picture_longer_than_any_camera_makes_is_refused_though_its_pixels_are_few() {
        let long = DynamicImage::from(RgbImage::new(PICTURE_SIDE_MAX + 1, 1));
        assert_eq!(safe_picture(&written(&long, ImageFormat::Png)), Err(PictureError::TooManyPixels));
        let most = DynamicImage::from(RgbImage::new(PICTURE_SIDE_MAX, 1));
        assert_eq!(safe_picture(&written(&most, ImageFormat::Png)).map(|picture| picture.width), Ok(PICTURE_EDGE_MAX));
    }

    #[test]
    fn other_files_and_broken_pictures_are_told_apart() {
        for other in [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"GIF89a\x01\0\x01\0\0\0\0"] {
            assert_eq!(safe_picture(other), Err(PictureError::UnknownFormat), "{other:?}");
        }
        let good = written(&two_halves(40, 20), ImageFormat::Png);
        assert_eq!(safe_picture(&good[..good.len() / 2]), Err(PictureError::Broken));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
        })
    }
}
