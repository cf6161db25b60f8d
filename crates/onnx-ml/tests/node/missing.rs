//! NaN in, NaN out: what ONNX's reference implementation (numpy) and ONNX Runtime answer, and tract does not.

use tract_onnx::prelude::{Tensor, f16};

use crate::harness::{Node, Value, load, tensor};

const NAN: f32 = f32::NAN;

/// Long enough for vector kernels and what they leave over.
fn with_gaps() -> Vec<f32> {
    let mut values: Vec<f32> = (0..67u8).map(|step| f32::from(step) / 8. - 4.).collect();
    for position in [0, 5, 33, 66] {
        values[position] = NAN;
    }
    values
}

fn check_everywhere(node: &Node, formula: fn(f64) -> f64) {
    for values in [with_gaps(), vec![NAN, 1.], vec![1., NAN, -1.], vec![0.5]] {
        let exact: Vec<f64> = values.iter().map(|&value| formula(f64::from(value))).collect();
        let shape = &[values.len()];
        node.check(tensor(shape, values.clone()), tensor(shape, exact.iter().map(|&value| value as f32).collect()));
        let doubles = values.iter().map(|&value| f64::from(value)).collect();
        node.check(tensor(shape, doubles), tensor(shape, exact.clone()));
        let halves = tensor(shape, values.iter().map(|&value| f16::from_f32(value)).collect());
        let outputs = node.run(&[halves]).unwrap();
        let outputs = outputs[0].cast_to::<f32>().unwrap().into_owned();
        let found = outputs.try_as_plain_ram().unwrap();
        for (found, exact) in found.as_slice::<f32>().unwrap().iter().zip(exact) {
            let is_close = (f64::from(*found) - exact).abs() < 0.01;
            assert!(is_close || (found.is_nan() && exact.is_nan()), "{found} {exact}");
        }
    }
}

fn between(value: f64, low: f64, high: f64) -> f64 {
    if value.is_nan() { value } else { value.max(low).min(high) }
}

#[test]
fn activations_keep_it() {
    check_everywhere(&Node::new("main:Relu", 1), |x| between(x, 0., f64::INFINITY));
    check_everywhere(&Node::new("main:HardSigmoid", 1), |x| between(f64::from(0.2f32) * x + 0.5, 0., 1.));
    check_everywhere(&Node::new("main:Sigmoid", 1), |x| 1. / (1. + (-x).exp()));
    check_everywhere(&Node::new("main:Tanh", 1), f64::tanh);
    check_everywhere(&Node::new("main:Celu", 1), |x| if x < 0. { x.exp_m1() } else { x });
    check_everywhere(&Node::new("main:Softplus", 1), |x| x.exp().ln_1p());
}

#[test]
fn bounds_keep_it() {
    let low = tensor(&[], vec![-1f32]);
    let high = tensor(&[], vec![2f32]);
    let values = || tensor(&[4], vec![NAN, -3f32, 1., 5.]);
    let clip = Node::new("main:Clip", 1);
    clip.clone().constant(&low).constant(&high).check(values(), tensor(&[4], vec![NAN, -1f32, 1., 2.]));
    clip.clone().constant(&low).check(values(), tensor(&[4], vec![NAN, -1f32, 1., 5.]));
    // A higher lower bound gives way.
    clip.clone().constant(&high).constant(&low).check(values(), tensor(&[4], vec![NAN, -1f32, -1., -1.]));
    clip.check(values(), values());
    let fed = Node::new("main:Clip", 1).run(&[values(), low, high]).unwrap();
    crate::harness::assert_close(&fed[0], &tensor(&[4], vec![NAN, -1f32, 1., 2.]));
    let integers = Node::new("main:Clip", 1).constant(&tensor(&[], vec![2i64]));
    integers.check(tensor(&[2], vec![1i64, 3]), tensor(&[2], vec![2i64, 3]));
}

#[test]
fn extremes_of_tensors_keep_it() {
    let left = || tensor(&[2, 2], vec![NAN, 1f32, 4., NAN]);
    let right = || tensor(&[1, 2], vec![3f32, NAN]);
    let check = |operator: &str, inputs: &[Tensor], expected: Vec<f32>| {
        let outputs = Node::new(operator, 1).run(inputs).unwrap();
        crate::harness::assert_close(&outputs[0], &tensor(&[2, 2], expected));
    };
    check("main:Max", &[left(), right()], vec![NAN, NAN, 4., NAN]);
    check("main:Min", &[right(), left()], vec![NAN, NAN, 3., NAN]);
    check("main:Max", &[left()], vec![NAN, 1., 4., NAN]);
    check("main:Max", &[left(), tensor(&[], vec![2f32]), tensor(&[2, 1], vec![0f32, 9.])], vec![NAN, 2., 9., NAN]);
    let zero = tensor(&[1], vec![0f32]);
    Node::new("main:Max", 1).constant(&zero).check(left(), tensor(&[2, 2], vec![NAN, 1f32, 4., NAN]));
    let gap = tensor(&[1], vec![NAN]);
    Node::new("main:Min", 1).constant(&gap).check(left(), tensor(&[2, 2], vec![NAN; 4]));
    let integers = [tensor(&[2], vec![1i64, 5]), tensor(&[1], vec![3i64])];
    assert_eq!(*Node::new("main:Max", 1).run(&integers).unwrap()[0], tensor(&[2], vec![3i64, 5]));
}

#[test]
fn positions_are_those_of_the_first_or_the_last() {
    let rows = || tensor(&[4, 3], vec![1f32, NAN, NAN, NAN, 2., 9., 7., 3., 7., 3., 1., 1.]);
    for (operator, last, expected) in [
        ("main:ArgMax", 0, [1i64, 0, 0, 0]),
        ("main:ArgMax", 1, [2, 0, 2, 0]),
        ("main:ArgMin", 0, [1, 0, 1, 1]),
        ("main:ArgMin", 1, [2, 0, 1, 2]),
    ] {
        let node = Node::new(operator, 1).with("axis", Value::Int(-1)).with("select_last_index", Value::Int(last));
        node.clone().check(rows(), tensor(&[4, 1], expected.to_vec()));
        node.with("keepdims", Value::Int(0)).check(rows(), tensor(&[4], expected.to_vec()));
    }
    Node::new("main:ArgMax", 1).with("axis", Value::Int(2)).check_error(&[rows()], "axis is 2");
}

/// A product with what follows it, which tract's matrix kernels take in.
#[test]
fn products_keep_it() {
    let high = tensor(&[], vec![6f32]);
    let low = tensor(&[], vec![0f32]);
    for activation in [Node::new("main:Relu", 1), Node::new("main:Clip", 1).constant(&low).constant(&high)] {
        for (rows, width) in [(1, 3), (1, 64), (7, 3), (33, 70)] {
            let eye = (0..width * width).map(|at| if at / width == at % width { 1f32 } else { 0. }).collect();
            let product = Node::new("main:MatMul", 1).constant(&tensor(&[width, width], eye));
            let mut values = vec![-1f32; rows * width];
            values[(rows - 1) * width] = NAN;
            let input = tensor(&[rows, width], values);
            let mut model = product.model(std::slice::from_ref(&input));
            let followed = activation.model(std::slice::from_ref(&input)).graph.unwrap();
            let graph = model.graph.as_mut().unwrap();
            let between = graph.node[0].output[0].clone();
            for (mut node, product) in followed.node.into_iter().zip(graph.node.clone()) {
                node.name = "activation".to_owned();
                node.input[0].clone_from(&between);
                node.output[0] = "activated".to_owned();
                for (position, bound) in node.input.iter_mut().enumerate().skip(1) {
                    *bound = format!("bound_{position}");
                }
                assert_eq!(product.op_type, "MatMul");
                graph.node.push(node);
            }
            for (position, mut bound) in followed.initializer.into_iter().enumerate() {
                bound.name = format!("bound_{}", position + 1);
                graph.initializer.push(bound);
            }
            graph.output[0].name = "activated".to_owned();
            let plan = load(&model).unwrap();
            assert!(!plan.model().nodes().iter().any(|node| node.op.name().contains("Clamp")), "the bound is a pass");
            let outputs = plan.run(vec![input.into()].into()).unwrap();
            let found = outputs[0].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap().to_vec();
            // NaN times zero is NaN: the whole row.
            let (whole, gaps) = found.split_at((rows - 1) * width);
            assert!(whole.iter().all(|&value| value == 0.) && gaps.iter().all(|value| value.is_nan()), "{found:?}");
        }
    }
}
