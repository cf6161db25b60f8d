//! `Acosh` of doubles. Floats are tract's; its doubles lose digits near 1.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;

use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    DoubleFormula { name: "Acosh", parameters: [], formula: |x, []| libm::acosh(x) }.build(ctx, node)
}
