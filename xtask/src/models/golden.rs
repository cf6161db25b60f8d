//! `golden.json`: what the library that trained a model answers to given rows.

use std::{fs, path::Path};

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

/// The yardstick of one version of a model.
#[derive(Debug, Deserialize)]
pub(crate) struct Golden {
    pub(crate) model: String,
    pub(crate) version: String,
    /// Name and version.
    pub(crate) library: String,
    pub(super) tolerance: Tolerance,
    pub(crate) cases: Vec<Case>,
}

/// How far a number may be off; labels must be equal.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tolerance {
    /// In the number's own unit.
    Absolute(f64),
    /// As a share of the expected number.
    Relative(f64),
}

/// One row.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    /// The request's body.
    pub(crate) input: Value,
    pub(super) prediction: Value,
    /// What a classifier gives beside its label.
    pub(super) probability: Option<Vec<f64>>,
}

impl Golden {
    pub(crate) fn read(file: &Path) -> anyhow::Result<Golden> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no golden file", file.display()))
    }
}
