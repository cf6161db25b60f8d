//! `Imputer`: replaces one value (often NaN) by a value per feature, or by one for all.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, Datum, DatumType, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::row_program::{Buffer, Inputs, RowStep, View, only};
use crate::tensors::{exactly, known_width, tensor, values};

const NAME: &str = "Imputer";

#[derive(Debug)]
enum Imputer {
    Floats { replaced: f32, imputed: Vec<f32> },
    Ints { replaced: i64, imputed: Vec<i64> },
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let floats = attributes.floats("imputed_value_floats")?.to_vec();
    let ints = attributes.ints("imputed_value_int64s")?.to_vec();
    let imputer = match (floats.is_empty(), ints.is_empty()) {
        (false, true) => {
            let replaced = attributes.float("replaced_value_float")?.unwrap_or(0.0);
            Imputer::Floats { replaced, imputed: floats }
        }
        (true, false) => {
            let replaced = attributes.int("replaced_value_int64")?.unwrap_or(0);
            Imputer::Ints { replaced, imputed: ints }
        }
        _ => bail!("{NAME}: exactly one of imputed_value_floats and imputed_value_int64s must be set"),
    };
    Eager::boxed(node, imputer)
}

impl Imputer {
    fn expect_type(&self, datum_type: DatumType) -> TractResult<()> {
        match (self, datum_type) {
            (Imputer::Floats { .. }, DatumType::F32 | DatumType::F64) => Ok(()),
            (Imputer::Ints { .. }, DatumType::I32 | DatumType::I64) => Ok(()),
            (Imputer::Floats { .. }, other) => bail!("{NAME}: imputes floats, the input holds {other:?}"),
            (Imputer::Ints { .. }, other) => bail!("{NAME}: imputes integers, the input holds {other:?}"),
        }
    }

    fn is_step_for(&self, datum_type: DatumType) -> bool {
        matches!((self, datum_type), (Imputer::Floats { .. }, DatumType::F32) | (Imputer::Ints { .. }, DatumType::I64))
    }

    fn expect_width(&self, width: usize) -> TractResult<()> {
        let (name, imputed) = match self {
            Imputer::Floats { imputed, .. } => ("imputed_value_floats", imputed.len()),
            Imputer::Ints { imputed, .. } => ("imputed_value_int64s", imputed.len()),
        };
        if imputed == 1 || imputed == width {
            return Ok(());
        }
        bail!("{NAME}: {name} has {imputed} values, the input {width} features")
    }
}

/// The same tensor with `replaced` values exchanged, `imputed` repeating along the last axis.
fn impute<T: Datum + Copy>(input: &Tensor, replaced: impl Fn(T) -> bool, imputed: &[T]) -> TractResult<TValue> {
    tensor(input.shape(), exchange(values::<T>(input)?, replaced, imputed).collect())
}

fn exchange<T: Copy>(values: &[T], replaced: impl Fn(T) -> bool, imputed: &[T]) -> impl Iterator<Item = T> {
    values.iter().zip(imputed.iter().cycle()).map(move |(&value, &other)| if replaced(value) { other } else { value })
}

impl Kernel for Imputer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        self.expect_type(input.datum_type)?;
        let Some(width) = input.shape.last() else { bail!("{NAME}: the input is a scalar, expected rows") };
        known_width(width).map_or(Ok(()), |width| self.expect_width(width))?;
        Ok(tvec!(input.clone()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        self.expect_type(input.datum_type())?;
        let Some(&width) = input.shape().last() else { bail!("{NAME}: the input is a scalar, expected rows") };
        self.expect_width(width)?;
        let output = match self {
            Imputer::Floats { replaced, imputed } if input.datum_type() == DatumType::F64 => {
                let imputed: Vec<f64> = imputed.iter().copied().map(f64::from).collect();
                let replaced = f64::from(*replaced);
                impute(input, |value: f64| value == replaced || (value.is_nan() && replaced.is_nan()), &imputed)
            }
            Imputer::Floats { replaced, imputed } => {
                impute(input, |value: f32| value == *replaced || (value.is_nan() && replaced.is_nan()), imputed)
            }
            Imputer::Ints { replaced, imputed } if input.datum_type() == DatumType::I32 => {
                impute(input, |value: i32| i64::from(value) == *replaced, &narrow(imputed)?)
            }
            Imputer::Ints { replaced, imputed } => impute(input, |value: i64| value == *replaced, imputed),
        };
        Ok(tvec!(output?))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) && matches!(inputs, [input] if self.is_step_for(input.datum_type)) {
            Some(self)
        } else {
            None
        }
    }
}

impl RowStep for Imputer {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        match (self, inputs.get(0)?.0) {
            (Imputer::Floats { replaced, imputed }, View::F32(values)) => {
                let is_replaced = |value: f32| value == *replaced || (value.is_nan() && replaced.is_nan());
                only(outputs)?.f32s().extend(exchange(values, is_replaced, imputed));
            }
            (Imputer::Ints { replaced, imputed }, View::I64(values)) => {
                only(outputs)?.i64s().extend(exchange(values, |value| value == *replaced, imputed));
            }
            _ => bail!("{NAME}: imputes another element type"),
        }
        Ok(())
    }
}

fn narrow(imputed: &[i64]) -> TractResult<Vec<i32>> {
    let narrow = imputed.iter().map(|&value| i32::try_from(value));
    match narrow.collect::<Result<Vec<i32>, _>>() {
        Ok(narrow) => Ok(narrow),
        Err(_) => bail!("{NAME}: imputed_value_int64s holds a value too large for the int32 input"),
    }
}
