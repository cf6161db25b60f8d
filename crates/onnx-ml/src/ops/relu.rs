//! `Relu`: `max(x, 0)`, and NaN of NaN. tract's is then 0. Integers are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, OutletId, SpecialOps as _, TVec, TractResult, TypedModel};

use crate::clamp::clamp;
use crate::eager::BuildResult;
use crate::rewired::{self, Wiring};

#[derive(Debug)]
struct Relu;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    rewired::build(ctx, node, Relu)
}

impl Wiring for Relu {
    fn takes(&self, datum_type: DatumType) -> bool {
        datum_type.is_float()
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        model.wire_node(name, clamp(Some(0.), None)?, inputs)
    }
}
