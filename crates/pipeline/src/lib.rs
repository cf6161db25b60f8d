//! One model: rows or a picture in, predictions out, on the calling thread.
//!
//! A [`Pipeline`] binds a manifest, an encoder, an engine and a decoder at load time and fails *then* if they do not
//! fit. It is the crate to embed: no async, no server, no global state.
//!
//! ```
//! use ferrocast_engine_tract::TractLoader;
//! use ferrocast_pipeline::{Loaders, Pipeline};
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
//! # let folder = format!("{models}/penguins/1");
//!
//! // let folder = "models/penguins/1";
//! let pipeline = Pipeline::open(folder, &Loaders::new().with(TractLoader::new()))?;
//! let penguin = br#"{"bill_length_mm": 50.0, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218}"#;
//! let rows = pipeline.schema().parse_row(penguin, &Default::default())?;
//! let predictions = pipeline.predict(&rows)?;
//! assert_eq!(predictions[0].to_string(), "Gentoo");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Architecture Invariant:** knows no backend; the caller brings the loaders.

mod advice;
mod builder;
mod decode;
mod description;
mod encoded;
mod encoder;
mod error;
mod infer_manifest;
mod loaders;
mod model_files;
mod pipeline;
mod triton;
mod wire;

pub use advice::{advice, told};
pub use builder::PipelineBuilder;
pub use decode::{Class, DecodeError};
pub use description::version_policy;
pub use encoded::{Encoded, join_outputs, split_outputs};
pub use encoder::Examples;
pub use error::{OpenError, PredictError};
pub use ferrocast_preprocess::{EncodeError, ImageError, ImageLimits};
pub use infer_manifest::{InferError, infer_manifest, infer_picture_manifest};
pub use loaders::Loaders;
pub use model_files::ModelFiles;
pub use pipeline::{Pipeline, Stages};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
