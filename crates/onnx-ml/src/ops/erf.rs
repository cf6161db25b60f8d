//! `Erf` of doubles, as the Gaussian process classifier has it. Floats are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;

use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    DoubleFormula { name: "Erf", parameters: [], formula: |x, []| libm::erf(x) }.build(ctx, node)
}
