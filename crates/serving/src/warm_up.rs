//! The first runs of a model, and what they cost.

use std::time::{Duration, Instant};

use ferrocast_pipeline::{Pipeline, PredictError};

/// Runs behind the first one. Few enough that slow models do not hold up a start for long.
const RUNS: usize = 5;

/// A model that needs longer than this for all runs so far is not asked for more.
const ENOUGH: Duration = Duration::from_millis(50);

/// What the first runs of a model cost, measured with its example row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// The first run, which allocates what later ones reuse.
    pub first: Duration,
    /// The median of the runs after it: encode, infer and decode one row.
    pub row: Duration,
}

impl WarmUp {
    /// Runs the example row a few times.
    ///
    /// # Errors
    /// The first failure of the model.
    pub fn measure(pipeline: &Pipeline) -> Result<WarmUp, PredictError> {
        let run = || {
            let start = Instant::now();
            pipeline.run_example().map(|_| start.elapsed())
        };
        let begin = Instant::now();
        let first = run()?;
        let mut runs = Vec::with_capacity(RUNS);
        while runs.len() < RUNS && (runs.is_empty() || begin.elapsed() < ENOUGH) {
            runs.push(run()?);
        }
        runs.sort_unstable();
        Ok(WarmUp { first, row: runs.get(runs.len() / 2).copied().unwrap_or(first) })
    }
}
