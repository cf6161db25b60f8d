//! The kernel function: the attributes `kernel_type` and `kernel_params`.

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;

/// How alike two points `a` and `b` are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum KernelFunction {
    /// `a·b`
    Linear,
    /// `(gamma a·b + coef0) ^ degree`
    Poly { gamma: f64, coef0: f64, degree: f64 },
    /// `exp(-gamma |a - b|²)`
    Rbf { gamma: f64 },
    /// `tanh(gamma a·b + coef0)`
    Sigmoid { gamma: f64, coef0: f64 },
}

impl KernelFunction {
    /// Reads `kernel_type`, by default `LINEAR`, and `kernel_params`: gamma, coef0 and degree, zeros by default.
    ///
    /// # Errors
    /// For a name that ONNX does not define, or another number of parameters.
    pub(crate) fn read(attributes: Attributes<'_>) -> TractResult<KernelFunction> {
        let [gamma, coef0, degree] = match *attributes.floats("kernel_params")? {
            [] => [0.0; 3],
            [gamma, coef0, degree] => [gamma, coef0, degree].map(f64::from),
            ref other => {
                bail!("{}: kernel_params has {} values, expected 3", attributes.operator(), other.len())
            }
        };
        Ok(match attributes.string("kernel_type")? {
            None | Some("LINEAR") => KernelFunction::Linear,
            Some("POLY") => KernelFunction::Poly { gamma, coef0, degree },
            Some("RBF") => KernelFunction::Rbf { gamma },
            Some("SIGMOID") => KernelFunction::Sigmoid { gamma, coef0 },
            Some(other) => bail!("{}: unknown kernel_type {other:?}", attributes.operator()),
        })
    }

    /// Whether the function is one of the squared distance of two points, and not of their product.
    pub(super) fn takes_distance(self) -> bool {
        matches!(self, KernelFunction::Rbf { .. })
    }

    /// The function's value, from the product or the squared distance of the points.
    pub(super) fn of(self, value: f64) -> f64 {
        match self {
            KernelFunction::Linear => value,
            KernelFunction::Poly { gamma, coef0, degree } => power(gamma * value + coef0, degree),
            KernelFunction::Rbf { gamma } => (-gamma * value).exp(),
            KernelFunction::Sigmoid { gamma, coef0 } => tanh(gamma * value + coef0),
        }
    }
}

/// Degrees are small whole numbers in practice; those are multiplied out.
fn power(base: f64, degree: f64) -> f64 {
    const LARGEST: f64 = 64.0;
    if degree == 3.0 {
        // What exporters write unless told otherwise.
        base * base * base
    } else if degree.fract() == 0.0 && degree.abs() <= LARGEST {
        base.powi(degree as i32)
    } else {
        base.powf(degree)
    }
}

/// The hyperbolic tangent, to within a few units of the last place of 1: a weighted sum asks for no more, and the standard
/// library's, which keeps the digits of small numbers, takes several times as long.
fn tanh(x: f64) -> f64 {
    let shrunk = (-2.0 * x.abs()).exp();
    ((1.0 - shrunk) / (1.0 + shrunk)).copysign(x)
}
