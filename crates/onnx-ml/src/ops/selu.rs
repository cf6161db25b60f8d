//! `Selu`: `gamma * x`, or `gamma * alpha * (exp(x) - 1)` below 0. tract's defaults have fewer digits than those of ONNX.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::expand;
use tract_onnx::tract_hir::ops::activations;

use crate::attributes::Attributes;
use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

/// The defaults, as ONNX gives them: single precision in decimal.
const ALPHA: f32 = 1.673_263_2;
const GAMMA: f32 = 1.050_701;

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let alpha = attributes.float("alpha")?.unwrap_or(ALPHA);
    let gamma = attributes.float("gamma")?.unwrap_or(GAMMA);
    let formula = |x: f64, [alpha, gamma]: [f64; 2]| gamma * if x < 0. { alpha * x.exp_m1() } else { x };
    let floats = expand(activations::Selu(alpha, gamma));
    DoubleFormula { name: "Selu", parameters: [alpha, gamma], formula }.beside(floats, node)
}
