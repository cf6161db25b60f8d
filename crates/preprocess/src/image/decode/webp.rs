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
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let depth = usize::from(decoder.color_type().bytes_per_pixel());
    // Without transparency, a lossless picture is decoded into four channels and copied, a lossy one into its planes.
    let beside = if depth == WITH_ALPHA { 2 } else { WITH_ALPHA };
    limits.check(WebP, width, height, pixel_bytes(width, height, depth + beside))?;
    if decoder.has_animation() {
        return Err(ImageError::Animated { format: WebP });
    }
    let orientation = of_exif(decoder.exif_metadata().ok().flatten().as_deref());
    let mut pixels = vec![0; pixel_bytes(width, height, depth)];
    decoder.read_image(&mut pixels).map_err(broken)?;
    if depth != CHANNELS {
        keep_colours::<WITH_ALPHA>(&mut pixels, [0, 1, 2]);
    }
    let picture = Picture::new(width, height, pixels).ok_or_else(|| ImageError::broken(WebP, "pixels are missing"))?;
    Ok((picture, orientation))
}
