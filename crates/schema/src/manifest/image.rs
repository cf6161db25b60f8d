//! `[image]`: how a picture becomes a tensor.

use garde::Validate;

/// What pixels are multiplied with unless the manifest says: 0..255 to 0..1, as torchvision's `ToTensor`.
const TO_UNIT: f64 = 1.0 / 255.0;

/// How a picture is brought to size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resize {
    /// To exactly the size, whatever its proportions.
    #[default]
    Exact,
    /// Its shorter side to `shorter_side`, then the middle is cut out.
    ShorterSide,
    /// As large as fits with its proportions, then the rest is filled with `pad`.
    Fit,
}

impl Resize {
    /// All ways, with the words that name them in a manifest.
    pub const ALL: [(&'static str, Resize); 3] =
        [("exact", Resize::Exact), ("shorter-side", Resize::ShorterSide), ("fit", Resize::Fit)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Resize::Exact => "exact",
            Resize::ShorterSide => "shorter-side",
            Resize::Fit => "fit",
        }
    }
}

/// How new pixels are made out of old ones. All but [`Filter::Nearest`] are widened where a picture shrinks, so that every
/// old pixel counts (antialiasing, as in Pillow and in torchvision's transforms of pictures).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    /// The old pixel at the new one's centre.
    Nearest,
    /// Linear between two pixels: torchvision's default.
    #[default]
    Bilinear,
    /// Cubic between four pixels, with a = -0.5: Pillow's default.
    Bicubic,
    /// Lanczos over six pixels.
    Lanczos,
}

impl Filter {
    /// All filters, with the words that name them in a manifest.
    pub const ALL: [(&'static str, Filter); 4] = [
        ("nearest", Filter::Nearest),
        ("bilinear", Filter::Bilinear),
        ("bicubic", Filter::Bicubic),
        ("lanczos", Filter::Lanczos),
    ];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Filter::Nearest => "nearest",
            Filter::Bilinear => "bilinear",
            Filter::Bicubic => "bicubic",
            Filter::Lanczos => "lanczos",
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

/// Order of a picture tensor's channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageChannels {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red: as OpenCV reads pictures.
    Bgr,
}

impl ImageChannels {
    /// Both orders, with the words that name them in a manifest.
    pub const ALL: [(&'static str, ImageChannels); 2] = [("RGB", ImageChannels::Rgb), ("BGR", ImageChannels::Bgr)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            ImageChannels::Rgb => "RGB",
            ImageChannels::Bgr => "BGR",
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
    /// How new pixels are made out of old ones.
    #[garde(skip)]
    pub filter: Filter,
    /// With [`Resize::Fit`], the red, green and blue of what the picture leaves free; by default black.
    #[garde(skip)]
    pub pad: Option<[u8; 3]>,
}

impl ImageSize {
    /// What the shorter side of a picture becomes where the middle is cut out.
    pub fn shorter_side(&self) -> u32 {
        self.shorter_side.unwrap_or(self.width.max(self.height))
    }
}

impl Default for ImageSize {
    fn default() -> Self {
        ImageSize {
            width: 224,
            height: 224,
            resize: Resize::default(),
            shorter_side: None,
            filter: Filter::default(),
            pad: None,
        }
    }
}

/// `normalize` of `[image]`: `(x - mean) / std` per channel, of x as `scale` and `offset` leave it.
#[derive(Debug, Clone, Copy, PartialEq, Validate)]
pub struct Normalize {
    /// Per channel, in the order of the tensor's.
    #[garde(inner(custom(super::check::finite)))]
    pub mean: [f64; 3],
    /// Per channel, above 0.
    #[garde(inner(custom(super::check::positive)))]
    pub std: [f64; 3],
}

impl Default for Normalize {
    /// Leaves everything as it is.
    fn default() -> Self {
        Normalize { mean: [0.0; 3], std: [1.0; 3] }
    }
}

/// `[image]`.
#[derive(Debug, Clone, Copy, PartialEq, Validate)]
pub struct ImageSection {
    /// Size of the tensor's picture.
    #[garde(dive)]
    pub size: ImageSize,
    /// Order of the tensor's axes.
    #[garde(skip)]
    pub layout: ImageLayout,
    /// Order of the tensor's channels.
    #[garde(skip)]
    pub channels: ImageChannels,
    /// What pixels, 0 to 255, are multiplied with. Without effect where the model takes bytes.
    #[garde(custom(super::check::positive))]
    pub scale: f64,
    /// What is then added.
    #[garde(custom(super::check::finite))]
    pub offset: f64,
    /// What is then done to each channel.
    #[garde(dive)]
    pub normalize: Normalize,
}

impl ImageSection {
    /// Whether values are 0 to 1, as when nothing is said.
    pub fn is_plain(&self) -> bool {
        let plain = ImageSection::default();
        (self.scale, self.offset, self.normalize) == (plain.scale, plain.offset, plain.normalize)
    }
}

impl Default for ImageSection {
    fn default() -> Self {
        ImageSection {
            size: ImageSize::default(),
            layout: ImageLayout::default(),
            channels: ImageChannels::default(),
            scale: TO_UNIT,
            offset: 0.0,
            normalize: Normalize::default(),
        }
    }
}
