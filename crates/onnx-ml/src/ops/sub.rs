//! `Sub`, tract's but for what is taken from a convolution's output: tract makes a number for each channel part of the
//! convolution's bias, and then leaves the weights as they are where the convolution is what is subtracted. Here its output is
//! multiplied by -1 and added, which is the same number, and which tract makes part of weights and bias rightly.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{SpecialOps as _, TVec, TractResult, TypedModel, tensor0};
use tract_onnx::tract_core::ops::change_axes::wire_with_rank_broadcast;
use tract_onnx::tract_core::ops::cnn::Conv;
use tract_onnx::tract_core::ops::math::{self, mul};
use tract_onnx::tract_hir::internal::{Expansion as _, OutletId};
use tract_onnx::tract_hir::ops::binary::InferenceBinOp;

use crate::eager::BuildResult;
use crate::rewired::{self, Wiring};
use crate::tensors::exactly;

const NAME: &str = "Sub";

#[derive(Debug)]
struct Sub;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    rewired::build(ctx, node, Sub)
}

impl Wiring for Sub {
    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[minuend, subtrahend] = exactly(NAME, inputs)?;
        let datum_type = model.outlet_fact(subtrahend)?.datum_type;
        if !datum_type.is_float() || !is_convolved(model, subtrahend) {
            return InferenceBinOp(Box::new(math::Sub)).wire(name, model, inputs);
        }
        let minus_one = tensor0(-1f32).cast_to_dt(datum_type)?.into_owned();
        let minus_one = model.add_const(format!("{name}.minus_one"), minus_one)?;
        let negative = wire_with_rank_broadcast(format!("{name}.negative"), model, mul(), &[subtrahend, minus_one])?;
        let &[negative] = exactly(NAME, &negative)?;
        InferenceBinOp(Box::new(math::Add)).wire(name, model, &[minuend, negative])
    }
}

/// Whether the outlet is a convolution's, or what operators of one input make of it: those that only move numbers go as tract
/// rewrites the graph.
fn is_convolved(model: &TypedModel, mut outlet: OutletId) -> bool {
    loop {
        let node = model.node(outlet.node);
        if node.op_is::<Conv>() {
            return true;
        }
        let [input] = *node.inputs else { return false };
        outlet = input;
    }
}
