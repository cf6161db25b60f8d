//! `Clip`: `min(max(x, low), high)`, and NaN of NaN. tract's is then a bound. Integers are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, OutletId, SpecialOps as _, TVec, TractResult, TypedModel, tensor0, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::clamp::{clamp, constant_bound};
use crate::eager::BuildResult;
use crate::extreme::Extreme;
use crate::rewired::{self, Wiring};

const NAME: &str = "Clip";

/// Where the two bounds are.
#[derive(Debug)]
enum Clip {
    /// In attributes, before version 11.
    Attributes([Option<f32>; 2]),
    /// In inputs, which the model has at these positions.
    Inputs([Option<usize>; 2]),
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let bounds = if ctx.onnx_operator_set_version < 11 {
        let attributes = Attributes::new(node);
        Clip::Attributes([attributes.float("min")?, attributes.float("max")?])
    } else {
        let named = |position: usize| node.input.get(position).is_some_and(|name| !name.is_empty());
        // An input that the node leaves out has no position.
        let low = named(1).then_some(1);
        Clip::Inputs([low, named(2).then_some(1 + usize::from(low.is_some()))])
    };
    rewired::build(ctx, node, bounds)
}

impl Clip {
    /// The two bounds as parts of the graph.
    fn outlets(
        &self,
        name: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
        datum_type: DatumType,
    ) -> TractResult<[Option<OutletId>; 2]> {
        let mut outlets = [None, None];
        for (side, (outlet, label)) in outlets.iter_mut().zip(["low", "high"]).enumerate() {
            *outlet = match self {
                Clip::Inputs(positions) => {
                    positions.get(side).copied().flatten().and_then(|position| inputs.get(position).copied())
                }
                Clip::Attributes(values) => match values.get(side).copied().flatten() {
                    Some(value) => {
                        let value = tensor0(value).cast_to_dt(datum_type)?.into_owned();
                        Some(model.add_const(format!("{name}.{label}.bound"), value)?)
                    }
                    None => None,
                },
            };
        }
        Ok(outlets)
    }
}

impl Wiring for Clip {
    fn takes(&self, datum_type: DatumType) -> bool {
        datum_type.is_float()
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let Some(&input) = inputs.first() else { bail!("{NAME}: no input") };
        let datum_type = model.outlet_fact(input)?.datum_type;
        let [low, high] = self.outlets(name, model, inputs, datum_type)?;
        let known = |outlet: Option<OutletId>| outlet.map_or(Ok(None), |outlet| constant_bound(model, outlet));
        let constants = [known(low)?, known(high)?];
        if low.is_some() == constants[0].is_some() && high.is_some() == constants[1].is_some() {
            return model.wire_node(name, clamp(constants[0], constants[1])?, &[input]);
        }
        let mut output = input;
        for (bound, extreme, label) in [(low, Extreme::Max, "low"), (high, Extreme::Min, "high")] {
            if let Some(bound) = bound {
                output = extreme.wire(&format!("{name}.{label}"), model, output, bound)?;
            }
        }
        Ok(tvec!(output))
    }
}
