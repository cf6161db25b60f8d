//! How long one run of a tree ensemble takes, and how long a large one takes to load.
//!
//! `cargo bench -p ferrocast-onnx-ml [-- <part of a name>]`. Needs nothing but the repository: the trees are grown by a
//! generator, in the shapes that libraries train. Other work on the machine only adds to a sample, so the fastest says
//! most; compare two builds by runs that alternate. Beside ONNX Runtime: `cargo xtask bench-engine`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that fails should panic"
)]

use std::fs;
use std::path::Path;

use divan::{Bencher, black_box};
use serde_json::Value as Json;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto};
use tract_onnx::prelude::{Framework, TValue, Tensor, tvec};

#[path = "../tests/node/harness.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod harness;
#[path = "../tests/node/trees.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod trees;

use harness::{Value, load, tensor};
use trees::{TreeNode, Vote, with_nodes, with_votes};

const ROWS: [usize; 4] = [1, 8, 64, 1024];
/// Different inputs in turn: a processor learns the way of one row by heart, and is never as quick again.
const BATCHES: usize = 50;
const FEATURES: usize = 20;

fn main() {
    divan::main();
}

/// 300 trees of 3 levels, of the second penguin model.
#[divan::bench(args = ROWS)]
fn penguins(bencher: Bencher<'_, '_>, rows: usize) {
    let (model, penguins) = read_penguins();
    run(bencher, &trees_alone(model), |batch| penguins.matrix(batch, rows));
}

/// A random forest of 100 trees, about 160,000 nodes, that votes for two classes.
#[divan::bench(args = ROWS)]
fn forest(bencher: Bencher<'_, '_>, rows: usize) {
    run(bencher, &random_forest(1), |batch| noise(batch, rows));
}

/// The same for three classes.
#[divan::bench(args = ROWS)]
fn forest_of_classes(bencher: Bencher<'_, '_>, rows: usize) {
    run(bencher, &random_forest(3), |batch| noise(batch, rows));
}

/// 100 boosted trees of six levels, as XGBoost grows them.
#[divan::bench(args = ROWS)]
fn boosted(bencher: Bencher<'_, '_>, rows: usize) {
    let nodes = complete_trees(100, 6);
    run(bencher, &classifier(2, &nodes, &votes(&nodes, 1)), |batch| noise(batch, rows));
}

/// 100 boosted trees of 31 leaves and uneven depth, as LightGBM grows them.
#[divan::bench(args = ROWS)]
fn leafwise(bencher: Bencher<'_, '_>, rows: usize) {
    let nodes = grown_trees(100, 31);
    run(bencher, &classifier(2, &nodes, &votes(&nodes, 1)), |batch| noise(batch, rows));
}

/// From the parsed file to a model that runs.
#[divan::bench(args = [1, 3])]
fn load_forest(bencher: Bencher<'_, '_>, classes: usize) {
    let model = random_forest(classes);
    bencher.bench_local(|| load(black_box(&model)).expect("the model loads"));
}

fn run(bencher: Bencher<'_, '_>, model: &ModelProto, input: impl Fn(usize) -> Tensor) {
    let mut state = load(model).and_then(|plan| plan.spawn()).expect("the model loads");
    let batches: Vec<TValue> = (0..BATCHES).map(|batch| input(batch).into()).collect();
    let mut next = batches.iter().cycle();
    bencher.bench_local(|| {
        let input = next.next().expect("a cycle does not end").clone();
        state.run(tvec!(input)).expect("the model runs")
    });
}

/// Rows of real penguins, repeated as often as asked for.
struct Penguins {
    cases: Vec<Json>,
}

fn read_penguins() -> (ModelProto, Penguins) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/penguins/2");
    let model = tract_onnx::onnx().proto_model_for_path(folder.join("model.onnx")).expect("an ONNX file");
    let text = fs::read_to_string(folder.join("golden.json")).expect("golden cases");
    let golden: Json = serde_json::from_str(&text).expect("JSON");
    let cases = golden["cases"].as_array().expect("a list").iter().map(|case| case["input"].clone()).collect();
    (model, Penguins { cases })
}

impl Penguins {
    /// The rows as the trees of the second version see them.
    fn matrix(&self, batch: usize, rows: usize) -> Tensor {
        let mut values = Vec::with_capacity(rows * 6);
        // In steps, as neighbours in the file are of one species.
        for row in self.cases.iter().cycle().skip(batch).step_by(37).take(rows) {
            let number = |name: &str| row[name].as_f64().expect("a number") as f32;
            values.extend([number("bill_length_mm"), number("bill_depth_mm"), number("flipper_length_mm")]);
            values.extend(["Biscoe", "Dream", "Torgersen"].map(|island| f32::from(u8::from(row["island"] == island))));
        }
        tensor(&[rows, 6], values)
    }
}

/// The model's tree ensemble, its input made the input of the graph.
fn trees_alone(model: ModelProto) -> ModelProto {
    let graph = model.graph.expect("a graph");
    let mut node = graph.node.into_iter().find(|node| node.op_type == "TreeEnsembleClassifier").expect("trees");
    let sample = harness::Node::new("TreeEnsembleClassifier", 2).model(&[tensor(&[2, 6], vec![0.0f32; 12])]);
    let input = sample.graph.expect("a graph").input;
    node.input = input.iter().map(|input| input.name.clone()).collect();
    let output =
        node.output.iter().map(|name| ValueInfoProto { name: name.clone(), ..ValueInfoProto::default() }).collect();
    ModelProto { graph: Some(GraphProto { input, output, node: vec![node], ..GraphProto::default() }), ..model }
}

/// Numbers in `0..1` of a linear congruential generator: the same ones on every run.
fn generator(seed: usize) -> impl FnMut() -> f32 {
    let mut state = seed as u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    }
}

fn noise(batch: usize, rows: usize) -> Tensor {
    let mut draw = generator(100 + batch);
    tensor(&[rows, FEATURES], (0..rows * FEATURES).map(|_| draw()).collect())
}

/// Complete trees with random splits, level after level: the children of node `i` are `2i + 1` and `2i + 2`.
fn complete_trees(trees: i64, depth: u32) -> Vec<TreeNode> {
    let mut draw = generator(1);
    let branches = (1 << depth) - 1;
    let mut nodes = Vec::new();
    for tree in 0..trees {
        nodes.extend((0..branches).map(|node| {
            let feature = (draw() * FEATURES as f32) as i64;
            // Uneven splits, as trained trees have them.
            (tree, node, "BRANCH_LT", feature, 0.2 + 0.6 * draw(), 2 * node + 1, 2 * node + 2)
        }));
        nodes.extend((branches..2 * branches + 1).map(|node| (tree, node, "LEAF", 0, 0.0, 0, 0)));
    }
    nodes
}

/// Trees of `leaves` leaves, in which a leaf gets about as many rows as any other: branches split the box of features that
/// leads to them, and the leaves below them, in one ratio.
fn grown_trees(trees: i64, leaves: usize) -> Vec<TreeNode> {
    let mut draw = generator(1);
    let mut nodes = Vec::new();
    for tree in 0..trees {
        let mut open = vec![(0, leaves, [[0.0f32, 1.0]; FEATURES])];
        let mut next = 1;
        while let Some((node, leaves, bounds)) = open.pop() {
            if leaves == 1 {
                nodes.push((tree, node, "LEAF", 0, 0.0, 0, 0));
                continue;
            }
            let feature = (draw() * FEATURES as f32) as usize;
            let [low, high] = bounds[feature];
            let below = (((0.1 + 0.8 * draw()) * leaves as f32) as usize).clamp(1, leaves - 1);
            let threshold = low + (high - low) * below as f32 / leaves as f32;
            nodes.push((tree, node, "BRANCH_LEQ", feature as i64, threshold, next, next + 1));
            let (mut left, mut right) = (bounds, bounds);
            (left[feature], right[feature]) = ([low, threshold], [threshold, high]);
            open.extend([(next + 1, leaves - below, right), (next, below, left)]);
            next += 2;
        }
    }
    nodes
}

/// Votes of random weight on all leaves, each for all of the first few classes.
fn votes(nodes: &[TreeNode], classes: i64) -> Vec<Vote> {
    let mut draw = generator(1);
    let leaves = nodes.iter().filter(|node| node.2 == "LEAF");
    let votes = leaves.flat_map(|leaf| {
        let weight = draw() - 0.5;
        (0..classes).map(move |class| (leaf.0, leaf.1, class, weight))
    });
    votes.collect()
}

fn classifier(classes: usize, nodes: &[TreeNode], votes: &[Vote]) -> ModelProto {
    let labels: Vec<i64> = (0..classes as i64).collect();
    let node = harness::Node::new("TreeEnsembleClassifier", 2).with("classlabels_int64s", Value::Ints(&labels));
    with_votes(with_nodes(node, nodes), "class", votes).model(&[noise(0, 2)])
}

/// Trees grown until their leaves are certain. With one score, that of the second of two classes; with more, every leaf
/// votes for every class.
fn random_forest(scores: usize) -> ModelProto {
    let nodes = grown_trees(100, 800);
    let mut votes = votes(&nodes, scores as i64);
    for vote in &mut votes {
        // Which class a leaf is certain of, its random weight says.
        let class = ((vote.3 + 0.5) * scores.max(2) as f32) as i64;
        let certain = if scores == 1 { class == 1 } else { class == vote.2 };
        vote.3 = if certain { 0.01 } else { 0.0 };
    }
    classifier(scores.max(2), &nodes, &votes)
}
