//! Compiled graphs: one with a symbolic batch where that is as fast, else one for each batch size that deserves its own.
//!
//! For dense and tabular models one symbolic plan serves every batch at full speed, and so it does for convolutions of
//! our own (`ferrocast-neural`). For tract's it is ruinous (a depthwise network: 28 ms with the batch pinned to one, 135 to
//! 190 ms with it symbolic), and larger pinned batches cost more per row than one-row runs. So a model of which tract has to
//! convolve something gets plans pinned to one row and to the sizes that the caller asks for, and a batch is cut into runs of
//! these sizes. Weights are copied into each plan, so there are no more of them than these.
//!
//! The small graphs of tabular models do not need tract's executor at all: see [`RowProgram`].

use std::sync::Arc;

use ferrocast_engine::{LoadError, LoadOptions, Signature};
use ferrocast_neural::row_wise;
use ferrocast_onnx_ml::RowProgram;
use tract_onnx::prelude::{DatumType, IntoRunnable, TractError, TypedModel, TypedRunnableModel};

use crate::graph::Graph;
use crate::signature;

/// One way to run a model.
pub(crate) enum Plan {
    /// Any number of rows, as a list of row-wise steps.
    Rows(RowProgram),
    /// Any number of rows, by tract.
    Any(Arc<TypedRunnableModel>),
    /// Exactly so many rows, by tract.
    Pinned(usize, Arc<TypedRunnableModel>),
}

impl Plan {
    /// The rows of one run; `None` for any number.
    pub(crate) fn rows(&self) -> Option<usize> {
        match self {
            Plan::Rows(_) | Plan::Any(_) => None,
            Plan::Pinned(rows, _) => Some(*rows),
        }
    }
}

/// Every plan of one model, with what they have in common.
pub(crate) struct Plans {
    pub(crate) signature: Signature,
    /// The element types that tract wants for the inputs, which are narrower than the signature's for half floats.
    pub(crate) input_types: Vec<DatumType>,
    /// Largest pinned plan first, the symbolic plan last.
    plans: Vec<Plan>,
}

impl Plans {
    /// Compiles the plans that suit the graph.
    pub(crate) fn compile(graph: &Graph, options: &LoadOptions) -> Result<Plans, LoadError> {
        match graph.optimize_any() {
            Ok(Some(model)) => {
                let signature = signature::symbolic(&model, graph.batch.as_ref())?;
                // Pinned to numbers, some shapes are known that are not for a symbol.
                if graph.convolves && !signature.is_batchable() {
                    return Plans::pinned(graph, options);
                }
                let types = input_types(&model);
                let program = graph.batch.as_ref().and_then(|batch| RowProgram::compile(&model, batch, &row_wise));
                let plan = match program {
                    Some(program) => Plan::Rows(program),
                    None => Plan::Any(model.into_runnable().map_err(not_compiled)?),
                };
                Ok(Plans { signature, input_types: types, plans: vec![plan] })
            }
            Ok(None) => Plans::pinned(graph, options),
            // Some graphs compile only when the batch is a number.
            Err(_) if graph.batch.is_some() => Plans::pinned(graph, options),
            Err(cause) => Err(not_compiled(cause)),
        }
    }

    fn pinned(graph: &Graph, options: &LoadOptions) -> Result<Plans, LoadError> {
        let one = graph.optimize(1).map_err(not_compiled)?;
        // Without a plan for two rows there is no telling which axis is the batch; the model then takes one row a run.
        let signature = match graph.optimize(2) {
            Ok(two) => signature::pinned(&one, &two)?,
            Err(_) => signature::symbolic(&one, None)?,
        };
        let mut sizes: Vec<usize> = options.batch_sizes.iter().copied().filter(|&rows| rows > 1).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes.dedup();
        let types = input_types(&one);
        let mut plans = Vec::with_capacity(sizes.len() + 1);
        let mut pin = |rows, model: TypedModel| {
            plans.push(Plan::Pinned(rows, model.into_runnable().map_err(not_compiled)?));
            Ok(())
        };
        if signature.is_batchable() {
            for rows in sizes {
                pin(rows, graph.optimize(rows).map_err(not_compiled)?)?;
            }
        }
        pin(1, one)?;
        Ok(Plans { signature, input_types: types, plans })
    }

    /// All plans; positions are what [`Plans::cover`] answers.
    pub(crate) fn all(&self) -> &[Plan] {
        &self.plans
    }

    /// The position of the plan that runs `rows` rows at once, if there is one.
    pub(crate) fn at_once(&self, rows: usize) -> Option<usize> {
        self.plans.iter().position(|plan| plan.rows().is_none_or(|pinned| pinned == rows))
    }

    /// Runs of pinned plans that together make `rows` rows: each a plan's position and its rows.
    pub(crate) fn cover(&self, rows: usize) -> Vec<(usize, usize)> {
        let mut left = rows;
        let mut runs = Vec::new();
        for (ix, plan) in self.plans.iter().enumerate() {
            let pinned = plan.rows().unwrap_or(1).max(1);
            runs.extend(std::iter::repeat_n((ix, pinned), left / pinned));
            left %= pinned;
        }
        runs
    }
}

fn input_types(model: &TypedModel) -> Vec<DatumType> {
    let facts = model.inputs.iter().filter_map(|&input| model.outlet_fact(input).ok());
    facts.map(|fact| fact.datum_type).collect()
}

fn not_compiled(cause: TractError) -> LoadError {
    LoadError::Malformed(format!("{cause:#}").into())
}
