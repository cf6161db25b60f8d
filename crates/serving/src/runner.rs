//! A pipeline as the pool runs it: rows of several requests, one run; pictures from their bytes on.

use std::sync::Arc;

use bytes::Bytes;
use ferrocast_batch::BatchRunner;
use ferrocast_engine::{EngineError, Tensor};
use ferrocast_pipeline::{Encoded, ImageLimits, Pipeline, PredictError, join_outputs, split_outputs};

use crate::decode_slots::DecodeSlots;

/// What waits for the pool. Rows are encoded by the thread of their request, as that costs next to nothing.
#[derive(Debug)]
pub(crate) enum Work {
    Rows(Encoded),
    /// A picture waits as it was sent: that takes a fraction of the memory of its tensor, and a picture that is refused or
    /// given up while it waits was never decoded.
    Picture(Bytes),
}

/// What decoding a picture may cost, for all models together.
#[derive(Debug)]
pub(crate) struct Decoding {
    pub(crate) limits: ImageLimits,
    pub(crate) slots: DecodeSlots,
}

impl Decoding {
    /// A picture's tensor, as soon as there is a slot.
    pub(crate) fn encode(&self, pipeline: &Pipeline, picture: &[u8]) -> Result<Encoded, PredictError> {
        let _slot = self.slots.take();
        pipeline.encode_image(picture, &self.limits)
    }
}

/// Runs encoded rows and pictures; decoding of answers stays with the request.
#[derive(Debug)]
pub(crate) struct PipelineRunner {
    pub(crate) pipeline: Arc<Pipeline>,
    /// Whether rows of different requests may run together.
    pub(crate) joins: bool,
    pub(crate) decoding: Arc<Decoding>,
}

type Outcome = Result<Vec<Tensor>, PredictError>;

impl BatchRunner for PipelineRunner {
    type Item = Work;
    type Output = Vec<Tensor>;
    type Error = PredictError;

    fn rows(&self, item: &Work) -> usize {
        match item {
            Work::Rows(encoded) => encoded.rows,
            Work::Picture(_) => 1,
        }
    }

    fn bytes(&self, item: &Work) -> usize {
        match item {
            Work::Rows(encoded) => encoded.byte_len(),
            Work::Picture(bytes) => bytes.len(),
        }
    }

    fn can_join(&self, first: &Work, next: &Work) -> bool {
        self.joins
            && match (first, next) {
                (Work::Rows(first), Work::Rows(next)) => first.can_join(next),
                // Those of one model become tensors of one shape.
                (Work::Picture(_), Work::Picture(_)) => true,
                _ => false,
            }
    }

    fn split(&self, item: Work, max_rows: usize) -> Vec<Work> {
        let Work::Rows(encoded) = item else { return vec![item] };
        let full = std::iter::repeat_n(max_rows, encoded.rows / max_rows);
        let rest = Some(encoded.rows % max_rows).filter(|&rows| rows > 0);
        let sizes: Vec<usize> = full.chain(rest).collect();
        match encoded.split(&sizes) {
            Ok(parts) => parts.into_iter().map(Work::Rows).collect(),
            // What cannot be cut runs as it is.
            Err(_) => vec![Work::Rows(encoded)],
        }
    }

    fn join(&self, outputs: Vec<Vec<Tensor>>) -> Outcome {
        Ok(join_outputs(&outputs).map_err(EngineError::from)?)
    }

    fn run(&self, items: Vec<Work>) -> Vec<Outcome> {
        let mut encoded = Vec::with_capacity(items.len());
        // One for each item: why it cannot be run, if it cannot.
        let mut refusals = Vec::with_capacity(items.len());
        for item in items {
            match self.encode(item) {
                Ok(item) => {
                    encoded.push(item);
                    refusals.push(None);
                }
                Err(refusal) => refusals.push(Some(refusal)),
            }
        }
        let mut outcomes = self.infer(&encoded).into_iter();
        let outcome = |refusal: Option<PredictError>| refusal.map(Err).or_else(|| outcomes.next());
        refusals.into_iter().filter_map(outcome).collect()
    }
}

impl PipelineRunner {
    fn encode(&self, item: Work) -> Result<Encoded, PredictError> {
        match item {
            Work::Rows(encoded) => Ok(encoded),
            Work::Picture(bytes) => self.decoding.encode(&self.pipeline, &bytes),
        }
    }

    fn infer(&self, items: &[Encoded]) -> Vec<Outcome> {
        if items.len() > 1
            && let Ok(outputs) = self.infer_joined(items)
        {
            return outputs.into_iter().map(Ok).collect();
        }
        // Alone, or one of them is to blame, and it alone gets the error.
        items.iter().map(|item| self.pipeline.infer(item)).collect()
    }

    fn infer_joined(&self, items: &[Encoded]) -> Result<Vec<Vec<Tensor>>, PredictError> {
        let rows: Vec<usize> = items.iter().map(|item| item.rows).collect();
        let outputs = self.pipeline.infer(&Encoded::join(items).map_err(EngineError::from)?)?;
        Ok(split_outputs(&outputs, &rows).map_err(EngineError::from)?)
    }
}
