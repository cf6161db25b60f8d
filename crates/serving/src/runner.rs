//! A pipeline as the pool runs it: rows of several requests, one run.

use std::sync::Arc;

use ferrocast_batch::BatchRunner;
use ferrocast_engine::{EngineError, Tensor};
use ferrocast_pipeline::{Encoded, Pipeline, PredictError, join_outputs, split_outputs};

/// Runs encoded rows; encoding and decoding stay with the request.
#[derive(Debug)]
pub(crate) struct PipelineRunner {
    pub(crate) pipeline: Arc<Pipeline>,
    /// Whether rows of different requests may run together.
    pub(crate) joins: bool,
}

impl BatchRunner for PipelineRunner {
    type Item = Encoded;
    type Output = Vec<Tensor>;
    type Error = PredictError;

    fn rows(&self, item: &Encoded) -> usize {
        item.rows
    }

    fn bytes(&self, item: &Encoded) -> usize {
        item.byte_len()
    }

    fn can_join(&self, first: &Encoded, next: &Encoded) -> bool {
        self.joins && first.can_join(next)
    }

    fn split(&self, item: Encoded, max_rows: usize) -> Vec<Encoded> {
        let full = std::iter::repeat_n(max_rows, item.rows / max_rows);
        let rest = Some(item.rows % max_rows).filter(|&rows| rows > 0);
        let sizes: Vec<usize> = full.chain(rest).collect();
        // What cannot be cut runs as it is.
        item.split(&sizes).unwrap_or_else(|_| vec![item])
    }

    fn join(&self, outputs: Vec<Vec<Tensor>>) -> Result<Vec<Tensor>, PredictError> {
        Ok(join_outputs(&outputs).map_err(EngineError::from)?)
    }

    fn run(&self, items: Vec<Encoded>) -> Vec<Result<Vec<Tensor>, PredictError>> {
        if let [item] = items.as_slice() {
            return vec![self.pipeline.infer(item)];
        }
        match self.run_joined(&items) {
            Ok(outputs) => outputs.into_iter().map(Ok).collect(),
            // One of them is to blame, and it alone gets the error.
            Err(_) => items.iter().map(|item| self.pipeline.infer(item)).collect(),
        }
    }
}

impl PipelineRunner {
    fn run_joined(&self, items: &[Encoded]) -> Result<Vec<Vec<Tensor>>, PredictError> {
        let rows: Vec<usize> = items.iter().map(|item| item.rows).collect();
        let outputs = self.pipeline.infer(&Encoded::join(items).map_err(EngineError::from)?)?;
        Ok(split_outputs(&outputs, &rows).map_err(EngineError::from)?)
    }
}
