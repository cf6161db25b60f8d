//! The logarithm of a sum of exponentials, without overflow.
//!
//! Naive Bayes answers log-likelihoods of minus some hundreds, whose exponentials are all zero. So the largest is
//! subtracted first, and added again to the logarithm: `m + ln(sum(exp(x - m)))`.

use tract_onnx::prelude::{Datum as _, OutletId, SpecialOps as _, TVec, TractResult, TypedModel, tensor0};
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};
use tract_onnx::tract_hir::internal::bail;

/// Wires the reduction of `input` over `axes`, which stay with length one.
///
/// # Errors
/// When `input` holds no floating point numbers.
pub(crate) fn wire(name: &str, model: &mut TypedModel, input: OutletId, axes: &[usize]) -> TractResult<OutletId> {
    let axes: TVec<usize> = axes.iter().copied().collect();
    let max = Reduce::new(axes.clone(), Reducer::Max);
    let max = one(model.wire_node(format!("{name}.max"), max, &[input])?)?;
    // Infinity minus itself is no number: infinite maxima are replaced by the largest finite numbers.
    let [highest, lowest] = finite_range(name, model, max)?;
    let max = one(model.wire_node(format!("{name}.not_infinite"), math::min(), &[max, highest])?)?;
    let max = one(model.wire_node(format!("{name}.finite"), math::max(), &[max, lowest])?)?;
    let below = one(model.wire_node(format!("{name}.below"), math::sub(), &[input, max])?)?;
    let exponentials = one(model.wire_node(format!("{name}.exp"), math::exp(), &[below])?)?;
    let sum = Reduce::new(axes, Reducer::Sum);
    let sum = one(model.wire_node(format!("{name}.sum"), sum, &[exponentials])?)?;
    let logarithm = one(model.wire_node(format!("{name}.ln"), math::ln(), &[sum])?)?;
    one(model.wire_node(format!("{name}.log_sum_exp"), math::add(), &[logarithm, max])?)
}

/// The highest and the lowest finite number, as constants of the type and rank of `like`.
fn finite_range(name: &str, model: &mut TypedModel, like: OutletId) -> TractResult<[OutletId; 2]> {
    let fact = model.outlet_fact(like)?;
    let (datum_type, rank) = (fact.datum_type, fact.rank());
    if !datum_type.is_float() {
        bail!("{name}: exponentials of {datum_type:?}");
    }
    let limit = if datum_type == f64::datum_type() { f64::MAX } else { f64::from(f32::MAX) };
    let mut constant = |label: &str, limit: f64| {
        let limit = tensor0(limit).cast_to_dt(datum_type)?.into_owned().broadcast_into_rank(rank)?;
        model.add_const(format!("{name}.{label}"), limit)
    };
    Ok([constant("highest", limit)?, constant("lowest", -limit)?])
}

/// The only outlet of a node.
fn one(outlets: TVec<OutletId>) -> TractResult<OutletId> {
    match outlets.first() {
        Some(&outlet) => Ok(outlet),
        None => bail!("a node without outputs"),
    }
}
