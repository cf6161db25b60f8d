//! Indices of a tensor as its operators may rely on them: none is negative, and none is beyond the end.

use tract_onnx::prelude::{
    Datum, DatumType, OutletId, SpecialOps as _, TValue, TVec, Tensor, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_hir::internal::bail;

use crate::eager::{Eager, Fact, Kernel};
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

/// The indices, checked: at once if they and the shape of `data` are known, else in each run.
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
    let shape: Option<TVec<usize>> =
        model.outlet_fact(data)?.shape.iter().map(|length| usize::try_from(length.as_i64()?).ok()).collect();
    if let (Some(shape), Some(constant)) = (shape, fact.konst.clone()) {
        let checked = check.checked(&shape, &constant)?.cast_to_dt(constant.datum_type())?.into_owned();
        return model.add_const(format!("{name}.in_range"), checked);
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
    InRange { operator, along }.counted(shape, indices)
}

impl InRange {
    fn checked(&self, shape: &[usize], indices: &Tensor) -> TractResult<TValue> {
        tensor(indices.shape(), self.counted(shape, indices)?)
    }

    fn counted(&self, shape: &[usize], indices: &Tensor) -> TractResult<Vec<i64>> {
        let lengths = match self.along {
            Along::Axis(axis) => shape.get(axis..=axis),
            Along::AxesFrom(first) => {
                let count = indices.shape().last().copied().unwrap_or_default();
                shape.get(first..first.saturating_add(count))
            }
        };
        let Some(lengths) = lengths else {
            bail!("{}: indices of shape {:?} for data of shape {shape:?}", self.operator, indices.shape())
        };
        let given = numbers::<i64>(self.operator, indices)?;
        let checked = given.iter().zip(lengths.iter().cycle()).map(|(&index, &length)| {
            let counted = if index < 0 { index.saturating_add(length as i64) } else { index };
            if (0..length as i64).contains(&counted) {
                return Ok(counted);
            }
            bail!("{}: index {index} of {length}", self.operator)
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
        Ok(tvec!(self.checked(data.shape(), indices)?))
    }
}
