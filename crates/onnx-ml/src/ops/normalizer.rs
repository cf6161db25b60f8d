//! `Normalizer`: every row divided by its largest value, its sum of absolute values, or its length.
//!
//! A row whose divisor is zero stays as it is. The divisor of `MAX` is the largest value: so says ONNX, and so does
//! ONNX Runtime. (scikit-learn divides by the largest magnitude, which its exporter does not tell.)

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::row_program::{Buffer, Inputs, RowStep, View, only};
use crate::tensors::{exactly, expect_numbers, numbers, rows, tensor};

const NAME: &str = "Normalizer";

#[derive(Clone, Copy, Debug)]
enum Normalizer {
    Max,
    L1,
    L2,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let normalizer = match Attributes::new(node).string("norm")? {
        None | Some("MAX") => Normalizer::Max,
        Some("L1") => Normalizer::L1,
        Some("L2") => Normalizer::L2,
        Some(other) => bail!("{NAME}: unknown norm {other:?}"),
    };
    Eager::boxed(node, normalizer)
}

impl Normalizer {
    fn divisor(self, row: impl Iterator<Item = f64>) -> f64 {
        match self {
            Normalizer::Max => row.fold(f64::NEG_INFINITY, f64::max),
            Normalizer::L1 => row.map(f64::abs).sum(),
            Normalizer::L2 => row.map(|value| value * value).sum::<f64>().sqrt(),
        }
    }
}

impl Normalizer {
    fn normalize<T: Copy + Into<f64>>(self, values: &[T], width: usize, normalized: &mut Vec<f32>) {
        // Without features there are no values either, and no row to divide.
        for row in values.chunks_exact(width.max(1)) {
            let row = row.iter().map(|&value| value.into());
            let divisor = self.divisor(row.clone());
            let divisor = if divisor == 0.0 { 1.0 } else { divisor };
            normalized.extend(row.map(|value: f64| (value / divisor) as f32));
        }
    }
}

impl Kernel for Normalizer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        rows(NAME, &input.shape)?;
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let (_, width) = rows(NAME, input.shape())?;
        let mut normalized = Vec::with_capacity(input.len());
        self.normalize::<f64>(&numbers(NAME, input)?, width, &mut normalized);
        Ok(tvec!(tensor(input.shape(), normalized)?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for Normalizer {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (values, width) = inputs.get(0)?;
        let normalized = only(outputs)?.f32s();
        match values {
            View::F32(values) => self.normalize(values, width, normalized),
            values => self.normalize(&values.to_f64()?, width, normalized),
        }
        Ok(())
    }
}
