//! Indices of a tensor as its operators may rely on them: none is negative, and none is beyond the end.

use std::fmt::Debug;

use tract_onnx::prelude::{
    Datum, DatumType, OutletId, SpecialOps as _, TDim, TValue, TVec, Tensor, TractResult, TypedModel, tvec,
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

/// Counts negative indices from the end, and fails for those that lead nowhere. What they count has the shape of the data.
#[derive(Debug)]
struct InRange {
    operator: &'static str,
    along: Along,
}

/// The same where that is known: how many places there are, for indices in turn.
#[derive(Debug)]
struct InLengths {
    operator: &'static str,
    lengths: TVec<usize>,
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
    let (name, constant) = (format!("{name}.in_range"), fact.konst.clone());
    let wired = match check.known_lengths(&model.outlet_fact(data)?.shape, &fact.shape)? {
        Some(lengths) => {
            let check = InLengths { operator, lengths };
            if let Some(constant) = constant {
                let counted = tensor(constant.shape(), check.counted(&constant)?)?;
                return model.add_const(name, counted.cast_to_dt(constant.datum_type())?.into_owned());
            }
            // Without the data, of which it needs nothing else: a table may be looked up before it is computed.
            model.wire_node(name, Eager::of(check), &[indices])?
        }
        None => model.wire_node(name, Eager::of(check), &[data, indices])?,
    };
    match *wired {
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
    let lengths = InRange { operator, along }.lengths(shape, indices.shape())?.into();
    InLengths { operator, lengths }.counted(indices)
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

    /// The same as numbers, if they are known before any data are.
    fn known_lengths(&self, data: &[TDim], indices: &[TDim]) -> TractResult<Option<TVec<usize>>> {
        let known =
            |dims: &[TDim]| dims.iter().map(|dim| usize::try_from(dim.as_i64()?).ok()).collect::<Option<TVec<_>>>();
        match (self.along, known(indices)) {
            (Along::AxesFrom(_), None) => Ok(None),
            (_, indices) => Ok(known(self.lengths(data, &indices.unwrap_or_default())?)),
        }
    }
}

impl InLengths {
    /// The indices, counted from the start.
    fn counted(&self, indices: &Tensor) -> TractResult<Vec<i64>> {
        let given = numbers::<i64>(self.operator, indices)?;
        let checked = given.iter().zip(self.lengths.iter().cycle()).map(|(&index, &length)| {
            let counted = if index < 0 { index.saturating_add(length as i64) } else { index };
            if (0..length as i64).contains(&counted) {
                return Ok(counted);
            }
            refuse!("{}: index {index} of {length}", self.operator)
        });
        checked.collect()
    }

    fn eval(&self, indices: &Tensor) -> TractResult<TVec<TValue>> {
        Ok(tvec!(tensor(indices.shape(), self.counted(indices)?)?))
    }
}

fn facts(operator: &str, indices: &Fact) -> TractResult<TVec<Fact>> {
    expect_numbers(operator, indices.datum_type)?;
    Ok(tvec!(Fact { datum_type: i64::datum_type(), shape: indices.shape.clone() }))
}

impl Kernel for InLengths {
    fn name(&self) -> &'static str {
        self.operator
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [indices] = exactly(self.operator, inputs)?;
        facts(self.operator, indices)
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [indices] = exactly(self.operator, &inputs)?;
        self.eval(indices)
    }
}

impl Kernel for InRange {
    fn name(&self) -> &'static str {
        self.operator
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [_, indices] = exactly(self.operator, inputs)?;
        facts(self.operator, indices)
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [data, indices] = exactly(self.operator, &inputs)?;
        let lengths = self.lengths(data.shape(), indices.shape())?.into();
        InLengths { operator: self.operator, lengths }.eval(indices)
    }
}

#[cfg(test)]
mod tests {
    use tract_onnx::prelude::{DatumExt as _, TDim, TypedModel};

    use super::{Along, wire};

    #[test]
    fn data_of_a_known_length_are_not_needed() {
        let mut model = TypedModel::default();
        let rows = TDim::Sym(model.symbols.sym("N"));
        let data = model.add_source("data", f32::fact([4.into(), rows.clone()])).unwrap();
        let indices = model.add_source("indices", i64::fact([rows, 1.into()])).unwrap();
        let mut inputs = |name: &str, along| {
            let checked = wire("Gather", name, &mut model, [data, indices], along).unwrap();
            model.node(checked.node).inputs.to_vec()
        };
        assert_eq!(inputs("first", Along::Axis(0)), [indices]);
        assert_eq!(inputs("second", Along::Axis(1)), [data, indices]);
        assert_eq!(inputs("tuples", Along::AxesFrom(0)), [data, indices]);
    }
}
