//! `Gemm`: `alpha * A * B + beta * C`, of doubles too: tract takes the factors for floats.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{OutletId, SpecialOps as _, TVec, TractResult, TypedModel, tensor0};
use tract_onnx::tract_core::ops::change_axes::wire_rank_broadcast;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_hir::internal::{AxesMapping, bail};

use crate::attributes::Attributes;
use crate::eager::BuildResult;
use crate::rewired::{self, Wiring};

const NAME: &str = "Gemm";

#[derive(Debug)]
struct Gemm {
    alpha: f32,
    beta: f32,
    transposes_a: bool,
    transposes_b: bool,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let alpha = attributes.float("alpha")?.unwrap_or(1.0);
    let beta = attributes.float("beta")?.unwrap_or(1.0);
    let transposes_a = attributes.int("transA")?.unwrap_or(0) != 0;
    let transposes_b = attributes.int("transB")?.unwrap_or(0) != 0;
    rewired::build(ctx, node, Gemm { alpha, beta, transposes_a, transposes_b })
}

/// `matrix` times `factor`; nothing where that is one.
fn scale(name: &str, model: &mut TypedModel, matrix: TVec<OutletId>, factor: f32) -> TractResult<TVec<OutletId>> {
    if factor == 1.0 {
        return Ok(matrix);
    }
    let mut inputs = matrix;
    for &input in &inputs.clone() {
        let fact = model.outlet_fact(input)?;
        let factor = tensor0(factor).cast_to_dt(fact.datum_type)?.into_owned().broadcast_into_rank(fact.rank())?;
        inputs.push(model.add_const(format!("{name}.factor"), factor)?);
    }
    model.wire_node(name, math::mul(), &inputs)
}

impl Wiring for Gemm {
    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[a, b, ref rest @ ..] = inputs else { bail!("{NAME}: has {} inputs, takes 2 or 3", inputs.len()) };
        let datum_type = model.outlet_fact(a)?.datum_type;
        if !datum_type.is_float() {
            bail!("{NAME}: of {datum_type:?} is not supported");
        }
        let axes = AxesMapping::for_numpy_matmul(2, self.transposes_a, self.transposes_b, false)?;
        let product = model.wire_node(format!("{name}.ab"), EinSum::new(axes, datum_type), &[a, b])?;
        let product = scale(&format!("{name}.alpha"), model, product, self.alpha)?;
        match rest {
            [c, ..] if self.beta != 0.0 => {
                let summand = scale(&format!("{name}.beta"), model, TVec::from_slice(&[*c]), self.beta)?;
                let terms: TVec<OutletId> = product.into_iter().chain(summand).collect();
                let terms = wire_rank_broadcast(name, model, &terms)?;
                model.wire_node(name, math::add(), &terms)
            }
            _ => Ok(product),
        }
    }
}
