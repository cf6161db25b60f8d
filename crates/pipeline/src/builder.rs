//! Binds manifest, engine, encoder and decoder, and fails if they do not fit.

use std::sync::Arc;

use ferrocast_engine::{
    Dim, EngineError, InferenceEngine, LoadOptions, ModelSource, SessionPool, Signature, TensorSpec,
};
use ferrocast_schema::{JsonLimits, Manifest, RowSchema, SchemaOptions};
use sha2::{Digest, Sha256};

use crate::decode::Decoder;
use crate::encoder::{Encoder, Kind};
use crate::infer_manifest::{infer_features, infer_manifest};
use crate::model_files::{read, read_text};
use crate::{Encoded, Examples, Loaders, ModelFiles, OpenError, Pipeline};

/// A loaded engine on its way to a [`Pipeline`].
#[derive(Debug)]
pub struct PipelineBuilder {
    engine: Arc<dyn InferenceEngine>,
    manifest: Option<Manifest>,
}

impl PipelineBuilder {
    pub(crate) fn new(engine: Arc<dyn InferenceEngine>) -> PipelineBuilder {
        PipelineBuilder { engine, manifest: None }
    }

    /// Reads and loads what the files hold.
    pub(crate) fn load(files: &ModelFiles, loaders: &Loaders) -> Result<PipelineBuilder, OpenError> {
        let manifest = files.manifest.as_deref().map(|path| read_manifest(path, files)).transpose()?;
        let section = manifest.as_ref().map(|manifest| &manifest.model);
        let path = section.map_or_else(|| files.model.clone(), |section| files.named(&section.file));
        let loader = match section {
            Some(section) => loaders.get(&section.engine),
            None => loaders.default_loader(),
        };
        let loader = loader.ok_or_else(|| OpenError::Engine {
            engine: section.map(|section| section.engine.clone()).unwrap_or_default(),
            known: loaders.names(),
        })?;
        let bytes = read(&path)?;
        if let Some(wanted) = section.and_then(|section| section.sha256.as_deref()) {
            check_digest(wanted, &bytes)?;
        }
        let name = path.to_string_lossy();
        let engine = loader.load(ModelSource { name: &name, bytes: &bytes }, &LoadOptions::default())?;
        Ok(PipelineBuilder { engine, manifest })
    }

    /// Uses `manifest` instead of one made up from the file.
    #[must_use]
    pub fn manifest(self, manifest: Manifest) -> PipelineBuilder {
        PipelineBuilder { manifest: Some(manifest), ..self }
    }

    /// Binds everything.
    ///
    /// # Errors
    /// [`OpenError`] if the parts do not fit.
    pub fn build(self) -> Result<Pipeline, OpenError> {
        let PipelineBuilder { engine, manifest } = self;
        let row_by_row = takes_one_row(engine.signature());
        let signature = if row_by_row { with_free_rows(engine.signature()) } else { engine.signature().clone() };
        let manifest = complete(manifest, &signature, engine.as_ref())?;
        let encoder = Encoder::compile(&manifest, &signature)?;
        let options = SchemaOptions { extra_fields: manifest.extra_fields, carriers: encoder.carriers() };
        let schema = RowSchema::compile(&manifest.features, &options)?;
        let example = example(&encoder, &schema)?;
        let decoder = Decoder::compile(&manifest, &signature, engine.hints())?;
        let sessions = SessionPool::new(engine);
        Ok(Pipeline { manifest, schema, example, encoder, sessions, decoder, row_by_row })
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

/// The manifest as written, or one made up from the file; features that the manifest leaves out come from the file too.
fn complete(
    manifest: Option<Manifest>,
    signature: &Signature,
    engine: &dyn InferenceEngine,
) -> Result<Manifest, OpenError> {
    let Some(mut manifest) = manifest else {
        return Ok(infer_manifest(signature, engine.hints())?);
    };
    if manifest.features.is_empty() && manifest.image.is_none() {
        infer_features(&mut manifest, signature, engine.hints())?;
    }
    Ok(manifest)
}

fn read_manifest(path: &std::path::Path, files: &ModelFiles) -> Result<Manifest, OpenError> {
    let mut manifest = Manifest::from_toml(&read_text(path)?)?;
    if let Some(file) = manifest.output.labels_file.take() {
        // Beside the manifest, which may be one folder up from the model.
        let beside_model = files.folder.join(&file);
        let path = if beside_model.is_file() { beside_model } else { path.with_file_name(&file) };
        let text = read_text(&path)?;
        manifest.output.labels =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    }
    Ok(manifest)
}

fn check_digest(wanted: &str, bytes: &[u8]) -> Result<(), OpenError> {
    let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(OpenError::Digest { found }) }
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
