//! Lists of numbers, in the precision that the file gives them in.

use std::borrow::Cow;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::{DatumType, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::tensors::{numbers, values};

/// Numbers in single precision (or half, which is made single) or in double.
#[derive(Clone, Debug)]
pub(super) enum Numbers<'a> {
    F32(Cow<'a, [f32]>),
    F64(Vec<f64>),
}

impl<'a> Numbers<'a> {
    /// Reads the floats `name`, or the tensor `<name>_as_tensor` that stands in for them.
    ///
    /// # Errors
    /// When both are set, and for other element types.
    pub(super) fn floats(ctx: &ParsingContext<'_>, attributes: Attributes<'a>, name: &str) -> TractResult<Numbers<'a>> {
        let floats = attributes.floats(name)?;
        let tensor_name = format!("{name}_as_tensor");
        let tensor = Numbers::tensor(ctx, attributes, &tensor_name)?;
        if tensor.len() == 0 {
            return Ok(Numbers::F32(Cow::Borrowed(floats)));
        }
        if !floats.is_empty() {
            bail!("{}: {name} and {tensor_name} are both set", attributes.operator());
        }
        Ok(tensor)
    }

    /// Reads the tensor `name`; no number if it is absent.
    ///
    /// # Errors
    /// For other element types.
    pub(super) fn tensor(ctx: &ParsingContext<'_>, attributes: Attributes<'a>, name: &str) -> TractResult<Numbers<'a>> {
        const ALLOWED: [DataType; 3] = [DataType::Float, DataType::Double, DataType::Float16];
        let Some(proto) = attributes.tensor(name, &ALLOWED)? else {
            return Ok(Numbers::F32(Cow::Borrowed(&[])));
        };
        let tensor = ctx.load_tensor(proto)?;
        Ok(if tensor.datum_type() == DatumType::F64 {
            Numbers::F64(values::<f64>(&tensor)?.to_vec())
        } else {
            Numbers::F32(Cow::Owned(numbers::<f32>(attributes.operator(), &tensor)?.into_owned()))
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Numbers::F32(numbers) => numbers.len(),
            Numbers::F64(numbers) => numbers.len(),
        }
    }

    pub(super) fn is_double(&self) -> bool {
        matches!(self, Numbers::F64(_))
    }

    /// The number at `position`, widened where it is single: no bit is lost.
    pub(super) fn get(&self, position: usize) -> Option<f64> {
        match self {
            Numbers::F32(numbers) => numbers.get(position).copied().map(f64::from),
            Numbers::F64(numbers) => numbers.get(position).copied(),
        }
    }

    /// The numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = f64> {
        (0..self.len()).map_while(|position| self.get(position))
    }
}
