//! One run at a time: check, convert, run, convert back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ferrocast_engine::{EngineError, EngineSession, Tensor};
use tract_onnx::prelude::{IntoTValue, TValue, TVec, TypedSimpleState};

use crate::convert::{from_tract, to_tract};
use crate::plans::Plans;

/// The running state of one model: for each plan that has run, tract's scratch memory.
pub(crate) struct Session {
    plans: Arc<Plans>,
    states: Vec<Option<TypedSimpleState>>,
}

impl Session {
    pub(crate) fn new(plans: Arc<Plans>) -> Session {
        let states = plans.all().iter().map(|_| None).collect();
        Session { plans, states }
    }

    /// Runs `rows` rows through the plan at position `plan`.
    fn run_plan(&mut self, plan: usize, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        // Taken out, and put back only after a run that went well: what a failed run leaves behind is not to be trusted.
        let idle = self.states.get_mut(plan).and_then(Option::take);
        let (outputs, state) = catch_unwind(AssertUnwindSafe(|| self.run_state(idle, plan, inputs)))
            .map_err(|panic| EngineError::from_panic(panic.as_ref()))?
            .map_err(EngineError::Backend)?;
        if let Some(slot) = self.states.get_mut(plan) {
            *slot = Some(state);
        }
        Ok(outputs)
    }

    fn run_state(
        &self,
        idle: Option<TypedSimpleState>,
        plan: usize,
        inputs: &[Tensor],
    ) -> Result<(Vec<Tensor>, TypedSimpleState), ferrocast_engine::BoxError> {
        let mut state = match (idle, self.plans.all().get(plan)) {
            (Some(state), _) => state,
            (None, Some(plan)) => plan.model.spawn()?,
            (None, None) => return Err("no such plan".into()),
        };
        let values: TVec<TValue> = inputs
            .iter()
            .zip(&self.plans.input_types)
            .map(|(tensor, &datum_type)| Ok(to_tract(tensor, datum_type)?.into_tvalue()))
            .collect::<Result<_, ferrocast_engine::BoxError>>()?;
        let outputs = state.run(values)?.iter().map(|value| from_tract(value)).collect::<Result<_, _>>()?;
        Ok((outputs, state))
    }
}

impl EngineSession for Session {
    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        let rows = self.plans.signature.check(inputs)?;
        let runs = self.plans.cover(rows);
        match *runs.as_slice() {
            [(plan, _)] => self.run_plan(plan, inputs),
            [] => Err(no_rows(inputs, &self.plans)),
            _ => self.run_in_parts(&runs, inputs),
        }
    }
}

impl Session {
    /// Cuts the inputs into the runs' rows and joins the outputs again.
    fn run_in_parts(&mut self, runs: &[(usize, usize)], inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        let backend = |cause: ferrocast_engine::TensorError| EngineError::Backend(cause.into());
        let sizes: Vec<usize> = runs.iter().map(|&(_, rows)| rows).collect();
        let mut columns = inputs
            .iter()
            .map(|input| Ok(input.split_rows(&sizes)?.into_iter()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(backend)?;
        let mut parts: Vec<Vec<Tensor>> = Vec::with_capacity(runs.len());
        for &(plan, _) in runs {
            let part: Vec<Tensor> = columns.iter_mut().filter_map(Iterator::next).collect();
            parts.push(self.run_plan(plan, &part)?);
        }
        (0..self.plans.signature.outputs().len())
            .map(|output| {
                let tensors: Vec<&Tensor> = parts.iter().filter_map(|part| part.get(output)).collect();
                Tensor::concat_rows(&tensors).map_err(backend)
            })
            .collect()
    }
}

/// A model of pinned plans has no plan for an empty batch.
fn no_rows(inputs: &[Tensor], plans: &Plans) -> EngineError {
    let name = plans.signature.inputs().first().map_or_else(Box::default, |spec| spec.name.clone());
    let got = inputs.first().map(Tensor::describe).unwrap_or_default();
    EngineError::Input { name, expected: "at least one row".to_owned(), got }
}
