//! `Mod`, tract's, but an error for integers by zero, where tract panics.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{OutletId, TVec, TractResult, TypedModel};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, StaticName, expand};

use crate::eager::BuildResult;
use crate::nonzero;
use crate::tensors::exactly;
use crate::tracts;

const NAME: &str = "Mod";

#[derive(Clone, Debug)]
struct Mod {
    tracts: Box<dyn Expansion>,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    Ok((expand(Mod { tracts: tracts::expansion(ctx, node)? }), vec![]))
}

impl Expansion for Mod {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[dividend, divisor] = exactly(NAME, inputs)?;
        let divisor = nonzero::wire(NAME, name, model, divisor)?;
        self.tracts.wire(name, model, &[dividend, divisor])
    }
}
