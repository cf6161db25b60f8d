//! JPEG, by zune-jpeg.

use image::metadata::Orientation;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::markers::Markers;
use super::pixel_bytes;
use crate::image::ImageError;
use crate::image::format::Format::Jpeg;
use crate::image::limits::ImageLimits;
use crate::image::orientation::of_exif;
use crate::image::picture::{CHANNELS, Picture};

/// Encoders make about ten. Each goes through the whole picture.
const MOST_SCANS: usize = 40;

pub(super) fn decode(bytes: &[u8], limits: &ImageLimits) -> Result<(Picture, Orientation), ImageError> {
    let markers = Markers::read(bytes).map_err(|reason| ImageError::broken(Jpeg, reason))?;
    let (width, height) = (markers.width, markers.height);
    let memory = pixel_bytes(width, height, CHANNELS).saturating_add(markers.coefficient_bytes());
    limits.check(Jpeg, width, height, memory)?;
    // The decoder would fill up with grey what is missing, as it does, like Pillow, for a file that marks its end too early.
    if !markers.has_end {
        return Err(ImageError::broken(Jpeg, "its end is missing"));
    }
    let broken = |cause: DecodeErrors| ImageError::broken(Jpeg, cause);
    let options = DecoderOptions::new_fast()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(limits.side)
        .set_max_height(limits.side)
        .jpeg_set_max_scans(MOST_SCANS)
        // Bytes between its parts do no harm; cameras leave some. The decoder takes them for damage.
        .set_strict_mode(!markers.has_stray_bytes);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let orientation = of_exif(decoder.exif().map(Vec::as_slice));
    let mut pixels = vec![0; pixel_bytes(width, height, CHANNELS)];
    if decoder.output_buffer_size() != Some(pixels.len()) {
        return Err(ImageError::broken(Jpeg, "its size is not clear"));
    }
    decoder.decode_into(&mut pixels).map_err(broken)?;
    let picture = Picture::new(width, height, pixels).ok_or_else(|| ImageError::broken(Jpeg, "pixels are missing"))?;
    Ok((picture, orientation))
}
