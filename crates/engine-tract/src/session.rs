//! One run at a time: check, convert, run, convert back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ferrocast_engine::{BoxError, EngineError, EngineSession, Tensor, TensorError};
use ferrocast_onnx_ml::{RowProgram, RowState, refused};
use tract_onnx::prelude::{IntoTValue, TValue, TVec, TractError, TypedSimpleState};

use crate::convert::{from_tract, to_tract, to_view, write_view};
use crate::plans::{Plan, Plans};

/// The running state of one model: for each plan that has run, its scratch memory.
pub(crate) struct Session {
    plans: Arc<Plans>,
    states: Vec<Option<State>>,
}

/// What a plan needs beside itself.
enum State {
    Rows(RowState),
    /// Half a kilobyte. It stays where it is, as each run moves its state out of the session and back.
    Graph(Box<TypedSimpleState>),
}

impl State {
    /// Whether an operator keeps what it saw for the next run, as those of loops and recurrent layers do: the next
    /// request must not meet it.
    fn remembers(&self) -> bool {
        match self {
            State::Rows(_) => false,
            State::Graph(state) => state.op_states.iter().any(Option::is_some),
        }
    }
}

impl Session {
    pub(crate) fn new(plans: Arc<Plans>) -> Session {
        let states = plans.all().iter().map(|_| None).collect();
        Session { plans, states }
    }

    /// Runs `rows` rows through the plan at position `plan`.
    fn run_plan(
        &mut self,
        plan: usize,
        rows: usize,
        inputs: &[Tensor],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), EngineError> {
        // Taken out, and put back only after a run that went well: what a failed run leaves behind is not to be trusted.
        let idle = self.states.get_mut(plan).and_then(Option::take);
        let state = catch_unwind(AssertUnwindSafe(|| self.run_state(idle, plan, rows, inputs, outputs)))
            .map_err(|panic| EngineError::from_panic(panic.as_ref()))??;
        if let Some(slot) = self.states.get_mut(plan).filter(|_| !state.remembers()) {
            *slot = Some(state);
        }
        Ok(())
    }

    fn run_state(
        &self,
        idle: Option<State>,
        plan: usize,
        rows: usize,
        inputs: &[Tensor],
        outputs: &mut Vec<Tensor>,
    ) -> Result<State, EngineError> {
        match (self.plans.all().get(plan), idle) {
            (Some(Plan::Rows(program)), idle) => {
                let mut state = if let Some(State::Rows(state)) = idle { state } else { RowState::default() };
                self.run_rows(program, &mut state, rows, inputs, outputs)?;
                Ok(State::Rows(state))
            }
            (Some(Plan::Any(model) | Plan::Pinned(_, model)), idle) => {
                let mut state =
                    if let Some(State::Graph(state)) = idle { state } else { Box::new(model.spawn().map_err(failed)?) };
                *outputs = self.run_graph(&mut state, inputs)?;
                Ok(State::Graph(state))
            }
            (None, _) => Err(EngineError::Backend("no such plan".into())),
        }
    }

    fn run_rows(
        &self,
        program: &RowProgram,
        state: &mut RowState,
        rows: usize,
        inputs: &[Tensor],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), EngineError> {
        let mut feeds = TVec::new();
        for input in inputs {
            feeds.push(to_view(input).map_err(EngineError::Backend)?);
        }
        program.run(state, rows, &feeds).map_err(failed)?;
        let specs = self.plans.signature.outputs();
        outputs.resize_with(specs.len(), Tensor::default);
        for (position, (spec, output)) in specs.iter().zip(outputs).enumerate() {
            let view = program.output(state, &feeds, position);
            let view = view.ok_or_else(|| EngineError::Backend("no such output".into()))?;
            write_view(view, rows, spec, output).map_err(EngineError::Backend)?;
        }
        Ok(())
    }

    fn run_graph(&self, state: &mut TypedSimpleState, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        let values: TVec<TValue> = inputs
            .iter()
            .zip(&self.plans.input_types)
            .map(|(tensor, &datum_type)| Ok(to_tract(tensor, datum_type)?.into_tvalue()))
            .collect::<Result<_, BoxError>>()
            .map_err(EngineError::Backend)?;
        let outputs = state.run(values).map_err(failed)?;
        outputs.iter().map(|value| from_tract(value)).collect::<Result<_, BoxError>>().map_err(EngineError::Backend)
    }
}

/// The error of a run.
fn failed(error: TractError) -> EngineError {
    match refused(&error) {
        Some(why) => EngineError::Value(why),
        None => EngineError::Backend(error.into()),
    }
}

impl EngineSession for Session {
    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        let mut outputs = Vec::new();
        self.run_into(inputs, &mut outputs)?;
        Ok(outputs)
    }

    fn run_into(&mut self, inputs: &[Tensor], outputs: &mut Vec<Tensor>) -> Result<(), EngineError> {
        let rows = self.plans.signature.check(inputs)?;
        if let Some(plan) = self.plans.at_once(rows) {
            return self.run_plan(plan, rows, inputs, outputs);
        }
        *outputs = match self.plans.cover(rows).as_slice() {
            [] => return Err(no_rows(inputs, &self.plans)),
            runs => self.run_in_parts(runs, inputs)?,
        };
        Ok(())
    }
}

impl Session {
    /// Cuts the inputs into the runs' rows and joins the outputs again.
    fn run_in_parts(&mut self, runs: &[(usize, usize)], inputs: &[Tensor]) -> Result<Vec<Tensor>, EngineError> {
        let sizes: Vec<usize> = runs.iter().map(|&(_, rows)| rows).collect();
        let mut columns = inputs
            .iter()
            .map(|input| Ok(input.split_rows(&sizes)?.into_iter()))
            .collect::<Result<Vec<_>, TensorError>>()?;
        let mut parts: Vec<Vec<Tensor>> = Vec::with_capacity(runs.len());
        for &(plan, rows) in runs {
            let part: Vec<Tensor> = columns.iter_mut().filter_map(Iterator::next).collect();
            let mut outputs = Vec::new();
            self.run_plan(plan, rows, &part, &mut outputs)?;
            parts.push(outputs);
        }
        (0..self.plans.signature.outputs().len())
            .map(|output| {
                let tensors: Vec<&Tensor> = parts.iter().filter_map(|part| part.get(output)).collect();
                Ok(Tensor::concat_rows(&tensors)?)
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
