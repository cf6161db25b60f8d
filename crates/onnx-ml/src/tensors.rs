//! Tensors in and out of kernels: counting inputs, reading numbers as rows of features, building outputs.

use std::borrow::Cow;

use tract_onnx::prelude::{Datum, DatumType, IntoTensor, TDim, TValue, Tensor, TractResult, tract_ndarray};
use tract_onnx::tract_hir::internal::bail;

/// Exactly `N` inputs (or facts of inputs).
///
/// # Errors
/// When the node has another number of them.
pub(crate) fn exactly<'a, const N: usize, T>(operator: &str, inputs: &'a [T]) -> TractResult<&'a [T; N]> {
    match inputs.try_into() {
        Ok(array) => Ok(array),
        Err(_) => bail!("{operator}: has {} inputs, takes {N}", inputs.len()),
    }
}

/// Reads a shape as rows of features: `[N, C]`, or `[C]` for a single row. Returns `(N, C)`.
///
/// # Errors
/// For any other rank.
pub(crate) fn rows<D: Clone + From<usize>>(operator: &str, shape: &[D]) -> TractResult<(D, D)> {
    match shape {
        [width] => Ok((D::from(1), width.clone())),
        [rows, width] => Ok((rows.clone(), width.clone())),
        _ => bail!("{operator}: the input has rank {}, expected [rows, features]", shape.len()),
    }
}

/// The width of [`rows`] when it is no symbol.
pub(crate) fn known_width(width: &TDim) -> Option<usize> {
    width.as_i64().and_then(|width| usize::try_from(width).ok())
}

/// Fails unless `datum_type` holds numbers.
///
/// # Errors
/// For strings, booleans, complex and quantised numbers.
pub(crate) fn expect_numbers(operator: &str, datum_type: DatumType) -> TractResult<()> {
    let quantised = datum_type.is_quantized();
    if !quantised && (datum_type.is_float() || datum_type.is_integer()) {
        return Ok(());
    }
    bail!("{operator}: the input holds {datum_type:?}, expected numbers")
}

/// Fails unless `datum_type` is that of strings.
///
/// # Errors
/// For any other.
pub(crate) fn expect_strings(operator: &str, datum_type: DatumType) -> TractResult<()> {
    if datum_type == DatumType::String {
        return Ok(());
    }
    bail!("{operator}: the input holds {datum_type:?}, expected strings")
}

/// The values of `tensor` as `T`, cast where it holds other numbers.
///
/// # Errors
/// When it holds no numbers.
pub(crate) fn numbers<'a, T: Datum + Copy>(operator: &str, tensor: &'a Tensor) -> TractResult<Cow<'a, [T]>> {
    expect_numbers(operator, tensor.datum_type())?;
    Ok(match tensor.cast_to::<T>()? {
        Cow::Borrowed(same) => Cow::Borrowed(values(same)?),
        Cow::Owned(cast) => Cow::Owned(values(&cast)?.to_vec()),
    })
}

/// The values of `tensor`, which holds `T`.
///
/// # Errors
/// When it holds another type.
pub(crate) fn values<T: Datum>(tensor: &Tensor) -> TractResult<&[T]> {
    tensor.try_as_plain_ram()?.as_slice::<T>()
}

/// A new tensor.
///
/// # Errors
/// When `shape` does not have as many elements as `values`.
pub(crate) fn tensor<T: Datum>(shape: &[usize], values: Vec<T>) -> TractResult<TValue> {
    Ok(tract_ndarray::ArrayD::from_shape_vec(shape, values)?.into_tensor().into())
}
