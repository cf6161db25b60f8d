//! `Binarizer`: 1 for values above the threshold, 0 for others (and for NaN, which is above nothing).

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{TValue, TVec, TractResult, tvec};

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::{exactly, expect_numbers, numbers, tensor};

const NAME: &str = "Binarizer";

#[derive(Debug)]
struct Binarizer {
    threshold: f32,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let threshold = Attributes::new(node).float("threshold")?.unwrap_or(0.0);
    Eager::boxed(node, Binarizer { threshold })
}

impl Kernel for Binarizer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        Ok(tvec!(input.clone()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        // Every number that a model may hold fits a double well enough to be compared with a float.
        let values = numbers::<f64>(NAME, input)?;
        let threshold = f64::from(self.threshold);
        let above: Vec<f32> = values.iter().map(|&value| if value > threshold { 1.0 } else { 0.0 }).collect();
        let output = tensor(input.shape(), above)?;
        Ok(tvec!(output.cast_to_dt(input.datum_type())?.into_owned().into()))
    }
}
