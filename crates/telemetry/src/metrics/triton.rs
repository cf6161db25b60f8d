//! The same counts under the names that Triton has for them.

use super::histogram::Distribution;
use super::model_totals::{ModelTotals, write_counter};
use super::models::NotPredicted;
use super::moment::ModelMoment;
use super::text::Text;
use super::{
    NV_CACHE_HIT_DURATION, NV_CACHE_HITS, NV_CACHE_MISS_DURATION, NV_CACHE_MISSES, NV_COUNT, NV_EXEC_COUNT, NV_FAILURE,
    NV_INFER_DURATION, NV_INPUT_DURATION, NV_OUTPUT_DURATION, NV_PENDING, NV_QUEUE_DURATION, NV_REQUEST_DURATION,
    NV_SUCCESS,
};

/// The series of all versions.
pub(crate) fn write(totals: &[ModelTotals], models: &[ModelMoment<'_>], text: &mut Text) {
    write_counter(&NV_SUCCESS, totals, |totals| totals.inference.count() + totals.hits.number, text);
    write_failures(totals, text);
    write_counter(&NV_COUNT, totals, |totals| totals.predictions, text);
    write_counter(&NV_EXEC_COUNT, totals, |totals| totals.batch_rows.count(), text);
    write_counter(&NV_REQUEST_DURATION, totals, request_microseconds, text);
    write_counter(&NV_QUEUE_DURATION, totals, |totals| microseconds(&totals.queue), text);
    write_counter(&NV_INPUT_DURATION, totals, |totals| microseconds(&totals.preprocess), text);
    write_counter(&NV_INFER_DURATION, totals, |totals| microseconds(&totals.inference), text);
    write_counter(&NV_OUTPUT_DURATION, totals, |totals| microseconds(&totals.encode), text);
    write_counter(&NV_CACHE_HITS, totals, |totals| totals.hits.number, text);
    write_counter(&NV_CACHE_HIT_DURATION, totals, |totals| totals.hits.nanoseconds / 1_000, text);
    write_counter(&NV_CACHE_MISSES, totals, |totals| totals.misses.number, text);
    write_counter(&NV_CACHE_MISS_DURATION, totals, |totals| totals.misses.nanoseconds / 1_000, text);
    let mut pending = text.family(&NV_PENDING);
    for model in models {
        pending.add(&[model.model, model.version], model.queued_requests);
    }
}

fn write_failures(totals: &[ModelTotals], text: &mut Text) {
    let mut failures = text.family(&NV_FAILURE);
    for totals in totals {
        for ((_, reason), number) in NotPredicted::ALL.iter().zip(totals.failures) {
            failures.add(&[&totals.model, &totals.version, reason], number);
        }
    }
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
