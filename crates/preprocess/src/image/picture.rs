//! A decoded picture.

/// Bytes of a pixel: red, green, blue.
pub(super) const CHANNELS: usize = 3;

/// Rows of pixels, top to bottom, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// A picture of these pixels, if there are as many as the size says.
    pub(super) fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Picture> {
        let fits = width.checked_mul(height)?.checked_mul(CHANNELS)? == pixels.len();
        (fits && width > 0 && height > 0).then_some(Picture { width, height, pixels })
    }

    /// A picture of the middle grey.
    pub(super) fn grey(width: usize, height: usize) -> Picture {
        Picture { width, height, pixels: vec![128; width * height * CHANNELS] }
    }

    /// Pixels across.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// All rows, one after the other.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub(super) fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// Bytes of a row.
    pub(super) fn stride(&self) -> usize {
        self.width * CHANNELS
    }
}
