//! What goes together beside convolutions, and what must not.

use tract_onnx::prelude::{DatumExt as _, OutletId, TDim, Tensor, tvec};
use tract_onnx::tract_core::ops::array::TypedConcat;
use tract_onnx::tract_core::ops::cnn::{MaxPool, PaddingSpec, PoolSpec, SumPool};
use tract_onnx::tract_core::ops::math::{add, div, mul, sub, tanh};
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer, Softmax, SoftmaxKind, sigmoid};

use super::{Chance, Graph, Layer, as_written, assert_alike, blocked, bounds_for_tanh, count, run};
use crate::kernel::levels;
use crate::region::take_over_at;

const SHAPE: [usize; 4] = [2, 20, 11, 13];

/// Compares a graph with what tract makes of it, and counts its regions.
fn check(regions: usize, build: impl Fn(&mut Graph, OutletId) -> Vec<OutletId>) {
    let (mut graph, source) = Graph::new(3, &SHAPE);
    let outputs = build(&mut graph, source);
    let model = graph.finish(&outputs);
    let input = Chance::new(4).tensor(&SHAPE);
    let expected = as_written(model.clone(), std::slice::from_ref(&input));
    for level in levels() {
        let blocked = blocked(level, &model);
        assert_eq!(count(&blocked), (regions, 0));
        let found = run(blocked, std::slice::from_ref(&input));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_alike(found, expected, &level);
        }
    }
}

#[test]
fn sums_of_branches() {
    check(1, |graph, source| {
        let first = Layer::same(20, 24, 3).wire(graph, source);
        let second = Layer::same(24, 24, 1).wire(graph, first);
        let beside = Layer::same(20, 24, 1).wire(graph, source);
        let sum = graph.wire(add(), &[first, second]);
        let all = graph.wire(add(), &[beside, sum]);
        vec![Layer::depthwise(24, 3).wire(graph, all), sum]
    });
}

#[test]
fn sums_with_what_comes_from_elsewhere_and_twice_the_same() {
    check(1, |graph, source| {
        let made = Layer::same(20, 20, 1).wire(graph, source);
        let sum = graph.wire(add(), &[source, made]);
        let made = Layer::same(20, 20, 3).wire(graph, sum);
        vec![graph.wire(add(), &[made, made])]
    });
}

#[test]
fn numbers_of_channels() {
    check(1, |graph, source| {
        let channels = |graph: &mut Graph| {
            let numbers = graph.chance.tensor(&[1, 20, 1, 1]);
            graph.constant(numbers)
        };
        let one = graph.constant(Tensor::from_shape(&[1, 1, 1, 1], &[3.0f32]).unwrap());
        let mut outlet = Layer::same(20, 20, 3).wire(graph, source);
        for op in [mul(), add(), sub(), div()] {
            let numbers = channels(graph);
            outlet = graph.wire(op, &[outlet, numbers]);
        }
        let turned = channels(graph);
        outlet = graph.wire(sub(), &[turned, outlet]);
        // Of a picture that is used twice, so that it is no part of the convolution.
        let tripled = graph.wire(mul(), &[one, outlet]);
        let tenfold = channels(graph);
        let scaled = graph.wire(mul(), &[tenfold, tripled]);
        vec![graph.wire(mul(), &[scaled, outlet])]
    });
}

#[test]
fn channels_that_are_weighed_by_what_all_pixels_say() {
    check(1, |graph, source| {
        let made = Layer::same(20, 33, 3).wire(graph, source);
        let sum = graph.wire(Reduce::new(tvec!(2, 3), Reducer::Sum), &[made]);
        let count = graph.constant(Tensor::from_shape(&[1, 1, 1, 1], &[143.0f32]).unwrap());
        let mean = graph.wire(div(), &[sum, count]);
        let squeezed = Layer::same(33, 8, 1).wire(graph, mean);
        let squeezed = graph.wire(tanh(), &[squeezed]);
        let excited = Layer::same(8, 33, 1).wire(graph, squeezed);
        let excited = graph.wire(sigmoid(), &[excited]);
        let weighed = graph.wire(mul(), &[made, excited]);
        vec![Layer::same(33, 20, 1).wire(graph, weighed)]
    });
}

#[test]
fn channels_side_by_side() {
    check(1, |graph, source| {
        let left = Layer::same(20, 32, 3).wire(graph, source);
        let right = Layer::same(20, 17, 1).wire(graph, source);
        let joined = graph.wire(TypedConcat::new(1), &[left, right]);
        vec![Layer::same(49, 20, 1).wire(graph, joined)]
    });
}

#[test]
fn pools() {
    let pool = |kernel: usize, stride: usize, padding: PaddingSpec| PoolSpec {
        padding,
        ..Layer { strides: [stride; 2], ..Layer::same(24, 24, kernel) }.spec()
    };
    let (one, two) = (tvec!(1, 1), tvec!(0, 1));
    for padding in [
        PaddingSpec::Valid,
        PaddingSpec::SameUpper,
        PaddingSpec::Explicit(one.clone(), two.clone()),
        PaddingSpec::ExplicitOnnxPool(one, two, true),
    ] {
        for (kernel, stride) in [(2, 2), (3, 2), (3, 1)] {
            check(1, |graph, source| {
                let made = Layer::same(20, 24, 1).wire(graph, source);
                let spec = pool(kernel, stride, padding.clone());
                let most = graph.wire(MaxPool::new(spec.clone(), None), &[made]);
                let mean = graph.wire(SumPool::new(spec.clone(), false, true), &[made]);
                let sum = graph.wire(SumPool::new(spec, false, false), &[made]);
                let all = graph.wire(add(), &[most, mean]);
                vec![graph.wire(add(), &[all, sum])]
            });
        }
    }
}

#[test]
fn a_pool_keeps_nan() {
    let spec = Layer { before: [0; 2], after: [0; 2], ..Layer::same(16, 16, 3) }.spec();
    let (mut graph, source) = Graph::new(3, &[1, 16, 5, 5]);
    let made = Layer::depthwise(16, 1).wire(&mut graph, source);
    let most = graph.wire(MaxPool::new(spec, None), &[made]);
    let model = graph.finish(&[most]);
    let mut input = Chance::new(4).tensor(&[1, 16, 5, 5]);
    input.try_as_plain_ram_mut().unwrap().as_slice_mut::<f32>().unwrap()[0] = f32::NAN;
    for level in levels() {
        let found = run(blocked(level, &model), &[input.clone()]);
        let plain = found[0].try_as_plain_ram().unwrap();
        let numbers = plain.as_slice::<f32>().unwrap();
        assert!(numbers[0].is_nan());
        assert!(numbers[1..].iter().all(|number| number.is_finite()));
    }
}

/// What needs a region, and what it needs by way of others, cannot be one with it.
#[test]
fn a_region_does_not_wait_for_itself() {
    check(2, |graph, source| {
        let first = Layer::same(20, 24, 3).wire(graph, source);
        let shares =
            graph.wire(Softmax { axes: tvec!(1), quant_output_dt: None, kind: SoftmaxKind::default() }, &[first]);
        let second = Layer::same(24, 24, 1).wire(graph, shares);
        vec![graph.wire(add(), &[first, second])]
    });
}

#[test]
fn bounds_hold_and_keep_nan() {
    let shape = [1, 16, 6, 6];
    let build = || {
        let (mut graph, source) = Graph::new(8, &shape);
        let mut outlet = Layer::depthwise(16, 1).wire(&mut graph, source);
        outlet = graph.wire(tanh(), &[outlet]);
        // Of what is used elsewhere, and of an input.
        let other = graph.wire(tanh(), &[source]);
        let both = graph.wire(add(), &[outlet, other]);
        let bounded = graph.wire(tanh(), &[both]);
        graph.finish(&[outlet, bounded])
    };
    let mut input = Chance::new(9).tensor(&shape);
    input.try_as_plain_ram_mut().unwrap().as_slice_mut::<f32>().unwrap()[5] = f32::NAN;
    for level in levels() {
        let model = take_over_at(level, &build(), &bounds_for_tanh).unwrap().unwrap();
        let found = run(model, &[input.clone()]);
        for found in &found {
            let plain = found.try_as_plain_ram().unwrap();
            let numbers = plain.as_slice::<f32>().unwrap();
            assert!(numbers[5].is_nan());
            let others = || numbers.iter().enumerate().filter(|(at, _)| *at != 5).map(|(_, number)| *number);
            assert!(others().all(|number| (-0.5..=0.25).contains(&number)));
            assert!(others().any(|number| number == 0.25) && others().any(|number| number == -0.5));
        }
    }
}

/// A batch of any size by one operator.
#[test]
fn the_batch_may_be_a_symbol() {
    let mut model = tract_onnx::prelude::TypedModel::default();
    let rows = model.symbols.sym("N");
    let shape: [TDim; 4] = [rows.into(), 3.into(), 9.into(), 9.into()];
    let source = model.add_source("input", f32::fact(shape)).unwrap();
    let mut graph = Graph { model, chance: Chance::new(2) };
    let made = Layer::same(3, 20, 3).wire(&mut graph, source);
    let model = graph.finish(&[made]);
    let input = Chance::new(4).tensor(&[3, 3, 9, 9]);
    let expected = run(model.clone(), std::slice::from_ref(&input));
    assert_alike(&run(blocked(levels()[0], &model), &[input])[0], &expected[0], &"three rows");
}

/// Pictures are not put into blocks and back around each convolution that stays tract's.
#[test]
fn one_convolution_of_groups_does_not_pay() {
    let (mut graph, source) = Graph::new(3, &SHAPE);
    let mut made = Layer::same(20, 24, 1).wire(&mut graph, source);
    made = Layer { group: 2, ..Layer::same(24, 24, 3) }.wire(&mut graph, made);
    made = Layer::same(24, 20, 1).wire(&mut graph, made);
    let model = graph.finish(&[made]);
    assert!(take_over_at(levels()[0], &model, &|_| None).unwrap().is_none());
}
