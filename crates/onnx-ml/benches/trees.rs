//! How long one run takes: the trees of the second penguin model, a forest of deep trees, and boosted trees of six levels.
//!
//! `cargo bench -p ferrocast-onnx-ml [-- <part of a name>]` prints microseconds per run, the least and the median of
//! many samples. Other work on the machine only adds to a sample, so the least says more; compare two builds by runs
//! that alternate. Needs nothing but the repository.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that fails should panic"
)]

use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

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

const ROWS: [usize; 4] = [1, 8, 32, 64];
/// Different inputs in turn: a processor learns the way of one row by heart, and is never as quick again.
const BATCHES: usize = 50;
const SAMPLES: usize = 60;
const SAMPLE: Duration = Duration::from_millis(5);

fn main() {
    // `cargo bench` itself passes `--bench`.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    let (model, penguins) = penguins();
    bench(&filter, "penguins/2 trees", &trees_alone(model), |batch, rows| penguins.matrix(batch, rows));
    bench(&filter, "forest 100 x 9 levels", &forest(100, 9, 20), |batch, rows| noise(batch, rows, 20));
    bench(&filter, "boosted 300 x 6 levels", &boosted(300, 6, 20), |batch, rows| noise(batch, rows, 20));
}

fn bench(filter: &str, name: &str, model: &ModelProto, input: impl Fn(usize, usize) -> Tensor) {
    if !name.contains(filter) {
        return;
    }
    let mut state = load(model).and_then(|plan| plan.spawn()).expect("the model loads");
    for rows in ROWS {
        let batches: Vec<TValue> = (0..BATCHES).map(|batch| input(batch, rows).into()).collect();
        let mut next = batches.iter().cycle();
        let mut run = || {
            let input = next.next().expect("a cycle does not end").clone();
            black_box(state.run(tvec!(input)).expect("the model runs"))
        };
        let (least, median) = measure(&mut run);
        writeln!(io::stdout(), "{name:<24} {rows:>3} rows  {least:>9.2} us  {median:>9.2} us").expect("stdout is open");
    }
}

/// Microseconds per call: the least and the median of the samples.
fn measure<T>(run: &mut impl FnMut() -> T) -> (f64, f64) {
    let started = Instant::now();
    let mut calls = 0u32;
    while started.elapsed() < SAMPLE {
        run();
        calls += 1;
    }
    let mut samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let started = Instant::now();
            (0..calls).for_each(|_| drop(run()));
            started.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    (samples[0], samples[SAMPLES / 2])
}

/// Rows of real penguins, repeated as often as asked for.
struct Penguins {
    cases: Vec<Json>,
}

fn penguins() -> (ModelProto, Penguins) {
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

fn noise(batch: usize, rows: usize, features: usize) -> Tensor {
    let mut draw = generator(100 + batch);
    tensor(&[rows, features], (0..rows * features).map(|_| draw()).collect())
}

/// Complete trees with random splits, level after level: the children of node `i` are `2i + 1` and `2i + 2`.
fn complete_trees(trees: i64, depth: u32, features: usize) -> Vec<TreeNode> {
    let mut draw = generator(1);
    let branches = (1 << depth) - 1;
    let mut nodes = Vec::new();
    for tree in 0..trees {
        nodes.extend((0..branches).map(|node| {
            let feature = (draw() * features as f32) as i64;
            // Uneven splits, as trained trees have them.
            (tree, node, "BRANCH_LEQ", feature, 0.2 + 0.6 * draw(), 2 * node + 1, 2 * node + 2)
        }));
        nodes.extend((branches..2 * branches + 1).map(|node| (tree, node, "LEAF", 0, 0.0, 0, 0)));
    }
    nodes
}

/// Votes on all leaves, for the classes that `classes` names for a tree.
fn votes(nodes: &[TreeNode], classes: impl Fn(i64) -> std::ops::Range<i64>) -> Vec<Vote> {
    let mut draw = generator(1);
    let leaves = nodes.iter().filter(|node| node.2 == "LEAF");
    leaves.flat_map(|leaf| classes(leaf.0).map(|class| (leaf.0, leaf.1, class, draw())).collect::<Vec<_>>()).collect()
}

fn classifier(nodes: &[TreeNode], votes: &[Vote], features: usize) -> ModelProto {
    let node = harness::Node::new("TreeEnsembleClassifier", 2).with("classlabels_int64s", Value::Ints(&[0, 1, 2]));
    with_votes(with_nodes(node, nodes), "class", votes).model(&[noise(0, 2, features)])
}

/// As a random forest is exported: every leaf votes for every class.
fn forest(trees: i64, depth: u32, features: usize) -> ModelProto {
    let nodes = complete_trees(trees, depth, features);
    classifier(&nodes, &votes(&nodes, |_| 0..3), features)
}

/// As boosted trees are exported: every tree votes for one class.
fn boosted(trees: i64, depth: u32, features: usize) -> ModelProto {
    let nodes = complete_trees(trees, depth, features);
    classifier(&nodes, &votes(&nodes, |tree| tree % 3..tree % 3 + 1), features)
}
