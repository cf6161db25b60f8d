//! What describes a model beside its file: a manifest, Triton's configuration, or nothing.

use std::path::Path;

use ferrocast_engine::{InferenceEngine, Signature};
use ferrocast_schema::{Manifest, ModelSection, TritonConfig, VersionPolicy};

use crate::infer_manifest::{infer_features, infer_manifest};
use crate::model_files::MODEL;
use crate::triton;
use crate::wire::Wire;
use crate::{ModelFiles, OpenError};

/// How the names of Triton's configurations end.
const TRITON_ENDING: &str = "pbtxt";

/// What describes a model beside its file.
#[derive(Debug)]
pub(crate) enum Description {
    Nothing,
    Manifest(Box<Manifest>),
    /// With the lines of the file of labels that it names.
    Triton(TritonConfig, Vec<String>),
}

/// What a model is served by, once its file is known.
#[derive(Debug)]
pub(crate) struct Completed {
    pub(crate) manifest: Manifest,
    /// If callers send other shapes than the graph takes.
    pub(crate) wire: Option<Wire>,
    /// What was written down and not used.
    pub(crate) notes: Vec<String>,
}

impl Description {
    pub(crate) fn read(files: &ModelFiles) -> Result<Description, OpenError> {
        let Some(path) = files.manifest.as_deref() else { return Ok(Description::Nothing) };
        if is_triton(path) {
            let config = triton_config(path, &files.read_text(path)?)?;
            let file = config.outputs.iter().find_map(|output| output.labels_file.as_deref());
            let labels = file.map(|file| labels(file, path, files)).transpose()?;
            return Ok(Description::Triton(config, labels.unwrap_or_default()));
        }
        let mut manifest = Manifest::from_toml(&files.read_text(path)?)?;
        if let Some(file) = manifest.output.labels_file.take() {
            manifest.output.labels = labels(&file, path, files)?;
        }
        Ok(Description::Manifest(Box::new(manifest)))
    }

    /// The name of the model's file.
    pub(crate) fn file(&self) -> &str {
        let given = match self {
            Description::Nothing => None,
            Description::Manifest(manifest) => Some(manifest.model.file.as_str()),
            Description::Triton(config, _) => config.file.as_deref(),
        };
        given.unwrap_or(MODEL)
    }

    /// The engine that must run it, if that is said.
    pub(crate) fn engine(&self) -> Option<&str> {
        self.section().map(|section| section.engine.as_str())
    }

    /// What the model's file must hash to, if that is said.
    pub(crate) fn sha256(&self) -> Option<&str> {
        self.section().and_then(|section| section.sha256.as_deref())
    }

    /// What only a manifest of our own has.
    fn section(&self) -> Option<&ModelSection> {
        match self {
            Description::Manifest(manifest) => Some(&manifest.model),
            Description::Nothing | Description::Triton(..) => None,
        }
    }

    /// What is left out comes from the model's file, whose rows are free in `signature`.
    pub(crate) fn complete(self, signature: &Signature, engine: &dyn InferenceEngine) -> Result<Completed, OpenError> {
        let hints = engine.hints();
        let manifest = match self {
            Description::Nothing => infer_manifest(signature, hints)?,
            Description::Manifest(mut manifest) => {
                if manifest.features.is_empty() && manifest.image.is_none() {
                    infer_features(&mut manifest, signature, hints)?;
                }
                *manifest
            }
            Description::Triton(config, labels) => {
                let wire = triton::wire(&config, signature)?;
                let manifest = triton::manifest(&config, labels, signature, hints)?;
                let notes = config.unused.iter().map(|note| format!("config.pbtxt: {note}")).collect();
                return Ok(Completed { manifest, wire, notes });
            }
        };
        Ok(Completed { manifest, wire: None, notes: Vec::new() })
    }
}

/// Which versions of a model are loaded, as the text of the manifest or `config.pbtxt` says that serves all of them.
///
/// # Errors
/// [`OpenError`] for what is none.
pub fn version_policy(file: &Path, text: &str) -> Result<VersionPolicy, OpenError> {
    match is_triton(file) {
        true => Ok(triton_config(file, text)?.versions),
        false => Ok(Manifest::from_toml(text)?.versions),
    }
}

fn is_triton(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == TRITON_ENDING)
}

fn triton_config(path: &Path, text: &str) -> Result<TritonConfig, OpenError> {
    let config = TritonConfig::from_pbtxt(text).map_err(OpenError::TritonConfig)?;
    triton::check_name(&config, path)?;
    Ok(config)
}

/// The lines of a file beside the model, or beside the description, which may be one folder up.
fn labels(file: &str, description: &Path, files: &ModelFiles) -> Result<Vec<String>, OpenError> {
    let text = files.read_text(&files.beside(file, description))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
