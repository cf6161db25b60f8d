//! `Unique`: the distinct elements, or slices along an axis, and where they came from. tract does not have it.
//!
//! How many there are is known when the operator runs: until then the length is a symbol.

use std::cmp::Ordering;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::{ArrayViewD, Axis};
use tract_onnx::prelude::{
    Datum, DatumType, IntoTensor as _, Symbol, TDim, TValue, TVec, Tensor, TractResult, tensor1, tvec,
};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::exactly;

const NAME: &str = "Unique";

#[derive(Debug)]
struct Unique {
    /// `None` for the elements, in a row.
    axis: Option<i64>,
    /// In ascending order, rather than in that of the first occurrences.
    is_sorted: bool,
    /// How many are distinct.
    distinct: Symbol,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let kernel = Unique {
        axis: attributes.int("axis")?,
        is_sorted: attributes.int("sorted")?.unwrap_or(1) != 0,
        distinct: ctx.template.symbols.new_with_prefix("distinct"),
    };
    Eager::boxed(node, kernel)
}

/// A distinct slice.
struct Group {
    /// Where it is first.
    first: usize,
    count: i64,
}

/// The distinct slices in the order of the output, and which of them each slice is.
struct Groups {
    groups: Vec<Group>,
    inverse: Vec<i64>,
}

/// `order` sorts the positions `0..length`, and tells which are equal.
fn group(length: usize, is_sorted: bool, order: impl Fn(usize, usize) -> Ordering) -> Groups {
    let mut positions: Vec<usize> = (0..length).collect();
    // Stable: among equals, the first one is in front.
    positions.sort_by(|&left, &right| order(left, right));
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for position in positions {
        match runs.last_mut() {
            Some(run) if run.first().is_some_and(|&first| order(first, position).is_eq()) => run.push(position),
            _ => runs.push(vec![position]),
        }
    }
    if !is_sorted {
        runs.sort_by_key(|run| run.first().copied());
    }
    let mut inverse = vec![0; length];
    for (number, run) in runs.iter().enumerate() {
        for &position in run {
            if let Some(group) = inverse.get_mut(position) {
                *group = number as i64;
            }
        }
    }
    let groups = runs.iter().filter_map(|run| Some(Group { first: *run.first()?, count: run.len() as i64 }));
    Groups { groups: groups.collect(), inverse }
}

/// Distinct slices of `view` along `axis`, beside the other three outputs.
fn along<T: Datum + Ordered>(view: &ArrayViewD<'_, T>, axis: Axis, is_sorted: bool) -> TVec<TValue> {
    let slices: Vec<Vec<&T>> = view.axis_iter(axis).map(|slice| slice.into_iter().collect()).collect();
    let order = |left: usize, right: usize| match (slices.get(left), slices.get(right)) {
        (Some(left), Some(right)) => {
            let mut pairs = left.iter().zip(right).map(|(left, right)| left.order(right));
            pairs.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }
        _ => Ordering::Equal,
    };
    let Groups { groups, inverse } = group(slices.len(), is_sorted, order);
    let firsts: Vec<usize> = groups.iter().map(|group| group.first).collect();
    let positions: Vec<i64> = firsts.iter().map(|&first| first as i64).collect();
    let counts: Vec<i64> = groups.iter().map(|group| group.count).collect();
    let distinct = view.select(axis, &firsts).into_tensor();
    tvec!(distinct.into(), tensor1(&positions).into(), tensor1(&inverse).into(), tensor1(&counts).into())
}

impl Unique {
    fn outputs<T: Datum + Ordered>(&self, input: &Tensor) -> TractResult<TVec<TValue>> {
        let view = input.to_plain_array_view::<T>()?;
        match self.axis {
            Some(given) => Ok(along(&view, Axis(axis(NAME, given, view.ndim())?), self.is_sorted)),
            None => {
                let all = view.to_shape(vec![view.len()])?;
                Ok(along(&all.view(), Axis(0), self.is_sorted))
            }
        }
    }
}

/// Elements that can be told apart and put in order.
trait Ordered {
    fn order(&self, other: &Self) -> Ordering;
}

macro_rules! impl_ordered {
    ($order:ident: $($element:ty),*) => {$(
        impl Ordered for $element {
            fn order(&self, other: &$element) -> Ordering {
                $order(self, other)
            }
        }
    )*};
}

fn by_value<T: Ord>(left: &T, right: &T) -> Ordering {
    left.cmp(right)
}

/// NaN comes last, and is not told apart from NaN.
fn by_number<T: PartialOrd>(left: &T, right: &T) -> Ordering {
    let is_nan = |value: &T| value.partial_cmp(value).is_none();
    left.partial_cmp(right).unwrap_or_else(|| is_nan(left).cmp(&is_nan(right)))
}

impl_ordered!(by_value: bool, i8, i16, i32, i64, u8, u16, u32, u64, String);
impl_ordered!(by_number: f32, f64);

impl Kernel for Unique {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        let distinct = TDim::from(self.distinct.clone());
        let (shape, length) = match self.axis {
            Some(given) => {
                let along = axis(NAME, given, input.shape.len())?;
                let mut shape = input.shape.clone();
                let length = shape.remove(along);
                shape.insert(along, distinct.clone());
                (shape, length)
            }
            None => (tvec!(distinct.clone()), input.shape.iter().product()),
        };
        let counted = |length: TDim| Fact { datum_type: i64::datum_type(), shape: tvec!(length) };
        let values = Fact { datum_type: input.datum_type, shape };
        Ok(tvec!(values, counted(distinct.clone()), counted(length), counted(distinct)))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        match input.datum_type() {
            DatumType::Bool => self.outputs::<bool>(input),
            DatumType::F32 => self.outputs::<f32>(input),
            DatumType::F64 => self.outputs::<f64>(input),
            DatumType::I8 => self.outputs::<i8>(input),
            DatumType::I16 => self.outputs::<i16>(input),
            DatumType::I32 => self.outputs::<i32>(input),
            DatumType::I64 => self.outputs::<i64>(input),
            DatumType::U8 => self.outputs::<u8>(input),
            DatumType::U16 => self.outputs::<u16>(input),
            DatumType::U32 => self.outputs::<u32>(input),
            DatumType::U64 => self.outputs::<u64>(input),
            DatumType::String => self.outputs::<String>(input),
            other => bail!("{NAME}: of {other:?}"),
        }
    }

    fn mints_symbols(&self) -> bool {
        true
    }
}
