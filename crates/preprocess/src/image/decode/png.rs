//! PNG, through `image`.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, Limits};

use super::{grey_to_colours, keep_colours, pixel_bytes, reason};
use crate::image::ImageError;
use crate::image::format::Format::Png;
use crate::image::limits::ImageLimits;
use crate::image::orientation::of_exif;
use crate::image::picture::{CHANNELS, Picture};

/// What the decoder itself may take for what is not pixels: profiles, palettes, a few rows.
const OWN_MEMORY: u64 = 16 << 20;

/// Where the head of a file says how many bits there are, and of what: 0 is grey.
const DEPTH_AND_COLOUR: std::ops::Range<usize> = 24..26;

/// Before that, how large the picture is.
const WIDTH_AND_HEIGHT: std::ops::Range<usize> = 16..24;

pub(super) fn decode(bytes: &[u8], limits: &ImageLimits) -> Result<(Picture, Orientation), ImageError> {
    // Of a size beyond all bounds the decoder would only say that it is one.
    if let Some([width, height]) = bytes.get(WIDTH_AND_HEIGHT).map(|size| size.as_chunks::<4>().0) {
        let [width, height] = [width, height].map(|side| u32::from_be_bytes(*side) as usize);
        if width > 0 && height > 0 {
            limits.check(Png, width, height, 0)?;
        }
    }
    let mut own = Limits::no_limits();
    own.max_alloc = Some(OWN_MEMORY);
    let broken = |cause: image::ImageError| ImageError::broken(Png, reason(&cause));
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), own).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let colour = decoder.color_type();
    let is_deep_grey = bytes.get(DEPTH_AND_COLOUR) == Some(&[16, 0]);
    let depth = usize::from(colour.bytes_per_pixel());
    // Grey is spread into a second buffer.
    let spread = if depth < CHANNELS || !colour.has_color() { CHANNELS } else { 0 };
    limits.check(Png, width, height, pixel_bytes(width, height, depth + spread))?;
    if decoder.is_apng().map_err(broken)? {
        return Err(ImageError::Animated { format: Png });
    }
    let orientation = of_exif(exif(bytes));
    let mut pixels = vec![0; pixel_bytes(width, height, depth)];
    decoder.read_image(&mut pixels).map_err(broken)?;
    let pixels =
        colours(pixels, colour, is_deep_grey).ok_or_else(|| ImageError::broken(Png, "its colours are not known"))?;
    let picture = Picture::new(width, height, pixels).ok_or_else(|| ImageError::broken(Png, "pixels are missing"))?;
    Ok((picture, orientation))
}

/// Pillow takes the upper eight of all sixteen bits but those of grey, which it cuts off.
fn cut_off(grey: [u8; 2]) -> u8 {
    u8::try_from(u16::from_ne_bytes(grey)).unwrap_or(u8::MAX)
}

/// EXIF, wherever in the file it is; the decoder knows it only if it comes before the pixels.
///
/// A file is a signature of eight bytes, then chunks: length, name, content, checksum
/// (<https://www.w3.org/TR/png-3/#5Chunk-layout>).
fn exif(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(8..)?;
    loop {
        let (length, behind) = rest.split_first_chunk()?;
        let (name, behind) = behind.split_first_chunk::<4>()?;
        let (content, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        if name == b"eXIf" {
            return Some(content);
        }
        rest = behind.get(4..)?;
    }
}

/// The place of the upper byte in sixteen bits, which `image` gives in the machine's own order.
const UPPER: usize = if cfg!(target_endian = "little") { 1 } else { 0 };

/// `is_deep_grey`: the file has nothing but sixteen bits of grey, though what is transparent may have been added to it.
fn colours(mut pixels: Vec<u8>, colour: ColorType, is_deep_grey: bool) -> Option<Vec<u8>> {
    match colour {
        ColorType::Rgb8 => {}
        ColorType::Rgba8 => keep_colours::<4>(&mut pixels, [0, 1, 2]),
        ColorType::Rgb16 => keep_colours::<6>(&mut pixels, [UPPER, 2 + UPPER, 4 + UPPER]),
        ColorType::Rgba16 => keep_colours::<8>(&mut pixels, [UPPER, 2 + UPPER, 4 + UPPER]),
        ColorType::L8 => pixels = grey_to_colours(&pixels, |[grey]: [u8; 1]| grey),
        ColorType::La8 => pixels = grey_to_colours(&pixels, |[grey, _]: [u8; 2]| grey),
        ColorType::L16 => pixels = grey_to_colours(&pixels, cut_off),
        ColorType::La16 if is_deep_grey => pixels = grey_to_colours(&pixels, |[a, b, _, _]: [u8; 4]| cut_off([a, b])),
        ColorType::La16 => pixels = grey_to_colours(&pixels, |grey: [u8; 4]| grey[UPPER]),
        _ => return None,
    }
    Some(pixels)
}
