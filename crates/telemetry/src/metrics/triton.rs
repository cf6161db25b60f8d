//! The same counts under the names that Triton has for them.

use prometheus::proto::MetricFamily;

use super::histogram::Distribution;
use super::model_totals::{ModelTotals, counter};
use super::models::NotPredicted;
use super::moment::ModelMoment;
use super::{
    NV_CACHE_HIT_DURATION, NV_CACHE_HITS, NV_CACHE_MISS_DURATION, NV_CACHE_MISSES, NV_COUNT, NV_EXEC_COUNT, NV_FAILURE,
    NV_INFER_DURATION, NV_INPUT_DURATION, NV_OUTPUT_DURATION, NV_PENDING, NV_QUEUE_DURATION, NV_REQUEST_DURATION,
    NV_SUCCESS,
};

/// The series of all versions.
pub(crate) fn collect(totals: &[ModelTotals], models: &[ModelMoment<'_>]) -> [MetricFamily; 14] {
    [
        counter(&NV_SUCCESS, totals, |totals| totals.inference.count() + totals.hits.number),
        failures(totals),
        counter(&NV_COUNT, totals, |totals| totals.predictions),
        counter(&NV_EXEC_COUNT, totals, |totals| totals.batch_rows.count()),
        counter(&NV_REQUEST_DURATION, totals, request_microseconds),
        counter(&NV_QUEUE_DURATION, totals, |totals| microseconds(&totals.queue)),
        counter(&NV_INPUT_DURATION, totals, |totals| microseconds(&totals.preprocess)),
        counter(&NV_INFER_DURATION, totals, |totals| microseconds(&totals.inference)),
        counter(&NV_OUTPUT_DURATION, totals, |totals| microseconds(&totals.encode)),
        counter(&NV_CACHE_HITS, totals, |totals| totals.hits.number),
        counter(&NV_CACHE_HIT_DURATION, totals, |totals| totals.hits.nanoseconds / 1_000),
        counter(&NV_CACHE_MISSES, totals, |totals| totals.misses.number),
        counter(&NV_CACHE_MISS_DURATION, totals, |totals| totals.misses.nanoseconds / 1_000),
        NV_PENDING.values(models.iter().map(|model| ([model.model, model.version], model.queued_requests as f64))),
    ]
}

fn failures(totals: &[ModelTotals]) -> MetricFamily {
    NV_FAILURE.values(totals.iter().flat_map(|totals| {
        let reasons = NotPredicted::ALL.iter().zip(totals.failures);
        reasons.map(|((_, reason), number)| ([&totals.model, &totals.version, *reason], number as f64))
    }))
}

/// All phases, and the time that the cache took.
fn request_microseconds(totals: &ModelTotals) -> u64 {
    let phases = [&totals.queue, &totals.preprocess, &totals.inference, &totals.encode].map(|phase| phase.sum);
    let cache = [totals.hits.nanoseconds, totals.misses.nanoseconds];
    phases.into_iter().chain(cache).fold(0, u64::wrapping_add) / 1_000
}

fn microseconds(distribution: &Distribution) -> u64 {
    distribution.sum / 1_000
}
