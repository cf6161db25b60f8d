//! `Round` of doubles, to the nearest integer and from halfway to the even one. Floats are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;

use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    DoubleFormula { name: "Round", parameters: [], formula: |x, []| x.round_ties_even() }.build(ctx, node)
}
