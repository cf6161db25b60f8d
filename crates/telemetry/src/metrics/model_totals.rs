//! What versions of models have done, added up over threads.

use prometheus::proto::MetricFamily;

use super::family::Family;
use super::histogram::Distribution;
use super::models::{Counts, NotPredicted, Series, Spent};
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
pub(crate) fn collect(totals: &[ModelTotals]) -> [MetricFamily; 8] {
    [
        counter(&PREDICTIONS, totals, |totals| totals.predictions),
        counter(&FAILURES, totals, |totals| totals.failures.iter().sum()),
        histogram(&PARSE_DURATION, totals, |totals| &totals.parse),
        histogram(&QUEUE_DURATION, totals, |totals| &totals.queue),
        histogram(&PREPROCESS_DURATION, totals, |totals| &totals.preprocess),
        histogram(&INFERENCE_DURATION, totals, |totals| &totals.inference),
        histogram(&ENCODE_DURATION, totals, |totals| &totals.encode),
        histogram(&BATCH_ROWS, totals, |totals| &totals.batch_rows),
    ]
}

/// One counter of each version.
pub(crate) fn counter(family: &Family, totals: &[ModelTotals], number: impl Fn(&ModelTotals) -> u64) -> MetricFamily {
    family.values(totals.iter().map(|totals| (totals.labels(), number(totals) as f64)))
}

fn histogram(
    family: &Family,
    totals: &[ModelTotals],
    distribution: impl Fn(&ModelTotals) -> &Distribution,
) -> MetricFamily {
    family.distributions(totals.iter().map(|totals| (totals.labels(), distribution(totals))))
}
