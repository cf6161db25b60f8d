//! The two traits that make a backend, and the one that makes it loadable.

use std::fmt;
use std::sync::Arc;

use crate::{EngineError, Inspection, LoadError, ModelHints, Signature, Tensor};

/// Where a model comes from: always bytes, never a path, so that a loader opens no file of its own.
#[derive(Clone, Copy)]
pub struct ModelSource<'a> {
    /// What to call the model in errors and logs.
    pub name: &'a str,
    /// The whole file.
    pub bytes: &'a [u8],
}

impl fmt::Debug for ModelSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelSource").field("name", &self.name).field("bytes", &self.bytes.len()).finish()
    }
}

/// What a caller may ask of a load.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Batch sizes for which a plan of its own is compiled at load, where the backend finds that one pays.
    /// Others are compiled when first met or served by a general plan.
    pub batch_sizes: Vec<usize>,
}

/// Turns model bytes into an engine. One for each backend, chosen by name in the manifest.
pub trait EngineLoader: fmt::Debug + Send + Sync {
    /// The name that a manifest uses.
    fn name(&self) -> &'static str;

    /// Parses, checks and optimises. May take seconds; call it off the request path.
    ///
    /// # Errors
    /// [`LoadError`]; unsupported operators are listed all at once. Never panics, whatever the bytes.
    fn load(&self, source: ModelSource<'_>, options: &LoadOptions) -> Result<Arc<dyn InferenceEngine>, LoadError>;

    /// Reads what the file says of itself, without loading it: also for files that do not load.
    ///
    /// # Errors
    /// [`LoadError::Malformed`] if the bytes are not a model at all. Never panics, whatever the bytes.
    fn inspect(&self, source: ModelSource<'_>) -> Result<Inspection, LoadError>;
}

/// A loaded model: immutable and shared.
pub trait InferenceEngine: fmt::Debug + Send + Sync {
    /// What the model accepts and returns.
    fn signature(&self) -> &Signature;

    /// A mutable scratchpad bound to this engine. Cheap (microseconds); reuse it anyway.
    ///
    /// # Errors
    /// [`EngineError::Backend`] if the backend cannot give one.
    fn session(&self) -> Result<Box<dyn EngineSession>, EngineError>;

    /// Facts that the file carries beside the graph.
    fn hints(&self) -> &ModelHints;

    /// Bytes held by weights and compiled plans, if the backend knows.
    fn resident_bytes(&self) -> Option<u64> {
        None
    }

    /// A one-off run; inputs and outputs in signature order.
    ///
    /// # Errors
    /// As [`EngineSession::run`].
    fn infer(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        self.session()?.run(inputs)
    }
}

/// One run at a time, from one thread at a time; may move between threads between runs.
pub trait EngineSession: Send {
    /// Runs the model. Inputs and outputs are in signature order; the inputs stay the caller's, since a backend copies
    /// them into memory of its own alignment in any case.
    ///
    /// # Errors
    /// [`EngineError::Input`] or [`EngineError::InputCount`] for tensors that do not fit the signature, before the
    /// backend sees them; [`EngineError::Backend`] and [`EngineError::Panicked`] when the run itself fails.
    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError>;

    /// The same into the tensors of an earlier run, whose memory is used again where the backend can.
    ///
    /// # Errors
    /// As [`EngineSession::run`]; what is in `outputs` then is of no run.
    fn run_into(&mut self, inputs: &[Tensor], outputs: &mut Vec<Tensor>) -> Result<(), EngineError> {
        *outputs = self.run(inputs)?;
        Ok(())
    }
}
