//! `ArgMax` and `ArgMin`: of numbers with NaN among them, where the first one is, or the last, as in numpy. tract reads past it,
//! and panics where the axis is not there.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::{ArrayView1, Axis};
use tract_onnx::prelude::{Datum, DatumType, IntoTensor as _, TDim, TValue, TVec, Tensor, TractResult, f16, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::extreme::Extreme;
use crate::tensors::{exactly, expect_numbers};

#[derive(Debug)]
struct ArgExtreme {
    extreme: Extreme,
    axis: i64,
    keeps_axis: bool,
    /// Among equals, rather than the first.
    takes_last: bool,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let kernel = ArgExtreme {
        extreme: if node.op_type == "ArgMax" { Extreme::Max } else { Extreme::Min },
        axis: attributes.int("axis")?.unwrap_or(0),
        keeps_axis: attributes.int("keepdims")?.unwrap_or(1) != 0,
        takes_last: attributes.int("select_last_index")?.unwrap_or(0) != 0,
    };
    Eager::boxed(node, kernel)
}

impl ArgExtreme {
    fn positions<T: Datum + Copy + PartialOrd>(&self, input: &Tensor) -> TractResult<Tensor> {
        let axis = Axis(axis(self.name(), self.axis, input.rank())?);
        let view = input.to_plain_array_view::<T>()?;
        if view.len_of(axis) == 0 {
            bail!("{}: of no numbers", self.name());
        }
        let positions = view.map_axis(axis, |lane| self.position(lane));
        Ok(if self.keeps_axis { positions.insert_axis(axis).into_tensor() } else { positions.into_tensor() })
    }

    fn position<T: Copy + PartialOrd>(&self, lane: ArrayView1<'_, T>) -> i64 {
        let is_nan = |value: T| value.partial_cmp(&value).is_none();
        let mut values = lane.iter().copied().enumerate();
        let Some(first) = values.next() else { return 0 };
        let furthest = values.fold(first, |(found, so_far), (position, value)| {
            let is_further = self.extreme.is_further(value, so_far) || (is_nan(value) && !is_nan(so_far));
            let is_equal = value == so_far || (is_nan(value) && is_nan(so_far));
            if is_further || (is_equal && self.takes_last) { (position, value) } else { (found, so_far) }
        });
        furthest.0 as i64
    }
}

impl Kernel for ArgExtreme {
    fn name(&self) -> &'static str {
        match self.extreme {
            Extreme::Max => "ArgMax",
            Extreme::Min => "ArgMin",
        }
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(self.name(), inputs)?;
        expect_numbers(self.name(), input.datum_type)?;
        let along = axis(self.name(), self.axis, input.shape.len())?;
        let mut shape = input.shape.clone();
        shape.remove(along);
        if self.keeps_axis {
            shape.insert(along, TDim::from(1));
        }
        Ok(tvec!(Fact { datum_type: DatumType::I64, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(self.name(), &inputs)?;
        let positions = match input.datum_type() {
            DatumType::F16 => self.positions::<f16>(input),
            DatumType::F32 => self.positions::<f32>(input),
            DatumType::F64 => self.positions::<f64>(input),
            DatumType::I8 => self.positions::<i8>(input),
            DatumType::I16 => self.positions::<i16>(input),
            DatumType::I32 => self.positions::<i32>(input),
            DatumType::I64 => self.positions::<i64>(input),
            DatumType::U8 => self.positions::<u8>(input),
            DatumType::U16 => self.positions::<u16>(input),
            DatumType::U32 => self.positions::<u32>(input),
            DatumType::U64 => self.positions::<u64>(input),
            other => bail!("{}: of {other:?}", self.name()),
        };
        Ok(tvec!(positions?.into()))
    }
}
