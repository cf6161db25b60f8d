//! `Sigmoid` of doubles. Floats are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};

use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::{exactly, tensor, values};

const NAME: &str = "Sigmoid";

#[derive(Debug)]
struct Sigmoid;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    by_type::build(ctx, node, Sigmoid, Takes { input: 0, types: |datum_type| datum_type == DatumType::F64 })
}

impl Kernel for Sigmoid {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        Ok(tvec!(input.clone()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let values = values::<f64>(input)?.iter().map(|value| 1.0 / (1.0 + (-value).exp()));
        Ok(tvec!(tensor(input.shape(), values.collect())?))
    }
}
