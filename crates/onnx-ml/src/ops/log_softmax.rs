//! `LogSoftmax`. tract's takes the logarithm of a soft-max that has underflowed to zero.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{SpecialOps as _, TVec, TractResult, TypedModel};
use tract_onnx::tract_core::ops::nn::{Softmax, SoftmaxKind};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::eager::BuildResult;
use crate::formula::same_fact;

const NAME: &str = "LogSoftmax";

/// The first version that runs along one axis. Earlier ones run along that axis and all after it.
const ALONG_ONE_AXIS: i64 = 13;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let is_along_one = ctx.onnx_operator_set_version >= ALONG_ONE_AXIS;
    let axis = Attributes::new(node).int("axis")?.unwrap_or(if is_along_one { -1 } else { 1 });
    Ok((expand(LogSoftmax { axis, is_along_one }), vec![]))
}

#[derive(Clone, Debug)]
struct LogSoftmax {
    /// Counted from the end if negative.
    axis: i64,
    is_along_one: bool,
}

impl LogSoftmax {
    fn axes(&self, rank: usize) -> TractResult<TVec<usize>> {
        let counted = if self.axis < 0 { self.axis + i64::try_from(rank)? } else { self.axis };
        match usize::try_from(counted) {
            Ok(axis) if axis < rank => Ok(if self.is_along_one { axis..axis + 1 } else { axis..rank }.collect()),
            _ => bail!("{NAME}: axis is {}, the input has {rank}", self.axis),
        }
    }
}

impl Expansion for LogSoftmax {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        same_fact(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let [input] = *inputs else { bail!("{NAME}: has {} inputs, takes 1", inputs.len()) };
        let axes = self.axes(model.outlet_fact(input)?.rank())?;
        model.wire_node(prefix, Softmax { axes, quant_output_dt: None, kind: SoftmaxKind::LogSoftmax }, inputs)
    }
}
