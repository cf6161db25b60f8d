//! `Cast` from and to strings, and to `int64`.
//!
//! tract parses `float` only, and prints nothing. It also takes every cast to `int64` for arithmetic on shapes, and
//! makes symbolic integers of it: of labels too, which exporters cast to `int64` to be sure. Here the result is an
//! integer unless the input is symbolic already.

use std::str::FromStr;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, DatumType, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::refused_value::refuse;
use crate::row_program::{RowStep, convert};
use crate::tensors::{exactly, expect_numbers, numbers, tensor, values};

const NAME: &str = "Cast";

#[derive(Debug)]
struct Cast {
    to: DatumType,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let to: DatumType = node.get_attr("to")?;
    let kernel = Cast { to };
    let types: fn(DatumType) -> bool = match to {
        DatumType::String => return Eager::boxed(node, kernel),
        DatumType::I64 => |from| from != DatumType::TDim,
        _ => |from| from == DatumType::String,
    };
    by_type::build(ctx, node, kernel, Takes { input: 0, types })
}

impl Cast {
    /// Strings are printed from and parsed to numbers; of booleans, ONNX has the printed form alone.
    fn expect_type(&self, from: DatumType) -> TractResult<()> {
        match (from, self.to) {
            (DatumType::String, DatumType::String) | (DatumType::Bool, _) => Ok(()),
            (DatumType::String, number) | (number, _) => expect_numbers(NAME, number),
        }
    }
}

impl Kernel for Cast {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        self.expect_type(input.datum_type)?;
        Ok(tvec!(Fact { datum_type: self.to, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        self.expect_type(input.datum_type())?;
        if input.datum_type() == self.to {
            return Ok(inputs);
        }
        if self.to == DatumType::String {
            return Ok(tvec!(tensor(input.shape(), print(input)?)?));
        }
        if input.datum_type() != DatumType::String {
            return Ok(tvec!(input.cast_to_dt(self.to)?.into_owned().into()));
        }
        let texts = values::<String>(input)?;
        // Through the widest type of the kind, which then narrows.
        let parsed = match self.to {
            DatumType::F32 => tensor(input.shape(), parse::<f32>(texts)?)?,
            float if float.is_float() => tensor(input.shape(), parse::<f64>(texts)?)?,
            DatumType::I8 => tensor(input.shape(), parse::<i8>(texts)?)?,
            DatumType::I16 => tensor(input.shape(), parse::<i16>(texts)?)?,
            DatumType::I32 => tensor(input.shape(), parse::<i32>(texts)?)?,
            DatumType::I64 => tensor(input.shape(), parse::<i64>(texts)?)?,
            DatumType::U8 => tensor(input.shape(), parse::<u8>(texts)?)?,
            DatumType::U16 => tensor(input.shape(), parse::<u16>(texts)?)?,
            DatumType::U32 => tensor(input.shape(), parse::<u32>(texts)?)?,
            DatumType::U64 => tensor(input.shape(), parse::<u64>(texts)?)?,
            other => bail!("{NAME}: strings do not become {other:?}"),
        };
        if parsed.datum_type() == self.to {
            return Ok(tvec!(parsed));
        }
        Ok(tvec!(parsed.cast_to_dt(self.to)?.into_owned().into()))
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        let [input] = inputs else { return None };
        convert(input.datum_type, self.to)
    }
}

/// Numbers from text. `INF`, `-INF` and `NaN` are numbers, in any case; blanks around a number are no fault.
fn parse<T: FromStr>(texts: &[String]) -> TractResult<Vec<T>> {
    let parsed = texts.iter().map(|text| text.trim().parse());
    match parsed.collect::<Result<Vec<T>, _>>() {
        Ok(numbers) => Ok(numbers),
        Err(_) => refuse!("{NAME}: an element is no {}", std::any::type_name::<T>()),
    }
}

fn print(input: &Tensor) -> TractResult<Vec<String>> {
    Ok(match input.datum_type() {
        DatumType::Bool => values::<bool>(input)?.iter().map(|&value| u8::from(value).to_string()).collect(),
        DatumType::U64 => values::<u64>(input)?.iter().map(u64::to_string).collect(),
        float if float.is_float() => numbers::<f64>(NAME, input)?.iter().copied().map(print_float).collect(),
        _ => numbers::<i64>(NAME, input)?.iter().map(i64::to_string).collect(),
    })
}

/// A number as ONNX Runtime prints it: `printf`'s `%.8g`, that is eight digits, and an exponent where that is shorter.
fn print_float(value: f64) -> String {
    const DIGITS: i32 = 8;
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "INF" } else { "-INF" }.to_owned();
    }
    // Rounded to eight digits first, as that can change the exponent.
    let scientific = format!("{value:.7e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        without_trailing_zeros(&format!("{value:.decimals$}")).to_owned()
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", without_trailing_zeros(mantissa), exponent.abs())
    }
}

fn without_trailing_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::print_float;

    #[test]
    fn floats_print_as_in_onnx_runtime() {
        let cases = [
            (1.0f32, "1"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.33333334"),
            (1e8, "1e+08"),
            (123_456_789.0, "1.2345679e+08"),
            (1e-5, "9.9999997e-06"),
            (1.5e-4, "0.00015000001"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (-0.0, "-0"),
            (1e20, "1e+20"),
            (3.4e38, "3.4e+38"),
            (123_456.79, "123456.79"),
            (f32::NAN, "NaN"),
            (f32::INFINITY, "INF"),
            (f32::NEG_INFINITY, "-INF"),
        ];
        for (value, expected) in cases {
            assert_eq!(print_float(f64::from(value)), expected);
        }
        assert_eq!(print_float(99_999_999.5), "1e+08");
    }
}
