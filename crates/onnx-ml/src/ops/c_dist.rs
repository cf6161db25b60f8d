//! `CDist` of the domain `com.microsoft`: the distance of every row of one matrix to every row of another.
//!
//! Each distance is computed from the differences. The usual shortcut, `|a|^2 + |b|^2 - 2ab` by a matrix product, loses
//! all digits where two rows are close to each other and far from zero, and close rows are what neighbours are. Eight
//! partial sums at a time keep the processor's vector units busy, and lose less to rounding than one running sum.
//!
//! ONNX Runtime has the metrics `euclidean` and `sqeuclidean`. skl2onnx writes those of scikit-learn as well, under SciPy's
//! names, with `p` for `minkowski`; they are computed here.

use std::iter::Sum;
use std::ops::{AddAssign, Sub};

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_num_traits::Float;
use tract_onnx::prelude::{Datum, DatumType, TDim, TValue, TVec, Tensor, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::tensors::{exactly, known_width, tensor, values};

const NAME: &str = "CDist";

#[derive(Debug)]
struct CDist {
    metric: Metric,
}

#[derive(Clone, Copy, Debug)]
enum Metric {
    SquaredEuclidean,
    Euclidean,
    Manhattan,
    Chebyshev,
    Minkowski(i32),
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let metric = match attributes.string("metric")?.unwrap_or("sqeuclidean") {
        "sqeuclidean" => Metric::SquaredEuclidean,
        "euclidean" => Metric::Euclidean,
        "cityblock" | "manhattan" => Metric::Manhattan,
        "chebyshev" => Metric::Chebyshev,
        "minkowski" => match attributes.int("p")?.map(i32::try_from) {
            Some(Ok(p)) if p > 0 => Metric::Minkowski(p),
            _ => bail!("{NAME}: p must be set to a positive power for the metric minkowski"),
        },
        other => bail!("{NAME}: metric {other:?} is not supported"),
    };
    Eager::boxed(node, CDist { metric })
}

/// The sum of `term` over two rows.
fn sum<T>(a: &[T], b: &[T], term: impl Fn(T) -> T) -> T
where
    T: Float + AddAssign + Sum,
{
    const LANES: usize = 8;
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_blocks.remainder().iter().zip(b_blocks.remainder());
    let rest: T = rest.map(|(&a, &b)| term(a - b)).sum();
    let mut lanes = [T::zero(); LANES];
    for (a, b) in a_blocks.zip(b_blocks) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += term(a - b);
        }
    }
    lanes.into_iter().sum::<T>() + rest
}

impl Metric {
    fn distance<T>(self, a: &[T], b: &[T]) -> T
    where
        T: Float + AddAssign + Sum + Sub,
    {
        match self {
            Metric::SquaredEuclidean => sum(a, b, |difference| difference * difference),
            Metric::Euclidean => sum(a, b, |difference| difference * difference).sqrt(),
            Metric::Manhattan => sum(a, b, T::abs),
            Metric::Chebyshev => a.iter().zip(b).fold(T::zero(), |max, (&a, &b)| {
                let difference = (a - b).abs();
                // Also where it is no number.
                if difference <= max { max } else { difference }
            }),
            Metric::Minkowski(p) => {
                let powers = sum(a, b, |difference| difference.abs().powi(p));
                // The exponent is small and positive; `T` is a float or a double.
                powers.powf(T::from(p).map_or(T::one(), T::recip))
            }
        }
    }

    fn distances<T>(self, a: &Tensor, b: &Tensor, shape: [usize; 2], width: usize) -> TractResult<TValue>
    where
        T: Datum + Float + AddAssign + Sum,
    {
        let [rows, columns] = shape;
        let Some(size) = rows.checked_mul(columns) else { bail!("{NAME}: the output is too large") };
        if width == 0 {
            return tensor(&shape, vec![T::zero(); size]);
        }
        let (a, b) = (values::<T>(a)?, values::<T>(b)?);
        let mut distances = Vec::with_capacity(size);
        for a in a.chunks_exact(width) {
            distances.extend(b.chunks_exact(width).map(|b| self.distance(a, b)));
        }
        tensor(&shape, distances)
    }
}

impl Kernel for CDist {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [a, b] = exactly(NAME, inputs)?;
        if a.datum_type != b.datum_type || ![DatumType::F32, DatumType::F64].contains(&a.datum_type) {
            bail!(
                "{NAME}: measures {:?} against {:?}, takes two of float or two of double",
                a.datum_type,
                b.datum_type
            );
        }
        let ([rows, a_width], [columns, b_width]) = (&*a.shape, &*b.shape) else {
            bail!("{NAME}: the inputs have ranks {} and {}, expected matrices", a.shape.len(), b.shape.len())
        };
        if let (Some(a_width), Some(b_width)) = (known_width(a_width), known_width(b_width))
            && a_width != b_width
        {
            bail!("{NAME}: the rows have {a_width} and {b_width} values");
        }
        let shape: TVec<TDim> = tvec!(rows.clone(), columns.clone());
        Ok(tvec!(Fact { datum_type: a.datum_type, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [a, b] = exactly(NAME, &inputs)?;
        let (&[rows, a_width], &[columns, b_width]) = (a.shape(), b.shape()) else {
            bail!("{NAME}: the inputs have ranks {} and {}, expected matrices", a.rank(), b.rank())
        };
        if a_width != b_width {
            bail!("{NAME}: the rows have {a_width} and {b_width} values");
        }
        let distances = match a.datum_type() {
            DatumType::F32 => self.metric.distances::<f32>(a, b, [rows, columns], a_width),
            _ => self.metric.distances::<f64>(a, b, [rows, columns], a_width),
        };
        Ok(tvec!(distances?))
    }
}
