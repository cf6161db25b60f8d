//! A graph of row-wise operators as a straight list of steps.
//!
//! The graphs that exporters make of tabular models are a dozen tiny operators over a few values a row. Run one by one
//! by tract, each costs half a microsecond for its tensors before it computes anything. Here the graph that tract has
//! parsed, checked and simplified becomes a list of [`RowStep`]s that read and write flat buffers, which live on from
//! run to run: a logistic regression with its scaler and encoder then takes well under a microsecond a row.
//!
//! A graph qualifies if its first axis is the batch everywhere and every operator treats each row by itself. Then a
//! tensor is `rows × width` values whatever its rank, and a reshape behind the first axis is nothing at all. The steps
//! of an operator and its tract form share one computation, so both answer the same.

mod arithmetic;
mod buffer;
mod build;
mod elements;
mod inputs;
mod steps;

pub use buffer::{Buffer, View};

pub use elements::{OthersRows, RowsOf};

pub(crate) use inputs::Inputs;
pub(crate) use steps::{Pass, RowStep, convert, only};

use std::sync::Arc;

use tract_onnx::prelude::{Symbol, TractResult, TypedModel};

/// A compiled graph. Shared; what a run needs beside it is in a [`RowState`].
#[derive(Debug)]
pub struct RowProgram {
    steps: Vec<Step>,
    buffers: usize,
    outputs: Vec<Source>,
}

/// A step with the places of its operands.
#[derive(Debug)]
struct Step {
    work: Arc<dyn RowStep>,
    inputs: Vec<Operand>,
    /// Its outputs are this many buffers, beginning with `first_output`.
    outputs: usize,
    first_output: usize,
}

/// A tensor of the graph: where its values are, and how many belong to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    source: Source,
    width: usize,
}

/// Where the values of a tensor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// An input of the graph.
    Feed(usize),
    /// What a step wrote.
    Buffer(usize),
}

/// The buffers of one run at a time.
#[derive(Debug, Default)]
pub struct RowState {
    buffers: Vec<Buffer>,
}

impl RowProgram {
    /// The program of `model`, whose batch axis is the symbol `batch`; `None` if the graph does not qualify. `others` tells
    /// what operators of others compute, if they treat each row by itself.
    pub fn compile(model: &TypedModel, batch: &Symbol, others: &OthersRows<'_>) -> Option<RowProgram> {
        build::build(model, batch, others)
    }

    /// Runs `rows` rows. `feeds` are the graph's inputs, in its order, of the element types that the graph declares.
    ///
    /// # Errors
    /// For values that an operator is not defined for.
    pub fn run(&self, state: &mut RowState, rows: usize, feeds: &[View<'_>]) -> TractResult<()> {
        state.buffers.resize_with(self.buffers, Buffer::default);
        for step in &self.steps {
            // A step's outputs come after all of its inputs.
            let (before, after) = state.buffers.split_at_mut(step.first_output);
            let outputs = after.get_mut(..step.outputs).unwrap_or_default();
            step.work.run(rows, Inputs { operands: &step.inputs, feeds, buffers: before }, outputs)?;
        }
        Ok(())
    }

    /// The values of the output at `position`, after a run.
    pub fn output<'s>(&self, state: &'s RowState, feeds: &[View<'s>], position: usize) -> Option<View<'s>> {
        match *self.outputs.get(position)? {
            Source::Feed(feed) => feeds.get(feed).copied(),
            Source::Buffer(buffer) => state.buffers.get(buffer).map(Buffer::view),
        }
    }
}
