//! `ReduceMax` and `ReduceMin` of floating point numbers. tract's start from the largest finite number instead of the
//! infinite one, and read past NaN.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::{ArrayViewD, Axis};
use tract_onnx::prelude::tract_num_traits::Float;
use tract_onnx::prelude::{
    Datum, DatumType, IntoTensor as _, SpecialOps as _, TDim, TValue, TVec, Tensor, TractResult, TypedModel, f16, tvec,
};
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::axes::expect_axes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::extreme::Extreme;
use crate::tensors::exactly;
use crate::tracts;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    Ok((
        expand(ReduceExtreme {
            tracts: tracts::expansion(ctx, node)?,
            node: node.clone(),
            axes: attributes.ints("axes")?.to_vec(),
            keeps_axes: attributes.int("keepdims")?.unwrap_or(1) != 0,
            none_is_all: attributes.int("noop_with_empty_axes")?.unwrap_or(0) == 0,
        }),
        vec![],
    ))
}

/// The operator before the types and the axes are known.
#[derive(Clone, Debug)]
struct ReduceExtreme {
    /// Infers shapes, and computes integers.
    tracts: Box<dyn Expansion>,
    node: NodeProto,
    /// Of the attribute, which version 18 turned into an input.
    axes: Vec<i64>,
    keeps_axes: bool,
    none_is_all: bool,
}

impl ReduceExtreme {
    fn extreme(&self) -> Extreme {
        if self.node.op_type == "ReduceMax" { Extreme::Max } else { Extreme::Min }
    }

    /// The axes, counted from the first, in order.
    fn resolve(&self, given: Option<&Tensor>, rank: usize) -> TractResult<Vec<usize>> {
        let operator = name(self.extreme());
        let listed = match given {
            Some(axes) => axes.cast_to::<i64>()?.to_plain_array_view::<i64>()?.iter().copied().collect(),
            None => self.axes.clone(),
        };
        if listed.is_empty() && self.none_is_all {
            return Ok((0..rank).collect());
        }
        let mut axes = Vec::with_capacity(listed.len());
        for axis in listed {
            let counted = if axis < 0 { axis + i64::try_from(rank)? } else { axis };
            match usize::try_from(counted) {
                Ok(counted) if counted < rank => axes.push(counted),
                _ => bail!("{operator}: axis {axis} of {rank}"),
            }
        }
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }
}

impl Expansion for ReduceExtreme {
    fn name(&self) -> StaticName {
        name(self.extreme()).into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        expect_axes(name(self.extreme()), &self.axes, solver, inputs)?;
        self.tracts.rules(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let Some((&data, axes)) = inputs.split_first() else { bail!("{}: no input", name(self.extreme())) };
        let fact = model.outlet_fact(data)?;
        if !fact.datum_type.is_float() {
            return self.tracts.wire(prefix, model, inputs);
        }
        let rank = fact.rank();
        let given = match axes.first() {
            Some(&axes) => match &model.outlet_fact(axes)?.konst {
                Some(axes) => Some(axes.clone()),
                None => bail!("{}: the axes are no constant", name(self.extreme())),
            },
            None => None,
        };
        let axes = self.resolve(given.as_deref(), rank)?;
        let kernel = AlongAxes { extreme: self.extreme(), axes, keeps_axes: self.keeps_axes };
        model.wire_node(prefix, Eager::new(&self.node, kernel), &[data])
    }
}

fn name(extreme: Extreme) -> &'static str {
    match extreme {
        Extreme::Max => "ReduceMax",
        Extreme::Min => "ReduceMin",
    }
}

/// The operator as it runs.
#[derive(Debug)]
struct AlongAxes {
    extreme: Extreme,
    axes: Vec<usize>,
    keeps_axes: bool,
}

impl AlongAxes {
    fn reduce<T: Datum + Float>(&self, input: &Tensor) -> TractResult<Tensor> {
        let view = input.to_plain_array_view::<T>()?;
        let along = |array: ArrayViewD<'_, T>, axis| {
            array
                .fold_axis(axis, self.extreme.start(), |&so_far, &value| self.extreme.of(so_far, value))
                .insert_axis(axis)
        };
        let mut reduced = match self.axes.split_first() {
            None => view.to_owned(),
            Some((&first, others)) => {
                others.iter().fold(along(view, Axis(first)), |array, &axis| along(array.view(), Axis(axis)))
            }
        };
        if !self.keeps_axes {
            for &axis in self.axes.iter().rev() {
                reduced = reduced.remove_axis(Axis(axis));
            }
        }
        Ok(reduced.into_tensor())
    }
}

impl Kernel for AlongAxes {
    fn name(&self) -> &'static str {
        name(self.extreme)
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(self.name(), inputs)?;
        let mut shape = TVec::with_capacity(input.shape.len());
        for (axis, length) in input.shape.iter().enumerate() {
            match self.axes.contains(&axis) {
                false => shape.push(length.clone()),
                true if self.keeps_axes => shape.push(TDim::from(1)),
                true => {}
            }
        }
        Ok(tvec!(Fact { datum_type: input.datum_type, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(self.name(), &inputs)?;
        let reduced = match input.datum_type() {
            DatumType::F16 => self.reduce::<f16>(input),
            DatumType::F32 => self.reduce::<f32>(input),
            DatumType::F64 => self.reduce::<f64>(input),
            other => bail!("{}: of {other:?}", self.name()),
        };
        Ok(tvec!(reduced?.into()))
    }
}
