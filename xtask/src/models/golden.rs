//! `golden.json`: what the library that trained a model answers to given rows.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::compare::{Answer, Tolerance};

/// The yardstick of one version of a model.
#[derive(Debug, Deserialize)]
pub(crate) struct Golden {
    pub(crate) model: String,
    pub(crate) version: String,
    /// Name and version.
    pub(crate) library: String,
    /// Which part of the matrix the model belongs to; the samples are no part of it.
    #[serde(default)]
    pub(super) family: String,
    pub(super) tolerance: Tolerance,
    /// Why ONNX Runtime does not run the file, if it does not.
    pub(super) runtime_refuses: Option<String>,
    /// Why the server does not serve the file, if it is known not to.
    pub(super) refused: Option<String>,
    pub(crate) cases: Vec<Case>,
}

/// One row.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    /// The request's body.
    pub(crate) input: Value,
    /// The library's answer.
    #[serde(flatten)]
    pub(super) expected: Answer,
    /// ONNX Runtime's answer to the exported file, where it is another: the exporter's mistake.
    pub(super) exported: Option<Answer>,
}

impl Golden {
    pub(crate) fn read(file: &Path) -> anyhow::Result<Golden> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no golden file", file.display()))
    }
}

/// Every `<models>/<name>/<version>/golden.json`, which each folder with a model must have, but for models of pictures.
pub(crate) fn read_golden(models: &Path) -> anyhow::Result<Vec<Golden>> {
    let mut found = Vec::new();
    for name in folders(models)?.into_iter().filter(|name| !takes_pictures(name)) {
        for version in folders(&name)?.into_iter().filter(|version| version.join("model.onnx").exists()) {
            found.push(Golden::read(&version.join("golden.json"))?);
        }
    }
    ensure!(!found.is_empty(), "{} holds no model", models.display());
    Ok(found)
}

/// The models whose input is pictures, by name. What they answer is compared by the check `images`.
pub(crate) fn picture_models(models: &Path) -> anyhow::Result<Vec<String>> {
    let folders = folders(models)?.into_iter().filter(|name| takes_pictures(name));
    Ok(folders.filter_map(|name| Some(name.file_name()?.to_string_lossy().into_owned())).collect())
}

fn takes_pictures(model: &Path) -> bool {
    fs::read_to_string(model.join("model.toml")).is_ok_and(|manifest| manifest.contains("\n[image]\n"))
}

fn folders(parent: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(parent).with_context(|| format!("cannot list {}", parent.display()))?;
    let mut found: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    found.retain(|path| path.is_dir());
    found.sort();
    Ok(found)
}
