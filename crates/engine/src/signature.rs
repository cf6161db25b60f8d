//! What a loaded model accepts and returns.

use std::fmt;

use crate::{Dtype, EngineError, Tensor};

/// One axis of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// Always this size.
    Fixed(usize),
    /// The axis that carries independent rows; the same size in every input and output.
    Batch,
    /// A free axis, resolved at each call, such as a sequence length; the same name means the same size.
    Dynamic(Box<str>),
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Fixed(size) => write!(f, "{size}"),
            Dim::Batch => f.write_str("batch"),
            Dim::Dynamic(name) => f.write_str(name),
        }
    }
}

/// Name, element type and shape of one input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// The name in the model file.
    pub name: Box<str>,
    /// The element type.
    pub dtype: Dtype,
    /// The axes.
    pub shape: Vec<Dim>,
}

impl TensorSpec {
    /// A spec of these three.
    pub fn new(name: impl Into<Box<str>>, dtype: Dtype, shape: Vec<Dim>) -> TensorSpec {
        TensorSpec { name: name.into(), dtype, shape }
    }

    /// The number of elements of one row, if the shape is `[batch, fixed…]`.
    pub fn row_width(&self) -> Option<usize> {
        match self.shape.split_first() {
            Some((Dim::Batch, rest)) => rest.iter().try_fold(1usize, |product, dim| match dim {
                Dim::Fixed(size) => product.checked_mul(*size),
                _ => None,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for TensorSpec {
    /// `FP32 [batch, 4]`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [", self.dtype)?;
        for (i, dim) in self.shape.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

/// Inputs and outputs of a loaded model, in the file's order; discovered from the file, never typed in by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    batchable: bool,
}

impl Signature {
    /// A signature of these inputs and outputs.
    pub fn new(inputs: Vec<TensorSpec>, outputs: Vec<TensorSpec>) -> Signature {
        let leads = |spec: &TensorSpec| match spec.shape.split_first() {
            Some((Dim::Batch, rest)) => !rest.contains(&Dim::Batch),
            _ => false,
        };
        let batchable = !inputs.is_empty() && inputs.iter().chain(&outputs).all(leads);
        Signature { inputs, outputs, batchable }
    }

    /// The inputs, in the order in which a run takes them.
    pub fn inputs(&self) -> &[TensorSpec] {
        &self.inputs
    }

    /// The outputs, in the order in which a run gives them.
    pub fn outputs(&self) -> &[TensorSpec] {
        &self.outputs
    }

    /// True iff axis 0 is [`Dim::Batch`] in every input and output and nowhere else: only then may rows of different
    /// requests share one run.
    pub fn is_batchable(&self) -> bool {
        self.batchable
    }

    /// Checks count, element types, ranks, fixed axes, and that axes of one name agree.
    ///
    /// Returns the number of rows: the batch axis, or 1 for a model that has none.
    ///
    /// # Errors
    /// [`EngineError::InputCount`] or [`EngineError::Input`], which names the offending input.
    pub fn check(&self, inputs: &[Tensor]) -> Result<usize, EngineError> {
        if inputs.len() != self.inputs.len() {
            return Err(EngineError::InputCount { expected: self.inputs.len(), got: inputs.len() });
        }
        let mut batch: Option<usize> = None;
        // A handful at most, so a list beats a map.
        let mut named: Vec<(&str, usize)> = Vec::new();
        for (spec, tensor) in self.inputs.iter().zip(inputs) {
            let wrong =
                |expected: String| EngineError::Input { name: spec.name.clone(), expected, got: tensor.describe() };
            if tensor.dtype() != spec.dtype || tensor.shape().len() != spec.shape.len() {
                return Err(wrong(spec.to_string()));
            }
            for (dim, &size) in spec.shape.iter().zip(tensor.shape()) {
                match dim {
                    Dim::Fixed(want) if *want == size => {}
                    Dim::Fixed(_) => return Err(wrong(spec.to_string())),
                    Dim::Batch => match batch {
                        None => batch = Some(size),
                        Some(rows) if rows == size => {}
                        Some(rows) => return Err(wrong(format!("{rows} rows, as in the inputs before it"))),
                    },
                    Dim::Dynamic(name) => match named.iter().find(|(known, _)| *known == &**name) {
                        None => named.push((name, size)),
                        Some((_, known)) if *known == size => {}
                        Some((_, known)) => return Err(wrong(format!("{known} along the axis `{name}`"))),
                    },
                }
            }
        }
        Ok(batch.unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, shape: &[Dim]) -> TensorSpec {
        TensorSpec::new(name, Dtype::F32, shape.to_vec())
    }

    fn zeros(shape: &[usize]) -> Tensor {
        Tensor::from_vec(shape, vec![0f32; shape.iter().product()]).unwrap()
    }

    #[test]
    fn counts_rows() {
        let signature = Signature::new(vec![spec("x", &[Dim::Batch, Dim::Fixed(2)])], vec![]);
        assert_eq!(signature.check(&[zeros(&[5, 2])]).unwrap(), 5);
        assert_eq!(signature.check(&[zeros(&[0, 2])]).unwrap(), 0);
        let fixed = Signature::new(vec![spec("x", &[Dim::Fixed(4)])], vec![]);
        assert_eq!(fixed.check(&[zeros(&[4])]).unwrap(), 1);
    }

    #[test]
    fn names_the_input_that_does_not_fit() {
        let sequence = || Dim::Dynamic("sequence".into());
        let signature = Signature::new(
            vec![spec("ids", &[Dim::Batch, sequence()]), spec("mask", &[Dim::Batch, sequence()])],
            vec![],
        );
        let check = |shapes: &[&[usize]]| {
            let inputs: Vec<Tensor> = shapes.iter().map(|shape| zeros(shape)).collect();
            signature.check(&inputs).map_err(|error| error.to_string())
        };
        assert_eq!(check(&[&[2, 7], &[2, 7]]), Ok(2));
        assert_eq!(check(&[&[2, 7]]), Err("expected 2 inputs, got 1".into()));
        let expected = "input `mask`: expected 7 along the axis `sequence`, got FP32 [2, 8]";
        assert_eq!(check(&[&[2, 7], &[2, 8]]), Err(expected.into()));
        let expected = "input `mask`: expected 2 rows, as in the inputs before it, got FP32 [3, 7]";
        assert_eq!(check(&[&[2, 7], &[3, 7]]), Err(expected.into()));
        let expected = "input `ids`: expected FP32 [batch, sequence], got FP32 [2]";
        assert_eq!(check(&[&[2], &[2, 7]]), Err(expected.into()));
    }

    #[test]
    fn only_a_leading_batch_axis_everywhere_is_batchable() {
        let rows = || spec("x", &[Dim::Batch, Dim::Fixed(2)]);
        assert!(Signature::new(vec![rows()], vec![rows()]).is_batchable());
        for other in [&[Dim::Fixed(1), Dim::Fixed(2)][..], &[Dim::Batch, Dim::Batch], &[]] {
            assert!(!Signature::new(vec![rows()], vec![spec("y", other)]).is_batchable(), "{other:?}");
        }
        assert!(!Signature::new(vec![], vec![rows()]).is_batchable());
    }
}
