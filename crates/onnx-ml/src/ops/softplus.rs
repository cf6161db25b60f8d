//! `Softplus`: `ln(1 + exp(x))`. tract's overflows where the answer is `x` itself.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::math::{abs, add, exp, ln, max, neg};

use crate::eager::BuildResult;
use crate::formula::{Formula, Wires};

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    // As `max(x, 0) + ln(1 + exp(-|x|))`, where nothing grows.
    let wire = |wires: &mut Wires<'_>, x, []: [f32; 0]| {
        let (zero, one) = (wires.number(0.)?, wires.number(1.)?);
        let distance = wires.apply(abs(), &[x])?;
        let distance = wires.apply(neg(), &[distance])?;
        let exponential = wires.apply(exp(), &[distance])?;
        let plus_one = wires.apply(add(), &[exponential, one])?;
        let rest = wires.apply(ln(), &[plus_one])?;
        let positive = wires.apply(max(), &[x, zero])?;
        wires.apply(add(), &[positive, rest])
    };
    Formula { name: "Softplus", parameters: [], wire }
        .with_doubles(node, |x, []| if x < 0. { x.exp().ln_1p() } else { x + (-x).exp().ln_1p() })
}
