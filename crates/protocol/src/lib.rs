//! Wire formats: bytes to rows, predictions to bytes, and the one error table.
//!
//! Pure functions without any HTTP type: a status is a `u16`, a body is bytes. Each dialect has a module: [`native`] is
//! the one that people write by hand, [`oip`] that of Triton and KServe. Every dialect renders the same [`ApiError`] in its own envelope.
//!
//! ```
//! use ferrocast_protocol::native::{Limits, Served, decode_row, encode_prediction, render};
//! use ferrocast_schema::{Feature, FeatureType, Number, Prediction, RowSchema, SchemaOptions};
//!
//! let features = [Feature::new("length_mm", FeatureType::Float)];
//! let schema = RowSchema::compile(&features, &SchemaOptions::default())?;
//!
//! let rows = decode_row(br#"{"length_mm": "39.1"}"#, &schema, &Limits::default())?;
//! assert_eq!(rows.len(), 1);
//!
//! let answer = Prediction::Value(Number::F32(3.75));
//! let body = encode_prediction(&answer, Served { model: "mass", version: "1" })?;
//! assert!(body.starts_with(br#"{"prediction":3.75,"#));
//!
//! let error = decode_row(b"{}", &schema, &Limits::default()).unwrap_err();
//! assert_eq!((error.code.status(), error.code.as_str()), (422, "VALIDATION_ERROR"));
//! assert!(render(&error, "request-1").starts_with(br#"{"error":"Validation error""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Architecture Invariant:** no HTTP types; rows and answers never pass through a `serde_json::Value`.
//!
//! With the feature `openapi` the answers also derive the JSON Schemas that apistos asks for.

mod api_error;
mod error_code;
pub mod native;
pub mod oip;

pub use api_error::ApiError;
pub use error_code::{ErrorCode, error_table_markdown};

// The derives of apistos name this crate `schemars`.
#[cfg(feature = "openapi")]
extern crate apistos_schemars as schemars;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
