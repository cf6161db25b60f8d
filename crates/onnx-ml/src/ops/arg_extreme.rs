//! `ArgMax` and `ArgMin` of floating point numbers: where the first NaN is, or the last, as in numpy. tract reads past it.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::{ArrayView1, Axis};
use tract_onnx::prelude::tract_num_traits::Float;
use tract_onnx::prelude::{Datum, DatumType, IntoTensor as _, TDim, TValue, TVec, Tensor, TractResult, f16, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::extreme::Extreme;
use crate::tensors::exactly;

#[derive(Debug)]
struct ArgExtreme {
    extreme: Extreme,
    axis: i64,
    keeps_axis: bool,
    /// Among equals, rather than the first.
    takes_last: bool,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let kernel = ArgExtreme {
        extreme: if node.op_type == "ArgMax" { Extreme::Max } else { Extreme::Min },
        axis: attributes.int("axis")?.unwrap_or(0),
        keeps_axis: attributes.int("keepdims")?.unwrap_or(1) != 0,
        takes_last: attributes.int("select_last_index")?.unwrap_or(0) != 0,
    };
    by_type::build(ctx, node, kernel, Takes { input: 0, types: |datum_type| datum_type.is_float() })
}

impl ArgExtreme {
    fn positions<T: Datum + Float>(&self, input: &Tensor) -> TractResult<Tensor> {
        let axis = Axis(axis(self.name(), self.axis, input.rank())?);
        let view = input.to_plain_array_view::<T>()?;
        if view.len_of(axis) == 0 {
            bail!("{}: of no numbers", self.name());
        }
        let positions = view.map_axis(axis, |lane| self.position(lane));
        Ok(if self.keeps_axis { positions.insert_axis(axis).into_tensor() } else { positions.into_tensor() })
    }

    fn position<T: Float>(&self, lane: ArrayView1<'_, T>) -> i64 {
        let mut found = (0, T::nan());
        for (position, &value) in lane.iter().enumerate() {
            let (_, so_far) = found;
            let is_equal = value == so_far || (value.is_nan() && so_far.is_nan());
            let is_further = self.extreme.is_further(value, so_far) || (value.is_nan() && !so_far.is_nan());
            if position == 0 || is_further || (is_equal && self.takes_last) {
                found = (position as i64, value);
            }
        }
        found.0
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
            other => bail!("{}: of {other:?}", self.name()),
        };
        Ok(tvec!(positions?.into()))
    }
}
