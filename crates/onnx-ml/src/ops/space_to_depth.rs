//! `SpaceToDepth`, of which tract has the mode `DCR` only: `CRD` is the same with its channels in another order.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{SpecialOps as _, TVec, TractResult, TypedModel, tvec};
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, TDim, bail, expand};

use crate::attributes::Attributes;
use crate::eager::BuildResult;
use crate::tracts;

const NAME: &str = "SpaceToDepth";

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let block = attributes.int("blocksize")?.unwrap_or(0);
    if block < 1 {
        bail!("{NAME}: blocksize is {block}, expected at least 1");
    }
    match attributes.string("mode")? {
        None | Some("DCR") => tracts::build(ctx, node),
        Some("CRD") => Ok((expand(ColumnRowDepth { dcr: tracts::expansion(ctx, node)?, block }), vec![])),
        Some(other) => bail!("{NAME}: mode is {other:?}, expected \"DCR\" or \"CRD\""),
    }
}

/// The mode `CRD`: positions within a block vary fastest along the new channels, not slowest.
#[derive(Clone, Debug)]
struct ColumnRowDepth {
    dcr: Box<dyn Expansion>,
    block: i64,
}

impl Expansion for ColumnRowDepth {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        self.dcr.rules(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let [input] = *inputs else { bail!("{NAME}: has {} inputs, takes 1", inputs.len()) };
        let Some(depth) = model.outlet_fact(input)?.shape.get(1).cloned() else {
            bail!("{NAME}: the input has no depth")
        };
        let positions = TDim::from(self.block * self.block);
        let whole = tvec!(depth.clone() * &positions);
        let swap = [
            AxisOp::Reshape(1, whole.clone(), tvec!(positions.clone(), depth.clone())),
            AxisOp::Move(1, 2),
            AxisOp::Reshape(1, tvec!(depth, positions), whole),
        ];
        let mut wire = self.dcr.wire(prefix, model, inputs)?;
        for (position, op) in swap.into_iter().enumerate() {
            wire = model.wire_node(format!("{prefix}.crd-{position}"), op, &wire)?;
        }
        Ok(wire)
    }
}
