//! `IsInf` of doubles. Floats are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};

use crate::attributes::Attributes;
use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::{exactly, tensor, values};

const NAME: &str = "IsInf";

#[derive(Debug)]
struct IsInf {
    detects_positive: bool,
    detects_negative: bool,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let kernel = IsInf {
        detects_positive: attributes.int("detect_positive")?.unwrap_or(1) != 0,
        detects_negative: attributes.int("detect_negative")?.unwrap_or(1) != 0,
    };
    by_type::build(ctx, node, kernel, Takes { input: 0, types: |datum_type| datum_type == DatumType::F64 })
}

impl Kernel for IsInf {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        Ok(tvec!(Fact { datum_type: DatumType::Bool, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let is_found = |value: &f64| {
            (self.detects_positive && *value == f64::INFINITY) || (self.detects_negative && *value == f64::NEG_INFINITY)
        };
        Ok(tvec!(tensor(input.shape(), values::<f64>(input)?.iter().map(is_found).collect())?))
    }
}
