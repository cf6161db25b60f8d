//! Operators that are a formula of each element, wired from tract's arithmetic so that its optimiser sees through them.

use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, SpecialOps as _, TVec, TractResult, TypedModel, tensor0, tvec};
use tract_onnx::tract_core::ops::change_axes::wire_with_rank_broadcast;
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy, check_input_arity, check_output_arity};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, TypedOp, bail, expand};

use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

/// A formula of one element and some parameters.
#[derive(Clone, Debug)]
pub(crate) struct Formula<const N: usize> {
    /// The operator's name in ONNX.
    pub(crate) name: &'static str,
    pub(crate) parameters: [f32; N],
    /// Wires `f(x)`.
    pub(crate) wire: fn(&mut Wires<'_>, OutletId, [f32; N]) -> TractResult<OutletId>,
}

impl<const N: usize> Formula<N> {
    /// The formula as the builders of tract's register return it.
    pub(crate) fn boxed(self) -> BuildResult {
        Ok((expand(self), vec![]))
    }

    /// The same, but for doubles `formula` of the same parameters, where this one loses digits.
    pub(crate) fn with_doubles(self, node: &NodeProto, formula: fn(f64, [f64; N]) -> f64) -> BuildResult {
        DoubleFormula { name: self.name, parameters: self.parameters, formula }.beside(expand(self), node)
    }
}

/// The nodes of a formula.
pub(crate) struct Wires<'m> {
    model: &'m mut TypedModel,
    prefix: &'m str,
    datum_type: DatumType,
    /// How many there are so far, as each needs a name.
    nodes: usize,
}

impl Wires<'_> {
    /// A number, in the type of the input.
    pub(crate) fn number(&mut self, value: f32) -> TractResult<OutletId> {
        let name = self.next_name();
        self.model.add_const(name, tensor0(value).cast_to_dt(self.datum_type)?.into_owned())
    }

    /// `op` of the inputs.
    pub(crate) fn apply(&mut self, op: impl Into<Box<dyn TypedOp>>, inputs: &[OutletId]) -> TractResult<OutletId> {
        let name = self.next_name();
        match *wire_with_rank_broadcast(name, self.model, op, inputs)? {
            [output] => Ok(output),
            ref outputs => bail!("{}: {} outputs where a formula has one", self.prefix, outputs.len()),
        }
    }

    fn next_name(&mut self) -> String {
        self.nodes += 1;
        format!("{}.{}", self.prefix, self.nodes)
    }
}

/// The rules of an operator whose one output has the type and shape of its one input.
pub(crate) fn same_fact<'r, 'p: 'r>(
    solver: &mut Solver<'r>,
    inputs: &'p [TensorProxy],
    outputs: &'p [TensorProxy],
) -> InferenceResult {
    check_input_arity(inputs, 1)?;
    check_output_arity(outputs, 1)?;
    for (input, output) in inputs.iter().zip(outputs) {
        solver.equals(&input.datum_type, &output.datum_type)?;
        solver.equals(&input.shape, &output.shape)?;
    }
    Ok(())
}

impl<const N: usize> Expansion for Formula<N> {
    fn name(&self) -> StaticName {
        self.name.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        same_fact(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let [x] = *inputs else { bail!("{}: has {} inputs, takes 1", self.name, inputs.len()) };
        let datum_type = model.outlet_fact(x)?.datum_type;
        Ok(tvec!((self.wire)(&mut Wires { model, prefix, datum_type, nodes: 0 }, x, self.parameters)?))
    }
}
