//! Indices of a tensor as its operators may rely on them: none is negative, and none is beyond the end.

use std::fmt::Debug;

use tract_onnx::prelude::{
    Datum, DatumType, OutletId, SpecialOps as _, TValue, TVec, Tensor, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_hir::internal::bail;

use crate::eager::{Eager, Fact, Kernel};
use crate::refused_value::refuse;
use crate::tensors::{exactly, expect_numbers, numbers, tensor};

/// What the indices count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Along {
    /// Each the places on one axis.
    Axis(usize),
    /// Those along the last axis, together, the places on as many axes, beginning with this one.
    AxesFrom(usize),
}

/// Counts negative indices from the end, and fails for those that lead nowhere.
#[derive(Debug)]
struct InRange {
    operator: &'static str,
    along: Along,
}

/// The indices, checked: at once if they and what they count are known, else in each run.
///
/// # Errors
/// For constant indices beyond the end.
pub(crate) fn wire(
    operator: &'static str,
    name: &str,
    model: &mut TypedModel,
    [data, indices]: [OutletId; 2],
    along: Along,
) -> TractResult<OutletId> {
    let check = InRange { operator, along };
    let fact = model.outlet_fact(indices)?;
    // Symbolic ones are tract's own arithmetic on shapes.
    if fact.datum_type == DatumType::TDim {
        return Ok(indices);
    }
    if let Some(constant) = fact.konst.clone() {
        let data = model.outlet_fact(data)?;
        let lengths = check.lengths(&data.shape, constant.shape())?;
        // How many rows there are does not matter, unless they are what is counted.
        let known: Option<TVec<usize>> = lengths.iter().map(|length| usize::try_from(length.as_i64()?).ok()).collect();
        if let Some(lengths) = known {
            let counted = tensor(constant.shape(), check.counted(&lengths, &constant)?)?;
            let counted = counted.cast_to_dt(constant.datum_type())?.into_owned();
            return model.add_const(format!("{name}.in_range"), counted);
        }
    }
    match *model.wire_node(format!("{name}.in_range"), Eager::of(check), &[data, indices])? {
        [checked] => Ok(checked),
        ref outputs => bail!("{operator}: {} outputs where there is one", outputs.len()),
    }
}

/// The indices into data of the shape, none of them negative.
///
/// # Errors
/// For indices beyond the end.
pub(crate) fn checked(
    operator: &'static str,
    along: Along,
    shape: &[usize],
    indices: &Tensor,
) -> TractResult<Vec<i64>> {
    let check = InRange { operator, along };
    check.counted(check.lengths(shape, indices.shape())?, indices)
}

impl InRange {
    /// The part of the data's shape that indices of a shape count.
    fn lengths<'a, L: Debug>(&self, data: &'a [L], indices: &[usize]) -> TractResult<&'a [L]> {
        let lengths = match self.along {
            Along::Axis(axis) => data.get(axis..=axis),
            Along::AxesFrom(first) => {
                let count = indices.last().copied().unwrap_or_default();
                data.get(first..first.saturating_add(count))
            }
        };
        let Some(lengths) = lengths else {
            bail!("{}: indices of shape {indices:?} for data of shape {data:?}", self.operator)
        };
        Ok(lengths)
    }

    /// The indices, in turn into as many places as `lengths` say, counted from the start.
    fn counted(&self, lengths: &[usize], indices: &Tensor) -> TractResult<Vec<i64>> {
        let given = numbers::<i64>(self.operator, indices)?;
        let checked = given.iter().zip(lengths.iter().cycle()).map(|(&index, &length)| {
            let counted = if index < 0 { index.saturating_add(length as i64) } else { index };
            if (0..length as i64).contains(&counted) {
                return Ok(counted);
            }
            refuse!("{}: index {index} of {length}", self.operator)
        });
        checked.collect()
    }
}

impl Kernel for InRange {
    fn name(&self) -> &'static str {
        self.operator
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [_, indices] = exactly(self.operator, inputs)?;
        expect_numbers(self.operator, indices.datum_type)?;
        Ok(tvec!(Fact { datum_type: i64::datum_type(), shape: indices.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [data, indices] = exactly(self.operator, &inputs)?;
        let lengths = self.lengths(data.shape(), indices.shape())?;
        Ok(tvec!(tensor(indices.shape(), self.counted(lengths, indices)?)?))
    }
}
