//! `[image]`: how a picture becomes a tensor.

use garde::Validate;

/// How a picture is brought to size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resize {
    /// To exactly the size, whatever its proportions.
    #[default]
    Exact,
    /// Its shorter side to `shorter_side`, then the middle is cut out.
    ShorterSide,
}

impl Resize {
    /// Both ways, with the words that name them in a manifest.
    pub const ALL: [(&'static str, Resize); 2] = [("exact", Resize::Exact), ("shorter-side", Resize::ShorterSide)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Resize::Exact => "exact",
            Resize::ShorterSide => "shorter-side",
        }
    }
}

/// Order of a picture tensor's axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageLayout {
    /// Batch, channel, row, column: as PyTorch exports.
    #[default]
    Nchw,
    /// Batch, row, column, channel: as TensorFlow exports.
    Nhwc,
}

impl ImageLayout {
    /// Both layouts, with the words that name them in a manifest.
    pub const ALL: [(&'static str, ImageLayout); 2] = [("NCHW", ImageLayout::Nchw), ("NHWC", ImageLayout::Nhwc)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            ImageLayout::Nchw => "NCHW",
            ImageLayout::Nhwc => "NHWC",
        }
    }
}

/// `size` of `[image]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Validate)]
pub struct ImageSize {
    /// Pixels across.
    #[garde(range(min = 1, max = 8192))]
    pub width: u32,
    /// Pixels down.
    #[garde(range(min = 1, max = 8192))]
    pub height: u32,
    /// How a picture of another size gets there.
    #[garde(skip)]
    pub resize: Resize,
    /// With [`Resize::ShorterSide`], what the shorter side becomes before the middle is cut out; by default the larger
    /// of width and height.
    #[garde(inner(range(min = 1, max = 8192)))]
    pub shorter_side: Option<u32>,
}

impl Default for ImageSize {
    fn default() -> Self {
        ImageSize { width: 224, height: 224, resize: Resize::Exact, shorter_side: None }
    }
}

/// `normalize` of `[image]`: `(x - mean) / std` per channel, of x in 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Validate)]
pub struct Normalize {
    /// Per channel: red, green, blue.
    #[garde(inner(custom(super::check::finite)))]
    pub mean: [f64; 3],
    /// Per channel, above 0.
    #[garde(inner(custom(super::check::positive)))]
    pub std: [f64; 3],
}

impl Default for Normalize {
    /// Leaves 0..1 as it is.
    fn default() -> Self {
        Normalize { mean: [0.0; 3], std: [1.0; 3] }
    }
}

/// `[image]`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Validate)]
pub struct ImageSection {
    /// Size of the tensor's picture.
    #[garde(dive)]
    pub size: ImageSize,
    /// Order of the tensor's axes.
    #[garde(skip)]
    pub layout: ImageLayout,
    /// What is done to each channel.
    #[garde(dive)]
    pub normalize: Normalize,
}
