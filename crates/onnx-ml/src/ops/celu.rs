//! `Celu`: `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`. tract forgets the factor `alpha`.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::math::{add, div, exp, mul, sub};

use crate::attributes::Attributes;
use crate::clamp::clamp;
use crate::eager::BuildResult;
use crate::formula::{Formula, Wires};

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let wire = |wires: &mut Wires<'_>, x, [alpha]: [f32; 1]| {
        let (one, alpha) = (wires.number(1.)?, wires.number(alpha)?);
        let scaled = wires.apply(div(), &[x, alpha])?;
        let exponential = wires.apply(exp(), &[scaled])?;
        let less_one = wires.apply(sub(), &[exponential, one])?;
        let negative = wires.apply(mul(), &[less_one, alpha])?;
        let negative = wires.apply(clamp(None, Some(0.))?, &[negative])?;
        let positive = wires.apply(clamp(Some(0.), None)?, &[x])?;
        wires.apply(add(), &[positive, negative])
    };
    let alpha = Attributes::new(node).float("alpha")?.unwrap_or(1.);
    Formula { name: "Celu", parameters: [alpha], wire }
        .with_doubles(node, |x, [alpha]| if x < 0. { alpha * (x / alpha).exp_m1() } else { x })
}
