//! What a model has done since it was loaded.

use serde::Serialize;

/// `GET /v2/models/{model}/stats`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatisticsResponse {
    /// One entry for each version.
    pub model_stats: Vec<ModelStatistics>,
}

/// One version of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelStatistics {
    /// The model.
    pub name: String,
    /// The version.
    pub version: String,
    /// When it last answered, in milliseconds since 1970; 0 if it never did.
    pub last_inference: u64,
    /// Rows answered.
    pub inference_count: u64,
    /// Runs of the engine.
    pub execution_count: u64,
    /// Where the time of requests went.
    pub inference_stats: InferStatistics,
    /// Answers in several parts: there are none.
    pub response_stats: Empty,
    /// Runs by their numbers of rows.
    pub batch_stats: Vec<BatchStatistics>,
    /// What it holds in memory, as far as that is known.
    pub memory_usage: Vec<MemoryUsage>,
}

/// Nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Empty {}

/// How often, and how long in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct DurationStatistic {
    /// How often.
    pub count: u64,
    /// Nanoseconds.
    pub ns: u64,
}

/// Where the time of requests went, in the words of Triton's extension for statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InferStatistics {
    /// Requests that were answered, from their begin to their end.
    pub success: DurationStatistic,
    /// Requests that were not.
    pub fail: DurationStatistic,
    /// The wait for a thread.
    pub queue: DurationStatistic,
    /// What comes before the model: making tensors.
    pub compute_input: DurationStatistic,
    /// The model.
    pub compute_infer: DurationStatistic,
    /// What comes after the model: reading its tensors.
    pub compute_output: DurationStatistic,
    /// Answers that were kept from before.
    pub cache_hit: DurationStatistic,
    /// Answers that were looked for and not there.
    pub cache_miss: DurationStatistic,
}

/// Runs of one number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BatchStatistics {
    /// The number of rows.
    pub batch_size: usize,
    /// What comes before the model: making tensors.
    pub compute_input: DurationStatistic,
    /// The model.
    pub compute_infer: DurationStatistic,
    /// What comes after the model: reading its tensors.
    pub compute_output: DurationStatistic,
}

/// Memory of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryUsage {
    /// `CPU`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Which one.
    pub id: u64,
    /// How much of it.
    pub byte_size: u64,
}
