//! Operators that are a formula of each element, which tract has for single precision only: in double precision ours.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::infer::InferenceOp;

use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::{exactly, tensor, values};

const DOUBLES: Takes = Takes { input: 0, types: |datum_type| datum_type == DatumType::F64 };

/// A formula of one element and some parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoubleFormula<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) parameters: [f32; N],
    pub(crate) formula: fn(f64, [f64; N]) -> f64,
}

impl<const N: usize> DoubleFormula<N> {
    /// The operator: the formula for doubles, tract's for other types.
    pub(crate) fn build(self, ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
        by_type::build(ctx, node, self, DOUBLES)
    }

    /// The operator: the formula for doubles, `others` for other types.
    pub(crate) fn beside(self, others: Box<dyn InferenceOp>, node: &NodeProto) -> BuildResult {
        Ok((by_type::beside(others, node, self, DOUBLES), vec![]))
    }
}

impl<const N: usize> Kernel for DoubleFormula<N> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(self.name, inputs)?;
        Ok(tvec!(input.clone()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(self.name, &inputs)?;
        let parameters = self.parameters.map(f64::from);
        let values = values::<f64>(input)?.iter().map(|&value| (self.formula)(value, parameters));
        Ok(tvec!(tensor(input.shape(), values.collect())?))
    }
}
