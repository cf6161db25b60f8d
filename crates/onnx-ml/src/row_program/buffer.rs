//! Flat values of one element type, owned or borrowed.

use std::borrow::Cow;

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

/// Values that live somewhere else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View<'a> {
    /// Floating-point numbers in single precision.
    F32(&'a [f32]),
    /// Floating-point numbers in double precision.
    F64(&'a [f64]),
    /// Integers of 64 bits.
    I64(&'a [i64]),
    /// Integers of 32 bits.
    I32(&'a [i32]),
    /// Truth values.
    Bool(&'a [bool]),
    /// UTF-8 text.
    Str(&'a [String]),
}

/// Values that a step writes; the memory is kept from run to run.
#[derive(Clone, Debug, PartialEq)]
pub enum Buffer {
    /// Floating-point numbers in single precision.
    F32(Vec<f32>),
    /// Floating-point numbers in double precision.
    F64(Vec<f64>),
    /// Integers of 64 bits.
    I64(Vec<i64>),
    /// Integers of 32 bits.
    I32(Vec<i32>),
    /// Truth values.
    Bool(Vec<bool>),
    /// UTF-8 text.
    Str(Vec<String>),
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer::F32(Vec::new())
    }
}

/// The empty vector of one element type that a buffer holds from now on.
macro_rules! emptied {
    ($name:ident, $variant:ident, $element:ty) => {
        pub(crate) fn $name(&mut self) -> &mut Vec<$element> {
            if !matches!(self, Buffer::$variant(_)) {
                *self = Buffer::$variant(Vec::new());
            }
            match self {
                Buffer::$variant(values) => {
                    values.clear();
                    values
                }
                #[allow(clippy::unreachable, reason = "the variant was set above")]
                _ => unreachable!(),
            }
        }
    };
}

impl Buffer {
    emptied!(f32s, F32, f32);
    emptied!(f64s, F64, f64);
    emptied!(i64s, I64, i64);
    emptied!(i32s, I32, i32);
    emptied!(bools, Bool, bool);
    emptied!(strings, Str, String);

    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Buffer::F32(values) => View::F32(values),
            Buffer::F64(values) => View::F64(values),
            Buffer::I64(values) => View::I64(values),
            Buffer::I32(values) => View::I32(values),
            Buffer::Bool(values) => View::Bool(values),
            Buffer::Str(values) => View::Str(values),
        }
    }
}

impl<'a> View<'a> {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            View::F32(values) => values.len(),
            View::F64(values) => values.len(),
            View::I64(values) => values.len(),
            View::I32(values) => values.len(),
            View::Bool(values) => values.len(),
            View::Str(values) => values.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values in single precision, rounded as a cast rounds them.
    ///
    /// # Errors
    /// For text.
    pub(crate) fn to_f32(self) -> TractResult<Cow<'a, [f32]>> {
        if let View::F32(values) = self {
            return Ok(values.into());
        }
        let mut converted = Vec::new();
        self.add_to_f32s(&mut converted)?;
        Ok(converted.into())
    }

    /// The values in double precision.
    ///
    /// # Errors
    /// For text.
    pub(crate) fn to_f64(self) -> TractResult<Cow<'a, [f64]>> {
        if let View::F64(values) = self {
            return Ok(values.into());
        }
        let mut converted = Vec::new();
        self.add_to_f64s(&mut converted)?;
        Ok(converted.into())
    }

    /// Adds the values in single precision, rounded as a cast rounds them.
    ///
    /// # Errors
    /// For text.
    pub(crate) fn add_to_f32s(self, converted: &mut Vec<f32>) -> TractResult<()> {
        match self {
            View::F32(values) => converted.extend_from_slice(values),
            View::F64(values) => converted.extend(values.iter().map(|&value| value as f32)),
            View::I64(values) => converted.extend(values.iter().map(|&value| value as f32)),
            View::I32(values) => converted.extend(values.iter().map(|&value| value as f32)),
            View::Bool(values) => converted.extend(values.iter().map(|&value| f32::from(u8::from(value)))),
            View::Str(_) => bail!("text where numbers are expected"),
        }
        Ok(())
    }

    /// Adds the values in double precision.
    ///
    /// # Errors
    /// For text.
    pub(crate) fn add_to_f64s(self, converted: &mut Vec<f64>) -> TractResult<()> {
        match self {
            View::F32(values) => converted.extend(values.iter().map(|&value| f64::from(value))),
            View::F64(values) => converted.extend_from_slice(values),
            View::I64(values) => converted.extend(values.iter().map(|&value| value as f64)),
            View::I32(values) => converted.extend(values.iter().map(|&value| f64::from(value))),
            View::Bool(values) => converted.extend(values.iter().map(|&value| f64::from(u8::from(value)))),
            View::Str(_) => bail!("text where numbers are expected"),
        }
        Ok(())
    }
}
