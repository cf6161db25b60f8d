//! Pictures to tensors, to the number as Pillow and torchvision make them.
//!
//! A service that moves here must answer as before, so the arithmetic is that of what it used: Pillow's resampling with its
//! antialiasing and its rounding ([`resample`], [`weights`]), torchvision's geometry ([`geometry`]) and its `ToTensor` and
//! `Normalize` ([`values`]). PNG and lossless WebP give the very same tensors; JPEG and lossy WebP differ by what decoders may
//! differ by. `cargo xtask ci --only images` compares them with Pillow's over some hundreds of pictures.
//!
//! Decoders are crates. The JPEG decoder is called without `image` between, which would read files that have lost their end
//! (they are refused here) and copy them. Resampling is ours: fast_image_resize rounds its weights to 16 bits, so that 10 to
//! 20 % of its pixels are off by one, and it does not stop at the part of a picture that is wanted.

mod decode;
mod error;
mod format;
mod geometry;
mod limits;
mod orientation;
mod picture;
mod resample;
mod values;
mod weights;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorError, TensorSpec};
use ferrocast_schema::{ImageLayout, ImageSection};

use self::format::Format;
use self::geometry::Geometry;
use self::picture::Picture;
use self::resample::resample;
use self::values::Values;
use crate::BindError;

pub use error::ImageError;
pub use format::Format as ImageFormat;
pub use limits::ImageLimits;

/// Encoded picture bytes to the tensor that a model takes.
///
/// Shareable between threads: encoding changes nothing in it.
#[derive(Debug)]
pub struct ImageEncoder {
    section: ImageSection,
    values: Kind,
}

/// What the tensor holds.
#[derive(Debug)]
enum Kind {
    Floats(Values<f32>),
    Bytes(Values<u8>),
}

impl ImageEncoder {
    /// An encoder for the input of `signature`, which must be the only one.
    ///
    /// # Errors
    /// [`BindError::Pictures`] if the input does not take pictures of this size and layout.
    pub fn compile(section: &ImageSection, signature: &Signature) -> Result<ImageEncoder, BindError> {
        let [input] = signature.inputs() else {
            let names: Vec<&str> = signature.inputs().iter().map(|input| &*input.name).collect();
            let reason = format!("a model of pictures has one input, this one has {}", names.join(", "));
            return Err(BindError::Pictures { reason });
        };
        check_shape(section, input)?;
        let values = match input.dtype {
            Dtype::F32 => Kind::Floats(Values::of_floats(section)),
            Dtype::U8 if section.is_plain() => Kind::Bytes(Values::of_bytes(section)),
            Dtype::U8 => {
                let reason = "it takes bytes as they are: remove `scale`, `offset` and `normalize`";
                return Err(BindError::Pictures { reason: format!("input `{}`: {reason}", input.name) });
            }
            other => {
                let reason = format!("input `{}` holds {other}; pictures are FP32 or UINT8", input.name);
                return Err(BindError::Pictures { reason });
            }
        };
        Ok(ImageEncoder { section: *section, values })
    }

    /// The shape of one picture's tensor: `[1, 3, height, width]` or `[1, height, width, 3]`.
    pub fn shape(&self) -> [usize; 4] {
        shape_of(&self.section)
    }

    /// The tensor of one picture, `[1, …]`.
    ///
    /// # Errors
    /// [`ImageError`]: whatever the bytes are, it is they that are at fault.
    pub fn encode(&self, bytes: &[u8], limits: &ImageLimits) -> Result<Tensor, ImageError> {
        let format = Format::of(bytes)?;
        // Decoders are large, and meant for friendly files: what one of them panics about is no picture.
        let picture = catch_unwind(AssertUnwindSafe(|| decode::decode(format, bytes, limits)))
            .unwrap_or_else(|_| Err(ImageError::broken(format, "its decoder gave up")))?;
        self.encode_picture(&picture).map_err(|cause| ImageError::broken(format, cause))
    }

    /// The tensor of a grey picture: what a model is tried on before there is a real one.
    ///
    /// # Errors
    /// If the tensor would be larger than memory can address.
    pub fn example(&self) -> Result<Tensor, TensorError> {
        let size = self.section.size;
        self.encode_picture(&Picture::grey(size.width as usize, size.height as usize))
    }

    fn encode_picture(&self, picture: &Picture) -> Result<Tensor, TensorError> {
        match &self.values {
            Kind::Floats(values) => Tensor::from_vec(&self.shape(), self.resized(picture, values)),
            Kind::Bytes(values) => Tensor::from_vec(&self.shape(), self.resized(picture, values)),
        }
    }

    /// Resizes and writes every pixel to its place as soon as it is known.
    fn resized<T: Copy>(&self, picture: &Picture, values: &Values<T>) -> Vec<T> {
        let size = self.section.size;
        let geometry = Geometry::of(&size, picture.width(), picture.height());
        let mut tensor = values.padded(&size);
        resample(picture, &geometry, size.filter, |row, pixels| {
            values.write_row(&mut tensor, &size, geometry.across.place, geometry.down.place + row, pixels);
        });
        tensor
    }
}

fn shape_of(section: &ImageSection) -> [usize; 4] {
    let (width, height) = (section.size.width as usize, section.size.height as usize);
    match section.layout {
        ImageLayout::Nchw => [1, 3, height, width],
        ImageLayout::Nhwc => [1, height, width, 3],
    }
}

/// Whether the input takes tensors of the manifest's shape; free axes take any size.
fn check_shape(section: &ImageSection, input: &TensorSpec) -> Result<(), BindError> {
    let [_, wanted @ ..] = shape_of(section);
    let fits = match input.shape.as_slice() {
        [Dim::Fixed(1) | Dim::Batch, axes @ ..] => {
            axes.len() == wanted.len()
                && axes.iter().zip(wanted).all(|(axis, wanted)| !matches!(axis, Dim::Fixed(size) if *size != wanted))
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let shape: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let reason = format!(
        "[image] makes tensors of the shape [batch, {}] ({}), but the model takes {input}; see `size` and `layout`",
        shape.join(", "),
        section.layout.as_str()
    );
    Err(BindError::Pictures { reason })
}

#[cfg(test)]
mod tests;
