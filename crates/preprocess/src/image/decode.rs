//! Files to pictures: three colours of eight bits, the right way up, as Pillow's `convert("RGB")` makes them.
//!
//! Transparency is dropped, not blended with anything; grey becomes three equal colours; of sixteen bits the upper eight
//! count, but for grey ones, of which all above 255 are white.

mod jpeg;
mod markers;
mod png;
mod vp8l;
mod webp;

use std::error::Error;

use super::format::Format;
use super::limits::ImageLimits;
use super::picture::{CHANNELS, Picture};
use super::{ImageError, orientation};

/// The picture in a file of this format.
pub(super) fn decode(format: Format, bytes: &[u8], limits: &ImageLimits) -> Result<Picture, ImageError> {
    let (picture, orientation) = match format {
        Format::Png => png::decode(bytes, limits)?,
        Format::Jpeg => jpeg::decode(bytes, limits)?,
        Format::WebP => webp::decode(bytes, limits)?,
    };
    Ok(orientation::turned(picture, orientation))
}

/// What `image` says without its own words around what the decoder of the format says.
fn reason(error: &image::ImageError) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Bytes that a picture's pixels take, of so many bytes each.
fn pixel_bytes(width: usize, height: usize, each: usize) -> usize {
    width.saturating_mul(height).saturating_mul(each)
}

/// Keeps of every `FROM` bytes those at the places `colours`, and moves them together.
fn keep_colours<const FROM: usize>(pixels: &mut Vec<u8>, colours: [usize; CHANNELS]) {
    let count = pixels.len() / FROM;
    for index in 0..count {
        let colour = colours.map(|offset| pixels.get(index * FROM + offset).copied().unwrap_or_default());
        if let Some(place) = pixels.get_mut(index * CHANNELS..(index + 1) * CHANNELS) {
            place.copy_from_slice(&colour);
        }
    }
    pixels.truncate(count * CHANNELS);
    // What is free now may be needed to turn the picture.
    pixels.shrink_to_fit();
}

/// Three equal colours of one byte out of every `FROM`.
fn grey_to_colours<const FROM: usize>(pixels: &[u8], grey: impl Fn([u8; FROM]) -> u8) -> Vec<u8> {
    let (all, _) = pixels.as_chunks::<FROM>();
    all.iter().flat_map(|&pixel| [grey(pixel); CHANNELS]).collect()
}
