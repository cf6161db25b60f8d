//! A JSON value that is neither array nor object.

/// Borrowed from the request where it has no escapes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'v> {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64::MAX`.
    Large(u64),
    Float(f64),
    Text(&'v str),
}

impl Scalar<'_> {
    /// Whether it is written as a number.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Scalar::Int(_) | Scalar::Large(_) | Scalar::Float(_))
    }
}
