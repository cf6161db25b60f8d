//! Tensors of ours to tract's and back, and which element types meet.

use ferrocast_engine::{BoxError, Dim, Dtype, Element, Tensor, TensorError, TensorSpec};
use ferrocast_onnx_ml::View;
use tract_onnx::prelude::{DatumType, IntoTensor, TVec, Tensor as TractTensor};
use tract_onnx::tract_hir::internal::TractResult;

/// Our name for a tract element type, or `None` for those that are not served (complex, quantised, opaque).
///
/// Half floats are widened, and tract's symbolic integers (which it makes of any `int64` that it takes for a shape) are
/// plain integers again by the time a run ends.
pub(crate) fn dtype(datum_type: DatumType) -> Option<Dtype> {
    Some(match datum_type {
        DatumType::Bool => Dtype::Bool,
        DatumType::U8 => Dtype::U8,
        DatumType::U16 => Dtype::U16,
        DatumType::U32 => Dtype::U32,
        DatumType::U64 => Dtype::U64,
        DatumType::I8 => Dtype::I8,
        DatumType::I16 => Dtype::I16,
        DatumType::I32 => Dtype::I32,
        DatumType::I64 | DatumType::TDim => Dtype::I64,
        DatumType::F16 | DatumType::F32 => Dtype::F32,
        DatumType::F64 => Dtype::F64,
        DatumType::String => Dtype::Str,
        _ => return None,
    })
}

/// A tract tensor of `tensor`'s data, cast to `datum_type` where the model wants another width (half floats).
pub(crate) fn to_tract(tensor: &Tensor, datum_type: DatumType) -> Result<TractTensor, BoxError> {
    /// One copy, into memory aligned as tract wants it.
    macro_rules! plain {
        ($array:expr) => {
            TractTensor::from_shape($array.shape(), $array.as_slice().unwrap_or_default())?
        };
    }
    let converted = match tensor {
        Tensor::Bool(array) => plain!(array),
        Tensor::U8(array) => plain!(array),
        Tensor::U16(array) => plain!(array),
        Tensor::U32(array) => plain!(array),
        Tensor::U64(array) => plain!(array),
        Tensor::I8(array) => plain!(array),
        Tensor::I16(array) => plain!(array),
        Tensor::I32(array) => plain!(array),
        Tensor::I64(array) => plain!(array),
        Tensor::F32(array) => plain!(array),
        Tensor::F64(array) => plain!(array),
        Tensor::Str(array) => array.clone().into_tensor(),
        other => return Err(format!("{} has no counterpart in tract", other.dtype()).into()),
    };
    if converted.datum_type() == datum_type {
        return Ok(converted);
    }
    Ok(converted.cast_to_dt(datum_type)?.into_owned())
}

/// Our tensor of an output of tract.
pub(crate) fn from_tract(tensor: &TractTensor) -> Result<Tensor, BoxError> {
    fn plain<T>(tensor: &TractTensor) -> TractResult<Tensor>
    where
        T: Element + tract_onnx::prelude::Datum,
    {
        Ok(Tensor::from_array(tensor.to_plain_array_view::<T>()?.to_owned()))
    }
    Ok(match tensor.datum_type() {
        DatumType::Bool => plain::<bool>(tensor)?,
        DatumType::U8 => plain::<u8>(tensor)?,
        DatumType::U16 => plain::<u16>(tensor)?,
        DatumType::U32 => plain::<u32>(tensor)?,
        DatumType::U64 => plain::<u64>(tensor)?,
        DatumType::I8 => plain::<i8>(tensor)?,
        DatumType::I16 => plain::<i16>(tensor)?,
        DatumType::I32 => plain::<i32>(tensor)?,
        DatumType::I64 => plain::<i64>(tensor)?,
        DatumType::F32 => plain::<f32>(tensor)?,
        DatumType::F64 => plain::<f64>(tensor)?,
        DatumType::String => plain::<String>(tensor)?,
        DatumType::TDim => plain::<i64>(tensor.cast_to::<i64>()?.as_ref())?,
        DatumType::F16 => plain::<f32>(tensor.cast_to::<f32>()?.as_ref())?,
        other => return Err(format!("the output's element type {other:?} is not served").into()),
    })
}

/// The values of `tensor` where they are, for a row program.
pub(crate) fn to_view(tensor: &Tensor) -> Result<View<'_>, BoxError> {
    let view = match tensor {
        Tensor::F32(array) => array.as_slice().map(View::F32),
        Tensor::F64(array) => array.as_slice().map(View::F64),
        Tensor::I64(array) => array.as_slice().map(View::I64),
        Tensor::I32(array) => array.as_slice().map(View::I32),
        Tensor::Bool(array) => array.as_slice().map(View::Bool),
        Tensor::Str(array) => array.as_slice().map(View::Str),
        _ => None,
    };
    view.ok_or_else(|| format!("{} is no input of a row program", tensor.describe()).into())
}

/// Writes what a row program answered for the output `spec` into a tensor, whose memory is used again if it fits.
pub(crate) fn write_view(view: View<'_>, rows: usize, spec: &TensorSpec, tensor: &mut Tensor) -> Result<(), BoxError> {
    match view {
        View::F32(values) => write(values, rows, spec, tensor),
        View::F64(values) => write(values, rows, spec, tensor),
        View::I64(values) => write(values, rows, spec, tensor),
        View::I32(values) => write(values, rows, spec, tensor),
        View::Bool(values) => write(values, rows, spec, tensor),
        View::Str(values) => write(values, rows, spec, tensor),
    }
    .map_err(BoxError::from)
}

fn write<T: Element>(values: &[T], rows: usize, spec: &TensorSpec, tensor: &mut Tensor) -> Result<(), TensorError> {
    let axis = |dim: &Dim| if let Dim::Fixed(size) = dim { *size } else { rows };
    let row_shape: TVec<usize> = spec.shape.iter().skip(1).map(axis).collect();
    match tensor.rows_mut(rows, &row_shape) {
        Some(elements) if elements.len() == values.len() => elements.clone_from_slice(values),
        _ => *tensor = Tensor::from_rows(rows, &row_shape, values.to_vec())?,
    }
    Ok(())
}
