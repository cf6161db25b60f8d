//! The larger or smaller of two numbers, and NaN if one of them is. tract's own answer is then the other one.

use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::tract_num_traits::Float;
use tract_onnx::prelude::{Datum, DatumType, OutletId, SpecialOps as _, TVec, Tensor, TractResult, TypedModel, f16};
use tract_onnx::tract_core::ops::binary::{BinMiniOp, TypedBinOp};
use tract_onnx::tract_core::ops::cast::wire_cast;
use tract_onnx::tract_core::ops::change_axes::wire_with_rank_broadcast;
use tract_onnx::tract_core::ops::math::{max, min};
use tract_onnx::tract_hir::internal::bail;

use crate::clamp::{clamp, constant_bound};

/// Which of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extreme {
    Max,
    Min,
}

impl Extreme {
    /// What comes of no numbers.
    pub(crate) fn start<T: Float>(self) -> T {
        match self {
            Extreme::Max => T::neg_infinity(),
            Extreme::Min => T::infinity(),
        }
    }

    /// Whether `value` is further out than `other`; NaN is not.
    pub(crate) fn is_further<T: PartialOrd>(self, value: T, other: T) -> bool {
        match self {
            Extreme::Max => value > other,
            Extreme::Min => value < other,
        }
    }

    /// The further of two numbers; NaN if one of them is.
    pub(crate) fn of<T: Float>(self, so_far: T, value: T) -> T {
        if self.is_further(value, so_far) || value.is_nan() { value } else { so_far }
    }

    /// Wires the extreme of two tensors of any numbers.
    ///
    /// # Errors
    /// When they do not broadcast, or have no common type.
    pub(crate) fn wire(
        self,
        name: &str,
        model: &mut TypedModel,
        left: OutletId,
        right: OutletId,
    ) -> TractResult<OutletId> {
        let types = [model.outlet_fact(left)?.datum_type, model.outlet_fact(right)?.datum_type];
        let Some(common) = types[0].common_super_type(types[1]) else {
            bail!("{}: of {:?} and {:?}", self.name(), types[0], types[1])
        };
        let inputs = wire_cast(name, model, &[left, right], common)?;
        let outputs = if common.is_float() {
            self.wire_floats(name, model, &inputs)
        } else {
            let op = if self == Extreme::Max { max() } else { min() };
            wire_with_rank_broadcast(name, model, op, &inputs)
        };
        match *outputs? {
            [output] => Ok(output),
            ref outputs => bail!("{}: {} outputs", self.name(), outputs.len()),
        }
    }

    fn wire_floats(self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[left, right] = inputs else { bail!("{}: of {} tensors", self.name(), inputs.len()) };
        for (value, bound) in [(left, right), (right, left)] {
            let is_no_wider = model.outlet_fact(bound)?.rank() <= model.outlet_fact(value)?.rank();
            if let Some(bound) = constant_bound(model, bound)?.filter(|_| is_no_wider) {
                let (low, high) = if self == Extreme::Max { (Some(bound), None) } else { (None, Some(bound)) };
                return model.wire_node(name, clamp(low, high)?, &[value]);
            }
        }
        wire_with_rank_broadcast(name, model, TypedBinOp(Box::new(self), None), inputs)
    }

    fn in_place<T: Datum + Float>(self, a: &mut Tensor, b: &Tensor) -> TractResult<()> {
        let b = b.to_plain_array_view::<T>()?;
        let mut a = a.try_as_plain_ram_mut()?;
        Zip::from(a.to_array_view_mut::<T>()?).and_broadcast(b).for_each(|a, &b| *a = self.of(*a, b));
        Ok(())
    }

    fn out_of_place<T: Datum + Float>(self, c: &mut Tensor, a: &Tensor, b: &Tensor) -> TractResult<()> {
        let (a, b) = (a.to_plain_array_view::<T>()?, b.to_plain_array_view::<T>()?);
        let mut c = c.try_as_plain_ram_mut()?;
        let c = c.to_array_view_mut::<T>()?;
        Zip::from(c).and_broadcast(a).and_broadcast(b).for_each(|c, &a, &b| *c = self.of(a, b));
        Ok(())
    }
}

impl BinMiniOp for Extreme {
    fn name(&self) -> &'static str {
        match self {
            Extreme::Max => "Max",
            Extreme::Min => "Min",
        }
    }

    fn result_datum_type(&self, a: DatumType, _b: DatumType) -> TractResult<DatumType> {
        Ok(a)
    }

    fn eval_in_a(&self, a: &mut Tensor, b: &Tensor) -> TractResult<()> {
        match a.datum_type() {
            DatumType::F16 => self.in_place::<f16>(a, b),
            DatumType::F32 => self.in_place::<f32>(a, b),
            DatumType::F64 => self.in_place::<f64>(a, b),
            other => bail!("{}: of {other:?}", self.name()),
        }
    }

    fn eval_out_of_place(&self, c: &mut Tensor, a: &Tensor, b: &Tensor) -> TractResult<()> {
        match c.datum_type() {
            DatumType::F16 => self.out_of_place::<f16>(c, a, b),
            DatumType::F32 => self.out_of_place::<f32>(c, a, b),
            DatumType::F64 => self.out_of_place::<f64>(c, a, b),
            other => bail!("{}: of {other:?}", self.name()),
        }
    }
}
