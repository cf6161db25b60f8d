//! `ReduceLogSumExp`, by [`log_sum_exp`](crate::log_sum_exp): tract's overflows.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{OutletId, SpecialOps as _, TVec, TractResult, TypedModel, tvec};
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::BuildResult;
use crate::log_sum_exp;
use crate::rewired::{self, Wiring};

const NAME: &str = "ReduceLogSumExp";

#[derive(Debug)]
struct ReduceLogSumExp {
    /// As the attribute says; since version 18 an input does.
    axes: Vec<i64>,
    keeps_axes: bool,
    /// Whether no axes at all mean none. Else they mean all.
    none_is_none: bool,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let axes = attributes.ints("axes")?.to_vec();
    let keeps_axes = attributes.int("keepdims")?.unwrap_or(1) != 0;
    let none_is_none = attributes.int("noop_with_empty_axes")?.unwrap_or(0) != 0;
    rewired::build(ctx, node, ReduceLogSumExp { axes, keeps_axes, none_is_none })
}

impl ReduceLogSumExp {
    /// The axes to reduce, sorted.
    fn axes(&self, model: &TypedModel, input: Option<&OutletId>, rank: usize) -> TractResult<Vec<usize>> {
        let named: Vec<i64> = match input {
            None => self.axes.clone(),
            Some(&input) => match &model.outlet_fact(input)?.konst {
                Some(axes) => axes.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.to_vec(),
                None => bail!("{NAME}: the axes are no constant"),
            },
        };
        if named.is_empty() && !self.none_is_none {
            return Ok((0..rank).collect());
        }
        let mut axes = named.into_iter().map(|named| axis(NAME, named, rank)).collect::<TractResult<Vec<_>>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }
}

impl Wiring for ReduceLogSumExp {
    fn expected_axes(&self) -> Option<(&'static str, &[i64])> {
        Some((NAME, &self.axes))
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let Some((&input, rest)) = inputs.split_first() else { bail!("{NAME}: has no input") };
        let rank = model.outlet_fact(input)?.rank();
        let axes = self.axes(model, rest.first(), rank)?;
        let mut reduced = tvec!(log_sum_exp::wire(name, model, input, &axes)?);
        if !self.keeps_axes {
            for axis in axes.into_iter().rev() {
                reduced = model.wire_node(format!("{name}.without_{axis}"), AxisOp::Rm(axis), &reduced)?;
            }
        }
        Ok(reduced)
    }
}
