//! The nearest number within bounds, and NaN for NaN: what `Relu`, `Clip` and the like are made of.
//!
//! tract writes a bound as a maximum or minimum with a constant, for which its element-wise kernels answer the bound
//! where the number is NaN. The kernels of its matrix products, which take such a bound in as their last step, have the
//! number as the operand that wins if either is NaN (`vmaxps acc, bound, acc`). So a bound behind a product becomes
//! tract's, and costs nothing; any other stays one pass of its own.

use tract_onnx::prelude::tract_num_traits::{Float, NumCast};
use tract_onnx::prelude::{
    Datum, DatumType, OutletId, SpecialOps as _, Tensor, TractResult, TypedModel, TypedModelPatch, TypedNode, f16,
    tensor0,
};
use tract_onnx::tract_core::ops::TypedOp;
use tract_onnx::tract_core::ops::change_axes::wire_with_rank_broadcast;
use tract_onnx::tract_core::ops::element_wise::{ElementWiseMiniOp, ElementWiseOp};
use tract_onnx::tract_core::ops::math::{max, min};
use tract_onnx::tract_core::ops::matmul::optimized::OptMatMul;
use tract_onnx::tract_hir::internal::bail;

const NAME: &str = "Clamp";

/// An element-wise operator. The lower bound counts first: where it is the higher one, the answer is the upper bound.
#[derive(Clone, Debug, PartialEq)]
struct Clamp {
    low: Option<f64>,
    high: Option<f64>,
}

// No bound is NaN.
impl Eq for Clamp {}

/// Floating point numbers between `low` and `high`; a bound of NaN makes everything NaN, and is none of these.
///
/// # Errors
/// For a bound of NaN.
pub(crate) fn clamp(low: Option<f64>, high: Option<f64>) -> TractResult<ElementWiseOp> {
    if [low, high].iter().flatten().any(|bound| bound.is_nan()) {
        bail!("{NAME}: a bound is no number");
    }
    Ok(ElementWiseOp(Box::new(Clamp { low, high }), None))
}

/// The lower and the upper bound that an operator keeps numbers within, if that is all it does: what `Relu`, `Clip` and the
/// like became. The lower one counts first, and NaN stays NaN.
pub fn bounds(op: &dyn TypedOp) -> Option<(Option<f64>, Option<f64>)> {
    let ElementWiseOp(operator, None) = op.downcast_ref::<ElementWiseOp>()? else { return None };
    let Clamp { low, high } = operator.downcast_ref::<Clamp>()?;
    Some((*low, *high))
}

/// The value of a constant that can be a bound.
pub(crate) fn constant_bound(model: &TypedModel, outlet: OutletId) -> TractResult<Option<f64>> {
    let Some(constant) = &model.outlet_fact(outlet)?.konst else { return Ok(None) };
    if constant.len() != 1 {
        return Ok(None);
    }
    let bound: f64 = *constant.cast_to::<f64>()?.try_as_plain_ram()?.to_scalar()?;
    Ok((!bound.is_nan()).then_some(bound))
}

impl Clamp {
    fn run<T: Datum + Float>(&self, tensor: &mut Tensor) -> TractResult<()> {
        let low: Option<T> = self.low.and_then(NumCast::from);
        let high: Option<T> = self.high.and_then(NumCast::from);
        let mut plain = tensor.try_as_plain_ram_mut()?;
        keep_within(plain.as_slice_mut::<T>()?, low, high);
        Ok(())
    }
}

/// Keeps values within bounds, of which the lower one counts first.
pub(crate) fn keep_within<T: Float>(values: &mut [T], low: Option<T>, high: Option<T>) {
    // In this order of operands, each comparison is one instruction that leaves NaN as it is.
    let raise = |value: T, low: T| if low > value { low } else { value };
    let lower = |value: T, high: T| if high < value { high } else { value };
    match (low, high) {
        (Some(low), Some(high)) => values.iter_mut().for_each(|value| *value = lower(raise(*value, low), high)),
        (Some(low), None) => values.iter_mut().for_each(|value| *value = raise(*value, low)),
        (None, Some(high)) => values.iter_mut().for_each(|value| *value = lower(*value, high)),
        (None, None) => {}
    }
}

impl ElementWiseMiniOp for Clamp {
    fn name(&self) -> String {
        NAME.to_owned()
    }

    fn eval_in_place(&self, tensor: &mut Tensor, _out: Option<DatumType>) -> TractResult<()> {
        match tensor.datum_type() {
            DatumType::F16 => self.run::<f16>(tensor),
            DatumType::F32 => self.run::<f32>(tensor),
            DatumType::F64 => self.run::<f64>(tensor),
            other => bail!("{NAME}: of {other:?}"),
        }
    }
    /// Becomes tract's operators where the product before it takes them in.
    fn declutter(&self, model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
        let Some(product) = model.linear_prec(node.id)? else { return Ok(None) };
        if !product.op_is::<OptMatMul>() || model.output_outlets()?.contains(&product.id.into()) {
            return Ok(None);
        }
        let mut patch = TypedModelPatch::default();
        let mut taps = patch.taps(model, &node.inputs)?;
        let datum_type = model.node_input_facts(node.id)?.first().map(|fact| fact.datum_type);
        for (bound, op, suffix) in [(self.low, max(), "low"), (self.high, min(), "high")] {
            let (Some(bound), Some(datum_type)) = (bound, datum_type) else { continue };
            let name = format!("{}.{suffix}", node.name);
            let bound = tensor0(bound).cast_to_dt(datum_type)?.into_owned();
            taps.push(patch.add_const(format!("{name}.bound"), bound)?);
            taps = wire_with_rank_broadcast(name, &mut patch, op, &taps)?;
        }
        let [output] = *taps else { bail!("{NAME}: has {} outputs", taps.len()) };
        patch.shunt_outside(model, node.id.into(), output)?;
        Ok(Some(patch))
    }
}
