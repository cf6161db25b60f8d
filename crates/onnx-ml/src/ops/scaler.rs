//! `Scaler`: `(x - offset) * scale`, per feature.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::{exactly, expect_numbers, known_width, numbers, rows, tensor};

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
        let pairs = self.pairs.iter().cycle();
        // Double inputs are scaled in double precision, so that a large offset costs no digits.
        let scaled: Vec<f32> = if input.datum_type() == DatumType::F64 {
            let values = numbers::<f64>(NAME, input)?;
            let scale = |(&x, &(offset, scale)): (&f64, &(f32, f32))| (x - f64::from(offset)) * f64::from(scale);
            values.iter().zip(pairs).map(|item| scale(item) as f32).collect()
        } else {
            let values = numbers::<f32>(NAME, input)?;
            values.iter().zip(pairs).map(|(&x, &(offset, scale))| (x - offset) * scale).collect()
        };
        Ok(tvec!(tensor(input.shape(), scaled)?))
    }
}
