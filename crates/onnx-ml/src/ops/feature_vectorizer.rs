//! `FeatureVectorizer`: joins the columns of its inputs into one `float` tensor.
//!
//! `inputdimensions` says how many columns each input contributes: wider ones are cut, narrower ones padded with
//! zeros. A tensor `[C]` is one row, as in ONNX Runtime (and one column in ONNX's reference).

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::{expect_numbers, numbers, rows, tensor};

const NAME: &str = "FeatureVectorizer";

/// Columns beyond this are a broken file, not a model: a row of them takes 4 MB.
const MAX_COLUMNS: usize = 1 << 20;

#[derive(Debug)]
struct FeatureVectorizer {
    /// Columns that each input contributes.
    widths: Vec<usize>,
    total: usize,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let dimensions = attributes.ints("inputdimensions")?;
    attributes.expect_same_length(("inputdimensions", dimensions.len()), ("input", node.input.len()))?;
    let mut widths = Vec::with_capacity(dimensions.len());
    let mut total = 0usize;
    for &dimension in dimensions {
        let width = usize::try_from(dimension).unwrap_or(usize::MAX);
        total = total.saturating_add(width);
        if total > MAX_COLUMNS {
            bail!("{NAME}: inputdimensions holds {dimension}, which is negative or makes too many columns");
        }
        widths.push(width);
    }
    Eager::boxed(node, FeatureVectorizer { widths, total })
}

impl FeatureVectorizer {
    fn expect_inputs(&self, count: usize) -> TractResult<()> {
        if count == self.widths.len() && count > 0 {
            return Ok(());
        }
        bail!("{NAME}: has {count} inputs, inputdimensions has {} values", self.widths.len())
    }
}

impl Kernel for FeatureVectorizer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        self.expect_inputs(inputs.len())?;
        let mut batch = None;
        for input in inputs {
            expect_numbers(NAME, input.datum_type)?;
            batch.get_or_insert(rows(NAME, &input.shape)?.0);
        }
        let shape = batch.into_iter().chain([self.total.into()]).collect();
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        self.expect_inputs(inputs.len())?;
        let mut batch = None;
        let mut columns = Vec::with_capacity(inputs.len());
        for (input, &taken) in inputs.iter().zip(&self.widths) {
            let (count, width) = rows(NAME, input.shape())?;
            let expected = *batch.get_or_insert(count);
            if count != expected {
                bail!("{NAME}: inputs of {expected} and {count} rows do not join");
            }
            columns.push((numbers::<f32>(NAME, input)?, width, taken));
        }
        let count = batch.unwrap_or(0);
        let mut joined = Vec::with_capacity(count.saturating_mul(self.total));
        for row in 0..count {
            for (values, width, taken) in &columns {
                let start = row * width;
                let kept = values.get(start..start + width.min(taken)).unwrap_or_default();
                joined.extend_from_slice(kept);
                joined.extend(std::iter::repeat_n(0.0, taken - kept.len()));
            }
        }
        Ok(tvec!(tensor(&[count, self.total], joined)?))
    }
}
