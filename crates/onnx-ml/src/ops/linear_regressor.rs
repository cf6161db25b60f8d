//! `LinearRegressor`: one linear score per target, then the post transform.
//!
//! The transform applies to one target as to several. ONNX Runtime leaves a single target as it is, unless the transform
//! is `PROBIT`; ONNX makes no such difference.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::linear::Linear;
use crate::post_transform::PostTransform;
use crate::row_program::{Buffer, Inputs, RowStep, only};
use crate::tensors::{exactly, expect_numbers, known_width, rows, tensor};

const NAME: &str = "LinearRegressor";

#[derive(Debug)]
struct LinearRegressor {
    linear: Linear,
    targets: usize,
    post_transform: PostTransform,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let coefficients = attributes.floats("coefficients")?.to_vec();
    let targets = usize::try_from(attributes.int("targets")?.unwrap_or(1)).unwrap_or(0);
    // Each target has a row of coefficients, so their number bounds what is allocated below.
    if targets == 0 || targets > coefficients.len() {
        bail!("{NAME}: targets is {targets} or negative, for {} coefficients", coefficients.len());
    }
    let mut intercepts = attributes.floats("intercepts")?.to_vec();
    if intercepts.is_empty() {
        intercepts = vec![0.0; targets];
    }
    attributes.expect_same_length(("intercepts", intercepts.len()), ("targets asks for", targets))?;
    let linear = Linear::new(NAME, coefficients, intercepts)?;
    Eager::boxed(node, LinearRegressor { linear, targets, post_transform: PostTransform::read(attributes)? })
}

impl Kernel for LinearRegressor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        let (batch, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.linear.expect_width(width))?;
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape: tvec!(batch, self.targets.into()) }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let mut scores = self.linear.scores(input)?;
        scores.chunks_exact_mut(self.targets).for_each(|row| self.post_transform.apply(row));
        Ok(tvec!(tensor(&[scores.len() / self.targets, self.targets], scores)?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for LinearRegressor {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (features, _) = inputs.get(0)?;
        let scores = only(outputs)?.f32s();
        self.linear.add_scores(features, scores)?;
        scores.chunks_exact_mut(self.targets).for_each(|row| self.post_transform.apply(row));
        Ok(())
    }
}
