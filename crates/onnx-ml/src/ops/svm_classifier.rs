//! `SVMClassifier`: a machine per pair of classes, each of which votes; the class with the most votes is the answer.
//!
//! The scores are, as in ONNX Runtime:
//! - probabilities of the classes, if the model has the parameters for them ([`coupling`]). The answer is still the
//!   class with the most votes, which need not be the most probable one;
//! - else, for two classes, the score of their only pair and its negative, `[-s, s]`. A positive score is a vote for
//!   the *first* class: exporters reorder the columns;
//! - else the scores of all pairs: (0, 1), (0, 2), …, (1, 2), …
//!
//! Without support vectors the model is linear: a score per class, of which the largest wins.
//!
//! The post transform applies to those. ONNX Runtime differs for a two-class model without probabilities, where its
//! columns are `[1 - s, s]` for any transform but `NONE`, and for a linear model of two classes, where it answers the
//! second class whenever a score is positive. Here as in ONNX's reference, transforms transform and the larger score wins.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, TValue, TVec, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::labels::Labels;
use crate::post_transform::PostTransform;
use crate::row_program::{Buffer, Inputs, RowStep};
use crate::svm::{KernelFunction, Machine, WeightedSum, Weights, coupling};
use crate::tensors::{exactly, expect_numbers, known_width, rows};
use crate::winner::winner;

const NAME: &str = "SVMClassifier";

#[derive(Debug)]
struct SvmClassifier {
    machine: Machine,
    scores: Scores,
    labels: Labels,
    post_transform: PostTransform,
}

/// What the machine's scores are for.
#[derive(Debug)]
enum Scores {
    Classes,
    Pairs,
    /// Pairs, with the parameters `(a, b)` of each pair's probability.
    Probabilities(Vec<(f64, f64)>),
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let labels = Labels::read(attributes, "classlabels_ints", "classlabels_strings")?;
    let counts = attributes.ints("vectors_per_class")?;
    let post_transform = PostTransform::read(attributes)?;
    let (machine, scores) = if counts.iter().all(|&count| count == 0) {
        (linear(attributes, labels.len())?, Scores::Classes)
    } else {
        attributes.expect_same_length(("vectors_per_class", counts.len()), ("classlabels", labels.len()))?;
        one_versus_one(attributes, &starts(counts)?)?
    };
    Eager::boxed(node, SvmClassifier { machine, scores, labels, post_transform })
}

fn linear(attributes: Attributes<'_>, classes: usize) -> TractResult<Machine> {
    let (rho, parameters) = (attributes.floats("rho")?, attributes.floats("prob_a")?);
    let Some(&offset) = rho.first() else { bail!("{NAME}: rho is empty") };
    if !parameters.is_empty() {
        bail!("{NAME}: prob_a is for pairs of classes, which a model without vectors_per_class does not have");
    }
    Machine::linear(NAME, attributes.floats("coefficients")?, classes, f64::from(offset))
}

/// The position of the first support vector of each class, and behind them the number of all.
fn starts(counts: &[i64]) -> TractResult<Vec<usize>> {
    let mut starts = vec![0usize];
    let mut total = 0usize;
    for &count in counts {
        match usize::try_from(count).ok().and_then(|count| total.checked_add(count)) {
            Some(sum) => total = sum,
            None => bail!("{NAME}: vectors_per_class holds {count}, which is negative or too large"),
        }
        starts.push(total);
    }
    Ok(starts)
}

/// A machine with a score per pair of classes.
///
/// The coefficients are a matrix `[classes - 1, vectors]`: the weights of a vector of class `c` against the other
/// classes, in their order without `c`.
fn one_versus_one(attributes: Attributes<'_>, starts: &[usize]) -> TractResult<(Machine, Scores)> {
    let coefficients = attributes.floats("coefficients")?;
    let vectors = attributes.floats("support_vectors")?;
    let rho = attributes.floats("rho")?;
    let (classes, count) = (starts.len() - 1, starts.last().copied().unwrap_or(0));
    if classes < 2 {
        bail!("{NAME}: vectors_per_class is for pairs of classes, there is {classes} class");
    }
    attributes.expect_same_length(
        ("coefficients", coefficients.len()),
        ("vectors_per_class asks for", count.saturating_mul(classes - 1)),
    )?;
    if !vectors.len().is_multiple_of(count) {
        bail!("{NAME}: support_vectors has {} values, which do not make {count} equal rows", vectors.len());
    }
    let pairs = classes * (classes - 1) / 2;
    attributes.expect_same_length(("rho", rho.len()), ("pairs of classes", pairs))?;
    let weights = |class: usize, other: usize| {
        let row = if other < class { other } else { other - 1 } * count;
        let (first, end) = (starts.get(class).copied().unwrap_or(0), starts.get(class + 1).copied().unwrap_or(0));
        let values = coefficients.get(row + first..row + end).unwrap_or_default();
        Weights { first, values: values.iter().copied().map(f64::from).collect() }
    };
    let sums = coupling::pairs(classes).zip(rho).map(|((first, second), &rho)| WeightedSum {
        offset: f64::from(rho),
        weights: vec![weights(first, second), weights(second, first)],
    });
    let kernel = KernelFunction::read(attributes)?;
    let machine = Machine::new(NAME, kernel, vectors, vectors.len() / count, sums.collect())?;
    Ok((machine, pair_scores(attributes, pairs)?))
}

fn pair_scores(attributes: Attributes<'_>, pairs: usize) -> TractResult<Scores> {
    let (a, b) = (attributes.floats("prob_a")?, attributes.floats("prob_b")?);
    attributes.expect_same_length(("prob_a", a.len()), ("prob_b", b.len()))?;
    if a.is_empty() {
        return Ok(Scores::Pairs);
    }
    attributes.expect_same_length(("prob_a", a.len()), ("pairs of classes", pairs))?;
    Ok(Scores::Probabilities(a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b))).collect()))
}

impl SvmClassifier {
    /// The number of scores that a row of the output has.
    fn columns(&self) -> usize {
        let classes = self.labels.len();
        match self.scores {
            Scores::Pairs if classes > 2 => classes * (classes - 1) / 2,
            _ => classes,
        }
    }

    /// The number of scores that the machine has for a row.
    fn machine_columns(&self) -> usize {
        let classes = self.labels.len();
        match self.scores {
            Scores::Classes => classes,
            Scores::Pairs | Scores::Probabilities(_) => classes * (classes - 1) / 2,
        }
    }

    /// The classes and, row after row, the scores.
    fn finish(&self, machine_scores: &[f64]) -> (Vec<usize>, Vec<f32>) {
        let classes = self.labels.len();
        let mut answers = Vec::with_capacity(machine_scores.len() / self.machine_columns());
        let mut scores = Vec::with_capacity(answers.capacity() * self.columns());
        for row in machine_scores.chunks_exact(self.machine_columns()) {
            match &self.scores {
                Scores::Classes => {
                    answers.push(winner(row));
                    scores.extend(row.iter().map(|&score| score as f32));
                }
                Scores::Pairs => {
                    answers.push(most_votes(classes, row));
                    if let [score] = *row {
                        scores.push(-score as f32);
                    }
                    scores.extend(row.iter().map(|&score| score as f32));
                }
                Scores::Probabilities(parameters) => {
                    answers.push(most_votes(classes, row));
                    let pairwise = row.iter().zip(parameters).map(|(&score, &(a, b))| coupling::platt(score, a, b));
                    scores.extend(coupling::couple(classes, pairwise).into_iter().map(|score| score as f32));
                }
            }
        }
        scores.chunks_exact_mut(self.columns()).for_each(|row| self.post_transform.apply(row));
        (answers, scores)
    }
}

/// The class with the most votes, of equals the first: a pair votes for its first class if its score is positive.
fn most_votes(classes: usize, scores: &[f64]) -> usize {
    let mut votes = vec![0u32; classes];
    for ((first, second), &score) in coupling::pairs(classes).zip(scores) {
        if let Some(votes) = votes.get_mut(if score > 0.0 { first } else { second }) {
            *votes += 1;
        }
    }
    winner(&votes)
}

impl Kernel for SvmClassifier {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        let (batch, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.machine.expect_width(width))?;
        Ok(self.labels.facts(batch, self.columns()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let (classes, scores) = self.finish(&self.machine.scores(input)?);
        self.labels.tensors(&classes, scores, self.columns())
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for SvmClassifier {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (features, _) = inputs.get(0)?;
        let (classes, scores) = self.finish(&self.machine.scores_of(features)?);
        self.labels.write(classes.into_iter(), |into| into.extend_from_slice(&scores), outputs);
        Ok(())
    }
}
