//! The class labels of a classifier: integers or strings.

use tract_onnx::prelude::{DatumType, TDim, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::Fact;
use crate::row_program::Buffer;
use crate::tensors::tensor;

/// One label per class, in the order of the score columns.
#[derive(Debug)]
pub(crate) enum Labels {
    Ints(Vec<i64>),
    Strings(Vec<String>),
}

impl Labels {
    /// Reads the two attributes of which exactly one must be set.
    ///
    /// # Errors
    /// When both or none are.
    pub(crate) fn read(attributes: Attributes<'_>, ints: &str, strings: &str) -> TractResult<Labels> {
        let labels = (attributes.ints(ints)?.to_vec(), attributes.strings(strings)?);
        match (labels.0.is_empty(), labels.1.is_empty()) {
            (false, true) => Ok(Labels::Ints(labels.0)),
            (true, false) => Ok(Labels::Strings(labels.1)),
            _ => bail!("{}: exactly one of {ints} and {strings} must be set", attributes.operator()),
        }
    }

    /// The number of classes, at least one.
    pub(crate) fn len(&self) -> usize {
        match self {
            Labels::Ints(labels) => labels.len(),
            Labels::Strings(labels) => labels.len(),
        }
    }

    fn datum_type(&self) -> DatumType {
        match self {
            Labels::Ints(_) => DatumType::I64,
            Labels::Strings(_) => DatumType::String,
        }
    }

    /// The facts of a classifier's outputs: a label per row, and `columns` scores per row.
    pub(crate) fn facts(&self, batch: TDim, columns: usize) -> TVec<Fact> {
        tvec!(
            Fact { datum_type: self.datum_type(), shape: tvec!(batch.clone()) },
            Fact { datum_type: DatumType::F32, shape: tvec!(batch, columns.into()) },
        )
    }

    /// What a classifier answers, as tensors: the labels of `classes`, one per row, and `columns` scores per row.
    pub(crate) fn tensors(&self, classes: &[usize], scores: Vec<f32>, columns: usize) -> TractResult<TVec<TValue>> {
        Ok(tvec!(self.tensor(classes)?, tensor(&[classes.len(), columns], scores)?))
    }

    /// What a classifier answers, into the buffers of a row program: the labels of `classes`, one per row, and behind
    /// them, if the graph wants them, the scores that `scores` adds.
    pub(crate) fn write(
        &self,
        classes: impl Iterator<Item = usize>,
        scores: impl FnOnce(&mut Vec<f32>),
        outputs: &mut [Buffer],
    ) {
        if let [label, rest @ ..] = outputs {
            self.write_labels(classes, label);
            if let [probabilities, ..] = rest {
                scores(probabilities.f32s());
            }
        }
    }

    /// The labels of `classes`, one per row.
    pub(crate) fn write_labels(&self, classes: impl Iterator<Item = usize>, into: &mut Buffer) {
        match self {
            Labels::Ints(labels) => into.i64s().extend(pick(labels, classes)),
            Labels::Strings(labels) => into.strings().extend(pick(labels, classes)),
        }
    }

    /// The labels of `classes`, one per row: a tensor `[rows]`.
    fn tensor(&self, classes: &[usize]) -> TractResult<TValue> {
        match self {
            Labels::Ints(labels) => tensor(&[classes.len()], pick(labels, classes.iter().copied()).collect()),
            Labels::Strings(labels) => tensor(&[classes.len()], pick(labels, classes.iter().copied()).collect()),
        }
    }
}

fn pick<T: Clone + Default>(labels: &[T], classes: impl Iterator<Item = usize>) -> impl Iterator<Item = T> {
    classes.map(|class| labels.get(class).cloned().unwrap_or_default())
}
