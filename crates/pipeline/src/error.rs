//! Why a model does not open, and why a prediction fails.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use ferrocast_engine::{EngineError, LoadError};
use ferrocast_preprocess::{BindError, EncodeError, ImageError};
use ferrocast_schema::{ManifestError, Violations};

use crate::decode::DecodeError;
use crate::infer_manifest::InferError;

/// A model that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no folder and no file at the path.
    #[error("{}: no such file or folder", path.display())]
    NotFound {
        /// The path given.
        path: PathBuf,
    },
    /// A file of the model cannot be read.
    #[error("{file}: {cause}")]
    Read {
        /// The file's name, without its folder.
        file: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The manifest is wrong.
    #[error("model.toml: {0}")]
    Manifest(#[from] ManifestError),
    /// Triton's configuration is wrong.
    #[error("config.pbtxt: {0}")]
    TritonConfig(#[source] ManifestError),
    /// Triton's configuration does not fit the model, or its folder.
    #[error("config.pbtxt: {0}")]
    Triton(String),
    /// There is no manifest and none can be made up from the file.
    #[error("there is no model.toml, and the model file alone does not say enough: {0}")]
    Infer(#[from] InferError),
    /// The manifest names an engine that is not there.
    #[error("model.toml: model.engine: no engine `{engine}`; there is: {}", known.join(", "))]
    Engine {
        /// The name in the manifest.
        engine: String,
        /// The engines there are.
        known: Vec<&'static str>,
    },
    /// The manifest names an engine that could be there, and is not.
    #[error("model.toml: model.engine: no engine `{engine}` here: {why}")]
    EngineLacking {
        /// The name in the manifest.
        engine: String,
        /// Why it is not there, and what to do.
        why: String,
    },
    /// The model file is not the one that the manifest pins.
    #[error("model.toml: model.sha256: the file's SHA-256 is {found}")]
    Digest {
        /// The digest of the file, in hexadecimal digits.
        found: String,
    },
    /// No manifest pins the model file, and one must.
    #[error("no model.toml pins the file: write `sha256 = \"{digest}\"` under [model] if it is the one you mean")]
    NotPinned {
        /// The digest of the file, in hexadecimal digits.
        digest: String,
    },
    /// The engine cannot load the file.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// Features and graph inputs do not fit.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// Graph outputs and the manifest's `[output]` do not fit.
    #[error("output: {0}")]
    Output(String),
    /// The features' examples do not make a valid row.
    #[error("the features' examples do not make a valid row: {0}")]
    ExampleRow(#[source] Violations),
    /// The example row, which every model must answer, fails.
    #[error("the example row fails: {0}")]
    Example(#[source] PredictError),
}

impl OpenError {
    /// The message and those of its sources, outermost first, each told once.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let part = error.to_string();
            // Most errors repeat their source in their own message.
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            source = error.source();
        }
        text
    }
}

/// A prediction that fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// The rows cannot become tensors; rows of another schema, for instance.
    #[error("{0}")]
    Encode(#[from] EncodeError),
    /// The bytes are no picture that the model can be given.
    #[error("{0}")]
    Image(#[from] ImageError),
    /// Rows were given to a model of pictures.
    #[error("the model takes pictures, no rows of features")]
    TakesPictures,
    /// A picture was given to a model of rows.
    #[error("the model takes rows of features, no pictures")]
    TakesRows,
    /// The engine failed.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// The outputs are not what the signature says.
    #[error("{0}")]
    Decode(#[from] DecodeError),
}
