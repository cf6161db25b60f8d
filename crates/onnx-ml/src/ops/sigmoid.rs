//! `Sigmoid` of doubles. Floats are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;

use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    DoubleFormula { name: "Sigmoid", formula: |value| 1.0 / (1.0 + (-value).exp()) }.build(ctx, node)
}
