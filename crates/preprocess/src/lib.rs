//! Validated rows, and pictures, to the tensors that a model takes.
//!
//! A [`ColumnEncoder`] is compiled once from a manifest's features and a model's signature, which is where everything
//! that can be wrong with their fit is found; encoding a row then only moves numbers. Missing values are imputed, then
//! numbers are scaled and categories encoded, with the arithmetic of scikit-learn: in double precision, rounded once to
//! the tensor's type. The tests compare with scikit-learn's own answers.
//!
//! What the graph does itself (an ONNX `Scaler`, `Imputer` or `OneHotEncoder` that came along with the export) is not
//! repeated here: a manifest names only what was left out of the file.
//!
//! **Architecture Invariant:** pure functions of rows and of pictures; no I/O, no threads, no state between rows.
//!
//! ```
//! use ferrocast_engine::{Dim, Dtype, Signature, TensorSpec};
//! use ferrocast_preprocess::ColumnEncoder;
//! use ferrocast_schema::{JsonLimits, Manifest, RowSchema, SchemaOptions};
//!
//! let manifest = Manifest::from_toml(
//!     r#"
//!     manifest = 1
//!     task     = "regression"
//!     [[feature]]
//!     name  = "length_mm"
//!     type  = "float"
//!     scale = { kind = "standard", mean = 44.0, std = 5.0 }
//!     [[feature]]
//!     name       = "island"
//!     type       = "string"
//!     categories = ["Biscoe", "Dream"]
//!     encode     = "one-hot"
//!     "#,
//! )?;
//! let x = TensorSpec::new("x", Dtype::F32, vec![Dim::Batch, Dim::Fixed(3)]);
//! let encoder = ColumnEncoder::compile(&manifest.features, &manifest.inputs, &Signature::new(vec![x], vec![]))?;
//!
//! let options = SchemaOptions { carriers: encoder.carriers(), ..SchemaOptions::default() };
//! let schema = RowSchema::compile(&manifest.features, &options)?;
//! let row = schema.parse_row(br#"{"length_mm": 39, "island": "Dream"}"#, &JsonLimits::default())?;
//! assert_eq!(encoder.encode(&row)?[0].as_slice::<f32>(), Some(&[-1.0, 0.0, 1.0][..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bind;
mod carrier;
mod columns;
mod encoding;
mod error;
mod image;
mod impute;
mod one_hot;
mod ordinal;
mod scalar;
mod scaler;
mod shape;
mod step;
mod text;

pub use columns::ColumnEncoder;
pub use error::{BindError, EncodeError};
pub use image::{ImageEncoder, ImageError, ImageFormat, ImageLimits};
pub use scaler::Scaler;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
