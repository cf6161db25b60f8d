//! `LinearClassifier`: one linear score per class, the class with the largest, and the transformed scores.
//!
//! Two classes may share one row of coefficients: then its score is that of the second class, which wins when the
//! score is positive.
//!
//! `multi_class` says how the model was fitted. Nothing here depends on it, as in ONNX Runtime: the post transform says
//! what becomes of the scores.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{Arc, TValue, TVec, TractResult};

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel, is_table};
use crate::labels::Labels;
use crate::linear::Linear;
use crate::post_transform::{Complement, PostTransform};
use crate::row_program::{Buffer, Inputs, RowStep};
use crate::tensors::{exactly, expect_numbers, known_width, rows};
use crate::winner::winner;

const NAME: &str = "LinearClassifier";

#[derive(Debug)]
struct LinearClassifier {
    linear: Linear,
    labels: Labels,
    /// Whether two classes share one row of coefficients.
    one_row: bool,
    post_transform: PostTransform,
}

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let labels = Labels::read(attributes, "classlabels_ints", "classlabels_strings")?;
    let mut intercepts = attributes.floats("intercepts")?.to_vec();
    if intercepts.is_empty() {
        // Without intercepts nothing tells one shared row from two short ones; there, ONNX Runtime refuses.
        intercepts = vec![0.0; labels.len()];
    }
    let one_row = labels.len() == 2 && intercepts.len() == 1;
    if !one_row {
        attributes.expect_same_length(("intercepts", intercepts.len()), ("classlabels", labels.len()))?;
    }
    let linear = Linear::new(NAME, attributes.floats("coefficients")?.to_vec(), intercepts)?;
    let post_transform = PostTransform::read(attributes)?;
    Eager::boxed(node, LinearClassifier { linear, labels, one_row, post_transform })
}

impl LinearClassifier {
    /// The class of each row. Before the transform, as probits of scores beyond [0, 1] are NaN.
    fn classes(&self, scores: &[f32]) -> impl Iterator<Item = usize> {
        let width = if self.one_row { 1 } else { self.labels.len() };
        scores.chunks_exact(width).map(|row| match *row {
            [score] if self.one_row => usize::from(score > 0.0),
            _ => winner(row),
        })
    }

    /// Scores to what is answered of them, row after row that of all classes, in place.
    fn transform(&self, scores: &mut Vec<f32>) {
        if self.one_row {
            let rows = scores.len();
            scores.resize(2 * rows, 0.0);
            // The last one first: none is overwritten that is still to be read.
            for row in (0..rows).rev() {
                let score = scores.get(row).copied().unwrap_or_default();
                let both = self.post_transform.both_classes(score, Complement::OneMinus);
                scores.iter_mut().skip(2 * row).zip(both).for_each(|(place, score)| *place = score);
            }
        } else {
            scores.chunks_exact_mut(self.labels.len()).for_each(|row| self.post_transform.apply(row));
        }
    }
}

impl Kernel for LinearClassifier {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        expect_numbers(NAME, input.datum_type)?;
        let (batch, width) = rows(NAME, &input.shape)?;
        known_width(&width).map_or(Ok(()), |width| self.linear.expect_width(width))?;
        Ok(self.labels.facts(batch, self.labels.len()))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let mut scores = self.linear.scores(input)?;
        let classes: Vec<usize> = self.classes(&scores).collect();
        self.transform(&mut scores);
        self.labels.tensors(&classes, scores, self.labels.len())
    }

    fn row_step(self: Arc<Self>, inputs: &[Fact]) -> Option<Arc<dyn RowStep>> {
        if is_table(inputs) { Some(self) } else { None }
    }
}

impl RowStep for LinearClassifier {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (features, _) = inputs.get(0)?;
        let [label, rest @ ..] = outputs else { return Ok(()) };
        // Where the graph wants none, there are scores all the same.
        let mut unwanted = Buffer::default();
        let scores = rest.first_mut().unwrap_or(&mut unwanted).f32s();
        self.linear.add_scores(features, scores)?;
        self.labels.write_labels(self.classes(scores), label);
        self.transform(scores);
        Ok(())
    }
}
