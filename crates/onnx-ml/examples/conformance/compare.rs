//! Whether an output is what a test expects.

use tract_onnx::prelude::{DatumType, TValue, Tensor, TractResult};

/// How far a number may be from the expected one, beside being it.
struct Tolerance {
    relative: f64,
    absolute: f64,
}

impl Tolerance {
    /// The ONNX project's own runner takes 1e-3 and 1e-7 throughout (`onnx/backend/test/case/node`). Where that is less than
    /// the type can hold, it gives way: single precision gets the absolute tolerance of ONNX Runtime for the same tests
    /// (`onnx_backend_test_series_overrides.jsonc`), half precision two units in the last place.
    fn of(datum_type: DatumType) -> Tolerance {
        match datum_type {
            DatumType::F16 => Tolerance { relative: 2f64.powi(-9), absolute: 1e-7 },
            DatumType::F32 => Tolerance { relative: 1e-3, absolute: 1e-5 },
            _ => Tolerance { relative: 1e-3, absolute: 1e-7 },
        }
    }

    fn covers(&self, actual: f64, expected: f64) -> bool {
        let is_same = actual == expected || (actual.is_nan() && expected.is_nan());
        let difference = (actual - expected).abs();
        is_same || (expected.is_finite() && difference <= self.absolute + self.relative * expected.abs())
    }
}

/// What of an output a test determines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    Values,
    /// Element type and shape: the values are random.
    Facts,
}

/// What is wrong with the outputs, if anything: numbers of floating point agree within tolerances, all else exactly.
pub(crate) fn difference(actual: &[TValue], expected: &[Tensor], extent: Extent) -> TractResult<Option<String>> {
    if actual.len() != expected.len() {
        return Ok(Some(format!("{} outputs, expected {}", actual.len(), expected.len())));
    }
    for (position, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        if let Some(text) = tensor_difference(actual, expected, extent)? {
            return Ok(Some(format!("output {position}: {text}")));
        }
    }
    Ok(None)
}

fn tensor_difference(actual: &Tensor, expected: &Tensor, extent: Extent) -> TractResult<Option<String>> {
    // How tract writes the `int64` tensors that it takes for shapes.
    let plain = if actual.datum_type() == DatumType::TDim { DatumType::I64 } else { actual.datum_type() };
    let actual = actual.cast_to_dt(plain)?;
    if plain != expected.datum_type() {
        return Ok(Some(format!("type {plain:?}, expected {:?}", expected.datum_type())));
    }
    if actual.shape() != expected.shape() {
        return Ok(Some(format!("shape {:?}, expected {:?}", actual.shape(), expected.shape())));
    }
    if extent == Extent::Facts {
        return Ok(None);
    }
    if !plain.is_float() {
        return Ok((*actual != *expected).then(|| format!("{actual:?}, expected {expected:?}")));
    }
    let tolerance = Tolerance::of(plain);
    let (actual, expected) = (doubles(&actual)?, doubles(expected)?);
    let mut pairs = actual.iter().zip(&expected).enumerate();
    let wrong = pairs.find(|(_, (actual, expected))| !tolerance.covers(**actual, **expected));
    Ok(wrong.map(|(at, (actual, expected))| format!("element {at}: {actual}, expected {expected}")))
}

fn doubles(tensor: &Tensor) -> TractResult<Vec<f64>> {
    Ok(tensor.cast_to::<f64>()?.to_plain_array_view::<f64>()?.iter().copied().collect())
}
