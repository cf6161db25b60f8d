//! `Solve` of com.microsoft: `X` of `A X = B`. skl2onnx writes it for Gaussian process classifiers, with a constant `A`;
//! ONNX Runtime does not have it. Its attributes are the arguments of `scipy.linalg.solve`, of which `lower` means nothing
//! for a general matrix.

use std::sync::Arc;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{SpecialOps as _, TValue, TVec, Tensor, TractResult, TypedModel, tvec};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy, check_input_arity, check_output_arity};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::lu::Lu;
use crate::tensors::{exactly, expect_numbers, numbers, tensor};

const NAME: &str = "Solve";

/// The operator before the matrix is known.
#[derive(Clone, Debug)]
struct SolveNode {
    is_transposed: bool,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let is_transposed = Attributes::new(node).int("transposed")?.unwrap_or(0) != 0;
    Ok((expand(SolveNode { is_transposed }), vec![]))
}

impl Expansion for SolveNode {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 2)?;
        check_output_arity(outputs, 1)?;
        let [_, right] = exactly(NAME, inputs)?;
        let [output] = exactly(NAME, outputs)?;
        solver.equals(&right.datum_type, &output.datum_type)?;
        solver.equals(&right.shape, &output.shape)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[matrix, right] = exactly(NAME, inputs)?;
        let Some(matrix) = model.outlet_fact(matrix)?.konst.clone() else { bail!("{NAME}: A must be a constant") };
        match Lu::decompose(self.rows(&matrix)?) {
            Some(lu) => model.wire_node(name, Eager::of(Solve { lu: Arc::new(lu) }), &[right]),
            None => bail!("{NAME}: A is singular"),
        }
    }
}

impl SolveNode {
    /// The rows of the matrix to be decomposed.
    fn rows(&self, matrix: &Tensor) -> TractResult<Vec<Vec<f64>>> {
        let &[height, width] = matrix.shape() else { bail!("{NAME}: A has rank {}, expected 2", matrix.rank()) };
        if height != width {
            bail!("{NAME}: A is {height} × {width}, expected a square matrix");
        }
        let values = numbers::<f64>(NAME, matrix)?;
        Ok(match self.is_transposed {
            false => values.chunks_exact(width.max(1)).map(<[f64]>::to_vec).collect(),
            true => (0..width).map(|column| values.iter().copied().skip(column).step_by(width).collect()).collect(),
        })
    }
}

/// The operator as it runs.
#[derive(Debug)]
struct Solve {
    lu: Arc<Lu>,
}

impl Kernel for Solve {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [right] = exactly(NAME, inputs)?;
        expect_numbers(NAME, right.datum_type)?;
        match right.shape.as_slice() {
            [rows, _] if rows.as_i64().is_none_or(|rows| rows == self.lu.size() as i64) => Ok(tvec!(right.clone())),
            other => bail!("{NAME}: B has the shape {other:?}, expected {} rows", self.lu.size()),
        }
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [right] = exactly(NAME, &inputs)?;
        let (values, columns) = match right.shape() {
            &[rows, columns] if rows == self.lu.size() => (numbers::<f64>(NAME, right)?, columns),
            other => bail!("{NAME}: B has the shape {other:?}, expected {} rows", self.lu.size()),
        };
        let solution = tensor(right.shape(), self.lu.solve(&values, columns))?;
        Ok(tvec!(solution.cast_to_dt(right.datum_type())?.into_owned().into()))
    }
}
