//! Element-wise kernels of tract that bound their argument first, and so answer a number where it is NaN: here NaN stays.

use tract_onnx::prelude::tract_num_traits::Float;
use tract_onnx::prelude::{Datum, DatumType, Tensor, TractResult, TypedModel, TypedModelPatch, TypedNode, f16};
use tract_onnx::tract_core::ops::element_wise::{ElementWiseMiniOp, ElementWiseOp};

use crate::tensors::values;

/// A change of the graph that begins at a node.
type Declutter = fn(&TypedModel, &TypedNode) -> TractResult<Option<TypedModelPatch>>;

/// An element-wise operator of tract, which computes in place.
#[derive(Clone, Debug)]
pub(crate) struct NanKeeping {
    pub(crate) tracts: ElementWiseOp,
    /// What else the operator may become.
    pub(crate) declutter: Option<Declutter>,
}

impl NanKeeping {
    /// As a node of a graph.
    pub(crate) fn op(self) -> ElementWiseOp {
        ElementWiseOp(Box::new(self), None)
    }

    fn run<T: Datum + Float>(&self, tensor: &mut Tensor) -> TractResult<()> {
        if !any_nan(values::<T>(tensor)?) {
            return self.tracts.0.eval_in_place(tensor, None);
        }
        let kept: Vec<(usize, T)> =
            values::<T>(tensor)?.iter().copied().enumerate().filter(|(_, value)| value.is_nan()).collect();
        self.tracts.0.eval_in_place(tensor, None)?;
        let mut plain = tensor.try_as_plain_ram_mut()?;
        let values = plain.as_slice_mut::<T>()?;
        for (position, nan) in kept {
            if let Some(value) = values.get_mut(position) {
                *value = nan;
            }
        }
        Ok(())
    }
}

/// Mostly the only pass, so it has no branches, and looks at two values in one comparison.
fn any_nan<T: Float>(values: &[T]) -> bool {
    let (left, right) = values.split_at(values.len() / 2);
    // The right half may be the longer one.
    let last_is_nan = right.last().is_some_and(|value| value.is_nan());
    let pairs = left.iter().zip(right);
    let any = pairs.fold(0, |any, (left, right)| any | u32::from(left.is_nan() | right.is_nan()));
    last_is_nan || any != 0
}

impl PartialEq for NanKeeping {
    fn eq(&self, other: &NanKeeping) -> bool {
        self.tracts == other.tracts
    }
}

impl Eq for NanKeeping {}

impl ElementWiseMiniOp for NanKeeping {
    fn name(&self) -> String {
        self.tracts.0.name()
    }

    fn eval_in_place(&self, tensor: &mut Tensor, out: Option<DatumType>) -> TractResult<()> {
        match tensor.datum_type() {
            DatumType::F16 => self.run::<f16>(tensor),
            DatumType::F32 => self.run::<f32>(tensor),
            _ => self.tracts.0.eval_in_place(tensor, out),
        }
    }

    fn declutter(&self, model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
        self.declutter.map_or(Ok(None), |declutter| declutter(model, node))
    }
}
