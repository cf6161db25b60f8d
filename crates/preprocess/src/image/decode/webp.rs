//! WebP, through `image`.

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;

use super::{keep_colours, pixel_bytes, reason, vp8l};
use crate::image::ImageError;
use crate::image::format::Format::WebP;
use crate::image::limits::ImageLimits;
use crate::image::orientation::of_exif;
use crate::image::picture::{CHANNELS, Picture};

/// Red, green, blue and what is transparent.
const WITH_ALPHA: usize = 4;

pub(super) fn decode(bytes: &[u8], limits: &ImageLimits) -> Result<(Picture, Orientation), ImageError> {
    let broken = |cause: image::ImageError| ImageError::broken(WebP, reason(&cause));
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let depth = usize::from(decoder.color_type().bytes_per_pixel());
    // A lossless picture is decoded into four channels and copied; a lossy one into its planes, and what is transparent of
    // it into four channels and one.
    let beside = if depth == WITH_ALPHA { 7 } else { WITH_ALPHA };
    let pixels = pixel_bytes(width, height, depth + beside);
    limits.check(WebP, width, height, pixels)?;
    if decoder.has_animation() {
        return Err(ImageError::Animated { format: WebP });
    }
    let frame = Frame::of(bytes).ok_or_else(|| ImageError::broken(WebP, "its frame has lost its end"))?;
    // The decoder would decode a frame of any size before it compares it with the size of the whole.
    if frame.size() != Some([width, height]) {
        return Err(ImageError::broken(WebP, "its frame has another size"));
    }
    let transparency = if depth == WITH_ALPHA { chunk(bytes, b"ALPH") } else { None };
    for stream in [frame.lossless_stream(), transparency.and_then(lossless_transparency)].into_iter().flatten() {
        let tables = vp8l::memory(stream, [width, height], limits.memory)
            .ok_or_else(|| ImageError::broken(WebP, "its lossless data is damaged"))?;
        limits.check(WebP, width, height, pixels + tables)?;
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

/// The chunks of a file, as far as they are whole: it is `RIFF`, a length and `WEBP`, then chunks of a name, a length and
/// content of an even number of bytes (<https://developers.google.com/speed/webp/docs/riff_container>).
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_first_chunk::<4>()?;
        let (length, behind) = behind.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let content = behind.get(..length)?;
        // A file may leave out the byte that makes its last chunk even.
        rest = behind.get(length + length % 2..).unwrap_or_default();
        Some((name, content))
    })
}

/// The content of the first chunk of this name.
fn chunk<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    chunks(bytes).find_map(|(name, content)| (name == wanted).then_some(content))
}

/// The chunk that holds the pixels.
enum Frame<'a> {
    Lossy(&'a [u8]),
    Lossless(&'a [u8]),
}

impl<'a> Frame<'a> {
    /// The first one there is: a file that has both is refused by the decoder, but for one that begins with either.
    fn of(bytes: &'a [u8]) -> Option<Frame<'a>> {
        chunks(bytes).find_map(|(name, content)| match name {
            b"VP8 " => Some(Frame::Lossy(content)),
            b"VP8L" => Some(Frame::Lossless(content)),
            _ => None,
        })
    }

    /// The size that it gives itself, in fourteen bits each.
    fn size(&self) -> Option<[usize; 2]> {
        const SIDE: u32 = 0x3fff;
        match self {
            // Behind the tag and the start code of three bytes each.
            Frame::Lossy(content) => {
                let &[w0, w1, h0, h1] = content.get(6..)?.first_chunk()?;
                Some([[w0, w1], [h0, h1]].map(|side| (u32::from(u16::from_le_bytes(side)) & SIDE) as usize))
            }
            // Behind a signature of one byte, less one each.
            Frame::Lossless(content) => {
                let sides = u32::from_le_bytes(*content.get(1..)?.first_chunk()?);
                Some([sides & SIDE, (sides >> 14) & SIDE].map(|side| side as usize + 1))
            }
        }
    }

    /// What is behind the signature and the size of a lossless one.
    fn lossless_stream(&self) -> Option<&'a [u8]> {
        match self {
            Frame::Lossy(_) => None,
            Frame::Lossless(content) => content.get(5..),
        }
    }
}

/// What is transparent is compressed like a lossless picture, behind a byte that says so.
fn lossless_transparency(content: &[u8]) -> Option<&[u8]> {
    let (head, stream) = content.split_first()?;
    (head & 0b11 == 1).then_some(stream)
}
