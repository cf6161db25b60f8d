//! Element types, and the Rust types that stand for them.

use std::fmt;

use ndarray::ArrayD;

use super::Tensor;

/// The type of a tensor's elements.
///
/// `Display` gives the names of the Open Inference Protocol (`FP32`, `INT64`, `BYTES`). FP16 and BF16 exist only on the
/// wire; they are widened to [`Dtype::F32`] before they become a [`Tensor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// Truth values.
    Bool,
    /// Unsigned integers of 8 bits.
    U8,
    /// Unsigned integers of 16 bits.
    U16,
    /// Unsigned integers of 32 bits.
    U32,
    /// Unsigned integers of 64 bits.
    U64,
    /// Integers of 8 bits.
    I8,
    /// Integers of 16 bits.
    I16,
    /// Integers of 32 bits.
    I32,
    /// Integers of 64 bits.
    I64,
    /// Floating-point numbers in single precision.
    F32,
    /// Floating-point numbers in double precision.
    F64,
    /// UTF-8 text.
    Str,
}

impl Dtype {
    /// Whether the elements are floating-point numbers.
    pub fn is_float(self) -> bool {
        matches!(self, Dtype::F32 | Dtype::F64)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dtype::Bool => "BOOL",
            Dtype::U8 => "UINT8",
            Dtype::U16 => "UINT16",
            Dtype::U32 => "UINT32",
            Dtype::U64 => "UINT64",
            Dtype::I8 => "INT8",
            Dtype::I16 => "INT16",
            Dtype::I32 => "INT32",
            Dtype::I64 => "INT64",
            Dtype::F32 => "FP32",
            Dtype::F64 => "FP64",
            Dtype::Str => "BYTES",
        })
    }
}

mod sealed {
    /// Keeps [`super::Element`] to the types that a [`super::Tensor`] has a variant for.
    pub trait Sealed {}
}

/// A Rust type that can be a tensor's element. Sealed: there is one for each [`Dtype`].
pub trait Element: sealed::Sealed + Clone + Send + Sync + 'static {
    /// The tag of this type.
    const DTYPE: Dtype;
    #[doc(hidden)]
    fn wrap(array: ArrayD<Self>) -> Tensor;
    #[doc(hidden)]
    fn array(tensor: &Tensor) -> Option<&ArrayD<Self>>;
    #[doc(hidden)]
    fn array_mut(tensor: &mut Tensor) -> Option<&mut ArrayD<Self>>;
}

macro_rules! elements {
    ($($rust:ty => $variant:ident),* $(,)?) => {$(
        impl sealed::Sealed for $rust {}
        impl Element for $rust {
            const DTYPE: Dtype = Dtype::$variant;
            fn wrap(array: ArrayD<Self>) -> Tensor {
                Tensor::$variant(array)
            }
            fn array(tensor: &Tensor) -> Option<&ArrayD<Self>> {
                match tensor {
                    Tensor::$variant(array) => Some(array),
                    _ => None,
                }
            }
            fn array_mut(tensor: &mut Tensor) -> Option<&mut ArrayD<Self>> {
                match tensor {
                    Tensor::$variant(array) => Some(array),
                    _ => None,
                }
            }
        }
    )*};
}

elements! {
    bool => Bool, u8 => U8, u16 => U16, u32 => U32, u64 => U64, i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    f32 => F32, f64 => F64, String => Str,
}
