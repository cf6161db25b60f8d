//! Every way through a forest against the plainest one: node by node, row by row. Equal to the last bit.
//!
//! How many rows there are, how deep the trees and of what rules, whether values are missing: each of these chooses
//! another loop.

use std::collections::HashMap;

use tract_onnx::prelude::{DatumType, tvec};

use crate::harness::{Node, Value, load, tensor};
use crate::trees::{TreeNode, Vote, regressor};

const FEATURES: usize = 5;
const FEW: i64 = 11;

/// Numbers below a bound, of a linear congruential generator: the same ones on every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Coarse, so that features and thresholds are often equal; now and then a number that is not like others.
    fn number(&mut self) -> f32 {
        const ODD: [f32; 5] = [-0.0, f32::INFINITY, f32::NEG_INFINITY, 1e-40, -1e-40];
        match self.below(30) {
            at if at < ODD.len() => ODD[at],
            other => (other % 9) as f32 * 0.1,
        }
    }

    fn weight(&mut self) -> f32 {
        // Of very different sizes, so that sums in another order have other last bits.
        (self.below(9) as f32 * 0.1 - 0.37) * 10f32.powi(self.below(6) as i32)
    }
}

/// What leaves vote for.
#[derive(Clone, Copy)]
enum Votes {
    OneTarget,
    AllTargets,
    Mixed,
}

struct Forest {
    trees: i64,
    targets: i64,
    nodes: Vec<TreeNode>,
    tracks: Vec<i64>,
    votes: Vec<Vote>,
}

impl Forest {
    /// Some random trees of at most `depth` levels, whose branches have rules of `modes`.
    fn grow(draw: &mut Draw, targets: i64, depth: u32, modes: &[&'static str], tracks: bool, kind: Votes) -> Forest {
        Forest::of_trees(FEW, draw, targets, depth, modes, tracks, kind)
    }

    fn of_trees(
        trees: i64,
        draw: &mut Draw,
        targets: i64,
        depth: u32,
        modes: &[&'static str],
        tracks: bool,
        kind: Votes,
    ) -> Forest {
        let mut forest = Forest { trees, targets, nodes: vec![], tracks: vec![], votes: vec![] };
        for tree in 0..trees {
            let mut open = vec![(0, depth)];
            let mut next = 1;
            while let Some((node, levels)) = open.pop() {
                let is_branch = levels > 0 && draw.below(5) > 0;
                forest.tracks.push(i64::from(tracks && draw.below(2) == 0));
                if is_branch {
                    let mode = modes[draw.below(modes.len())];
                    // Now and then two branches in one.
                    let children = 1 + i64::from(draw.below(12) > 0);
                    let threshold = if draw.below(40) == 0 { f32::NAN } else { draw.number() };
                    let feature = draw.below(FEATURES) as i64;
                    forest.nodes.push((tree, node, mode, feature, threshold, next, next + children - 1));
                    open.extend((next..next + children).map(|child| (child, levels - 1)));
                    next += children;
                    continue;
                }
                forest.nodes.push((tree, node, "LEAF", 0, 0.0, 0, 0));
                let voted: Vec<i64> = match kind {
                    Votes::OneTarget => vec![tree % targets],
                    Votes::AllTargets => (0..targets).rev().collect(),
                    Votes::Mixed => [0, 3, 4].map(|votes| [2, 0, 2, 1][..votes].to_vec())[draw.below(3)].clone(),
                };
                forest.votes.extend(voted.into_iter().map(|target| (tree, node, target % targets, draw.weight())));
            }
        }
        forest
    }

    /// The nodes by their ids.
    fn plain(&self, offset: f64) -> Plain {
        let tracks = self.nodes.iter().zip(&self.tracks);
        let nodes = tracks.map(|(&node, &track)| ((node.0, node.1), (node, track == 1, vec![])));
        let mut plain = Plain { trees: self.trees, targets: self.targets as usize, offset, nodes: nodes.collect() };
        for vote in &self.votes {
            plain.nodes.get_mut(&(vote.0, vote.1)).expect("votes are on nodes").2.push(*vote);
        }
        plain
    }

    /// Checks the scores of several batches, whatever precision features and thresholds are in.
    fn check(&self, batches: &[Vec<f32>]) {
        let single = regressor(&self.nodes, &self.votes)
            .with("n_targets", Value::Int(self.targets))
            .with("nodes_missing_value_tracks_true", Value::Ints(&self.tracks));
        // Too close to the thresholds of the others for floats to tell them apart.
        let thresholds: Vec<f64> = self.nodes.iter().map(|node| f64::from(node.4) + 1e-12).collect();
        let double = single.clone().with("nodes_values", Value::Floats(&[]));
        let double = double.with("nodes_values_as_tensor", Value::Doubles(&thresholds));
        for (node, offset) in [(single, 0.0), (double, 1e-12)] {
            for datum_type in [DatumType::F32, DatumType::F64] {
                self.check_precision(&node, offset, datum_type, batches);
            }
        }
    }

    fn check_precision(&self, node: &Node, offset: f64, datum_type: DatumType, batches: &[Vec<f32>]) {
        // Doubles that are no floats, on both sides of the floats that thresholds are.
        let nudges = if datum_type == DatumType::F64 { [0.0, 1e-13, -1e-13, 1e-11] } else { [0.0; 4] };
        let doubles = |features: &[f32]| -> Vec<f64> {
            features.iter().zip(nudges.iter().cycle()).map(|(&value, nudge)| f64::from(value) + nudge).collect()
        };
        let input = |features: &[f64]| {
            let input = tensor(&[features.len() / FEATURES, FEATURES], features.to_vec());
            input.cast_to_dt(datum_type).expect("floats cast").into_owned()
        };
        let plain = self.plain(offset);
        let plan = load(&node.model(&[input(&[0.0; FEATURES])])).expect("the forest loads");
        for features in batches {
            let features = doubles(features);
            let rows = features.chunks_exact(FEATURES);
            let shape = [rows.len(), self.targets as usize];
            let expected: Vec<f32> = rows.flat_map(|row| plain.scores(row)).collect();
            let outputs = plan.run(tvec!(input(&features).into())).expect("the forest runs");
            assert_eq!(*outputs[0], tensor(&shape, expected));
        }
    }
}

/// The plainest walk.
struct Plain {
    trees: i64,
    targets: usize,
    /// Is added to every threshold.
    offset: f64,
    /// By tree id and node id: the node, whether it takes missing values to its true child, and its votes.
    nodes: HashMap<(i64, i64), (TreeNode, bool, Vec<Vote>)>,
}

impl Plain {
    /// The scores of one row: sums of doubles in the order of the trees.
    fn scores(&self, row: &[f64]) -> Vec<f32> {
        let mut scores = vec![0.0; self.targets];
        for tree in 0..self.trees {
            for &(_, _, target, weight) in self.votes(tree, row) {
                scores[target as usize] += f64::from(weight);
            }
        }
        scores.into_iter().map(|score| score as f32).collect()
    }

    /// The votes at which `row` arrives.
    fn votes(&self, tree: i64, row: &[f64]) -> &[Vote] {
        let mut at = 0;
        loop {
            let ((_, _, mode, feature, threshold, yes, no), missing_true, votes) = &self.nodes[&(tree, at)];
            let (value, threshold) = (row[*feature as usize], f64::from(*threshold) + self.offset);
            let holds = match *mode {
                "BRANCH_LEQ" => value <= threshold,
                "BRANCH_LT" => value < threshold,
                "BRANCH_GTE" => value >= threshold,
                "BRANCH_GT" => value > threshold,
                "BRANCH_EQ" => value == threshold,
                // No rule holds for NaN, this one included.
                "BRANCH_NEQ" => value != threshold && !value.is_nan() && !threshold.is_nan(),
                _ => return votes,
            };
            at = if holds || (value.is_nan() && *missing_true) { *yes } else { *no };
        }
    }
}

/// Forests of all kinds of votes, with and without tracks of missing values, on batches of many sizes.
fn check_forests(draw: &mut Draw, targets: i64, depth: u32, modes: &[&'static str]) {
    let kinds = [Votes::OneTarget, Votes::AllTargets, Votes::Mixed];
    for (kind, tracks) in kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        let forest = Forest::grow(draw, targets, depth, modes, tracks, kind);
        let batches = [1, 9, 20, 70].map(|rows| {
            let missing = draw.below(2) == 0;
            let mut value = || if missing && draw.below(6) == 0 { f32::NAN } else { draw.number() };
            (0..rows * FEATURES).map(|_| value()).collect()
        });
        forest.check(&batches);
    }
}

#[test]
fn all_ways_agree() {
    const RULES: [&[&str]; 4] = [
        &["BRANCH_LEQ"],
        &["BRANCH_LT"],
        &["BRANCH_EQ", "BRANCH_EQ", "BRANCH_NEQ"],
        &["BRANCH_LEQ", "BRANCH_GT", "BRANCH_LT", "BRANCH_GTE", "BRANCH_EQ", "BRANCH_NEQ"],
    ];
    let mut draw = Draw(1);
    for targets in [1, 3] {
        for (depth, modes) in [0, 1, 3, 7].into_iter().flat_map(|depth| RULES.map(|modes| (depth, modes))) {
            check_forests(&mut draw, targets, depth, modes);
        }
    }
}

/// A lone row goes through some hundred trees at a time, and through entries of which there are so many that a place needs no check.
#[test]
fn ways_through_many_trees_agree() {
    let mut draw = Draw(3);
    for (trees, depth) in [(1, 4), (120, 2), (250, 5), (250, 9)] {
        for kind in [Votes::OneTarget, Votes::Mixed] {
            let forest = Forest::of_trees(trees, &mut draw, 2, depth, &["BRANCH_LEQ", "BRANCH_GT"], false, kind);
            let batches = [1, 3, 9].map(|rows| (0..rows * FEATURES).map(|_| draw.number()).collect());
            forest.check(&batches);
        }
    }
}

/// Forests are compiled and laid out in groups of trees with some ten thousand nodes.
#[test]
fn ways_through_several_groups_agree() {
    let mut draw = Draw(2);
    for kind in [Votes::OneTarget, Votes::Mixed] {
        let mut forest = Forest::grow(&mut draw, 3, 18, &["BRANCH_LEQ", "BRANCH_GT"], true, kind);
        assert!(forest.nodes.len() > 1 << 16, "{} nodes", forest.nodes.len());
        let batch: Vec<f32> = (0..20 * FEATURES).map(|_| draw.number()).collect();
        forest.check(std::slice::from_ref(&batch));
        // Votes in another order than the leaves; those of a leaf in the same one, of which sums depend.
        forest.votes.sort_by_key(|vote| std::cmp::Reverse((vote.0, vote.1)));
        forest.check(&[batch]);
    }
}
