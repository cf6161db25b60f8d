//! `LeakyRelu` of doubles: `x`, or `alpha * x` below 0. Floats are tract's, whose matrix kernels take it in.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;

use crate::attributes::Attributes;
use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let alpha = Attributes::new(node).float("alpha")?.unwrap_or(0.01);
    let formula = |x: f64, [alpha]: [f64; 1]| if x < 0. { alpha * x } else { x };
    DoubleFormula { name: "LeakyRelu", parameters: [alpha], formula }.build(ctx, node)
}
