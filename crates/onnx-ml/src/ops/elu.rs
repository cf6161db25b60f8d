//! `Elu` of doubles: `x`, or `alpha * (exp(x) - 1)` below 0. Floats are tract's; its doubles lose digits near 0.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;

use crate::attributes::Attributes;
use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let alpha = Attributes::new(node).float("alpha")?.unwrap_or(1.);
    let formula = |x: f64, [alpha]: [f64; 1]| if x < 0. { alpha * x.exp_m1() } else { x };
    DoubleFormula { name: "Elu", parameters: [alpha], formula }.build(ctx, node)
}
