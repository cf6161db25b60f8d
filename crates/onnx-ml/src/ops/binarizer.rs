//! `Binarizer`: 1 for values above the threshold, 0 for others (and for NaN, which is above nothing).

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::row_program::{Buffer, Inputs, RowStep, only};
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

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if matches!(inputs, [input] if input.datum_type == DatumType::F32) { Some(self) } else { None }
    }
}

impl RowStep for Binarizer {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let above = |value: &f32| if *value > self.threshold { 1.0 } else { 0.0 };
        only(outputs)?.f32s().extend(inputs.get(0)?.0.to_f32()?.iter().map(above));
        Ok(())
    }
}
