//! `Pow` of integers, which tract computes for exponents of 0 and above alone. Floats are tract's.
//!
//! The result is an integer: the power rounded towards zero, and what wraps around where it is too large, as in numpy.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::{Datum, DatumType, IntoTensor as _, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::broadcast::{broadcast, broadcast_shape};
use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::{exactly, expect_numbers};

const NAME: &str = "Pow";

#[derive(Debug)]
struct Pow;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let types = |datum_type| matches!(datum_type, DatumType::I32 | DatumType::I64);
    by_type::build(ctx, node, Pow, Takes { input: 0, types })
}

impl Kernel for Pow {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [bases, exponents] = exactly(NAME, inputs)?;
        expect_numbers(NAME, exponents.datum_type)?;
        let shape = broadcast_shape(&[&bases.shape, &exponents.shape])?;
        Ok(tvec!(Fact { datum_type: bases.datum_type, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [bases, exponents] = exactly(NAME, &inputs)?;
        let wide = bases.cast_to::<i64>()?;
        let powers = if exponents.datum_type().is_float() {
            powers::<f64>(&wide, &*exponents.cast_to::<f64>()?, |base, exponent| (base as f64).powf(exponent) as i64)?
        } else {
            powers::<i64>(&wide, &*exponents.cast_to::<i64>()?, power)?
        };
        // The lower half of what wraps around is what the narrower type would hold.
        Ok(tvec!(match bases.datum_type() {
            DatumType::I32 => {
                let powers = powers.to_plain_array_view::<i64>()?.mapv(|power| power as i32);
                powers.into_tensor().into()
            }
            DatumType::I64 => powers.into(),
            other => bail!("{NAME}: of {other:?}"),
        }))
    }
}

fn powers<E: Datum + Copy>(bases: &Tensor, exponents: &Tensor, power: fn(i64, E) -> i64) -> TractResult<Tensor> {
    let shape = broadcast_shape(&[bases.shape(), exponents.shape()])?;
    let (bases, exponents) = (bases.to_plain_array_view::<i64>()?, exponents.to_plain_array_view::<E>()?);
    let (bases, exponents) = (broadcast(NAME, &bases, &shape)?, broadcast(NAME, &exponents, &shape)?);
    Ok(Zip::from(&bases).and(&exponents).map_collect(|&base, &exponent| power(base, exponent)).into_tensor())
}

/// Of a fraction, nothing is left. So of the powers of 0 that do not exist: an integer has no infinity.
fn power(base: i64, exponent: i64) -> i64 {
    if exponent >= 0 {
        // Squares and products, as many as the exponent has digits.
        let (mut power, mut square, mut rest) = (1i64, base, exponent);
        while rest > 0 {
            if rest % 2 == 1 {
                power = power.wrapping_mul(square);
            }
            square = square.wrapping_mul(square);
            rest /= 2;
        }
        return power;
    }
    match base {
        1 => 1,
        -1 if exponent % 2 == 0 => 1,
        -1 => -1,
        _ => 0,
    }
}
