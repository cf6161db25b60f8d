//! Every way through a forest against the plainest one: node by node, row by row. Equal to the last bit.
//!
//! How many rows there are, how deep the trees and of what rules, whether values are missing: each of these chooses
//! another loop.

use std::collections::HashMap;

use tract_onnx::prelude::{DatumType, tvec};

use crate::harness::{Value, load, tensor};
use crate::trees::{TreeNode, Vote, regressor};

const FEATURES: usize = 5;
const TREES: i64 = 21;

/// Numbers below a bound, of a linear congruential generator: the same ones on every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Coarse, so that features and thresholds are often equal.
    fn number(&mut self) -> f32 {
        self.below(9) as f32 * 0.1
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
    targets: i64,
    nodes: Vec<TreeNode>,
    tracks: Vec<i64>,
    votes: Vec<Vote>,
}

impl Forest {
    /// Random trees of at most `depth` levels, whose branches have rules of `modes`.
    fn grow(draw: &mut Draw, targets: i64, depth: u32, modes: &[&'static str], tracks: bool, kind: Votes) -> Forest {
        let mut forest = Forest { targets, nodes: vec![], tracks: vec![], votes: vec![] };
        for tree in 0..TREES {
            let mut open = vec![(0, depth)];
            let mut next = 1;
            while let Some((node, levels)) = open.pop() {
                let is_branch = levels > 0 && draw.below(5) > 0;
                forest.tracks.push(i64::from(tracks && draw.below(2) == 0));
                if is_branch {
                    let mode = modes[draw.below(modes.len())];
                    forest.nodes.push((tree, node, mode, draw.below(FEATURES) as i64, draw.number(), next, next + 1));
                    open.extend([(next, levels - 1), (next + 1, levels - 1)]);
                    next += 2;
                    continue;
                }
                forest.nodes.push((tree, node, "LEAF", 0, 0.0, 0, 0));
                let voted: Vec<i64> = match kind {
                    Votes::OneTarget => vec![tree % targets],
                    Votes::AllTargets => (0..targets).rev().collect(),
                    Votes::Mixed => [0, 3, 4].map(|votes| [2, 0, 2, 1][..votes].to_vec())[draw.below(3)].clone(),
                };
                // Of very different sizes, so that sums in another order have other last bits.
                let mut weight = || (draw.number() - 0.37) * 10f32.powi(draw.below(6) as i32);
                forest.votes.extend(voted.into_iter().map(|target| (tree, node, target % targets, weight())));
            }
        }
        forest
    }

    /// The nodes by their ids.
    fn plain(&self) -> Plain {
        let tracks = self.nodes.iter().zip(&self.tracks);
        let nodes = tracks.map(|(&node, &track)| ((node.0, node.1), (node, track == 1, vec![])));
        let mut plain = Plain { targets: self.targets as usize, nodes: nodes.collect() };
        for vote in &self.votes {
            plain.nodes.get_mut(&(vote.0, vote.1)).expect("votes are on nodes").2.push(*vote);
        }
        plain
    }

    /// Checks the scores of several batches, in both precisions.
    fn check(&self, batches: &[Vec<f32>]) {
        let node = regressor(&self.nodes, &self.votes)
            .with("n_targets", Value::Int(self.targets))
            .with("nodes_missing_value_tracks_true", Value::Ints(&self.tracks));
        let single: fn(f64) -> f64 = |sum| f64::from(sum as f32);
        for (datum_type, rounded) in [(DatumType::F32, single), (DatumType::F64, |sum| sum)] {
            let input = |features: &[f32]| {
                let input = tensor(&[features.len() / FEATURES, FEATURES], features.to_vec());
                input.cast_to_dt(datum_type).expect("floats cast").into_owned()
            };
            let plain = self.plain();
            let plan = load(&node.model(&[input(&[0.0; FEATURES])])).expect("the forest loads");
            for features in batches {
                let rows = features.chunks_exact(FEATURES);
                let shape = [rows.len(), self.targets as usize];
                let expected: Vec<f32> = rows.flat_map(|row| plain.scores(row, rounded)).collect();
                let outputs = plan.run(tvec!(input(features).into())).expect("the forest runs");
                assert_eq!(*outputs[0], tensor(&shape, expected));
            }
        }
    }
}

/// The plainest walk.
struct Plain {
    targets: usize,
    /// By tree id and node id: the node, whether it takes missing values to its true child, and its votes.
    nodes: HashMap<(i64, i64), (TreeNode, bool, Vec<Vote>)>,
}

impl Plain {
    /// The scores of one row. `rounded` makes of each sum what the precision leaves of it.
    fn scores(&self, row: &[f32], rounded: fn(f64) -> f64) -> Vec<f32> {
        let mut scores = vec![0.0; self.targets];
        for tree in 0..TREES {
            for &(_, _, target, weight) in self.votes(tree, row) {
                let score = &mut scores[target as usize];
                *score = rounded(*score + f64::from(weight));
            }
        }
        scores.into_iter().map(|score| score as f32).collect()
    }

    /// The votes at which `row` arrives.
    fn votes(&self, tree: i64, row: &[f32]) -> &[Vote] {
        let mut at = 0;
        loop {
            let ((_, _, mode, feature, threshold, yes, no), missing_true, votes) = &self.nodes[&(tree, at)];
            let value = row[*feature as usize];
            let holds = match *mode {
                "BRANCH_LEQ" => value <= *threshold,
                "BRANCH_LT" => value < *threshold,
                "BRANCH_GT" => value > *threshold,
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
        let batches = [1, 3, 4, 8, 9, 16, 23, 30, 70].map(|rows| {
            let missing = draw.below(2) == 0;
            let mut value = || if missing && draw.below(6) == 0 { f32::NAN } else { draw.number() };
            (0..rows * FEATURES).map(|_| value()).collect()
        });
        forest.check(&batches);
    }
}

#[test]
fn all_ways_agree() {
    const RULES: [&[&str]; 3] = [&["BRANCH_LEQ"], &["BRANCH_LT"], &["BRANCH_LEQ", "BRANCH_GT", "BRANCH_LT"]];
    let mut draw = Draw(1);
    for targets in [1, 3] {
        for (depth, modes) in [0, 1, 3, 4, 7].into_iter().flat_map(|depth| RULES.map(|modes| (depth, modes))) {
            check_forests(&mut draw, targets, depth, modes);
        }
    }
}
