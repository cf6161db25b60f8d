//! What a model expects and what it answers, in the user's words.
//!
//! - [`Manifest`] is `model.toml`, read with every problem reported at its line, and written with comments.
//! - [`TritonConfig`] is what Triton calls a model's configuration, `config.pbtxt`, as far as it matters here.
//! - [`RowSchema`] is a manifest's features compiled for speed: JSON bytes become validated columns in one pass,
//!   with all violations reported in pydantic's vocabulary.
//! - [`Prediction`] is the answer: a class, a number or a vector.
//!
//! Architecture invariant: everything here is a pure function of text. No file is opened, no tensor is built, and the
//! words "HTTP" and "status" do not occur.
//!
//! ```
//! use ferrocast_schema::{JsonLimits, Manifest, RowSchema, SchemaOptions};
//!
//! let manifest = Manifest::from_toml(
//!     r#"
//!     task = "regression"
//!     [[feature]]
//!     name  = "length_mm"
//!     type  = "float"
//!     range = { gt = 0.0 }
//!     "#,
//! )?;
//! let schema = RowSchema::compile(&manifest.features, &SchemaOptions::default())?;
//!
//! let rows = schema.parse_row(br#"{"length_mm": 39.1}"#, &JsonLimits::default()).unwrap();
//! assert_eq!(rows.len(), 1);
//!
//! let refused = schema.parse_row(br#"{"length_mm": -1}"#, &JsonLimits::default()).unwrap_err();
//! assert_eq!(refused.to_string(), "body.length_mm: Input should be greater than 0 [greater_than]");
//! # Ok::<(), ferrocast_schema::ManifestError>(())
//! ```

mod carrier;
mod example;
mod json;
mod json_schema;
mod limits;
mod loc;
mod manifest;
mod prediction;
mod row;
mod rows;
mod suggest;
mod value;
mod violation;

pub use carrier::Carrier;
pub use json::read_json;
pub use limits::JsonLimits;
pub use loc::{At, Loc, LocPart};
pub use manifest::{
    Activation, CacheSection, Encode, ExtraFields, Feature, FeatureType, Filter, ImageChannels, ImageLayout,
    ImageSection, ImageSize, InputBinding, Manifest, ManifestError, ModelSection, Normalize, OutputSection, Problem,
    Range, Resize, Scale, ServingMode, ServingSection, Task, TritonConfig, TritonTensor, VersionPolicy, Warmup,
};
pub use prediction::{Choice, ClassValue, Number, Prediction, Scores};
pub use row::{PlainJson, RowCollector, RowListSeed, RowSchema, RowSeed, SchemaOptions, SkipSeed};
pub use rows::{Column, Rows, RowsMismatch, Values};
pub use value::Value;
pub use violation::{Violation, Violations, code};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
