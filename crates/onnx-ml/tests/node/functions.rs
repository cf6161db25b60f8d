//! Functions that a model defines for itself.

use ferrocast_onnx_ml::inline_functions;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto};

use crate::harness::{Node, Value, assert_close, load, tensor};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn node(op: &str, input: &[&str], output: &[&str]) -> NodeProto {
    NodeProto { name: output.concat(), input: names(input), output: names(output), ..Node::new(op, 0).proto }
}

fn of(proto: NodeProto) -> Node {
    Node { proto, ..Node::default() }
}

fn local(op: &str, input: &[&str], output: &[&str]) -> NodeProto {
    NodeProto { domain: "local".to_owned(), ..node(op, input, output) }
}

fn function(name: &str, input: &[&str], output: &[&str], node: Vec<NodeProto>) -> FunctionProto {
    FunctionProto {
        name: Some(name.to_owned()),
        domain: Some("local".to_owned()),
        input: names(input),
        output: names(output),
        node,
        ..FunctionProto::default()
    }
}

/// A model of one input `x`, a column of floats, and one output `y`.
fn model(nodes: Vec<NodeProto>, functions: Vec<FunctionProto>) -> ModelProto {
    let mut model = Node::new("main:Identity", 1).model(&[tensor(&[2, 1], vec![0f32; 2])]);
    let graph = model.graph.as_mut().unwrap();
    graph.input[0].name = "x".to_owned();
    graph.output[0].name = "y".to_owned();
    graph.node = nodes;
    model.functions = functions;
    model
}

#[track_caller]
fn check(mut model: ModelProto, input: &[f32], expected: &[f32]) {
    inline_functions(&mut model).unwrap();
    let column = |values: &[f32]| tensor(&[values.len(), 1], values.to_vec());
    let outputs = load(&model).unwrap().run([column(input).into()].into_iter().collect()).unwrap();
    assert_close(&outputs[0], &column(expected));
}

#[track_caller]
fn check_error(mut model: ModelProto, words: &str) {
    let error = format!("{:#}", inline_functions(&mut model).expect_err("the model is refused"));
    assert!(error.contains(words), "expected {words:?} in: {error}");
}

/// `a + |b|`.
fn add_absolute() -> FunctionProto {
    let nodes = vec![node("main:Abs", &["b"], &["t"]), node("main:Add", &["a", "t"], &["sum"])];
    function("AddAbsolute", &["a", "b"], &["sum"], nodes)
}

#[test]
fn calls_keep_their_names_apart() {
    // Both the caller and the function have a `t`, and there are two calls.
    let calls = vec![
        node("main:Neg", &["x"], &["t"]),
        local("AddAbsolute", &["x", "t"], &["a"]),
        local("AddAbsolute", &["a", "t"], &["y"]),
    ];
    check(model(calls, vec![add_absolute()]), &[3., -2.], &[9., 2.]);
}

#[test]
fn functions_call_functions() {
    let nodes = vec![local("AddAbsolute", &["b", "b"], &["t"]), local("AddAbsolute", &["b", "t"], &["a"])];
    let outer = function("Outer", &["b"], &["a"], nodes);
    // b + |b + |b||
    check(model(vec![local("Outer", &["x"], &["y"])], vec![outer, add_absolute()]), &[3., -2.], &[9., -2.]);
}

#[test]
fn attributes_come_from_the_caller() {
    let reference = |r#type: AttributeType| AttributeProto {
        name: "alpha".to_owned(),
        ref_attr_name: "slope".to_owned(),
        r#type: r#type as i32,
        ..AttributeProto::default()
    };
    let leaky =
        NodeProto { attribute: vec![reference(AttributeType::Float)], ..node("main:LeakyRelu", &["a"], &["b"]) };
    let inner = function("Inner", &["a"], &["b"], vec![leaky]);
    let call = NodeProto {
        attribute: vec![AttributeProto { name: "slope".to_owned(), ..reference(AttributeType::Float) }],
        ..local("Inner", &["a"], &["b"])
    };
    let outer = function("Outer", &["a"], &["b"], vec![call]);
    let given = of(local("Outer", &["x"], &["y"])).with("slope", Value::Float(0.5)).proto;
    let functions = || vec![inner.clone(), outer.clone()];
    check(model(vec![given], functions()), &[3., -2.], &[3., -1.]);
    // An attribute that the function lists may be left out: then the operator has its default, 0.01.
    let listed: Vec<_> =
        functions().into_iter().map(|function| FunctionProto { attribute: names(&["slope"]), ..function }).collect();
    check(model(vec![local("Outer", &["x"], &["y"])], listed), &[3., -2.], &[3., -0.02]);
    let without = model(vec![local("Outer", &["x"], &["y"])], functions());
    check_error(without, "function local:Outer: called without the attribute slope");
}

#[test]
fn optional_inputs_and_outputs_are_left_out() {
    let clip = node("main:Clip", &["a", "low", "high"], &["b"]);
    let nodes = vec![clip, node("main:Neg", &["b"], &["c"])];
    let clip = function("ClipAndNegate", &["a", "low", "high"], &["b", "c"], nodes);
    let zero = node("main:Sub", &["x", "x"], &["zero"]);
    let squeezed = node("main:ReduceMax", &["zero"], &["scalar"]);
    let squeezed = of(squeezed).with("keepdims", Value::Int(0)).proto;
    let call = local("ClipAndNegate", &["x", "scalar"], &["", "y"]);
    check(model(vec![zero, squeezed, call], vec![clip]), &[3., -2.], &[-3., 0.]);
}

#[test]
fn branches_are_renamed_with_their_function() {
    let branch = |op: &str| GraphProto {
        name: op.to_owned(),
        node: vec![node(op, &["positive"], &["t"]), node("main:Add", &["t", "a"], &["branch"])],
        output: vec![ValueInfoProto { name: "branch".to_owned(), ..ValueInfoProto::default() }],
        ..GraphProto::default()
    };
    let attribute = |name: &str, graph: GraphProto| AttributeProto {
        name: name.to_owned(),
        g: Some(graph),
        r#type: AttributeType::Graph as i32,
        ..AttributeProto::default()
    };
    let choice = NodeProto {
        attribute: vec![
            attribute("then_branch", branch("main:Neg")),
            attribute("else_branch", branch("main:Identity")),
        ],
        ..node("main:If", &["condition"], &["b"])
    };
    let function =
        function("Choose", &["condition", "a"], &["b"], vec![node("main:Abs", &["a"], &["positive"]), choice]);
    let total = of(node("main:ReduceSum", &["x"], &["total"])).with("keepdims", Value::Int(0)).proto;
    let nodes = vec![
        total,
        node("main:Sub", &["total", "total"], &["zero"]),
        node("main:Greater", &["total", "zero"], &["condition"]),
        local("Choose", &["condition", "x"], &["y"]),
    ];
    let model = model(nodes, vec![function]);
    check(model.clone(), &[3., -2.], &[0., -4.]);
    check(model, &[2., -3.], &[4., 0.]);
}

#[test]
fn malformed_functions_are_refused() {
    let call = || vec![local("F", &["x"], &["y"])];
    let f = |nodes| function("F", &["a"], &["b"], nodes);
    check_error(model(call(), vec![f(vec![local("F", &["a"], &["b"])])]), "function local:F: calls itself");
    let round = function("G", &["a"], &["b"], vec![local("F", &["a"], &["b"])]);
    check_error(model(call(), vec![f(vec![local("G", &["a"], &["b"])]), round]), "function local:F: calls itself");
    check_error(model(call(), vec![f(vec![])]), "function local:F: nothing makes its output `b`");
    check_error(model(call(), vec![f(vec![]), f(vec![])]), "function local:F: defined twice");
    let crowded = vec![local("F", &["x", "x"], &["y"])];
    check_error(model(crowded, vec![f(vec![])]), "function local:F: called with 2 inputs, has 1");
    let crowded = vec![local("F", &["x"], &["y", "z"])];
    check_error(model(crowded, vec![f(vec![])]), "function local:F: called with 2 outputs, has 1");
}

#[test]
fn functions_do_not_explode() {
    let level = |depth: usize, calls: usize| {
        let next = format!("F{}", depth + 1);
        let mut nodes = vec![local(&next, &["a"], &["b"])];
        nodes.extend((1..calls).map(|call| local(&next, &["a"], &[&format!("b{call}")])));
        function(&format!("F{depth}"), &["a"], &["b"], nodes)
    };
    let last = |depth: usize| {
        let long = NodeProto { name: "n".repeat(1 << 20), ..node("main:Neg", &["a"], &["b"]) };
        function(&format!("F{depth}"), &["a"], &["b"], vec![long])
    };
    let chain = |depth: usize, calls: usize| {
        let functions = (0..depth).map(|depth| level(depth, calls)).chain([last(depth)]).collect();
        model(vec![local("F0", &["x"], &["y"])], functions)
    };
    check(chain(20, 1), &[3.], &[-3.]);
    check_error(chain(100, 1), "function local:F32: called at depth 32");
    check_error(chain(25, 4), "the functions of the model grow beyond 67108864 bytes");
}
