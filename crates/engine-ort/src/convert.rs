//! Tensors of ours to ONNX Runtime's and back, and which element types meet.

use ferrocast_engine::{BoxError, Dtype, Element, EngineError, Tensor};
use half::f16;
use ort::ErrorCode;
use ort::session::SessionInputValue;
use ort::value::{DynValue, PrimitiveTensorElementType, Shape, Tensor as OrtTensor, TensorElementType, TensorRef};

/// Our name for an element type, or `None` for those that are not served (complex, quantised, of four bits). Half floats are widened.
pub(crate) fn dtype(element: TensorElementType) -> Option<Dtype> {
    Some(match element {
        TensorElementType::Bool => Dtype::Bool,
        TensorElementType::Uint8 => Dtype::U8,
        TensorElementType::Uint16 => Dtype::U16,
        TensorElementType::Uint32 => Dtype::U32,
        TensorElementType::Uint64 => Dtype::U64,
        TensorElementType::Int8 => Dtype::I8,
        TensorElementType::Int16 => Dtype::I16,
        TensorElementType::Int32 => Dtype::I32,
        TensorElementType::Int64 => Dtype::I64,
        TensorElementType::Float16 | TensorElementType::Float32 => Dtype::F32,
        TensorElementType::Float64 => Dtype::F64,
        TensorElementType::String => Dtype::Str,
        _ => return None,
    })
}

/// A view of `tensor`'s data where they are; a copy of text, and of what the model wants as `wanted` half floats.
///
/// # Errors
/// [`EngineError::Value`] for text with a zero character, which ends a text in ONNX Runtime.
pub(crate) fn to_ort(tensor: &Tensor, wanted: TensorElementType) -> Result<SessionInputValue<'_>, EngineError> {
    macro_rules! view {
        ($array:expr) => {
            TensorRef::from_array_view((tensor.shape(), $array.as_slice().unwrap_or_default()))
                .map(SessionInputValue::from)
        };
    }
    let converted = match tensor {
        Tensor::Bool(array) => view!(array),
        Tensor::U8(array) => view!(array),
        Tensor::U16(array) => view!(array),
        Tensor::U32(array) => view!(array),
        Tensor::U64(array) => view!(array),
        Tensor::I8(array) => view!(array),
        Tensor::I16(array) => view!(array),
        Tensor::I32(array) => view!(array),
        Tensor::I64(array) => view!(array),
        Tensor::F32(array) if wanted == TensorElementType::Float16 => {
            let halves: Vec<f16> = array.iter().map(|&value| f16::from_f32(value)).collect();
            OrtTensor::from_array((tensor.shape(), halves)).map(SessionInputValue::from)
        }
        Tensor::F32(array) => view!(array),
        Tensor::F64(array) => view!(array),
        Tensor::Str(array) => {
            let texts = array.as_slice().unwrap_or_default();
            if texts.iter().any(|text| text.contains('\0')) {
                return Err(EngineError::Value("a text holds a zero character".to_owned()));
            }
            OrtTensor::from_string_array((tensor.shape(), texts)).map(SessionInputValue::from)
        }
        other => return Err(EngineError::Backend(format!("{} has no counterpart", other.dtype()).into())),
    };
    converted.map_err(|error| EngineError::Backend(error.into()))
}

/// Our tensor of an output.
pub(crate) fn from_ort(value: &DynValue) -> Result<Tensor, BoxError> {
    fn plain<T: Element + PrimitiveTensorElementType + Clone>(value: &DynValue) -> Result<Tensor, BoxError> {
        let (shape, data) = value.try_extract_tensor::<T>()?;
        Ok(Tensor::from_vec(&sizes(shape)?, data.to_vec())?)
    }
    match value.dtype().tensor_type() {
        Some(TensorElementType::Bool) => plain::<bool>(value),
        Some(TensorElementType::Uint8) => plain::<u8>(value),
        Some(TensorElementType::Uint16) => plain::<u16>(value),
        Some(TensorElementType::Uint32) => plain::<u32>(value),
        Some(TensorElementType::Uint64) => plain::<u64>(value),
        Some(TensorElementType::Int8) => plain::<i8>(value),
        Some(TensorElementType::Int16) => plain::<i16>(value),
        Some(TensorElementType::Int32) => plain::<i32>(value),
        Some(TensorElementType::Int64) => plain::<i64>(value),
        Some(TensorElementType::Float32) => plain::<f32>(value),
        Some(TensorElementType::Float64) => plain::<f64>(value),
        Some(TensorElementType::Float16) => {
            let (shape, data) = value.try_extract_tensor::<f16>()?;
            Ok(Tensor::from_vec(&sizes(shape)?, data.iter().map(|half| half.to_f32()).collect())?)
        }
        Some(TensorElementType::String) => {
            let (shape, texts) = value.try_extract_strings()?;
            Ok(Tensor::from_vec(&sizes(shape)?, texts)?)
        }
        _ => Err(format!("an output of type {} is not served", value.dtype()).into()),
    }
}

fn sizes(shape: &Shape) -> Result<Vec<usize>, BoxError> {
    shape.iter().map(|&size| Ok(usize::try_from(size)?)).collect()
}

/// The error of a run. The types and shapes have been checked before it: what is called an invalid argument is a value, such as an
/// index beyond the data.
pub(crate) fn failed(error: ort::Error) -> EngineError {
    match error.code() {
        ErrorCode::InvalidArgument => {
            let message = error.message();
            let told = message.rsplit_once("Status Message: ").map_or(message, |(_, told)| told);
            EngineError::Value(told.trim_end().to_owned())
        }
        _ => EngineError::Backend(error.into()),
    }
}
