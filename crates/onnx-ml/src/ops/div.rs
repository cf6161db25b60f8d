//! `Div` of floating point numbers, correctly rounded. tract multiplies by the reciprocal, which is often off in the last
//! digit, and infinite for the smallest divisors. Integers are tract's, but for an error where it panics: by zero.
//!
//! That digit matters: a power transformer divides what is nearly constant, and scales the rest up by 10⁷.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::tract_num_traits::Float;
use tract_onnx::prelude::{Datum, DatumType, SpecialOps as _, TVec, Tensor, TractResult, TypedModel, f16};
use tract_onnx::tract_core::ops::binary::{BinMiniOp, TypedBinOp};
use tract_onnx::tract_core::ops::cast::wire_cast;
use tract_onnx::tract_core::ops::change_axes::wire_rank_broadcast;
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, bail, expand};

use crate::eager::BuildResult;
use crate::nonzero;
use crate::tensors::exactly;
use crate::tracts;

const NAME: &str = "Div";

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    Ok((expand(Div { tracts: tracts::expansion(ctx, node)? }), vec![]))
}

/// The operator before the types are known.
#[derive(Clone, Debug)]
struct Div {
    /// Infers shapes, and divides integers.
    tracts: Box<dyn Expansion>,
}

impl Expansion for Div {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let [dividend, divisor] = *inputs else { bail!("{NAME}: has {} inputs, takes 2", inputs.len()) };
        let (dividend, divisor) = (model.outlet_fact(dividend)?.datum_type, model.outlet_fact(divisor)?.datum_type);
        match dividend.common_super_type(divisor) {
            Some(common) if common.is_float() => {
                let inputs = wire_rank_broadcast(prefix, model, inputs)?;
                let inputs = wire_cast(prefix, model, &inputs, common)?;
                model.wire_node(prefix, TypedBinOp(Box::new(CorrectlyRounded), None), &inputs)
            }
            _ => {
                let &[dividend, divisor] = exactly(NAME, inputs)?;
                let divisor = nonzero::wire(NAME, prefix, model, divisor)?;
                self.tracts.wire(prefix, model, &[dividend, divisor])
            }
        }
    }
}

/// The quotient of IEEE 754, of inputs of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CorrectlyRounded;

impl BinMiniOp for CorrectlyRounded {
    fn name(&self) -> &'static str {
        NAME
    }

    fn result_datum_type(&self, dividend: DatumType, _divisor: DatumType) -> TractResult<DatumType> {
        Ok(dividend)
    }

    fn is_commutative(&self) -> bool {
        false
    }

    fn eval_in_a(&self, dividend: &mut Tensor, divisor: &Tensor) -> TractResult<()> {
        match dividend.datum_type() {
            DatumType::F16 => divide_in_place::<f16>(dividend, divisor),
            DatumType::F32 => divide_in_place::<f32>(dividend, divisor),
            DatumType::F64 => divide_in_place::<f64>(dividend, divisor),
            other => bail!("{NAME}: of {other:?}"),
        }
    }

    fn eval_out_of_place(&self, quotient: &mut Tensor, dividend: &Tensor, divisor: &Tensor) -> TractResult<()> {
        match quotient.datum_type() {
            DatumType::F16 => divide::<f16>(quotient, dividend, divisor),
            DatumType::F32 => divide::<f32>(quotient, dividend, divisor),
            DatumType::F64 => divide::<f64>(quotient, dividend, divisor),
            other => bail!("{NAME}: of {other:?}"),
        }
    }
}

fn divide_in_place<T: Datum + Float>(dividend: &mut Tensor, divisor: &Tensor) -> TractResult<()> {
    let divisor = divisor.to_plain_array_view::<T>()?;
    let mut dividend = dividend.try_as_plain_ram_mut()?;
    Zip::from(dividend.to_array_view_mut::<T>()?).and_broadcast(divisor).for_each(|a, &b| *a = *a / b);
    Ok(())
}

fn divide<T: Datum + Float>(quotient: &mut Tensor, dividend: &Tensor, divisor: &Tensor) -> TractResult<()> {
    let (dividend, divisor) = (dividend.to_plain_array_view::<T>()?, divisor.to_plain_array_view::<T>()?);
    let mut quotient = quotient.try_as_plain_ram_mut()?;
    let quotient = quotient.to_array_view_mut::<T>()?;
    Zip::from(quotient).and_broadcast(dividend).and_broadcast(divisor).for_each(|c, &a, &b| *c = a / b);
    Ok(())
}
