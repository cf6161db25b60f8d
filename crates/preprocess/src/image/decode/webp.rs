//! WebP, through `image`.

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;

use super::{keep_colours, pixel_bytes};
use crate::image::ImageError;
use crate::image::format::Format::WebP;
use crate::image::limits::ImageLimits;
use crate::image::orientation::of_exif;
use crate::image::picture::{CHANNELS, Picture};

/// Red, green, blue and what is transparent.
const WITH_ALPHA: usize = 4;

pub(super) fn decode(bytes: &[u8], limits: &ImageLimits) -> Result<(Picture, Orientation), ImageError> {
    let broken = |cause: image::ImageError| ImageError::broken(WebP, cause);
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let depth = usize::from(decoder.color_type().bytes_per_pixel());
    // A lossless picture is decoded into four channels and copied; a lossy one into its planes, and what is transparent of
    // it into four channels and one.
    let beside = if depth == WITH_ALPHA { 7 } else { WITH_ALPHA };
    limits.check(WebP, width, height, pixel_bytes(width, height, depth + beside))?;
    if decoder.has_animation() {
        return Err(ImageError::Animated { format: WebP });
    }
    // The decoder would decode a frame of any size before it compares it with the size of the whole.
    if frame_size(bytes).is_some_and(|size| size != [width, height]) {
        return Err(ImageError::broken(WebP, "its frame has another size"));
    }
    // The decoder would trust the length that the file gives for it.
    let orientation = of_exif(chunk(bytes, b"EXIF"));
    let mut pixels = vec![0; pixel_bytes(width, height, depth)];
    decoder.read_image(&mut pixels).map_err(broken)?;
    if depth != CHANNELS {
        keep_colours::<WITH_ALPHA>(&mut pixels, [0, 1, 2]);
    }
    let picture = Picture::new(width, height, pixels).ok_or_else(|| ImageError::broken(WebP, "pixels are missing"))?;
    Ok((picture, orientation))
}

/// The content of a chunk, if all of it is there: a file is `RIFF`, a length and `WEBP`, then chunks of a name, a length and
/// content of an even number of bytes (<https://developers.google.com/speed/webp/docs/riff_container>).
fn chunk<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    let mut rest = bytes.get(12..)?;
    loop {
        let (name, behind) = rest.split_first_chunk::<4>()?;
        let (length, behind) = behind.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let content = behind.get(..length);
        if name == wanted {
            return content;
        }
        rest = behind.get(length.checked_add(length % 2)?..)?;
    }
}

/// The size that the frame itself gives, in fourteen bits each.
fn frame_size(bytes: &[u8]) -> Option<[usize; 2]> {
    const SIDE: u32 = 0x3fff;
    if let Some(lossy) = chunk(bytes, b"VP8 ") {
        // Behind the tag and the start code of three bytes each.
        let &[w0, w1, h0, h1] = lossy.get(6..)?.first_chunk()?;
        return Some([[w0, w1], [h0, h1]].map(|side| (u32::from(u16::from_le_bytes(side)) & SIDE) as usize));
    }
    // Behind a signature of one byte, less one each.
    let sides = u32::from_le_bytes(*chunk(bytes, b"VP8L")?.get(1..)?.first_chunk()?);
    Some([sides & SIDE, (sides >> 14) & SIDE].map(|side| side as usize + 1))
}
