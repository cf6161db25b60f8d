//! What versions of models have done, added up over threads and written.

use super::family::Family;
use super::histogram::Distribution;
use super::models::{Counts, NotPredicted, Series, Spent};
use super::text::Text;
use super::{
    BATCH_ROWS, ENCODE_DURATION, FAILURES, INFERENCE_DURATION, PARSE_DURATION, PREDICTIONS, PREPROCESS_DURATION,
    QUEUE_DURATION,
};

/// What one version has done.
#[derive(Debug)]
pub(crate) struct ModelTotals {
    pub(crate) model: String,
    pub(crate) version: String,
    pub(crate) predictions: u64,
    pub(crate) parse: Distribution,
    pub(crate) preprocess: Distribution,
    pub(crate) queue: Distribution,
    pub(crate) inference: Distribution,
    pub(crate) encode: Distribution,
    pub(crate) batch_rows: Distribution,
    /// In the order of [`NotPredicted::ALL`].
    pub(crate) failures: [u64; 4],
    pub(crate) hits: SpentTotal,
    pub(crate) misses: SpentTotal,
}

/// How often something was done, and how many nanoseconds it took in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpentTotal {
    pub(crate) number: u64,
    pub(crate) nanoseconds: u64,
}

impl ModelTotals {
    pub(crate) fn of(series: &Series) -> ModelTotals {
        let counts = &series.counts;
        let spent = |spent: fn(&Counts) -> &Spent| SpentTotal {
            number: counts.sum(|counts| &spent(counts).number),
            nanoseconds: counts.sum(|counts| &spent(counts).nanoseconds),
        };
        ModelTotals {
            model: series.model.clone(),
            version: series.version.clone(),
            predictions: counts.sum(|counts| &counts.predictions),
            parse: Distribution::of(counts, |counts| &counts.parse),
            preprocess: Distribution::of(counts, |counts| &counts.preprocess),
            queue: Distribution::of(counts, |counts| &counts.queue),
            inference: Distribution::of(counts, |counts| &counts.inference),
            encode: Distribution::of(counts, |counts| &counts.encode),
            batch_rows: Distribution::of(counts, |counts| &counts.batch_rows),
            failures: NotPredicted::ALL.map(|(why, _)| counts.sum(|counts| counts.failures(why))),
            hits: spent(|counts| &counts.hits),
            misses: spent(|counts| &counts.misses),
        }
    }

    /// The values of the labels `model` and `version`.
    fn labels(&self) -> [&str; 2] {
        [&self.model, &self.version]
    }
}

/// The series of all versions.
pub(crate) fn write(totals: &[ModelTotals], text: &mut Text) {
    write_counter(&PREDICTIONS, totals, |totals| totals.predictions, text);
    write_counter(&FAILURES, totals, |totals| totals.failures.iter().sum(), text);
    write_histogram(&PARSE_DURATION, totals, |totals| &totals.parse, text);
    write_histogram(&QUEUE_DURATION, totals, |totals| &totals.queue, text);
    write_histogram(&PREPROCESS_DURATION, totals, |totals| &totals.preprocess, text);
    write_histogram(&INFERENCE_DURATION, totals, |totals| &totals.inference, text);
    write_histogram(&ENCODE_DURATION, totals, |totals| &totals.encode, text);
    write_histogram(&BATCH_ROWS, totals, |totals| &totals.batch_rows, text);
}

/// One counter of each version.
pub(crate) fn write_counter(
    family: &'static Family,
    totals: &[ModelTotals],
    number: impl Fn(&ModelTotals) -> u64,
    text: &mut Text,
) {
    let mut samples = text.family(family);
    for totals in totals {
        samples.add(&totals.labels(), number(totals));
    }
}

fn write_histogram(
    family: &'static Family,
    totals: &[ModelTotals],
    distribution: impl Fn(&ModelTotals) -> &Distribution,
    text: &mut Text,
) {
    let mut samples = text.family(family);
    for totals in totals {
        samples.histogram(&totals.labels(), distribution(totals));
    }
}
