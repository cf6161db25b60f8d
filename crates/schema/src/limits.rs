//! What one request may cost to read.

/// Bounds on one JSON body, shared by all its rows. Bytes are bounded before the body gets here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// How deep objects and arrays may nest, the body itself being 1.
    pub depth: usize,
    /// How many numbers the body may hold, those in ignored fields included.
    pub numbers: usize,
    /// How many violations are reported; the others are counted.
    pub violations: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        JsonLimits { depth: 32, numbers: 65_536, violations: 100 }
    }
}
