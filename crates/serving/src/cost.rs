//! What rows cost, measured by the first runs of a model.

use std::time::{Duration, Instant};

use ferrocast_pipeline::{Examples, Pipeline, PredictError};

use crate::varied::Variation;

/// Runs of one batch size, at most: enough that what is used often is in the caches, as it is under load.
const RUNS: usize = 25;

/// A batch size is run no more once its runs took as long as this together: slow models must not hold up a start.
const ENOUGH: Duration = Duration::from_millis(30);

/// Once a curve took this long, no larger batch begins that would take longer than what is left.
const PATIENCE: Duration = Duration::from_secs(2);

/// Rows that cost more than this share of those in a batch of half the size are not cheaper.
const NO_GAIN: f64 = 0.9;

/// The largest batch that is measured.
pub(crate) const LARGEST: usize = 64;

/// What so many rows cost: encode, infer and decode, in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostPoint {
    /// The rows.
    pub rows: usize,
    /// The median of a few runs.
    pub time: Duration,
}

impl CostPoint {
    /// The cost of one of these rows.
    pub fn per_row(&self) -> Duration {
        self.time / u32::try_from(self.rows.max(1)).unwrap_or(u32::MAX)
    }
}

/// What rows cost, by the number of rows in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostCurve {
    /// By rows, ascending, from 1.
    points: Vec<CostPoint>,
}

impl CostCurve {
    /// Runs rows alone and in batches of 2, 4, 8 and so on, up to `largest` rows, for as long as a start may take: all
    /// sizes in turns, so that whatever else the machine does meets all of them. The first run of all, which is that of
    /// the example row, is left out, since it allocates what later ones reuse.
    ///
    /// # Errors
    /// If the example row alone fails. A batch that fails ends the curve: the model takes single rows, then.
    pub fn measure(pipeline: &Pipeline, largest: usize) -> Result<CostCurve, PredictError> {
        let began = Instant::now();
        pipeline.run_example()?;
        // Not every model takes any number: some are positions in a table. Those are measured with the example alone.
        let varied = Curve::measure(pipeline, largest, began, Some(Variation::new()));
        let curve = match varied {
            Ok(curve) => curve,
            Err(_) => Curve::measure(pipeline, largest, began, None).or_else(|failed| match failed {
                Failed { rows: 1, cause } => Err(cause),
                // Batches are more than it takes.
                Failed { .. } => Curve::measure(pipeline, 1, began, None).map_err(|failed| failed.cause),
            })?,
        };
        Ok(CostCurve { points: curve.points() })
    }

    /// A curve of these points, which begin at 1 and ascend.
    #[cfg(test)]
    pub(crate) fn of(points: &[(usize, u64)]) -> CostCurve {
        let point = |&(rows, micros)| CostPoint { rows, time: Duration::from_micros(micros) };
        CostCurve { points: points.iter().map(point).collect() }
    }

    /// What was measured, from one row up.
    pub fn points(&self) -> &[CostPoint] {
        &self.points
    }

    /// The cost of one row alone.
    pub fn one(&self) -> Duration {
        self.points.first().map_or(Duration::ZERO, |point| point.time)
    }

    /// The cost of a run of so many rows: between two points on the line through them, above the last by its cost per
    /// row.
    pub fn of_rows(&self, rows: usize) -> Duration {
        let above = self.points.partition_point(|point| point.rows < rows);
        match (above.checked_sub(1).and_then(|ix| self.points.get(ix)), self.points.get(above)) {
            (_, Some(at)) if at.rows == rows => at.time,
            (Some(low), Some(high)) => {
                let share = (rows - low.rows) as f64 / (high.rows - low.rows) as f64;
                low.time + high.time.saturating_sub(low.time).mul_f64(share)
            }
            (Some(last), None) => last.per_row().mul_f64(rows as f64),
            (None, first) => first.map_or(Duration::ZERO, |first| first.time),
        }
    }

    /// The cost of each row of a run of so many, one at least.
    pub fn per_row(&self, rows: usize) -> Duration {
        self.of_rows(rows).div_f64(rows as f64)
    }

    /// The most rows, up to `largest`, whose run costs at most `budget`; 0 if one row costs more.
    pub fn rows_within(&self, budget: Duration, largest: usize) -> usize {
        // The cost grows with the rows but for noise, against which nothing is promised.
        let (mut fits, mut exceeds) = (0, largest.saturating_add(1));
        while exceeds - fits > 1 {
            let middle = fits + (exceeds - fits) / 2;
            if self.of_rows(middle) <= budget {
                fits = middle;
            } else {
                exceeds = middle;
            }
        }
        fits
    }
}

/// The runs of all batch sizes.
struct Curve(Vec<Batch>);

/// A run that failed.
struct Failed {
    rows: usize,
    cause: PredictError,
}

impl Curve {
    fn measure(
        pipeline: &Pipeline,
        largest: usize,
        began: Instant,
        mut variation: Option<Variation>,
    ) -> Result<Curve, Failed> {
        let largest = largest.clamp(1, LARGEST);
        let sizes = std::iter::successors(Some(1), |rows| Some(rows * 2)).take_while(|&rows| rows <= largest);
        let mut batches: Vec<Batch> = Vec::new();
        for rows in sizes {
            let expected = batches.last().map(|last| last.median() * 2);
            if expected.is_some_and(|expected| began.elapsed() + expected > PATIENCE) || is_slow_without_gain(&batches)
            {
                break;
            }
            let mut batch = Batch { rows, examples: pipeline.examples(rows), times: Vec::new() };
            batch.run(pipeline, variation.as_mut())?;
            batches.push(batch);
        }
        while batches.iter().any(|batch| !batch.is_done()) {
            for batch in batches.iter_mut().filter(|batch| !batch.is_done()) {
                batch.run(pipeline, variation.as_mut())?;
            }
        }
        Ok(Curve(batches))
    }

    fn points(&self) -> Vec<CostPoint> {
        self.0.iter().map(Batch::point).collect()
    }
}

/// Whether a batch took long, and its rows were hardly cheaper than in the one before: larger ones would tell nothing, and
/// hold up a start.
fn is_slow_without_gain(batches: &[Batch]) -> bool {
    let [.., smaller, larger] = batches else { return false };
    let (smaller, larger) = (smaller.point(), larger.point());
    larger.time > ENOUGH && larger.per_row() > smaller.per_row().mul_f64(NO_GAIN)
}

/// The runs of one batch size.
struct Batch {
    rows: usize,
    examples: Examples,
    times: Vec<Duration>,
}

impl Batch {
    fn run(&mut self, pipeline: &Pipeline, variation: Option<&mut Variation>) -> Result<(), Failed> {
        let time = self.time(pipeline, variation).map_err(|cause| Failed { rows: self.rows, cause })?;
        self.times.push(time);
        Ok(())
    }

    fn time(&self, pipeline: &Pipeline, variation: Option<&mut Variation>) -> Result<Duration, PredictError> {
        let start = Instant::now();
        let encoded = pipeline.encode_examples(&self.examples)?;
        let encoding = start.elapsed();
        let varied = variation.map(|variation| variation.of(&encoded));
        let start = Instant::now();
        let outputs = pipeline.infer(varied.as_ref().unwrap_or(&encoded))?;
        // Answers to made-up rows may be out of any range.
        drop(pipeline.decode(&outputs, self.rows));
        Ok(encoding + start.elapsed())
    }

    fn is_done(&self) -> bool {
        self.times.len() >= RUNS || self.times.iter().sum::<Duration>() >= ENOUGH
    }

    fn point(&self) -> CostPoint {
        CostPoint { rows: self.rows, time: self.median() }
    }

    fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::CostCurve;

    #[test]
    fn costs_between_and_above_what_was_measured() {
        let curve = CostCurve::of(&[(1, 100), (2, 120), (4, 200)]);
        let micros = |rows| curve.of_rows(rows).as_micros();
        assert_eq!([0, 1, 2, 3, 4, 8, 100].map(micros), [100, 100, 120, 160, 200, 400, 5_000]);
        assert_eq!(curve.one(), Duration::from_micros(100));
    }

    #[test]
    fn rows_within_a_budget() {
        let curve = CostCurve::of(&[(1, 100), (2, 120), (4, 200)]);
        let within = |micros| curve.rows_within(Duration::from_micros(micros), 1_000);
        assert_eq!([50, 99, 100, 119, 120, 160, 200, 5_000, 1_000_000].map(within), [0, 0, 1, 1, 2, 3, 4, 100, 1_000]);
    }
}
