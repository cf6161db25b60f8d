//! A loaded model.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ferrocast_engine::{EngineError, EngineSession, InferenceEngine, LoadError, ModelHints, Signature, Tensor};
use ort::session::Session;
use ort::value::TensorElementType;

use crate::output::Output;
use crate::session::SharedSession;
use crate::{convert, signature};

/// A model in ONNX Runtime, shared by all of its sessions.
pub(crate) struct OrtEngine {
    name: Box<str>,
    hints: ModelHints,
    model: Arc<Model>,
}

/// What a run needs.
pub(crate) struct Model {
    pub(crate) signature: Signature,
    /// The element types of the inputs in the graph, which may be narrower than those of the signature.
    input_types: Vec<TensorElementType>,
    outputs: Vec<Output>,
    /// One for all. In ONNX Runtime the weights are a session's own, and `ort` takes a session exclusively for a run, because parts
    /// of ONNX Runtime have turned out not to be safe otherwise. A session for each caller would hold the weights as often (measured:
    /// 42 MB more for a file of 18 MB); so runs of a model take turns, and each is spread over the threads of the [`Runtime`].
    ///
    /// [`Runtime`]: crate::Runtime
    session: Mutex<Session>,
}

impl OrtEngine {
    pub(crate) fn new(name: &str, session: Session, hints: ModelHints) -> Result<OrtEngine, LoadError> {
        let outputs =
            session.outputs().iter().map(|outlet| Output::of(outlet, &hints)).collect::<Result<Vec<_>, _>>()?;
        let (signature, input_types) = signature::read(session.inputs(), session.outputs(), &outputs)?;
        let model = Model { signature, input_types, outputs, session: Mutex::new(session) };
        Ok(OrtEngine { name: name.into(), hints, model: Arc::new(model) })
    }
}

impl Model {
    /// Runs `rows` rows. Waits for other runs of the model.
    pub(crate) fn run(&self, rows: usize, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        let feeds = inputs.iter().zip(&self.input_types).map(|(tensor, &wanted)| convert::to_ort(tensor, wanted));
        let feeds = feeds.collect::<Result<Vec<_>, _>>()?;
        // A run keeps nothing in the session: one that panicked leaves it as it was.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let values = session.run(feeds.as_slice()).map_err(convert::failed)?;
        let outputs = self.outputs.iter().zip(self.signature.outputs()).zip(values.values());
        outputs.map(|((output, spec), value)| output.read(&value, rows, spec)).collect()
    }
}

impl fmt::Debug for OrtEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrtEngine").field("name", &self.name).finish_non_exhaustive()
    }
}

impl InferenceEngine for OrtEngine {
    fn signature(&self) -> &Signature {
        &self.model.signature
    }

    fn session(&self) -> Result<Box<dyn EngineSession>, EngineError> {
        Ok(Box::new(SharedSession(Arc::clone(&self.model))))
    }

    fn hints(&self) -> &ModelHints {
        &self.hints
    }
}
