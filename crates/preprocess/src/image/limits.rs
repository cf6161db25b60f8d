//! What a picture may cost, checked before its pixels are touched.

use super::ImageError;
use super::format::Format;

/// Pixels of a side at least: a line is no picture.
const SHORTEST_SIDE: usize = 2;

/// What one picture may cost. A few bytes can be the head of a picture that fills all memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageLimits {
    /// Most pixels of a side.
    pub side: usize,
    /// Most pixels in all.
    pub pixels: usize,
    /// Most memory that decoding takes, in bytes: pixels, and what the decoder keeps beside them.
    pub memory: usize,
}

impl Default for ImageLimits {
    /// 8,192 pixels a side, 4096 x 4096 pixels, 128 MiB.
    fn default() -> Self {
        ImageLimits { side: 8192, pixels: 4096 * 4096, memory: 128 << 20 }
    }
}

impl ImageLimits {
    /// Whether a picture of this size, which takes so many bytes to decode, is within the limits.
    pub(super) fn check(&self, format: Format, width: usize, height: usize, bytes: usize) -> Result<(), ImageError> {
        let ImageLimits { side, pixels, memory } = *self;
        if width.max(height) > side {
            return Err(ImageError::Side { width, height, limit: side });
        }
        if width.saturating_mul(height) > pixels {
            return Err(ImageError::Pixels { width, height, limit: pixels });
        }
        if width.min(height) < SHORTEST_SIDE {
            return Err(ImageError::Thin { width, height });
        }
        if bytes > memory {
            return Err(ImageError::Memory { format, width, height, bytes, limit: memory });
        }
        Ok(())
    }
}
