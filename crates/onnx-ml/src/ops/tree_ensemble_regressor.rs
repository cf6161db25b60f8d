//! `TreeEnsembleRegressor`: the votes of the leaves, aggregated per target, then the post transform.
//!
//! The post transform applies to one target as to several. ONNX Runtime leaves a single target as it is, unless the
//! transform is `PROBIT`; ONNX makes no such difference, and exporters of regressors write `NONE`.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::post_transform::PostTransform;
use crate::row_program::{Buffer, Inputs, RowStep, only};
use crate::tensors::{exactly, expect_numbers, known_width, rows, tensor};
use crate::trees::{Aggregate, Ensemble, Lists, Prefix};

const NAME: &str = "TreeEnsembleRegressor";

/// More targets than any model has: beyond it a file asks for memory, not for scores.
const MAX_TARGETS: usize = 1 << 16;

#[derive(Debug)]
struct TreeEnsembleRegressor {
    ensemble: Ensemble,
    post_transform: PostTransform,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let targets = targets(NAME, attributes)?;
    let aggregate = match attributes.string("aggregate_function")? {
        None | Some("SUM") => Aggregate::Sum,
        Some("AVERAGE") => Aggregate::Average,
        Some("MIN") => Aggregate::Min,
        Some("MAX") => Aggregate::Max,
        Some(other) => bail!("{NAME}: unknown aggregate_function {other:?}"),
    };
    let lists = Lists::read(ctx, attributes, Prefix::Target)?;
    let ensemble = Ensemble::of_lists(NAME, &lists, targets, aggregate)?;
    Eager::boxed(node, TreeEnsembleRegressor { ensemble, post_transform: PostTransform::read(attributes)? })
}

/// Reads `n_targets`, by default 1.
///
/// # Errors
/// For a number that no model has.
pub(crate) fn targets(operator: &str, attributes: Attributes<'_>) -> TractResult<usize> {
    let targets = attributes.int("n_targets")?.unwrap_or(1);
    match usize::try_from(targets) {
        Ok(targets) if (1..=MAX_TARGETS).contains(&targets) => Ok(targets),
        _ => bail!("{operator}: n_targets is {targets}, expected 1 to {MAX_TARGETS}"),
    }
}

impl Kernel for TreeEnsembleRegressor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        let (batch, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.ensemble.expect_width(width))?;
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape: tvec!(batch, self.ensemble.targets().into()) }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let targets = self.ensemble.targets();
        let mut scores: Vec<f32> = self.ensemble.scores(input)?.into_iter().map(|score| score as f32).collect();
        scores.chunks_exact_mut(targets).for_each(|row| self.post_transform.apply(row));
        Ok(tvec!(tensor(&[scores.len() / targets, targets], scores)?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for TreeEnsembleRegressor {
    fn run(&self, rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (features, width) = inputs.get(0)?;
        let scores = only(outputs)?.f32s();
        scores.extend(self.ensemble.scores_of(features, rows, width)?.into_iter().map(|score| score as f32));
        scores.chunks_exact_mut(self.ensemble.targets()).for_each(|row| self.post_transform.apply(row));
        Ok(())
    }
}
