//! `HardSigmoid`: `min(max(alpha * x + beta, 0), 1)`, and NaN of NaN. tract's is then 1.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::math::{add, mul};

use crate::attributes::Attributes;
use crate::clamp::clamp;
use crate::eager::BuildResult;
use crate::formula::{Formula, Wires};

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let (alpha, beta) = (attributes.float("alpha")?.unwrap_or(0.2), attributes.float("beta")?.unwrap_or(0.5));
    let wire = |wires: &mut Wires<'_>, x, [alpha, beta]: [f32; 2]| {
        let (alpha, beta) = (wires.number(alpha)?, wires.number(beta)?);
        let scaled = wires.apply(mul(), &[x, alpha])?;
        let shifted = wires.apply(add(), &[scaled, beta])?;
        wires.apply(clamp(Some(0.), Some(1.))?, &[shifted])
    };
    Formula { name: "HardSigmoid", parameters: [alpha, beta], wire }.boxed()
}
