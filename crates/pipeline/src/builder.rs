//! Binds manifest, engine, encoder and decoder, and fails if they do not fit.

use std::sync::Arc;

use ferrocast_engine::{
    Dim, EngineError, InferenceEngine, LoadOptions, ModelSource, SessionPool, Signature, TensorSpec,
};
use ferrocast_schema::{JsonLimits, Manifest, RowSchema, SchemaOptions};
use sha2::{Digest, Sha256};

use crate::decode::Decoder;
use crate::description::{Completed, Description};
use crate::encoder::{Encoder, Kind};
use crate::{Encoded, Examples, Loaders, ModelFiles, OpenError, Pipeline};

/// A loaded engine on its way to a [`Pipeline`].
#[derive(Debug)]
pub struct PipelineBuilder {
    engine: Arc<dyn InferenceEngine>,
    description: Description,
}

impl PipelineBuilder {
    pub(crate) fn new(engine: Arc<dyn InferenceEngine>) -> PipelineBuilder {
        PipelineBuilder { engine, description: Description::Nothing }
    }

    /// Reads and loads what the files hold.
    pub(crate) fn load(files: &ModelFiles, loaders: &Loaders) -> Result<PipelineBuilder, OpenError> {
        let description = Description::read(files)?;
        let path = files.named(description.file());
        let loader = loaders.choose(description.engine())?;
        let bytes = files.read_model(&path)?;
        match description.sha256() {
            Some(wanted) => check_digest(wanted, &bytes)?,
            None if files.require_sha256 => return Err(OpenError::NotPinned { digest: digest(&bytes) }),
            None => {}
        }
        let name = path.to_string_lossy();
        let engine = loader.load(ModelSource { name: &name, bytes: &bytes }, &LoadOptions::default())?;
        Ok(PipelineBuilder { engine, description })
    }

    /// Uses `manifest` instead of one made up from the file.
    #[must_use]
    pub fn manifest(self, manifest: Manifest) -> PipelineBuilder {
        PipelineBuilder { description: Description::Manifest(Box::new(manifest)), ..self }
    }

    /// Binds everything.
    ///
    /// # Errors
    /// [`OpenError`] if the parts do not fit.
    pub fn build(self) -> Result<Pipeline, OpenError> {
        let PipelineBuilder { engine, description } = self;
        let row_by_row = takes_one_row(engine.signature());
        let signature = if row_by_row { with_free_rows(engine.signature()) } else { engine.signature().clone() };
        let Completed { manifest, wire, notes } = description.complete(&signature, engine.as_ref())?;
        let encoder = Encoder::compile(&manifest, &signature)?;
        let options = SchemaOptions { extra_fields: manifest.extra_fields, carriers: encoder.carriers() };
        let schema = RowSchema::compile(&manifest.features, &options)?;
        let example = example(&encoder, &schema)?;
        let decoder = Decoder::compile(&manifest, &signature, engine.hints())?;
        let sessions = SessionPool::new(engine);
        Ok(Pipeline { manifest, schema, example, encoder, sessions, decoder, row_by_row, wire, notes })
    }
}

/// What a model is tried with: a row of the features' examples, or a grey picture.
fn example(encoder: &Encoder, schema: &RowSchema) -> Result<Examples, OpenError> {
    Ok(Examples(match encoder {
        Encoder::Rows(_) => {
            let row = schema.parse_row(schema.example().to_string().as_bytes(), &JsonLimits::default());
            Kind::Rows(row.map_err(OpenError::ExampleRow)?)
        }
        Encoder::Pictures(pictures) => {
            let tensor = pictures.example().map_err(|cause| OpenError::Example(EngineError::from(cause).into()))?;
            Kind::Pictures(Encoded { tensors: vec![tensor], rows: 1 })
        }
    }))
}

fn check_digest(wanted: &str, bytes: &[u8]) -> Result<(), OpenError> {
    let found = digest(bytes);
    if found.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(OpenError::Digest { found }) }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the first axis of everything is fixed to one: an export without a free batch axis.
fn takes_one_row(signature: &Signature) -> bool {
    let one = |spec: &TensorSpec| spec.shape.first() == Some(&Dim::Fixed(1));
    !signature.inputs().is_empty() && signature.inputs().iter().chain(signature.outputs()).all(one)
}

/// The same signature with a free first axis: what callers see, who send any number of rows.
fn with_free_rows(signature: &Signature) -> Signature {
    let free = |specs: &[TensorSpec]| {
        let freed = specs.iter().cloned().map(|mut spec| {
            if let Some(first) = spec.shape.first_mut() {
                *first = Dim::Batch;
            }
            spec
        });
        freed.collect()
    };
    Signature::new(free(signature.inputs()), free(signature.outputs()))
}
