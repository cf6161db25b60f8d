//! The operator once shapes are known: two compiled graphs, of which each run takes one.

use tract_onnx::prelude::{
    Arc, IntoRunnable as _, TDim, TValue, TVec, TractResult, TypedFact, TypedModel, TypedModelPatch, TypedNode,
    TypedRunnableModel,
};
use tract_onnx::tract_core::ops::identity::Identity;
use tract_onnx::tract_core::ops::logic::IfThenElse;
use tract_onnx::tract_hir::internal::{
    DatumTypeExt as _, EvalContext, EvalOp, Op, StaticName, TypedOp, as_op, bail, not_out_of_plan, op_as_typed_op,
};

use super::NAME;
use crate::eager::plain;

/// One of the two graphs.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    plan: Arc<TypedRunnableModel>,
    /// For each input of the graph, which input of the operator it is.
    inputs: Vec<usize>,
}

/// Both graphs.
#[derive(Clone, Debug)]
pub(super) struct Branches {
    then: Compiled,
    or_else: Compiled,
    /// What is known of the outputs, whichever graph makes them.
    facts: TVec<TypedFact>,
    /// As tract has it, which takes the place of the operator where the condition turns out to be known.
    graphs: IfThenElse,
}

impl Branches {
    /// # Errors
    /// When a graph does not compile, and when they answer tensors of different element types or numbers of axes.
    pub(super) fn compile(graphs: IfThenElse) -> TractResult<Branches> {
        let outputs = 0..graphs.then_body.outputs.len();
        let facts = outputs.map(|output| either(&graphs, output)).collect::<TractResult<_>>()?;
        let compile = |body: &TypedModel, inputs: &[usize]| -> TractResult<Compiled> {
            let plan = body.clone().into_optimized()?.into_runnable()?;
            Ok(Compiled { plan, inputs: inputs.to_vec() })
        };
        Ok(Branches {
            then: compile(&graphs.then_body, &graphs.then_input_mapping)?,
            or_else: compile(&graphs.else_body, &graphs.else_input_mapping)?,
            facts,
            graphs,
        })
    }
}

/// What is known of an output whichever graph makes it. A length in which they differ is a symbol.
///
/// If not even the numbers of axes are the same, the graph around them can be right for one only: for the branch that hands
/// on a tensor as it is, where nothing is to be done. A run that takes the other fails, as it does in ONNX Runtime: the
/// export of a `KNNImputer` is so for rows that have no column in common with any that it was fitted to.
fn either(graphs: &IfThenElse, output: usize) -> TractResult<TypedFact> {
    let (then, or_else) = (graphs.then_body.output_fact(output)?, graphs.else_body.output_fact(output)?);
    let [one, other] = [then, or_else].map(|fact| plain(fact.datum_type));
    if one != other {
        bail!("{NAME}: output {output} is {one:?} in then_branch, {other:?} in else_branch");
    }
    if then.rank() != or_else.rank() {
        return match (hands_on(&graphs.then_body, output), hands_on(&graphs.else_body, output)) {
            (true, false) => Ok(one.fact(then.shape.clone())),
            (false, true) => Ok(one.fact(or_else.shape.clone())),
            _ => {
                let [then, or_else] = [then, or_else].map(|fact| fact.rank());
                bail!("{NAME}: output {output} has {then} axes in then_branch, {or_else} in else_branch")
            }
        };
    }
    let symbols = &graphs.then_body.symbols;
    let length = |(one, other): (&TDim, &TDim)| {
        if one == other { one.clone() } else { TDim::Sym(symbols.new_with_prefix("either")) }
    };
    let shape: TVec<TDim> = then.shape.iter().zip(or_else.shape.iter()).map(length).collect();
    Ok(one.fact(&*shape))
}

/// Whether a graph gives one of its inputs for an output.
fn hands_on(body: &TypedModel, output: usize) -> bool {
    let mut outlet = body.outputs.get(output).copied();
    while let Some(node) =
        outlet.and_then(|outlet| body.nodes().get(outlet.node)).filter(|node| node.op_is::<Identity>())
    {
        outlet = node.inputs.first().copied();
    }
    outlet.is_some_and(|outlet| body.inputs.contains(&outlet))
}

impl PartialEq for Branches {
    fn eq(&self, _: &Branches) -> bool {
        false
    }
}

impl Eq for Branches {}

impl Op for Branches {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn mints_runtime_symbols(&self) -> bool {
        true
    }

    op_as_typed_op!();
}

impl EvalOp for Branches {
    not_out_of_plan!();

    fn eval(&self, ctx: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let Some(condition) = inputs.first() else { bail!("{NAME}: there is no condition") };
        let branch = if condition.cast_to_scalar::<bool>()? { &self.then } else { &self.or_else };
        let taken: Option<TVec<TValue>> = branch.inputs.iter().map(|&input| inputs.get(input).cloned()).collect();
        let Some(taken) = taken else { bail!("{NAME}: an input is missing") };
        let mut state = branch.plan.spawn()?;
        // The graph may speak of lengths that none of its own inputs has.
        state.turn_state.resolved_symbols = ctx.symbols.clone();
        let outputs = state.run(taken)?;
        outputs.into_iter().zip(&self.facts).map(|(output, fact)| as_known(output, fact)).collect()
    }
}

/// The output as the operators behind it expect it. tract makes symbolic integers of some integers, in one branch and not
/// in the other.
fn as_known(value: TValue, fact: &TypedFact) -> TractResult<TValue> {
    if value.rank() != fact.rank() {
        bail!("{NAME}: the branch taken answers {} axes, the graph takes {}", value.rank(), fact.rank());
    }
    if value.datum_type() == fact.datum_type {
        return Ok(value);
    }
    Ok(value.cast_to_dt(fact.datum_type)?.into_owned().into())
}

impl TypedOp for Branches {
    as_op!();

    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(self.facts.clone())
    }

    fn declutter(&self, model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
        self.graphs.declutter(model, node)
    }
}
