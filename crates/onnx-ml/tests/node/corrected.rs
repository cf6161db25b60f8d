//! Operators that tract computes otherwise than ONNX says, and attributes that it reads past.

use std::slice::from_ref;

use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto, type_proto};
use tract_onnx::prelude::tract_ndarray::Axis;
use tract_onnx::prelude::{TValue, TVec, Tensor, TractResult};

use crate::harness::{Node, Value, assert_close, floats, ints, load, proto_of, tensor};

#[test]
fn celu_scales_its_negative_side() {
    let node = Node::new("main:Celu", 1).with("alpha", Value::Float(2.));
    let negative = |x: f32| 2. * ((x / 2.).exp() - 1.);
    node.check(floats(&[[-1., 0., 3.], [-200., 100., -0.5]]), {
        floats(&[[negative(-1.), 0., 3.], [-2., 100., negative(-0.5)]])
    });
}

#[test]
fn swish_has_a_slope() {
    let swish = |x: f32, alpha: f32| x / (1. + (-alpha * x).exp());
    let input = || floats(&[[-1., 0., 3.]]);
    let expected = |alpha| floats(&[[swish(-1., alpha), 0., swish(3., alpha)]]);
    Node::new("main:Swish", 1).check(input(), expected(1.));
    Node::new("main:Swish", 1).with("alpha", Value::Float(0.5)).check(input(), expected(0.5));
}

#[test]
fn nothing_overflows() {
    Node::new("main:Softplus", 1).check(floats(&[[-100., 0., 100.]]), floats(&[[0., 2f32.ln(), 100.]]));
    let gap = || floats(&[[0., -500.], [3., 3.]]);
    let expected = || floats(&[[0., -500.], [-(2f32.ln()), -(2f32.ln())]]);
    Node::new("main:LogSoftmax", 1).check(gap(), expected());
    Node::new("main:LogSoftmax", 1).with("axis", Value::Int(-1)).check(gap(), expected());
    Node::new("main:LogSoftmax", 1).with("axis", Value::Int(2)).check_error(&[gap()], "axis is 2");
}

#[test]
fn extremes_may_be_infinite() {
    const INF: f32 = f32::INFINITY;
    for (row, min, max) in [([-INF, -INF], -INF, -INF), ([INF, INF], INF, INF), ([-3., -2.], -3., -2.)] {
        Node::new("main:ReduceMin", 1).check(floats(&[row]), floats(&[[min]]));
        Node::new("main:ReduceMax", 1).check(floats(&[row]), floats(&[[max]]));
    }
    for row in [[f32::NAN, 1.], [1., f32::NAN]] {
        Node::new("main:ReduceMin", 1).check(floats(&[row]), floats(&[[f32::NAN]]));
        Node::new("main:ReduceMax", 1).check(floats(&[row]), floats(&[[f32::NAN]]));
    }
    Node::new("main:ReduceMin", 1).check(floats(&[[2., -1.], [0., 7.]]), floats(&[[-1.]]));
}

#[test]
fn bits_beyond_the_width_are_shifted_out() {
    let check = |direction: &str, values: Tensor, amounts: Tensor, expected: Tensor| {
        let node = Node::new("main:BitShift", 1).with("direction", Value::Str(direction));
        assert_eq!(*node.run(&[values, amounts]).unwrap()[0], expected);
    };
    let bytes = |values: [u8; 3]| tensor(&[3], values.to_vec());
    check("LEFT", bytes([1, 255, 3]), bytes([7, 1, 8]), bytes([128, 254, 0]));
    check("RIGHT", bytes([128, 255, 255]), bytes([7, 1, 200]), bytes([1, 127, 0]));
    check("LEFT", ints(&[-8, -8, 1]), ints(&[1, -1, 64]), ints(&[-16, 0, 0]));
    check("RIGHT", ints(&[-8, -8, 8]), ints(&[1, -1, 64]), ints(&[-4, -1, 0]));
    Node::new("main:BitShift", 1).check_error(&[ints(&[1]), ints(&[1])], "direction");
}

/// Numbers without a pattern, the same on every run.
fn weights(shape: &[usize]) -> Tensor {
    let values = (0..shape.iter().product::<usize>()).map(|i| ((i * 37 + 11) % 23) as f32 / 23. - 0.4);
    tensor(shape, values.collect())
}

/// Runs the node with all axes as long as those of `inputs`: tract's recurrent layers take no symbols.
fn run_pinned(node: &Node, inputs: &[Tensor]) -> TractResult<TVec<TValue>> {
    let mut model = node.model(inputs);
    for (declared, input) in model.graph.iter_mut().flat_map(|graph| &mut graph.input).zip(inputs) {
        let declared = declared.r#type.as_mut().and_then(|declared| declared.value.as_mut());
        let type_proto::Value::TensorType(tensor_type) = declared.expect("inputs are tensors");
        for (dim, &length) in tensor_type.shape.iter_mut().flat_map(|shape| &mut shape.dim).zip(input.shape()) {
            dim.value = Some(dimension::Value::DimValue(length as i64));
        }
    }
    load(&model)?.run(inputs.iter().map(|input| input.clone().into()).collect())
}

#[test]
fn a_reverse_layer_reads_the_sequence_backwards() {
    let [time, batch, width, hidden] = [4, 2, 3, 5];
    for (operator, gates) in [("RNN", 1), ("GRU", 3), ("LSTM", 4)] {
        let sequence = weights(&[time, batch, width]).into_plain_array::<f32>().unwrap();
        let mut backwards = sequence.clone();
        backwards.invert_axis(Axis(0));
        let run = |sequence: Tensor, direction| {
            let inputs = [sequence, weights(&[1, gates * hidden, width]), weights(&[1, gates * hidden, hidden])];
            let node = Node::new(&format!("main:{operator}"), 2).with("direction", Value::Str(direction));
            run_pinned(&node.with("hidden_size", Value::Int(hidden as i64)), &inputs).unwrap()
        };
        let forward = run(backwards.as_standard_layout().into_owned().into(), "forward");
        let reverse = run(sequence.into(), "reverse");
        let mut states = forward[0].to_plain_array_view::<f32>().unwrap().to_owned();
        states.invert_axis(Axis(0));
        assert_eq!(reverse[0].to_plain_array_view::<f32>().unwrap(), states, "{operator}");
        assert_eq!(reverse[1..], forward[1..], "{operator}");
    }
}

/// The model with a number for each channel, from which what it gives is subtracted.
fn subtracted(mut model: ModelProto, channels: &Tensor) -> ModelProto {
    let graph = model.graph.as_mut().expect("a graph");
    graph.node[0].output = vec!["convolved".to_owned()];
    graph.node.push(NodeProto {
        op_type: "Sub".to_owned(),
        input: ["channels", "convolved"].map(str::to_owned).to_vec(),
        output: vec!["output_0".to_owned()],
        ..NodeProto::default()
    });
    graph.initializer.push(TensorProto { name: "channels".to_owned(), ..proto_of(channels) });
    model
}

#[test]
fn a_convolution_is_what_is_subtracted() {
    for kernel in [&[3, 2, 3][..], &[3, 2, 1], &[3, 2, 3, 2], &[3, 2, 2, 3, 2]] {
        let axes = kernel.len() - 2;
        let (input, channels) =
            (weights(&[&[2, 2][..], &vec![4; axes]].concat()), weights(&[&[3][..], &vec![1; axes]].concat()));
        let node = Node::new("main:Conv", 1).constant(&weights(kernel)).constant(&weights(&[3]));
        let convolved = node.run(from_ref(&input)).unwrap();
        let convolved = convolved[0].to_plain_array_view::<f32>().unwrap();
        let expected = &channels.to_plain_array_view::<f32>().unwrap() - &convolved;
        let model = load(&subtracted(node.model(from_ref(&input)), &channels)).unwrap();
        let outputs = model.run([input.into()].into_iter().collect()).unwrap();
        assert_close(&outputs[0], &expected.into());
    }
}

#[test]
fn attributes_that_tract_reads_past_are_refused() {
    let recurrent = [weights(&[1, 1, 1]), weights(&[1, 4, 1]), weights(&[1, 4, 1])];
    let lstm = |name, value| {
        let node = Node::new("main:LSTM", 1).with("hidden_size", Value::Int(1)).with(name, value);
        run_pinned(&node, &recurrent).err().map(|error| format!("{error:#}"))
    };
    assert_eq!(lstm("activations", Value::Strs(&["Sigmoid", "Tanh", "tanh"])), None);
    assert_eq!(lstm("input_forget", Value::Int(0)), None);
    for (name, value, expected) in [
        (
            "activations",
            Value::Strs(&["Sigmoid", "Relu", "Tanh"]),
            "LSTM: activations=Sigmoid,Relu,Tanh is not supported",
        ),
        ("clip", Value::Float(0.5), "LSTM: clip=0.5 is not supported"),
        ("input_forget", Value::Int(1), "LSTM: input_forget=1 is not supported"),
    ] {
        let error = lstm(name, value).unwrap();
        assert!(error.contains(expected), "{error}");
    }

    let pair = [floats(&[[1., 2.], [3., 4.]]), tensor(&[2], vec![1f32, 2.])];
    Node::new("main:Mul", 1).with("axis", Value::Int(0)).check_error(&pair, "axis=0");
    let quantize = [floats(&[[1., 2.]]), tensor(&[], vec![1f32])];
    Node::new("main:QuantizeLinear", 1).with("output_dtype", Value::Int(3)).check_error(&quantize, "output_dtype=3");
}
