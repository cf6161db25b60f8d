//! `Flatten` of the main domain: tract's, except that a matrix cut behind its first axis stays as it is.
//!
//! tract refuses to multiply two unknown lengths even where there is nothing to multiply: with the rows of text and
//! their tokens, which is what skl2onnx flattens.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{TVec, TractResult, TypedModel};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy, check_input_arity, check_output_arity};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, expand};

use crate::attributes::Attributes;
use crate::eager::BuildResult;
use crate::tensors::exactly;
use crate::tracts;

const NAME: &str = "Flatten";

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let axis = Attributes::new(node).int("axis")?.unwrap_or(1);
    Ok((expand(Flatten { keeps_matrices: matches!(axis, 1 | -1), tracts: tracts::expansion(ctx, node)? }), vec![]))
}

#[derive(Clone, Debug)]
struct Flatten {
    /// Whether two axes are the two of the output.
    keeps_matrices: bool,
    tracts: Box<dyn Expansion>,
}

impl Expansion for Flatten {
    fn name(&self) -> StaticName {
        self.tracts.name()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        let [input] = exactly(NAME, inputs)?;
        let [output] = exactly(NAME, outputs)?;
        if !self.keeps_matrices {
            return self.tracts.rules(solver, inputs, outputs);
        }
        solver.given(&input.rank, move |solver, rank| {
            if rank != 2 {
                return self.tracts.rules(solver, inputs, outputs);
            }
            solver.equals(&output.datum_type, &input.datum_type)?;
            solver.equals(&output.shape, &input.shape)
        })
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let [input] = exactly(NAME, inputs)?;
        if self.keeps_matrices && model.outlet_fact(*input)?.rank() == 2 {
            return Ok(inputs.into());
        }
        self.tracts.wire(prefix, model, inputs)
    }
}
