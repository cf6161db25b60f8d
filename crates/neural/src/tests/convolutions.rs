//! Convolutions of all sorts beside plain loops.

use tract_onnx::prelude::Tensor;

use super::{Chance, Graph, Layer, assert_alike, blocked, count, no_bounds, run};
use crate::kernel::levels;
use crate::region::take_over_at;

/// The definition.
fn plain(layer: &Layer, input: &Tensor, weights: &Tensor, bias: &Tensor) -> Tensor {
    let plain = [input, weights, bias].map(|tensor| tensor.try_as_plain_ram().unwrap());
    let [input_numbers, weights, bias] = plain.each_ref().map(|plain| plain.as_slice::<f32>().unwrap());
    let &[rows, channels, height, width] = input.shape() else { unreachable!() };
    let seen = channels / layer.group;
    let size = |axis: usize, length: usize| {
        let reach = (layer.kernel[axis] - 1) * layer.dilations[axis] + 1;
        (length + layer.before[axis] + layer.after[axis] - reach) / layer.strides[axis] + 1
    };
    let (down, across) = (size(0, height), size(1, width));
    let mut out = Vec::new();
    for row in 0..rows {
        for (channel, bias) in bias.iter().enumerate() {
            let first = channel / (layer.output / layer.group) * seen;
            for y in 0..down {
                for x in 0..across {
                    let mut sum = f64::from(*bias);
                    for from in 0..seen {
                        for tap_y in 0..layer.kernel[0] {
                            for tap_x in 0..layer.kernel[1] {
                                let at_y = y * layer.strides[0] + tap_y * layer.dilations[0];
                                let at_x = x * layer.strides[1] + tap_x * layer.dilations[1];
                                let (at_y, at_x) =
                                    (at_y.wrapping_sub(layer.before[0]), at_x.wrapping_sub(layer.before[1]));
                                if at_y < height && at_x < width {
                                    let place = ((row * channels + first + from) * height + at_y) * width + at_x;
                                    let tap = (channel * seen + from) * layer.kernel[0] + tap_y;
                                    let weight = weights[tap * layer.kernel[1] + tap_x];
                                    sum += f64::from(input_numbers[place]) * f64::from(weight);
                                }
                            }
                        }
                    }
                    out.push(sum as f32);
                }
            }
        }
    }
    Tensor::from_shape(&[rows, layer.output, down, across], &out).unwrap()
}

fn check(layer: &Layer, input: &Tensor, seed: u64) {
    let shape: [usize; 4] = input.shape().try_into().unwrap();
    let (mut graph, source) = Graph::new(seed, &shape);
    let (weights, bias) = (layer.weights(&mut graph.chance), graph.chance.tensor(&[layer.output]));
    let made = layer.wire_with(&mut graph, source, weights.clone(), bias.clone());
    let model = graph.finish(&[made]);
    let expected = plain(layer, input, &weights, &bias);
    for level in levels() {
        let blocked = blocked(level, &model);
        assert_eq!(count(&blocked), (1, 0));
        let found = run(blocked, std::slice::from_ref(input));
        assert_alike(&found[0], &expected, &(level, layer, input.shape()));
    }
}

/// Shapes, kernels and paddings by chance.
fn layer(chance: &mut Chance, is_depthwise: bool) -> (Layer, [usize; 4]) {
    let channels = [1, 3, 8, 15, 16, 17, 24, 40, 50, 64];
    let input = chance.of(&channels);
    let output = if is_depthwise { input } else { chance.of(&channels) };
    let group = if is_depthwise { input } else { 1 };
    let pair = |chance: &mut Chance, values: &[usize]| [chance.of(values), chance.of(values)];
    let kernel = if chance.of(&[true, false]) { [chance.of(&[1, 3, 5, 7]); 2] } else { pair(chance, &[1, 2, 3, 4]) };
    let strides = if chance.of(&[true, false]) { [1, 1] } else { pair(chance, &[1, 2, 3]) };
    let dilations = if chance.of(&[true, true, false]) { [1, 1] } else { pair(chance, &[1, 2]) };
    let pads = |chance: &mut Chance| kernel.map(|kernel| chance.of(&[0, kernel / 2, kernel - 1]));
    let (before, after) = (pads(chance), pads(chance));
    let sizes = [13, 14, 15, 17, 20, 28, 33];
    let shape = [chance.of(&[1, 1, 3]), input, chance.of(&sizes), chance.of(&sizes)];
    (Layer { input, output, group, kernel, strides, dilations, before, after }, shape)
}

#[test]
fn convolutions_of_all_sorts() {
    for seed in 0..60 {
        let mut chance = Chance::new(seed);
        let (layer, shape) = layer(&mut chance, false);
        let input = chance.tensor(&shape);
        check(&layer, &input, seed);
    }
}

#[test]
fn depthwise_convolutions_of_all_sorts() {
    for seed in 100..150 {
        let mut chance = Chance::new(seed);
        let (layer, shape) = layer(&mut chance, true);
        let input = chance.tensor(&shape);
        check(&layer, &input, seed);
    }
}

/// From pictures with fewer pixels than a tile to those of a network's end.
#[test]
fn small_pictures() {
    for (seed, size) in [1, 2, 3, 5, 7, 8].into_iter().enumerate() {
        let mut chance = Chance::new(seed as u64);
        for layer in [
            Layer::same(24, 33, 1),
            Layer::same(24, 33, 3),
            Layer::same(3, 33, 5),
            Layer::depthwise(20, 5),
            Layer { strides: [2, 2], ..Layer::same(40, 64, 1) },
            Layer { strides: [2, 2], ..Layer::depthwise(40, 3) },
        ] {
            let input = chance.tensor(&[2, layer.input, size, size]);
            check(&layer, &input, seed as u64);
        }
    }
}

/// NaN and infinities reach what they are part of, and nothing else: not the channels that a last block lacks.
#[test]
fn what_is_no_number_stays_that() {
    for layer in [Layer::same(20, 20, 1), Layer::same(20, 20, 3), Layer::same(4, 20, 3), Layer::depthwise(20, 3)] {
        let mut input = Chance::new(7).tensor(&[1, layer.input, 9, 9]);
        {
            let mut plain = input.try_as_plain_ram_mut().unwrap();
            let numbers = plain.as_slice_mut::<f32>().unwrap();
            numbers[3] = f32::NAN;
            numbers[2 * 81 + 70] = f32::INFINITY;
            numbers[3 * 81 + 20] = f32::NEG_INFINITY;
        }
        check(&layer, &input, 7);
    }
}

#[test]
fn pictures_of_a_batch_do_not_count_for_each_other() {
    let layers = [Layer::same(3, 20, 3), Layer::depthwise(20, 3), Layer::same(20, 40, 1)];
    let build = |rows: usize| {
        let (mut graph, mut outlet) = Graph::new(5, &[rows, 3, 12, 12]);
        for layer in &layers {
            outlet = layer.wire(&mut graph, outlet);
        }
        graph.finish(&[outlet])
    };
    let input = Chance::new(6).tensor(&[3, 3, 12, 12]);
    for level in levels() {
        let together = run(blocked(level, &build(3)), std::slice::from_ref(&input));
        for row in 0..3 {
            let alone = run(blocked(level, &build(1)), &[input.slice(0, row, row + 1).unwrap()]);
            assert_eq!(alone[0], together[0].slice(0, row, row + 1).unwrap());
        }
    }
}

#[test]
fn what_is_not_understood_stays_tracts() {
    let grouped = Layer { group: 2, ..Layer::same(8, 8, 3) };
    let several = Layer { group: 8, output: 16, ..Layer::same(8, 8, 3) };
    for layer in [grouped, several] {
        let (mut graph, source) = Graph::new(1, &[1, 8, 9, 9]);
        let made = layer.wire(&mut graph, source);
        let model = graph.finish(&[made]);
        assert!(take_over_at(levels()[0], &model, &no_bounds).unwrap().is_none());
    }
}
