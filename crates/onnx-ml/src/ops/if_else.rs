//! `If`: one of two graphs, as a condition says.
//!
//! tract wants both branches to answer the same shapes. Those of an export need not: one may pick rows that the other leaves
//! out, and what follows works with as many as there are. Here a dimension in which the branches differ is a symbol, which
//! tract binds when one of them has run. Where the branches answer alike, the operator becomes tract's own.

mod branches;

use std::collections::{BTreeSet, HashMap};

use tract_onnx::model::{ParseResult, ParsingContext};
use tract_onnx::pb::{GraphProto, NodeProto};
use tract_onnx::prelude::{
    InferenceFact, InferenceModel, InferenceModelExt as _, SpecialOps as _, TVec, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_core::ops::logic::IfThenElse;
use tract_onnx::tract_hir::infer::{Factoid as _, GenericFactoid, InferenceNode, InferenceOp, ShapeFactoid};
use tract_onnx::tract_hir::internal::{
    EvalOp, Op, OutletId, StaticName, TValue, TypedOp, as_op, bail, not_a_typed_op, not_out_of_plan,
};

use self::branches::Branches;
use crate::eager::BuildResult;

const NAME: &str = "If";

/// The operator before the shapes are known.
#[derive(Clone, Debug)]
struct IfElse {
    then: Branch,
    or_else: Branch,
}

/// A graph that takes what it uses of the graph around it as inputs.
#[derive(Clone, Debug)]
struct Branch {
    body: InferenceModel,
    /// For each input of the body, which input of the operator it is.
    inputs: Vec<usize>,
    is_analysed: bool,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let parse = |name| -> TractResult<ParseResult> { ctx.parse_graph(node.get_attr::<&GraphProto>(name)?) };
    let (then, or_else) = (parse("then_branch")?, parse("else_branch")?);
    if then.model.outputs.len() != or_else.model.outputs.len() {
        let (then, or_else) = (then.model.outputs.len(), or_else.model.outputs.len());
        bail!("{NAME}: then_branch has {then} outputs, else_branch {or_else}");
    }
    let captured: BTreeSet<&String> = then.unresolved_inputs.iter().chain(&or_else.unresolved_inputs).collect();
    let captured: Vec<String> = captured.into_iter().cloned().collect();
    let operator = IfElse { then: Branch::new(&then, &captured), or_else: Branch::new(&or_else, &captured) };
    Ok((Box::new(operator), captured))
}

impl Branch {
    fn new(parsed: &ParseResult, captured: &[String]) -> Branch {
        // The first input is the condition.
        let position = |name: &String| captured.iter().position(|other| other == name).map(|position| position + 1);
        let inputs = parsed.unresolved_inputs.iter().filter_map(position).collect();
        Branch { body: parsed.model.clone(), inputs, is_analysed: false }
    }

    /// Takes over what is known of the inputs, and follows it through the body.
    fn learn(&mut self, inputs: &[&InferenceFact]) -> TractResult<()> {
        let mut is_news = !self.is_analysed;
        for (position, &input) in self.inputs.iter().enumerate() {
            let Some(&input) = inputs.get(input) else { bail!("{NAME}: input {input} is missing") };
            is_news |= self.body.input_fact_mut(position)?.unify_with(input)?;
        }
        if is_news {
            self.body.analyse(false)?;
            self.is_analysed = true;
        }
        Ok(())
    }

    /// The body, once the inputs are in `target` and all is known of them: before that, only operators know the lengths
    /// that follow from values, and not what is inferred.
    fn typed(&self, target: &TypedModel, inputs: &[OutletId]) -> TractResult<TypedModel> {
        let mut body = self.body.clone();
        for (position, &input) in self.inputs.iter().enumerate() {
            let Some(&input) = inputs.get(input) else { bail!("{NAME}: input {input} is missing") };
            let fact = body.input_fact_mut(position)?;
            if fact.datum_type.is_concrete() && fact.shape.is_concrete() {
                continue;
            }
            *fact = InferenceFact::from(target.outlet_fact(input)?);
        }
        body.into_typed()
    }

    /// Puts the body in the place of the operator `name`.
    fn inline(&self, name: &str, target: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let body = self.typed(target, inputs)?;
        let mut outlets: HashMap<OutletId, OutletId> = HashMap::new();
        for (&outlet, &input) in body.inputs.iter().zip(&self.inputs) {
            outlets.extend(inputs.get(input).map(|&input| (outlet, input)));
        }
        let wired = |outlets: &HashMap<OutletId, OutletId>, outlet: &OutletId| match outlets.get(outlet) {
            Some(&wired) => Ok(wired),
            None => bail!("{NAME}: a branch uses what nothing makes"),
        };
        for id in body.eval_order()?.into_iter().filter(|&id| !body.inputs.contains(&id.into())) {
            let node = body.node(id);
            let taken: TVec<OutletId> =
                node.inputs.iter().map(|input| wired(&outlets, input)).collect::<TractResult<_>>()?;
            let made = target.wire_node(format!("{name}.{}", node.name), node.op.clone(), &taken)?;
            outlets.extend(made.into_iter().enumerate().map(|(slot, made)| (OutletId::new(id, slot), made)));
        }
        body.outputs.iter().map(|output| wired(&outlets, output)).collect()
    }
}

/// What is known of an output if either of two branches may make it.
fn either(one: &InferenceFact, other: &InferenceFact) -> InferenceFact {
    let mut fact = InferenceFact::default();
    if one.datum_type == other.datum_type {
        fact.datum_type = one.datum_type;
    }
    if let (Some(one), Some(other)) = (one.shape.rank().concretize(), other.shape.rank().concretize())
        && one == other
    {
        fact.shape = ShapeFactoid::closed(tvec![GenericFactoid::Any; usize::try_from(one).unwrap_or_default()]);
    }
    fact
}

impl PartialEq for IfElse {
    fn eq(&self, _: &IfElse) -> bool {
        false
    }
}

impl Eq for IfElse {}

impl Op for IfElse {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    not_a_typed_op!();
}

impl EvalOp for IfElse {
    not_out_of_plan!();
}

impl InferenceOp for IfElse {
    as_op!();

    fn infer_facts(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(TVec<InferenceFact>, TVec<InferenceFact>, TVec<InferenceFact>)> {
        let condition = inputs.first().and_then(|condition| condition.value.concretize());
        let condition = condition.map(|value| value.cast_to_scalar::<bool>()).transpose()?;
        // A branch that is known not to be taken need not even make sense.
        if condition != Some(false) {
            self.then.learn(&inputs)?;
        }
        if condition != Some(true) {
            self.or_else.learn(&inputs)?;
        }
        let mut outputs: TVec<InferenceFact> = outputs.into_iter().cloned().collect();
        for (position, output) in outputs.iter_mut().enumerate() {
            let fact = match condition {
                Some(true) => self.then.body.output_fact(position)?.clone(),
                Some(false) => self.or_else.body.output_fact(position)?.clone(),
                None => either(self.then.body.output_fact(position)?, self.or_else.body.output_fact(position)?),
            };
            output.unify_with(&fact)?;
        }
        // Nothing is inferred backwards: the graph's inputs are known, so all that follows from them will be.
        Ok((inputs.into_iter().cloned().collect(), outputs, observed.into_iter().cloned().collect()))
    }

    fn nboutputs(&self) -> TractResult<usize> {
        Ok(self.then.body.outputs.len())
    }

    fn to_typed(
        &self,
        _source: &InferenceModel,
        node: &InferenceNode,
        target: &mut TypedModel,
        mapping: &HashMap<OutletId, OutletId>,
    ) -> TractResult<TVec<OutletId>> {
        let inputs: Option<TVec<OutletId>> = node.inputs.iter().map(|input| mapping.get(input).copied()).collect();
        let Some(inputs) = inputs else { bail!("{NAME}: an input is missing") };
        let Some(&condition) = inputs.first() else { bail!("{NAME}: there is no condition") };
        if let Some(condition) = &target.outlet_fact(condition)?.konst {
            let taken = if condition.cast_to_scalar::<bool>()? { &self.then } else { &self.or_else };
            return taken.inline(&node.name, target, &inputs);
        }
        let graphs = IfThenElse {
            then_body: self.then.typed(target, &inputs)?,
            then_input_mapping: self.then.inputs.clone(),
            else_body: self.or_else.typed(target, &inputs)?,
            else_input_mapping: self.or_else.inputs.clone(),
        };
        if answer_alike(&graphs)? {
            return target.wire_node(&node.name, graphs, &inputs);
        }
        target.wire_node(&node.name, Branches::compile(graphs)?, &inputs)
    }
}

/// Whether what is known of each output is the same for both branches.
fn answer_alike(graphs: &IfThenElse) -> TractResult<bool> {
    for output in 0..graphs.then_body.outputs.len() {
        let (then, or_else) = (graphs.then_body.output_fact(output)?, graphs.else_body.output_fact(output)?);
        if then.without_value() != or_else.without_value() {
            return Ok(false);
        }
    }
    Ok(true)
}
