//! `Gelu` of doubles: `x / 2 * (1 + erf(x / √2))`, or its approximation by the hyperbolic tangent. Floats are tract's.
//!
//! The formulas are those of the operator's definition in ONNX 20.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let formula: fn(f64, [f64; 0]) -> f64 = match Attributes::new(node).string("approximate")? {
        None | Some("none") => |x, []| 0.5 * x * (1.0 + libm::erf(x * FRAC_1_SQRT_2)),
        Some("tanh") => |x, []| 0.5 * x * (1.0 + (FRAC_2_PI.sqrt() * (x + 0.044_715 * x * x * x)).tanh()),
        Some(other) => bail!("Gelu: approximate is {other:?}, expected \"none\" or \"tanh\""),
    };
    DoubleFormula { name: "Gelu", parameters: [], formula }.build(ctx, node)
}
