//! What a request holds to tensors: rows of features, or a picture.

use ferrocast_engine::{Signature, Tensor};
use ferrocast_preprocess::{BindError, ColumnEncoder, ImageEncoder, ImageLimits};
use ferrocast_schema::{Carrier, Manifest, Rows};

use crate::{Encoded, PredictError};

/// The one kind of input that a model takes.
#[derive(Debug)]
pub(crate) enum Encoder {
    Rows(ColumnEncoder),
    Pictures(ImageEncoder),
}

impl Encoder {
    /// As the manifest says: a model with `[image]` takes pictures.
    pub(crate) fn compile(manifest: &Manifest, signature: &Signature) -> Result<Encoder, BindError> {
        match &manifest.image {
            Some(image) => ImageEncoder::compile(image, signature).map(Encoder::Pictures),
            None => ColumnEncoder::compile(&manifest.features, &manifest.inputs, signature).map(Encoder::Rows),
        }
    }

    /// For each feature, what the tensors that it feeds can hold.
    pub(crate) fn carriers(&self) -> Vec<Carrier> {
        match self {
            Encoder::Rows(columns) => columns.carriers(),
            Encoder::Pictures(_) => Vec::new(),
        }
    }

    pub(crate) fn rows(&self, rows: &Rows) -> Result<Encoded, PredictError> {
        let mut tensors = Vec::new();
        self.rows_into(rows, &mut tensors)?;
        Ok(Encoded { tensors, rows: rows.len() })
    }

    /// The same into tensors that were made here before, or into none.
    pub(crate) fn rows_into(&self, rows: &Rows, tensors: &mut Vec<Tensor>) -> Result<(), PredictError> {
        match self {
            Encoder::Rows(columns) => Ok(columns.encode_into(rows, tensors)?),
            Encoder::Pictures(_) => Err(PredictError::TakesPictures),
        }
    }

    pub(crate) fn picture(&self, bytes: &[u8], limits: &ImageLimits) -> Result<Encoded, PredictError> {
        match self {
            Encoder::Rows(_) => Err(PredictError::TakesRows),
            Encoder::Pictures(pictures) => Ok(Encoded { tensors: vec![pictures.encode(bytes, limits)?], rows: 1 }),
        }
    }
}

/// Input that every model has from the start: the example row that the documentation shows, or a grey picture, some times
/// over.
#[derive(Debug, Clone)]
pub struct Examples(pub(crate) Kind);

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Not encoded yet, since that is part of what a prediction costs.
    Rows(Rows),
    /// Pictures are encoded elsewhere than they are predicted.
    Pictures(Encoded),
}
