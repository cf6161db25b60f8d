//! `BitShift`. tract's own shifts by the hardware's rules, which differ for amounts beyond the width of the type.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::{Datum, DatumType, IntoTensor as _, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::broadcast::{broadcast, broadcast_shape};
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::exactly;

const NAME: &str = "BitShift";

#[derive(Clone, Copy, Debug)]
enum BitShift {
    Left,
    Right,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let direction = match Attributes::new(node).string("direction")? {
        Some("LEFT") => BitShift::Left,
        Some("RIGHT") => BitShift::Right,
        other => bail!("{NAME}: direction is {other:?}, expected \"LEFT\" or \"RIGHT\""),
    };
    Eager::boxed(node, direction)
}

impl Kernel for BitShift {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [values, amounts] = exactly(NAME, inputs)?;
        let datum_type = values.datum_type;
        if datum_type != amounts.datum_type || !datum_type.is_integer() || datum_type.is_quantized() {
            bail!("{NAME}: shifts {datum_type:?} by {:?}, expected integers of one type", amounts.datum_type);
        }
        Ok(tvec!(Fact { datum_type, shape: broadcast_shape(&[&values.shape, &amounts.shape])? }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [values, amounts] = exactly(NAME, &inputs)?;
        let shifted = match values.datum_type() {
            DatumType::I8 => shift::<i8>(*self, values, amounts),
            DatumType::I16 => shift::<i16>(*self, values, amounts),
            DatumType::I32 => shift::<i32>(*self, values, amounts),
            DatumType::I64 => shift::<i64>(*self, values, amounts),
            DatumType::U8 => shift::<u8>(*self, values, amounts),
            DatumType::U16 => shift::<u16>(*self, values, amounts),
            DatumType::U32 => shift::<u32>(*self, values, amounts),
            DatumType::U64 => shift::<u64>(*self, values, amounts),
            other => bail!("{NAME}: shifts {other:?}"),
        };
        Ok(tvec!(shifted?.into()))
    }
}

fn shift<T: Shift>(direction: BitShift, values: &Tensor, amounts: &Tensor) -> TractResult<Tensor> {
    let shape = broadcast_shape(&[values.shape(), amounts.shape()])?;
    let (values, amounts) = (values.to_plain_array_view::<T>()?, amounts.to_plain_array_view::<T>()?);
    let shifted = Zip::from(broadcast(NAME, &values, &shape)?)
        .and(broadcast(NAME, &amounts, &shape)?)
        .map_collect(|&value, &amount| value.shifted(direction, amount));
    Ok(shifted.into_tensor())
}

/// An integer that shifts as ONNX 28 defines it: by an amount that is negative or beyond the width, everything is shifted
/// out, and only the sign is left behind.
trait Shift: Datum + Copy {
    fn shifted(self, direction: BitShift, amount: Self) -> Self;
}

macro_rules! impl_shift {
    ($($integer:ty),*) => {$(
        impl Shift for $integer {
            fn shifted(self, direction: BitShift, amount: $integer) -> $integer {
                let amount = u32::try_from(amount).unwrap_or(u32::MAX);
                match direction {
                    BitShift::Left => self.checked_shl(amount).unwrap_or(0),
                    // In two steps, as the whole width at once is what may not be shifted by.
                    BitShift::Right => self.checked_shr(amount).unwrap_or(self >> (<$integer>::BITS - 1) >> 1),
                }
            }
        }
    )*};
}

impl_shift!(i8, i16, i32, i64, u8, u16, u32, u64);
