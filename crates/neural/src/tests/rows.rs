//! Layers of tables, by each of their ways.

use tract_onnx::prelude::{Datum as _, OutletId, Tensor, TypedModel};
use tract_onnx::tract_core::ops::TypedOp;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math::{add, tanh};
use tract_onnx::tract_core::ops::nn::{Softmax, SoftmaxKind};

use super::{Chance, Graph, as_written, assert_alike, bounds_for_tanh, no_bounds, run};
use crate::bounds::Bounds;
use crate::kernel::levels;
use crate::region::take_over_at;
use crate::rows::row_wise;

/// A product of rows by constant weights of `inputs` by `outputs`, as the formula of its axes has it.
fn product(graph: &mut Graph, source: OutletId, axes: &str, weights: Tensor) -> OutletId {
    let weights = graph.constant(weights);
    graph.wire(EinSum::new(axes.parse().unwrap(), f32::datum_type()), &[source, weights])
}

/// Compares a graph of which every operator should be taken over with what tract makes of it.
fn check(model: &TypedModel, bounds_of: &dyn Fn(&dyn TypedOp) -> Option<Bounds>, input: &Tensor, expected: &Tensor) {
    for level in levels() {
        let taken = take_over_at(level, model, &bounds_of).unwrap().unwrap();
        let left = taken.nodes().iter().filter(|node| !node.inputs.is_empty() && row_wise(node.op.as_ref()).is_none());
        assert_eq!(left.count(), 0, "{taken}");
        let found = run(taken, std::slice::from_ref(input));
        assert_alike(&found[0], expected, &(level, input.shape(), expected.shape()));
    }
}

#[test]
fn layers_of_all_sorts() {
    let mut chance = Chance::new(1);
    for rows in [1, 2, 7, 13, 14, 15, 40] {
        for outputs in [1, 3, 16, 17, 32, 40, 48, 100] {
            let inputs = chance.of(&[1, 4, 15, 16, 17, 33, 64]);
            let (is_transposed, has_addend) = (chance.of(&[false, true]), chance.of(&[false, true]));
            let (mut graph, source) = Graph::new(5, &[rows, inputs]);
            let (axes, shape) =
                if is_transposed { ("mk,nk->mn", [outputs, inputs]) } else { ("mk,kn->mn", [inputs, outputs]) };
            let mut made = product(&mut graph, source, axes, chance.tensor(&shape));
            if has_addend {
                let addend = graph.constant(chance.tensor(&[1, outputs]));
                made = graph.wire(add(), &[made, addend]);
            }
            let model = graph.finish(&[made]);
            let input = chance.tensor(&[rows, inputs]);
            let expected = as_written(model.clone(), std::slice::from_ref(&input));
            check(&model, &no_bounds, &input, &expected[0]);
        }
    }
}

#[test]
fn bounds_hold_behind_the_addend() {
    let (mut graph, source) = Graph::new(5, &[4, 1]);
    let made = product(&mut graph, source, "mk,kn->mn", Tensor::from_shape(&[1, 1], &[1.0f32]).unwrap());
    let addend = graph.constant(Tensor::from_shape(&[1, 1], &[1.0f32]).unwrap());
    let made = graph.wire(add(), &[made, addend]);
    let made = graph.wire(tanh(), &[made]);
    let input = Tensor::from_shape(&[4, 1], &[-7.0, -1.0, 7.0, f32::NAN]).unwrap();
    let expected = Tensor::from_shape(&[4, 1], &[-0.5, 0.0, 0.25, f32::NAN]).unwrap();
    check(&graph.finish(&[made]), &bounds_for_tanh, &input, &expected);
}

/// Three halves count beside a number so large that each by itself would not.
#[test]
fn the_addend_counts_last() {
    const LARGE: f32 = 16_777_216.0;
    let (mut graph, source) = Graph::new(5, &[1, 3]);
    let made = product(&mut graph, source, "mk,kn->mn", Tensor::from_shape(&[3, 1], &[0.5f32; 3]).unwrap());
    let addend = graph.constant(Tensor::from_shape(&[1, 1], &[LARGE]).unwrap());
    let made = graph.wire(add(), &[made, addend]);
    let model = graph.finish(&[made]);
    for level in levels() {
        let taken = take_over_at(level, &model, &no_bounds).unwrap().unwrap();
        let found = run(taken, &[Tensor::from_shape(&[1, 3], &[1.0f32; 3]).unwrap()]);
        assert_eq!(found[0].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap(), [LARGE + 2.0], "{level:?}");
    }
}

#[test]
fn probabilities_of_each_row() {
    for (rows, classes) in [(1, 1), (3, 2), (5, 64)] {
        let (mut graph, source) = Graph::new(5, &[rows, classes]);
        let soft_max = Softmax { axes: [1].into_iter().collect(), quant_output_dt: None, kind: SoftmaxKind::default() };
        let made = graph.wire(soft_max, &[source]);
        let model = graph.finish(&[made]);
        let input = Chance::new(6).tensor(&[rows, classes]);
        let expected = as_written(model.clone(), std::slice::from_ref(&input));
        check(&model, &no_bounds, &input, &expected[0]);
    }
}
