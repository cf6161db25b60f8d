//! `SVMRegressor`: one score per row, or for a one-class machine the side of the boundary, 1 or -1.
//!
//! Without support vectors the coefficients are those of a linear model. The post transform applies to the score, as
//! ONNX says; ONNX Runtime ignores it, and exporters write `NONE`.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::post_transform::PostTransform;
use crate::row_program::{Buffer, Inputs, RowStep, only};
use crate::svm::{KernelFunction, Machine, WeightedSum, Weights};
use crate::tensors::{exactly, expect_numbers, known_width, rows, tensor};

const NAME: &str = "SVMRegressor";

#[derive(Debug)]
struct SvmRegressor {
    machine: Machine,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Score(PostTransform),
    /// 1 for positive scores, -1 for others.
    Side,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let machine = machine(attributes)?;
    let answer = match attributes.int("one_class")?.unwrap_or(0) {
        0 => Answer::Score(PostTransform::read(attributes)?),
        _ => Answer::Side,
    };
    Eager::boxed(node, SvmRegressor { machine, answer })
}

fn machine(attributes: Attributes<'_>) -> TractResult<Machine> {
    let coefficients = attributes.floats("coefficients")?;
    let vectors = attributes.floats("support_vectors")?;
    let &[offset] = attributes.floats("rho")? else { bail!("{NAME}: rho must hold one value") };
    let offset = f64::from(offset);
    let supports = attributes.int("n_supports")?.unwrap_or(0);
    let Ok(supports) = usize::try_from(supports) else { bail!("{NAME}: n_supports is {supports}") };
    if supports == 0 {
        return Machine::linear(NAME, coefficients, 1, offset);
    }
    attributes.expect_same_length(("coefficients", coefficients.len()), ("n_supports asks for", supports))?;
    if !vectors.len().is_multiple_of(supports) {
        bail!("{NAME}: support_vectors has {} values, which do not make {supports} equal rows", vectors.len());
    }
    let weights = Weights { first: 0, values: coefficients.iter().copied().map(f64::from).collect() };
    let sums = vec![WeightedSum { offset, weights: vec![weights] }];
    Machine::new(NAME, KernelFunction::read(attributes)?, vectors, vectors.len() / supports, sums)
}

impl SvmRegressor {
    fn answer(&self, score: f64) -> f32 {
        match self.answer {
            Answer::Score(post_transform) => {
                let mut row = [score as f32];
                post_transform.apply(&mut row);
                let [answer] = row;
                answer
            }
            Answer::Side if score > 0.0 => 1.0,
            Answer::Side => -1.0,
        }
    }
}

impl Kernel for SvmRegressor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        let (batch, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.machine.expect_width(width))?;
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape: tvec!(batch, 1.into()) }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let scores = self.machine.scores(input)?;
        Ok(tvec!(tensor(&[scores.len(), 1], scores.into_iter().map(|score| self.answer(score)).collect())?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for SvmRegressor {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (features, _) = inputs.get(0)?;
        let scores = self.machine.scores_of(features)?;
        only(outputs)?.f32s().extend(scores.into_iter().map(|score| self.answer(score)));
        Ok(())
    }
}
