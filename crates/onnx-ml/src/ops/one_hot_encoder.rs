//! `OneHotEncoder`: every element becomes a row of zeros with a one at its category.
//!
//! Numbers other than integers are truncated first, as ONNX says; NaN and numbers beyond `int64` are in no category.

use std::collections::HashMap;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::refused_value::refuse;
use crate::row_program::{Buffer, Inputs, RowStep, View, only};
use crate::tensors::{exactly, expect_numbers, numbers, tensor, values};

const NAME: &str = "OneHotEncoder";

#[derive(Debug)]
struct OneHotEncoder {
    categories: Categories,
    /// Number of columns per element.
    width: usize,
    /// Whether an element that is in no category is all zeros (else it is an error).
    zeros: bool,
}

/// Column by category.
#[derive(Debug)]
enum Categories {
    Ints(HashMap<i64, usize>),
    Strings(HashMap<String, usize>),
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let ints = attributes.ints("cats_int64s")?;
    let strings = attributes.strings("cats_strings")?;
    let width = ints.len().max(strings.len());
    // A category that is listed twice has the later column.
    let categories = match (ints.is_empty(), strings.is_empty()) {
        (false, true) => Categories::Ints(ints.iter().enumerate().map(|(column, &int)| (int, column)).collect()),
        (true, false) => {
            Categories::Strings(strings.into_iter().enumerate().map(|(column, string)| (string, column)).collect())
        }
        _ => bail!("{NAME}: exactly one of cats_int64s and cats_strings must be set"),
    };
    let zeros = attributes.int("zeros")?.unwrap_or(1) != 0;
    Eager::boxed(node, OneHotEncoder { categories, width, zeros })
}

impl OneHotEncoder {
    fn expect_type(&self, datum_type: DatumType) -> TractResult<()> {
        match self.categories {
            Categories::Ints(_) => expect_numbers(NAME, datum_type),
            Categories::Strings(_) if datum_type == DatumType::String => Ok(()),
            Categories::Strings(_) => bail!("{NAME}: has string categories, the input holds {datum_type:?}"),
        }
    }

    /// Appends the columns of all elements.
    fn encode(&self, columns: impl ExactSizeIterator<Item = Option<usize>>, encoded: &mut Vec<f32>) -> TractResult<()> {
        let Some(size) = columns.len().checked_mul(self.width) else { bail!("{NAME}: the output is too large") };
        encoded.resize(size, 0.0);
        for (position, (places, column)) in encoded.chunks_exact_mut(self.width).zip(columns).enumerate() {
            match column.and_then(|column| places.get_mut(column)) {
                Some(place) => *place = 1.0,
                None if self.zeros => {}
                None => refuse!("{NAME}: element {position} is in no category, and zeros is 0"),
            }
        }
        Ok(())
    }

    /// The column of every element.
    fn columns(&self, input: &Tensor) -> TractResult<Vec<Option<usize>>> {
        Ok(match &self.categories {
            Categories::Strings(columns) => {
                values::<String>(input)?.iter().map(|value| columns.get(value).copied()).collect()
            }
            Categories::Ints(columns) if input.datum_type().is_float() => numbers::<f64>(NAME, input)?
                .iter()
                .map(|&value| truncate(value).and_then(|value| columns.get(&value).copied()))
                .collect(),
            Categories::Ints(columns) => {
                numbers::<i64>(NAME, input)?.iter().map(|value| columns.get(value).copied()).collect()
            }
        })
    }
}

/// The integer part, when there is one in `int64`.
fn truncate(value: f64) -> Option<i64> {
    // 2^63 is the first double beyond the range; its negative is still inside.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&value).then_some(value as i64)
}

impl Kernel for OneHotEncoder {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        self.expect_type(input.datum_type)?;
        let mut shape = input.shape.clone();
        shape.push(self.width.into());
        Ok(tvec!(Fact { datum_type: DatumType::F32, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        self.expect_type(input.datum_type())?;
        let columns = self.columns(input)?;
        let mut encoded = Vec::new();
        self.encode(columns.into_iter(), &mut encoded)?;
        let mut shape = input.shape().to_vec();
        shape.push(self.width);
        Ok(tvec!(tensor(&shape, encoded)?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if inputs.len() == 1 { Some(self) } else { None }
    }
}

impl RowStep for OneHotEncoder {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let encoded = only(outputs)?.f32s();
        match (&self.categories, inputs.get(0)?.0) {
            (Categories::Strings(columns), View::Str(values)) => {
                self.encode(values.iter().map(|value| columns.get(value).copied()), encoded)
            }
            (Categories::Ints(columns), View::I64(values)) => {
                self.encode(values.iter().map(|value| columns.get(value).copied()), encoded)
            }
            (Categories::Ints(columns), values) => {
                let column = |value| truncate(value).and_then(|value| columns.get(&value).copied());
                self.encode(values.to_f64()?.iter().map(|&value| column(value)), encoded)
            }
            (Categories::Strings(_), _) => bail!("{NAME}: has string categories, the input holds numbers"),
        }
    }
}
