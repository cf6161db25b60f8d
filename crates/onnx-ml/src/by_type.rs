//! Operators of ONNX's main domain that tract computes for some types, and this crate for others: strings and doubles.
//!
//! What an operator has to do is only known once the types of its inputs are, while tract wants an operator when it
//! reads the node. So the node carries both ways, and takes one when types are inferred.

use std::collections::HashMap;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, InferenceFact, InferenceModel, TValue, TVec, TractResult, TypedModel};
use tract_onnx::tract_hir::infer::{Factoid, InferenceNode, InferenceOp};
use tract_onnx::tract_hir::internal::{EvalOp, Op, OutletId, StaticName, TypedOp, as_op, not_a_typed_op};

use crate::eager::{BuildResult, Eager, Kernel};
use crate::tracts;

/// Two ways to compute one operator, and what decides between them.
#[derive(Clone, Debug)]
struct ByType {
    ours: Eager,
    tracts: Box<dyn InferenceOp>,
    takes: Takes,
}

/// Which inputs are for us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Takes {
    /// The position of the input whose type decides.
    pub(crate) input: usize,
    /// Whether a type is ours.
    pub(crate) types: fn(DatumType) -> bool,
}

/// An operator computed by `kernel` for inputs that it `takes`, and by tract for others.
///
/// # Errors
/// When tract has no such operator, or refuses the node.
pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto, kernel: impl Kernel, takes: Takes) -> BuildResult {
    let (tracts, closures) = tracts::build(ctx, node)?;
    Ok((beside(tracts, node, kernel, takes), closures))
}

/// The same with `others` for what `kernel` does not take.
pub(crate) fn beside(
    others: Box<dyn InferenceOp>,
    node: &NodeProto,
    kernel: impl Kernel,
    takes: Takes,
) -> Box<dyn InferenceOp> {
    Box::new(ByType { ours: Eager::new(node, kernel), tracts: others, takes })
}

impl ByType {
    /// Whether inputs of these facts are for us; `None` while the deciding type is not known.
    fn is_ours(&self, inputs: &[&InferenceFact]) -> Option<bool> {
        let datum_type = inputs.get(self.takes.input)?.datum_type.concretize()?;
        Some((self.takes.types)(datum_type))
    }
}

impl PartialEq for ByType {
    fn eq(&self, other: &ByType) -> bool {
        self.ours == other.ours
    }
}

impl Eq for ByType {}

impl Op for ByType {
    fn name(&self) -> StaticName {
        self.ours.name()
    }

    not_a_typed_op!();
}

impl EvalOp for ByType {
    fn eval_out_of_plan(&self, inputs: TVec<TValue>) -> TractResult<Option<TVec<TValue>>> {
        if inputs.get(self.takes.input).is_some_and(|input| (self.takes.types)(input.datum_type())) {
            self.ours.eval_out_of_plan(inputs)
        } else {
            self.tracts.eval_out_of_plan(inputs)
        }
    }
}

impl InferenceOp for ByType {
    as_op!();

    fn infer_facts(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(TVec<InferenceFact>, TVec<InferenceFact>, TVec<InferenceFact>)> {
        let unchanged = |facts: TVec<&InferenceFact>| facts.into_iter().cloned().collect();
        match self.is_ours(&inputs) {
            Some(true) => self.ours.infer_facts(inputs, outputs, observed),
            Some(false) => self.tracts.infer_facts(inputs, outputs, observed),
            None => Ok((unchanged(inputs), unchanged(outputs), unchanged(observed))),
        }
    }

    fn to_typed(
        &self,
        source: &InferenceModel,
        node: &InferenceNode,
        target: &mut TypedModel,
        mapping: &HashMap<OutletId, OutletId>,
    ) -> TractResult<TVec<OutletId>> {
        if self.is_ours(&source.node_input_facts(node.id)?) == Some(true) {
            self.ours.to_typed(source, node, target, mapping)
        } else {
            self.tracts.to_typed(source, node, target, mapping)
        }
    }
}
