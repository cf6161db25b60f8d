//! `GRU`, `LSTM` and `RNN` with `direction="reverse"`, which tract runs forward.
//!
//! tract's own bidirectional layers are right, and the second half of one is the reverse layer. So a reverse layer is
//! wired as a bidirectional one with its weights in both places. Nothing reads what the first half answers, and tract's
//! optimiser removes it.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{SpecialOps as _, TVec, TractResult, TypedModel};
use tract_onnx::tract_core::ops::array::{Slice, TypedConcat};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::eager::BuildResult;
use crate::tracts;

/// Inputs of ONNX that are the same for both directions: the sequences and their lengths.
const SHARED: [usize; 2] = [0, 4];

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    if attributes.string("direction")? != Some("reverse") {
        return tracts::build(ctx, node);
    }
    if attributes.int("layout")?.unwrap_or(0) != 0 {
        bail!("{}: layout 1 is not supported with direction=\"reverse\"", node.op_type);
    }
    let present = node.input.iter().enumerate().filter(|(_, name)| !name.is_empty());
    let directed = present.enumerate().filter(|(_, (position, _))| !SHARED.contains(position));
    let directed = directed.map(|(given, _)| given).collect();
    Ok((expand(Reverse { forward: tracts::expansion(ctx, node)?, directed }), vec![]))
}

#[derive(Clone, Debug)]
struct Reverse {
    forward: Box<dyn Expansion>,
    /// The inputs, of those given, whose first axis is the direction.
    directed: TVec<usize>,
}

impl Expansion for Reverse {
    fn name(&self) -> StaticName {
        self.forward.name()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        self.forward.nboutputs()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        self.forward.rules(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let mut both = TVec::with_capacity(inputs.len());
        for (position, &input) in inputs.iter().enumerate() {
            let wire = if self.directed.contains(&position) {
                model.wire_node(format!("{prefix}.both-{position}"), TypedConcat::new(0), &[input, input])?
            } else {
                TVec::from_elem(input, 1)
            };
            both.extend(wire);
        }
        let outputs = self.forward.wire(prefix, model, &both)?;
        let mut reverse = TVec::with_capacity(outputs.len());
        for (position, &output) in outputs.iter().enumerate() {
            // `Y` has an axis of time before that of the direction, `Y_h` and `Y_c` have not.
            let axis = model.outlet_fact(output)?.rank().saturating_sub(3);
            reverse.extend(model.wire_node(
                format!("{prefix}.reverse-{position}"),
                Slice::new(axis, 1, 2),
                &[output],
            )?);
        }
        Ok(reverse)
    }
}
