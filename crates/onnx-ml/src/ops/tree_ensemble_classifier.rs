//! `TreeEnsembleClassifier`: the votes of the leaves summed per class, the class with the most, the transformed sums.
//!
//! ONNX says little of models with two classes, so exporters settled on a convention, and ONNX Runtime follows it:
//! **when all votes are for one class id, their sum is the score of the second class**, whatever the id. The second
//! class wins above 0.5 if no vote is negative (the sum is a probability), else above 0 (it is a margin). With
//! id 0 both columns of scores are made of the sum; with id 1 the first column is zero before the transform. One
//! base value, not two, goes with it.
//!
//! In all other models the answer is the class with the largest score, as ONNX says. There, ONNX Runtime differs for
//! two classes: it answers the second one whenever that has a positive score.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, TValue, TVec, TractResult};

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::labels::Labels;
use crate::post_transform::{Complement, PostTransform};
use crate::row_program::{Buffer, Inputs, RowStep};
use crate::tensors::{exactly, expect_numbers, known_width, rows};
use crate::trees::{Aggregate, Ensemble, Lists, Prefix};
use crate::winner::winner;

const NAME: &str = "TreeEnsembleClassifier";

#[derive(Debug)]
struct TreeEnsembleClassifier {
    ensemble: Ensemble,
    labels: Labels,
    scores: Scores,
    post_transform: PostTransform,
}

/// What the sums of votes stand for.
#[derive(Clone, Copy, Debug)]
enum Scores {
    /// One per class.
    PerClass,
    /// One, of the second of two classes.
    Second {
        complement: Complement,
        /// Whether the votes say class id 0, so that both columns come from the sum.
        both_columns: bool,
    },
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let labels = Labels::read(attributes, "classlabels_int64s", "classlabels_strings")?;
    let mut lists = Lists::read(ctx, attributes, Prefix::Class)?;
    let scores = Scores::of(&lists, labels.len());
    let targets = match scores {
        Scores::PerClass => labels.len(),
        Scores::Second { .. } => {
            lists.merge_targets();
            1
        }
    };
    let ensemble = Ensemble::of_lists(NAME, &lists, targets, Aggregate::Sum)?;
    let post_transform = PostTransform::read(attributes)?;
    Eager::boxed(node, TreeEnsembleClassifier { ensemble, labels, scores, post_transform })
}

impl Scores {
    fn of(lists: &Lists<'_>, classes: usize) -> Scores {
        let first = lists.vote_targets().next().unwrap_or(0);
        let one_id = (0..2).contains(&first) && lists.vote_targets().all(|id| id == first);
        if classes != 2 || !one_id || lists.base_value_count() > 1 {
            return Scores::PerClass;
        }
        let complement = if lists.has_negative_weight() { Complement::Negated } else { Complement::OneMinus };
        Scores::Second { complement, both_columns: first == 0 }
    }
}

impl TreeEnsembleClassifier {
    /// The class of each row of sums.
    fn classes(&self, sums: &[f64]) -> impl Iterator<Item = usize> {
        sums.chunks_exact(self.ensemble.targets()).map(|row| match (self.scores, row) {
            (Scores::Second { complement, .. }, &[sum]) => usize::from(match complement {
                Complement::OneMinus => sum > 0.5,
                Complement::Negated => sum > 0.0,
            }),
            // Before the transform, as it may not keep the order: probits beyond [0, 1] are NaN.
            _ => winner(row),
        })
    }

    /// Adds, row after row, the scores of all classes.
    fn add_scores(&self, sums: &[f64], scores: &mut Vec<f32>) {
        match self.scores {
            Scores::PerClass => {
                scores.extend(sums.iter().map(|&sum| sum as f32));
                scores.chunks_exact_mut(self.labels.len()).for_each(|row| self.post_transform.apply(row));
            }
            Scores::Second { complement, both_columns } => {
                for sum in sums.iter().map(|&sum| sum as f32) {
                    scores.extend(if both_columns {
                        self.post_transform.both_classes(sum, complement)
                    } else {
                        let mut row = [0.0, sum];
                        self.post_transform.apply(&mut row);
                        row
                    });
                }
            }
        }
    }
}

impl Kernel for TreeEnsembleClassifier {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        let (batch, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.ensemble.expect_width(width))?;
        Ok(self.labels.facts(batch, self.labels.len()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let sums = self.ensemble.scores(input)?;
        let classes: Vec<usize> = self.classes(&sums).collect();
        let mut scores = Vec::with_capacity(classes.len() * self.labels.len());
        self.add_scores(&sums, &mut scores);
        self.labels.tensors(&classes, scores, self.labels.len())
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for TreeEnsembleClassifier {
    fn run(&self, rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (features, width) = inputs.get(0)?;
        let sums = self.ensemble.scores_of(features, rows, width)?;
        self.labels.write(self.classes(&sums), |scores| self.add_scores(&sums, scores), outputs);
        Ok(())
    }
}
