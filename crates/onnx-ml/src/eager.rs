//! The one tract operator type behind every operator of this crate.
//!
//! tract has two kinds of operators: those that still guess types and shapes (`InferenceOp`) and those that know them
//! (`TypedOp`). An operator of `ai.onnx.ml` is simple enough to be both: its outputs follow from the element types and
//! shapes of its inputs, and it runs in one step. So each of them is a [`Kernel`], two methods long, and [`Eager`]
//! is all that tract sees.

use std::fmt;

use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{
    Arc, DatumType, InferenceFact, SpecialOps as _, TDim, TValue, TVec, TractResult, TypedFact, TypedModel, tvec,
};
use tract_onnx::tract_hir::infer::{Factoid, InferenceOp};
use tract_onnx::tract_hir::internal::{
    DatumTypeExt as _, EvalContext, EvalOp, Op, OutletId, StaticName, TypedOp, as_op, bail, op_as_typed_op,
    op_out_of_plan, to_typed,
};

use crate::row_program::RowStep;

/// Element type and shape of a tensor. A dimension may be symbolic (the batch).
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) datum_type: DatumType,
    pub(crate) shape: TVec<TDim>,
}

/// Whether the only input is a table, `[rows, width]`.
pub(crate) fn is_table(inputs: &[Fact]) -> bool {
    matches!(inputs, [input] if input.shape.len() == 2)
}

/// What an operator computes.
///
/// `int64` tensors always arrive as [`DatumType::I64`], though tract writes some of them as symbolic integers.
pub(crate) trait Kernel: fmt::Debug + Send + Sync + 'static {
    /// The name of the operator in ONNX: the first word of its errors.
    fn name(&self) -> &'static str;

    /// The facts of all outputs that ONNX defines for the operator, in its order.
    ///
    /// # Errors
    /// When the operator is not defined for such inputs: their number, element type, rank or width.
    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>>;

    /// The outputs that [`Kernel::facts`] announced.
    ///
    /// # Errors
    /// For inputs that `facts` refuses, and for values that the operator is not defined for.
    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>>;

    /// Whether a dimension that [`Kernel::facts`] announces is a symbol of the kernel's own, because its length follows
    /// from the values of the inputs: tract binds it to the length that it finds, and orders the graph accordingly.
    fn mints_symbols(&self) -> bool {
        false
    }

    /// The same computation as a step of a row program, if it treats each row of such inputs by itself.
    fn row_step(self: Arc<Self>, _inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        None
    }
}

/// A [`Kernel`] as tract runs it.
#[derive(Clone, Debug)]
pub(crate) struct Eager {
    kernel: Arc<dyn Kernel>,
    /// Which of the kernel's outputs the graph uses: tract leaves out those that the node does not name.
    used: TVec<usize>,
}

impl Eager {
    /// The operator for `node`, computed by `kernel`.
    pub(crate) fn new(node: &NodeProto, kernel: impl Kernel) -> Eager {
        let named = node.output.iter().enumerate().filter(|(_, name)| !name.is_empty());
        Eager { kernel: Arc::new(kernel), used: named.map(|(position, _)| position).collect() }
    }

    /// The operator of one output that `kernel` computes, where it is not what a node says but what it becomes.
    pub(crate) fn of(kernel: impl Kernel) -> Eager {
        Eager { kernel: Arc::new(kernel), used: tvec!(0) }
    }

    /// The same as [`Eager::new`], as the builders of tract's register return it.
    pub(crate) fn boxed(node: &NodeProto, kernel: impl Kernel) -> BuildResult {
        Ok((Box::new(Eager::new(node, kernel)), vec![]))
    }

    /// The operator as a step of a row program, and which of the step's outputs the graph uses.
    pub(crate) fn row_step(&self, inputs: &[&TypedFact]) -> Option<(Arc<dyn RowStep>, &[usize])> {
        Some((self.kernel.clone().row_step(&known(inputs))?, &self.used))
    }

    /// Whether the operator picks columns of its first input, by the numbers in its second.
    pub(crate) fn is_column_pick(&self) -> bool {
        self.kernel.name() == "ArrayFeatureExtractor"
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let all = self.kernel.facts(inputs)?;
        self.used.iter().map(|&position| self.pick(&all, position)).collect()
    }

    fn pick<T: Clone>(&self, all: &[T], position: usize) -> TractResult<T> {
        match all.get(position) {
            Some(output) => Ok(output.clone()),
            None => bail!("{} has {} outputs, the node names more", self.kernel.name(), all.len()),
        }
    }
}

/// What a builder in tract's operator register returns: the operator, and the names it captures (none here).
pub(crate) type BuildResult = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

/// tract's symbolic integers are how it represents the `int64` tensors that it takes for shapes.
pub(crate) fn plain(datum_type: DatumType) -> DatumType {
    if datum_type == DatumType::TDim { DatumType::I64 } else { datum_type }
}

fn known(inputs: &[&TypedFact]) -> TVec<Fact> {
    inputs.iter().map(|fact| Fact { datum_type: plain(fact.datum_type), shape: fact.shape.to_tvec() }).collect()
}

impl PartialEq for Eager {
    fn eq(&self, other: &Eager) -> bool {
        Arc::ptr_eq(&self.kernel, &other.kernel) && self.used == other.used
    }
}

impl Eq for Eager {}

impl Op for Eager {
    fn name(&self) -> StaticName {
        self.kernel.name().into()
    }

    fn mints_runtime_symbols(&self) -> bool {
        self.kernel.mints_symbols()
    }

    op_as_typed_op!();
}

impl EvalOp for Eager {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let plain_inputs = inputs
            .into_iter()
            .map(|input| match input.datum_type() {
                DatumType::TDim => Ok(input.cast_to::<i64>()?.into_owned().into()),
                _ => Ok(input),
            })
            .collect::<TractResult<TVec<TValue>>>()?;
        let all = self.kernel.eval(plain_inputs)?;
        if all.len() == self.used.len() {
            return Ok(all);
        }
        self.used.iter().map(|&position| self.pick(&all, position)).collect()
    }
}

impl TypedOp for Eager {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(self.facts(&known(inputs))?.into_iter().map(|fact| fact.datum_type.fact(&*fact.shape)).collect())
    }
}

impl InferenceOp for Eager {
    as_op!();

    fn infer_facts(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(TVec<InferenceFact>, TVec<InferenceFact>, TVec<InferenceFact>)> {
        let known: Option<TVec<Fact>> = inputs
            .iter()
            .map(|fact| {
                let datum_type = plain(fact.datum_type.concretize()?);
                Some(Fact { datum_type, shape: fact.shape.concretize()? })
            })
            .collect();
        let mut outputs: TVec<InferenceFact> = outputs.into_iter().cloned().collect();
        // Nothing is inferred backwards: the graph's inputs are known, so all that follows from them will be.
        if let Some(known) = known {
            for (output, fact) in outputs.iter_mut().zip(self.facts(&known)?) {
                output.unify_with(&InferenceFact::dt_shape(fact.datum_type, fact.shape))?;
            }
        }
        Ok((inputs.into_iter().cloned().collect(), outputs, observed.into_iter().cloned().collect()))
    }

    fn nboutputs(&self) -> TractResult<usize> {
        Ok(self.used.len())
    }

    to_typed!();
}
