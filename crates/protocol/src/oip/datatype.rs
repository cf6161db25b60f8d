//! Element types by their names on the wire.

use std::fmt;

use ferrocast_engine::Dtype;

/// An element type of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Datatype {
    /// One that tensors have.
    Of(Dtype),
    /// IEEE 754 binary16; becomes FP32.
    Fp16,
    /// The upper half of an FP32, which it becomes.
    Bf16,
}

impl Datatype {
    pub(crate) fn parse(name: &str) -> Option<Datatype> {
        Some(match name {
            "BOOL" => Datatype::Of(Dtype::Bool),
            "UINT8" => Datatype::Of(Dtype::U8),
            "UINT16" => Datatype::Of(Dtype::U16),
            "UINT32" => Datatype::Of(Dtype::U32),
            "UINT64" => Datatype::Of(Dtype::U64),
            "INT8" => Datatype::Of(Dtype::I8),
            "INT16" => Datatype::Of(Dtype::I16),
            "INT32" => Datatype::Of(Dtype::I32),
            "INT64" => Datatype::Of(Dtype::I64),
            "FP32" => Datatype::Of(Dtype::F32),
            "FP64" => Datatype::Of(Dtype::F64),
            "BYTES" => Datatype::Of(Dtype::Str),
            "FP16" => Datatype::Fp16,
            "BF16" => Datatype::Bf16,
            _ => return None,
        })
    }

    /// The type of the tensor that it becomes.
    pub(crate) fn dtype(self) -> Dtype {
        match self {
            Datatype::Of(dtype) => dtype,
            Datatype::Fp16 | Datatype::Bf16 => Dtype::F32,
        }
    }

    /// Bytes of an element in binary form; `None` where each has its own length.
    pub(crate) fn width(self) -> Option<usize> {
        match self {
            Datatype::Of(Dtype::Str) => None,
            Datatype::Of(Dtype::Bool | Dtype::U8 | Dtype::I8) => Some(1),
            Datatype::Fp16 | Datatype::Bf16 | Datatype::Of(Dtype::U16 | Dtype::I16) => Some(2),
            Datatype::Of(Dtype::U64 | Dtype::I64 | Dtype::F64) => Some(8),
            Datatype::Of(_) => Some(4),
        }
    }
}

impl fmt::Display for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datatype::Of(dtype) => dtype.fmt(f),
            Datatype::Fp16 => f.write_str("FP16"),
            Datatype::Bf16 => f.write_str("BF16"),
        }
    }
}

/// Runs one expression with `$T` as the Rust type of a number's [`Dtype`], and another for flags and texts.
macro_rules! for_number {
    ($dtype:expr, $T:ident => $number:expr, $other:pat => $rest:expr) => {
        match $dtype {
            Dtype::U8 => for_number!(@ $T u8 $number),
            Dtype::U16 => for_number!(@ $T u16 $number),
            Dtype::U32 => for_number!(@ $T u32 $number),
            Dtype::U64 => for_number!(@ $T u64 $number),
            Dtype::I8 => for_number!(@ $T i8 $number),
            Dtype::I16 => for_number!(@ $T i16 $number),
            Dtype::I32 => for_number!(@ $T i32 $number),
            Dtype::I64 => for_number!(@ $T i64 $number),
            Dtype::F32 => for_number!(@ $T f32 $number),
            Dtype::F64 => for_number!(@ $T f64 $number),
            $other => $rest,
        }
    };
    (@ $T:ident $rust:ident $number:expr) => {{
        type $T = $rust;
        $number
    }};
}
pub(super) use for_number;

#[cfg(test)]
mod tests {
    use super::Datatype;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [
            "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32",
            "FP64", "BYTES",
        ] {
            assert_eq!(Datatype::parse(name).map(|datatype| datatype.to_string()).as_deref(), Some(name));
        }
        assert_eq!(Datatype::parse("STRING"), None);
    }
}
