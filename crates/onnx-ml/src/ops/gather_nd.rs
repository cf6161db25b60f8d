//! `GatherND`: slices of the data that tuples of indices lead to. tract's panics for negative indices, and for those
//! beyond the end.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Datum, DatumType, TValue, TVec, Tensor, TractResult, f16, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::in_range::{Along, checked};
use crate::tensors::{exactly, expect_numbers, known_width, tensor, values};

const NAME: &str = "GatherND";

#[derive(Debug)]
struct GatherNd {
    /// The first axes, which data and indices share.
    batch_axes: usize,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let batch_axes = usize::try_from(Attributes::new(node).int("batch_dims")?.unwrap_or(0))?;
    Eager::boxed(node, GatherNd { batch_axes })
}

impl GatherNd {
    /// The shape of the output, for tuples of `width` indices.
    fn shape<D: Clone>(&self, data: &[D], indices: &[D], width: usize) -> TractResult<TVec<D>> {
        let Some((_, tuples)) = indices.split_last().filter(|(_, tuples)| self.batch_axes <= tuples.len()) else {
            bail!("{NAME}: indices of rank {} in {} batches", indices.len(), self.batch_axes)
        };
        let Some(slice) = data.get(self.batch_axes.saturating_add(width)..) else {
            bail!("{NAME}: tuples of {width} for data of rank {} in {} batches", data.len(), self.batch_axes)
        };
        Ok(tuples.iter().chain(slice).cloned().collect())
    }

    fn gather<T: Datum>(&self, data: &Tensor, indices: &Tensor) -> TractResult<TValue> {
        let width = indices.shape().last().copied().unwrap_or_default();
        let shape = self.shape(data.shape(), indices.shape(), width)?;
        let (data_batches, data_shape) = data.shape().split_at(self.batch_axes);
        let (index_batches, tuples) = indices.shape().split_at(self.batch_axes);
        if data_batches != index_batches {
            bail!("{NAME}: data of shape {:?} and indices of shape {:?}", data.shape(), indices.shape());
        }
        let (picked, slice) = data_shape.split_at(width);
        let size: usize = slice.iter().product();
        let (batch_size, tuples) =
            (data_shape.iter().product::<usize>(), tuples.iter().rev().skip(1).product::<usize>());
        let places = checked(NAME, Along::AxesFrom(self.batch_axes), data.shape(), indices)?;
        let all = values::<T>(data)?;
        let mut gathered = Vec::with_capacity(shape.iter().product());
        for tuple in 0..data_batches.iter().product::<usize>() * tuples {
            let places = places.iter().skip(tuple * width).zip(picked);
            // Below the length of the axis each, and not negative.
            let place = places.fold(0, |place, (&index, &length)| place * length + index as usize);
            let start = tuple / tuples * batch_size + place * size;
            gathered.extend_from_slice(all.get(start..start + size).unwrap_or_default());
        }
        tensor(&shape, gathered)
    }
}

impl Kernel for GatherNd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [data, indices] = exactly(NAME, inputs)?;
        expect_numbers(NAME, indices.datum_type)?;
        let Some(width) = indices.shape.last().and_then(known_width) else {
            bail!("{NAME}: indices of shape {:?}", indices.shape)
        };
        Ok(tvec!(Fact { datum_type: data.datum_type, shape: self.shape(&data.shape, &indices.shape, width)? }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [data, indices] = exactly(NAME, &inputs)?;
        let gathered = match data.datum_type() {
            DatumType::Bool => self.gather::<bool>(data, indices),
            DatumType::F16 => self.gather::<f16>(data, indices),
            DatumType::F32 => self.gather::<f32>(data, indices),
            DatumType::F64 => self.gather::<f64>(data, indices),
            DatumType::I8 => self.gather::<i8>(data, indices),
            DatumType::I16 => self.gather::<i16>(data, indices),
            DatumType::I32 => self.gather::<i32>(data, indices),
            DatumType::I64 => self.gather::<i64>(data, indices),
            DatumType::U8 => self.gather::<u8>(data, indices),
            DatumType::U16 => self.gather::<u16>(data, indices),
            DatumType::U32 => self.gather::<u32>(data, indices),
            DatumType::U64 => self.gather::<u64>(data, indices),
            DatumType::String => self.gather::<String>(data, indices),
            other => bail!("{NAME}: of {other:?}"),
        };
        Ok(tvec!(gathered?))
    }
}
