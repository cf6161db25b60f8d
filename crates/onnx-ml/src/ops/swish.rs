//! `Swish`: `x * sigmoid(alpha * x)`. tract takes `alpha` for 1.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::math::mul;
use tract_onnx::tract_core::ops::nn::sigmoid;

use crate::attributes::Attributes;
use crate::eager::BuildResult;
use crate::formula::{Formula, Wires};

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let alpha = Attributes::new(node).float("alpha")?.unwrap_or(1.);
    let wire = |wires: &mut Wires<'_>, x, [alpha]: [f32; 1]| {
        // tract's optimiser recognises the product of `x` and its sigmoid, and has a kernel for it.
        let scaled = if alpha == 1. {
            x
        } else {
            let alpha = wires.number(alpha)?;
            wires.apply(mul(), &[x, alpha])?
        };
        let gate = wires.apply(sigmoid(), &[scaled])?;
        wires.apply(mul(), &[x, gate])
    };
    Formula { name: "Swish", parameters: [alpha], wire }.with_doubles(node, |x, [alpha]| x / (1. + (-alpha * x).exp()))
}
