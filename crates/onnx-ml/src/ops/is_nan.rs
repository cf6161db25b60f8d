//! `IsNaN` of doubles. Floats are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};

use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::{exactly, tensor, values};

const NAME: &str = "IsNaN";

#[derive(Debug)]
struct IsNan;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    by_type::build(ctx, node, IsNan, Takes { input: 0, types: |datum_type| datum_type == DatumType::F64 })
}

impl Kernel for IsNan {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        Ok(tvec!(Fact { datum_type: DatumType::Bool, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        Ok(tvec!(tensor(input.shape(), values::<f64>(input)?.iter().map(|value| value.is_nan()).collect())?))
    }
}
