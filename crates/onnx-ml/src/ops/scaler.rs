//! `Scaler`: `(x - offset) * scale`, per feature.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::row_program::{Buffer, Inputs, RowStep, View, only};
use crate::tensors::{exactly, expect_numbers, known_width, numbers, rows, tensor, values};

const NAME: &str = "Scaler";

/// Either one pair for all features, or one pair per feature.
#[derive(Debug)]
struct Scaler {
    /// `(offset, scale)`.
    pairs: Vec<(f32, f32)>,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let offset = attributes.floats("offset")?;
    let scale = attributes.floats("scale")?;
    let pairs = match (offset, scale) {
        ([], []) => vec![(0.0, 1.0)],
        ([], _) => scale.iter().map(|&scale| (0.0, scale)).collect(),
        (_, []) => offset.iter().map(|&offset| (offset, 1.0)).collect(),
        _ => {
            attributes.expect_same_length(("offset", offset.len()), ("scale", scale.len()))?;
            offset.iter().copied().zip(scale.iter().copied()).collect()
        }
    };
    Eager::boxed(node, Scaler { pairs })
}

impl Scaler {
    fn expect_width(&self, width: usize) -> TractResult<()> {
        if self.pairs.len() == width {
            return Ok(());
        }
        bail!("{NAME}: scales {} features, the input has {width}", self.pairs.len())
    }

    /// All but floats are scaled in double precision, so that a large offset costs no digits.
    fn scale(&self, values: View<'_>, scaled: &mut Vec<f32>) -> TractResult<()> {
        if let View::F32(values) = values {
            self.each(values, scaled, |x, offset, scale| (x - offset) * scale);
        } else {
            let scale = |x: f64, offset, scale| ((x - f64::from(offset)) * f64::from(scale)) as f32;
            self.each(&values.to_f64()?, scaled, scale);
        }
        Ok(())
    }

    fn each<T: Copy>(&self, values: &[T], scaled: &mut Vec<f32>, scale: impl Fn(T, f32, f32) -> f32) {
        if let [(offset, factor)] = *self.pairs {
            scaled.extend(values.iter().map(|&x| scale(x, offset, factor)));
            return;
        }
        scaled.reserve(values.len());
        for row in values.chunks_exact(self.pairs.len()) {
            scaled.extend(row.iter().zip(&self.pairs).map(|(&x, &(offset, factor))| scale(x, offset, factor)));
        }
    }
}

impl Kernel for Scaler {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        if self.pairs.len() != 1 {
            let (_, width) = rows(NAME, &input.shape)?;
            known_width(&width).map_or(Ok(()), |width| self.expect_width(width))?;
        }
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        if self.pairs.len() != 1 {
            self.expect_width(rows(NAME, input.shape())?.1)?;
        }
        let mut scaled = Vec::with_capacity(input.len());
        if input.datum_type() == DatumType::F32 {
            self.scale(View::F32(values(input)?), &mut scaled)?;
        } else {
            self.scale(View::F64(&numbers::<f64>(NAME, input)?), &mut scaled)?;
        }
        Ok(tvec!(tensor(input.shape(), scaled)?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for Scaler {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        self.scale(inputs.get(0)?.0, only(outputs)?.f32s())
    }
}
