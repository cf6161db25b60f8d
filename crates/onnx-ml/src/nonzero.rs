//! Divisors of integers, none of which may be zero: a division by zero is the end of a thread, not an answer.

use tract_onnx::prelude::{
    Datum, DatumType, OutletId, SpecialOps as _, TValue, TVec, Tensor, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_hir::internal::bail;

use crate::eager::{Eager, Fact, Kernel};
use crate::refused_value::refuse;
use crate::tensors::{exactly, numbers};

/// Hands its input on unless a value is zero.
#[derive(Debug)]
struct Nonzero {
    operator: &'static str,
}

/// The divisors, checked: at once if they are constant, else in each run. Other numbers than integers are handed on.
///
/// # Errors
/// For a constant zero.
pub(crate) fn wire(
    operator: &'static str,
    name: &str,
    model: &mut TypedModel,
    divisors: OutletId,
) -> TractResult<OutletId> {
    let check = Nonzero { operator };
    let fact = model.outlet_fact(divisors)?;
    // Symbolic ones are tract's own arithmetic on shapes.
    if !fact.datum_type.is_integer() || fact.datum_type == DatumType::TDim {
        return Ok(divisors);
    }
    if let Some(constant) = &fact.konst {
        check.check(constant)?;
        return Ok(divisors);
    }
    match *model.wire_node(format!("{name}.nonzero"), Eager::of(check), &[divisors])? {
        [checked] => Ok(checked),
        ref outputs => bail!("{operator}: {} outputs where there is one", outputs.len()),
    }
}

impl Nonzero {
    fn check(&self, divisors: &Tensor) -> TractResult<()> {
        let any_zero = if divisors.datum_type() == u64::datum_type() {
            numbers::<u64>(self.operator, divisors)?.contains(&0)
        } else {
            numbers::<i64>(self.operator, divisors)?.contains(&0)
        };
        if any_zero {
            refuse!("{}: of integers, by zero", self.operator);
        }
        Ok(())
    }
}

impl Kernel for Nonzero {
    fn name(&self) -> &'static str {
        self.operator
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [divisors] = exactly(self.operator, inputs)?;
        Ok(tvec!(divisors.clone()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [divisors] = exactly(self.operator, &inputs)?;
        self.check(divisors)?;
        Ok(inputs)
    }
}
