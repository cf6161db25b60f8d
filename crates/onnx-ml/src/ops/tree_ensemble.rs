//! `TreeEnsemble`: what opset 5 of `ai.onnx.ml` has in place of the two older operators.
//!
//! The votes of the leaves, aggregated per target, then the post transform. Scores have the type of the input, and there
//! are no labels: exporters of classifiers write `ArgMax` and `LabelEncoder` behind it.
//!
//! ONNX Runtime and ONNX's reference implementation take a root whose children are one leaf for the leaf with the *root's*
//! number; ONNX says that it is that leaf, and so it is here. ONNX Runtime also has the numbers of `SOFTMAX` and `LOGISTIC`
//! exchanged.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::ops::tree_ensemble_regressor::targets;
use crate::post_transform::PostTransform;
use crate::row_program::{Buffer, Inputs, RowStep, View, only};
use crate::tensors::{exactly, known_width, rows, tensor};
use crate::trees::{Aggregate, Ensemble, Positions};

const NAME: &str = "TreeEnsemble";

#[derive(Debug)]
struct TreeEnsemble {
    ensemble: Ensemble,
    post_transform: PostTransform,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let targets = targets(NAME, attributes)?;
    let aggregate = match attributes.int("aggregate_function")? {
        None | Some(1) => Aggregate::Sum,
        Some(0) => Aggregate::Average,
        Some(2) => Aggregate::Min,
        Some(3) => Aggregate::Max,
        Some(other) => bail!("{NAME}: unknown aggregate_function {other}"),
    };
    let post_transform = match attributes.int("post_transform")? {
        None | Some(0) => PostTransform::None,
        Some(1) => PostTransform::Softmax,
        Some(2) => PostTransform::Logistic,
        Some(3) => PostTransform::SoftmaxZero,
        Some(4) => PostTransform::Probit,
        Some(other) => bail!("{NAME}: unknown post_transform {other}"),
    };
    let positions = Positions::read(ctx, attributes)?;
    let ensemble = Ensemble::of_positions(NAME, &positions, targets, aggregate)?;
    Eager::boxed(node, TreeEnsemble { ensemble, post_transform })
}

impl TreeEnsemble {
    /// Scores in single precision, in which the transforms are.
    fn transformed(&self, sums: &[f64]) -> Vec<f32> {
        let mut scores: Vec<f32> = sums.iter().map(|&score| score as f32).collect();
        scores.chunks_exact_mut(self.ensemble.targets()).for_each(|row| self.post_transform.apply(row));
        scores
    }

    /// Scores in double precision, as far as there is no transform.
    fn transformed_doubles(&self, sums: Vec<f64>) -> Vec<f64> {
        match self.post_transform {
            PostTransform::None => sums,
            _ => self.transformed(&sums).into_iter().map(f64::from).collect(),
        }
    }
}

impl Kernel for TreeEnsemble {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        let datum_type = input.datum_type;
        if !matches!(datum_type, DatumType::F16 | DatumType::F32 | DatumType::F64) {
            bail!("{NAME}: the input holds {datum_type:?}, expected floating point numbers");
        }
        let (batch, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.ensemble.expect_width(width))?;
        Ok(tvec!(Fact { datum_type, shape: tvec!(batch, self.ensemble.targets().into()) }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let sums = self.ensemble.scores(input)?;
        let shape = [sums.len() / self.ensemble.targets(), self.ensemble.targets()];
        let scores: TValue = match input.datum_type() {
            DatumType::F64 => tensor(&shape, self.transformed_doubles(sums))?,
            DatumType::F32 => tensor(&shape, self.transformed(&sums))?,
            other => {
                let single: TValue = tensor(&shape, self.transformed(&sums))?;
                Tensor::cast_to_dt(&single, other)?.into_owned().into()
            }
        };
        Ok(tvec!(scores))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for TreeEnsemble {
    fn run(&self, rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (features, width) = inputs.get(0)?;
        let sums = self.ensemble.scores_of(features, rows, width)?;
        if matches!(features, View::F64(_)) {
            *only(outputs)?.f64s() = self.transformed_doubles(sums);
        } else {
            *only(outputs)?.f32s() = self.transformed(&sums);
        }
        Ok(())
    }
}
