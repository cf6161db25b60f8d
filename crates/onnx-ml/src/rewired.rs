//! Operators whose shapes tract infers rightly and whose values it computes wrongly, or not for all types: tract's
//! inference with another wiring.

use std::fmt;
use std::sync::Arc;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TVec, TractResult, TypedModel};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, expand};

use crate::axes::expect_axes;
use crate::eager::BuildResult;
use crate::tracts;

/// What the node becomes once all types and shapes are known.
pub(crate) trait Wiring: fmt::Debug + Send + Sync + 'static {
    /// Whether inputs are for this wiring, whose first one is of the type; others are tract's.
    fn takes(&self, _datum_type: DatumType) -> bool {
        true
    }

    /// The operator's name, and axes that the first input has to have, beside those that the second input lists.
    fn expected_axes(&self) -> Option<(&'static str, &[i64])> {
        None
    }

    /// Adds to `model` what computes the outputs from `inputs`, under names that begin with `name`.
    ///
    /// # Errors
    /// When the operator is not defined for such inputs.
    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>>;
}

/// tract's operator, wired by `wiring`.
#[derive(Clone, Debug)]
struct Rewired {
    tracts: Box<dyn Expansion>,
    wiring: Arc<dyn Wiring>,
}

/// tract's operator for `node`, wired by `wiring`.
///
/// # Errors
/// When tract has no such operator, or refuses the node.
pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto, wiring: impl Wiring) -> BuildResult {
    let tracts = tracts::expansion(ctx, node)?;
    Ok((expand(Rewired { tracts, wiring: Arc::new(wiring) }), vec![]))
}

impl Expansion for Rewired {
    fn name(&self) -> StaticName {
        self.tracts.name()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        if let Some((operator, axes)) = self.wiring.expected_axes() {
            expect_axes(operator, axes, solver, inputs)?;
        }
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        if let Some(&first) = inputs.first()
            && !self.wiring.takes(model.outlet_fact(first)?.datum_type)
        {
            return self.tracts.wire(prefix, model, inputs);
        }
        self.wiring.wire(prefix, model, inputs)
    }
}
