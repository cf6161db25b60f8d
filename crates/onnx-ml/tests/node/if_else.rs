//! Branches that answer tensors of different shapes.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto};

use crate::harness::{Node, Value, assert_close, floats, load, tensor};

fn node(op: &str, input: &[&str], output: &str) -> NodeProto {
    let input = input.iter().map(|&name| name.to_owned()).collect();
    NodeProto { name: output.to_owned(), input, output: vec![output.to_owned()], ..Node::new(op, 0).proto }
}

fn with(mut node: NodeProto, name: &str, value: Value<'_>) -> NodeProto {
    node.attribute = Node { proto: node.clone(), ..Node::default() }.with(name, value).proto.attribute;
    node
}

fn branch(name: &str, nodes: &[NodeProto]) -> AttributeProto {
    let output = nodes.iter().rev().take(1).flat_map(|node| &node.output);
    let output = output.map(|name| ValueInfoProto { name: name.clone(), ..ValueInfoProto::default() }).collect();
    let graph = GraphProto { node: nodes.to_vec(), output, ..GraphProto::default() };
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Graph as i32,
        g: Some(graph),
        ..AttributeProto::default()
    }
}

/// A model of one column `x`: if its largest number is above ten, `then`, else `or_else`, and twice what that answers.
/// Known to both are `x` and `positive`, whether each number is above zero.
fn model(then: &[NodeProto], or_else: &[NodeProto]) -> ModelProto {
    let constant = |name, value| with(node("main:Constant", &[], name), "value_float", Value::Float(value));
    let mut choose = node("main:If", &["is_large"], "chosen");
    choose.attribute = vec![branch("then_branch", then), branch("else_branch", or_else)];
    let mut model = Node::new("main:Identity", 1).model(&[floats(&[[0.0], [0.0]])]);
    let graph = model.graph.as_mut().unwrap();
    graph.input[0].name = "x".to_owned();
    graph.output[0].name = "y".to_owned();
    graph.node = vec![
        constant("zero", 0.0),
        constant("ten", 10.0),
        with(node("main:Constant", &[], "flat"), "value_ints", Value::Ints(&[-1])),
        node("main:Greater", &["x", "zero"], "above"),
        node("main:Reshape", &["above", "flat"], "positive"),
        with(node("main:ReduceMax", &["x"], "largest"), "keepdims", Value::Int(0)),
        node("main:Greater", &["largest", "ten"], "is_large"),
        choose,
        node("main:Add", &["chosen", "chosen"], "y"),
    ];
    model
}

/// The rows of which the number is above zero.
fn positive_rows() -> [NodeProto; 1] {
    [with(node("main:Compress", &["x", "positive"], "kept"), "axis", Value::Int(0))]
}

fn all_rows() -> [NodeProto; 1] {
    [node("main:Identity", &["x"], "same")]
}

/// The numbers without their axis of columns.
fn flat_rows() -> [NodeProto; 1] {
    [node("main:Reshape", &["x", "flat"], "flattened")]
}

#[test]
fn branches_may_answer_as_many_rows_as_they_like() {
    let plan = load(&model(&positive_rows(), &all_rows())).unwrap();
    for (column, expected) in [
        (floats(&[[11.0], [-1.0], [2.0]]), floats(&[[22.0], [4.0]])),
        (floats(&[[1.0], [-1.0]]), floats(&[[2.0], [-2.0]])),
        (floats(&[[20.0]]), floats(&[[40.0]])),
    ] {
        assert_close(&plan.run([column.into()].into_iter().collect()).unwrap()[0], &expected);
    }
}

#[test]
fn a_branch_of_another_rank_fails_when_it_is_taken() {
    for (then, or_else, good, bad) in [(flat_rows(), all_rows(), 1.0, 11.0), (all_rows(), flat_rows(), 11.0, 1.0)] {
        let plan = load(&model(&then, &or_else)).unwrap();
        let run = |value: f32| plan.run([floats(&[[value]]).into()].into_iter().collect());
        assert_close(&run(good).unwrap()[0], &floats(&[[2.0 * good]]));
        let error = format!("{:#}", run(bad).expect_err("what follows takes another rank"));
        assert!(error.contains("If: the branch taken answers 1 axes, the graph takes 2"), "{error}");
    }
}

#[test]
fn branches_that_do_not_fit_are_refused() {
    let integers = with(node("main:Cast", &["x"], "whole"), "to", Value::Int(7));
    for (then, words) in [
        (
            vec![node("main:Add", &["x", "x"], "t"), node("main:Reshape", &["t", "flat"], "u")],
            "1 axes in then_branch, 2 in",
        ),
        (vec![integers], "output 0 is I64 in then_branch, F32 in else_branch"),
        (vec![], "then_branch has 0 outputs, else_branch 1"),
    ] {
        let doubled = [node("main:Add", &["x", "x"], "other")];
        let error = format!("{:#}", load(&model(&then, &doubled)).map(drop).expect_err("the model is refused"));
        assert!(error.contains(words), "expected {words:?} in: {error}");
    }
}

#[test]
fn a_condition_that_is_known_leaves_one_branch() {
    // Truth values are not multiplied: it would not compile.
    let nonsense = [node("main:MatMul", &["positive", "x"], "t"), node("main:MatMul", &["x", "t"], "none")];
    let mut model = model(&positive_rows(), &nonsense);
    let condition = with(node("main:Constant", &[], "is_large"), "value", Value::Bytes(&[1]));
    let graph = model.graph.as_mut().unwrap();
    graph.node[6] = condition;
    let value = graph.node[6].attribute[0].t.as_mut().unwrap();
    (value.data_type, value.dims) = (9, vec![]);
    let plan = load(&model).unwrap();
    let outputs = plan.run([floats(&[[3.0], [-1.0]]).into()].into_iter().collect()).unwrap();
    assert_close(&outputs[0], &tensor(&[1, 1], vec![6f32]));
}
