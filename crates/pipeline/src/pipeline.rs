//! One model, ready to predict.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ferrocast_engine::{EngineError, InferenceEngine, SessionPool, Signature, Tensor};
use ferrocast_preprocess::ImageLimits;
use ferrocast_schema::{Manifest, Prediction, RowSchema, Rows};

use crate::decode::{Class, Decoder};
use crate::encoded::join_outputs;
use crate::encoder::{Encoder, Kind};
use crate::wire::Wire;
use crate::{Encoded, Examples, Loaders, ModelFiles, OpenError, PipelineBuilder, PredictError};

/// Up to so many rows, tensors stay for the next run: what making them costs grows with the rows as little as what they hold.
const MOST_REUSED: usize = 64;

/// When the stages of a prediction were done, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Stages {
    /// Rows had become tensors.
    pub encoded_at: Instant,
    /// The model had run.
    pub ran_at: Instant,
    /// Tensors had become predictions.
    pub decoded_at: Instant,
}

/// One model, ready to predict: immutable, shared between threads.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) manifest: Manifest,
    pub(crate) schema: RowSchema,
    /// The example that the documentation shows.
    pub(crate) example: Examples,
    pub(crate) encoder: Encoder,
    pub(crate) sessions: SessionPool,
    pub(crate) decoder: Decoder,
    /// The model takes one row a run, because its first axis is fixed to one.
    pub(crate) row_by_row: bool,
    /// If callers see other shapes than the graph's.
    pub(crate) wire: Option<Wire>,
    pub(crate) notes: Vec<String>,
}

impl Pipeline {
    /// Opens a version's folder such as `models/penguins/1`, or a bare `.onnx` file: reads the manifest (or makes one up
    /// from the file), loads the model, binds both, and runs the example row.
    ///
    /// # Errors
    /// [`OpenError`] if anything of this fails: a pipeline that opens can predict.
    pub fn open(path: impl AsRef<Path>, loaders: &Loaders) -> Result<Pipeline, OpenError> {
        Pipeline::open_files(&ModelFiles::find(path.as_ref())?, loaders)
    }

    /// As [`Pipeline::open`], for files that the caller has found.
    ///
    /// # Errors
    /// As [`Pipeline::open`].
    pub fn open_files(files: &ModelFiles, loaders: &Loaders) -> Result<Pipeline, OpenError> {
        let mut pipeline = PipelineBuilder::load(files, loaders)?.build()?;
        let example = pipeline.run_example().map_err(OpenError::Example)?;
        pipeline.decoder.learn(&example);
        Ok(pipeline)
    }

    /// A pipeline around an engine that is already loaded.
    pub fn builder(engine: Arc<dyn InferenceEngine>) -> PipelineBuilder {
        PipelineBuilder::new(engine)
    }

    /// The manifest in effect: the one written, its features taken from the file if it has none; or, if there is none,
    /// one made up from the file. What a classifier chooses from is in [`Pipeline::classes`], whoever says it.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What a classifier chooses from, in the order of its probabilities: from the manifest, else from the file, else
    /// numbered. Empty for other tasks, and for a classifier that gives labels alone which nothing names beforehand.
    pub fn classes(&self) -> &[Class] {
        self.decoder.classes()
    }

    /// What [`Pipeline::classes`] are called, in their order: labels, else values. A label that several classes have has the
    /// class behind it, as in `crane (134)`, so that no two are alike.
    pub fn class_names(&self) -> &[Arc<str>] {
        self.decoder.class_names()
    }

    /// What a classifier of several labels chooses each from, in the order of its labels and of their probabilities; a
    /// list is empty where the file does not say. Nothing for models with one label, or none.
    pub fn targets(&self) -> Vec<&[Class]> {
        self.decoder.targets()
    }

    /// Whether the model takes pictures, rather than rows of features.
    pub fn takes_pictures(&self) -> bool {
        matches!(self.encoder, Encoder::Pictures(_))
    }

    /// The features, compiled: parses and validates rows. A model of pictures has none.
    pub fn schema(&self) -> &RowSchema {
        &self.schema
    }

    /// What the model accepts and returns.
    pub fn signature(&self) -> &Signature {
        self.sessions.engine().signature()
    }

    /// What callers that send tensors see of it: the [signature](Pipeline::signature), unless Triton's configuration reshapes
    /// tensors.
    pub fn wire_signature(&self) -> &Signature {
        self.wire.as_ref().map_or_else(|| self.signature(), |wire| &wire.signature)
    }

    /// Inputs that fit the [wire signature](Pipeline::wire_signature), as [`Pipeline::infer`] takes them.
    ///
    /// # Errors
    /// [`PredictError::Engine`] for tensors that do not fit.
    pub fn inputs_from_wire(&self, inputs: Encoded) -> Result<Encoded, PredictError> {
        let Some(wire) = &self.wire else { return Ok(inputs) };
        let Encoded { tensors, rows } = inputs;
        Ok(Encoded { tensors: wire.inputs_for_graph(tensors, rows).map_err(EngineError::from)?, rows })
    }

    /// Outputs of [`Pipeline::infer`] as the [wire signature](Pipeline::wire_signature) has them.
    ///
    /// # Errors
    /// [`PredictError::Engine`] for tensors that are none of its outputs.
    pub fn outputs_to_wire(&self, outputs: Vec<Tensor>, rows: usize) -> Result<Vec<Tensor>, PredictError> {
        match &self.wire {
            Some(wire) => Ok(wire.outputs_for_callers(outputs, rows).map_err(EngineError::from)?),
            None => Ok(outputs),
        }
    }

    /// What its description says and is not used, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<dyn InferenceEngine> {
        self.sessions.engine()
    }

    /// The whole path on the calling thread: one prediction for each row, in order, in one run.
    ///
    /// # Errors
    /// [`PredictError`]; validated rows of this pipeline's schema do not fail but for the model's own failures.
    pub fn predict(&self, rows: &Rows) -> Result<Vec<Prediction>, PredictError> {
        Ok(self.predict_in_stages(rows)?.0)
    }

    /// The same, with when each of the three stages was done. For few rows the memory of earlier tensors is used again.
    ///
    /// # Errors
    /// As [`Pipeline::predict`].
    pub fn predict_in_stages(&self, rows: &Rows) -> Result<(Vec<Prediction>, Stages), PredictError> {
        if self.row_by_row || rows.len() > MOST_REUSED {
            let encoded = self.encode(rows)?;
            let encoded_at = Instant::now();
            let outputs = self.infer(&encoded)?;
            let ran_at = Instant::now();
            let predictions = self.decode(&outputs, rows.len())?;
            return Ok((predictions, Stages { encoded_at, ran_at, decoded_at: Instant::now() }));
        }
        self.sessions.with(|workspace| {
            self.encoder.rows_into(rows, &mut workspace.inputs)?;
            let encoded_at = Instant::now();
            workspace.run()?;
            let ran_at = Instant::now();
            let predictions = self.decode(&workspace.outputs, rows.len())?;
            Ok((predictions, Stages { encoded_at, ran_at, decoded_at: Instant::now() }))
        })
    }

    /// The whole path of a picture, given as the bytes of a PNG, JPEG or WebP file, on the calling thread.
    ///
    /// # Errors
    /// [`PredictError::Image`] for what is no picture, or one beyond the limits; [`PredictError::TakesRows`]; and the model's
    /// own failures.
    pub fn predict_image(&self, bytes: &[u8], limits: &ImageLimits) -> Result<Vec<Prediction>, PredictError> {
        let outputs = self.infer(&self.encode_image(bytes, limits)?)?;
        self.decode(&outputs, 1)
    }

    /// Rows to tensors: the first of the three stages of [`Pipeline::predict`].
    ///
    /// # Errors
    /// [`PredictError::Encode`] for rows of another schema; [`PredictError::TakesPictures`].
    pub fn encode(&self, rows: &Rows) -> Result<Encoded, PredictError> {
        self.encoder.rows(rows)
    }

    /// A picture to tensors: the first of the three stages of [`Pipeline::predict_image`].
    ///
    /// # Errors
    /// [`PredictError::Image`]; [`PredictError::TakesRows`].
    pub fn encode_image(&self, bytes: &[u8], limits: &ImageLimits) -> Result<Encoded, PredictError> {
        self.encoder.picture(bytes, limits)
    }

    /// Tensors to tensors.
    ///
    /// # Errors
    /// [`PredictError::Engine`].
    pub fn infer(&self, encoded: &Encoded) -> Result<Vec<Tensor>, PredictError> {
        if self.row_by_row && encoded.rows != 1 {
            return self.infer_row_by_row(encoded);
        }
        Ok(self.sessions.with(|workspace| workspace.session().run(&encoded.tensors))?)
    }

    /// Tensors to predictions.
    ///
    /// # Errors
    /// [`PredictError::Decode`] if the outputs are not what the signature says.
    pub fn decode(&self, outputs: &[Tensor], rows: usize) -> Result<Vec<Prediction>, PredictError> {
        Ok(self.decoder.decode(outputs, rows)?)
    }

    /// Whether a run takes one row, so that several are run one after the other: the model's first axis is fixed to one.
    pub fn is_row_by_row(&self) -> bool {
        self.row_by_row
    }

    /// The example, `count` times: the row that the documentation shows, or a grey picture.
    pub fn examples(&self, count: usize) -> Examples {
        // Copies of one thing always join.
        let copies = match &self.example.0 {
            Kind::Rows(row) => Rows::concat((0..count).map(|_| row.clone())).and_then(Result::ok).map(Kind::Rows),
            Kind::Pictures(picture) => Encoded::join(&vec![picture.clone(); count]).ok().map(Kind::Pictures),
        };
        copies.map_or_else(|| self.example.clone(), Examples)
    }

    /// Examples to tensors. Those of pictures are tensors already.
    ///
    /// # Errors
    /// As [`Pipeline::encode`].
    pub fn encode_examples<'e>(&self, examples: &'e Examples) -> Result<Cow<'e, Encoded>, PredictError> {
        match &examples.0 {
            Kind::Rows(rows) => self.encode(rows).map(Cow::Owned),
            Kind::Pictures(pictures) => Ok(Cow::Borrowed(pictures)),
        }
    }

    /// Predicts the example, as a load does.
    ///
    /// # Errors
    /// As [`Pipeline::predict`].
    pub fn run_example(&self) -> Result<Vec<Prediction>, PredictError> {
        let encoded = self.encode_examples(&self.example)?;
        self.decode(&self.infer(&encoded)?, encoded.rows)
    }

    fn infer_row_by_row(&self, encoded: &Encoded) -> Result<Vec<Tensor>, PredictError> {
        let rows = encoded.split(&vec![1; encoded.rows]).map_err(EngineError::from)?;
        let outputs = self.sessions.with(|workspace| {
            let run = |row: &Encoded| workspace.session().run(&row.tensors);
            rows.iter().map(run).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(join_outputs(&outputs).map_err(EngineError::from)?)
    }
}
