//! Operators along given axes that are tract's, but an error where there is no such axis: it panics.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{OutletId, TVec, TractResult, TypedModel};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::axes::expect_axes;
use crate::eager::BuildResult;
use crate::tracts;

/// The operators of this file.
const NAMES: &[&str] = &[
    "Hardmax",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceMean",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Squeeze",
];

#[derive(Clone, Debug)]
struct AlongAxes {
    name: &'static str,
    tracts: Box<dyn Expansion>,
    /// Of the attributes; later versions have an input instead.
    axes: Vec<i64>,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let Some(name) = NAMES.iter().find(|&&name| name == node.op_type) else { bail!("{} has no axes", node.op_type) };
    let attributes = Attributes::new(node);
    let axes = attributes.ints("axes")?.iter().copied().chain(attributes.int("axis")?).collect();
    Ok((expand(AlongAxes { name, tracts: tracts::expansion(ctx, node)?, axes }), vec![]))
}

impl Expansion for AlongAxes {
    fn name(&self) -> StaticName {
        self.name.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        expect_axes(self.name, &self.axes, solver, inputs)?;
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        self.tracts.wire(name, model, inputs)
    }
}
