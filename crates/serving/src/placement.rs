//! Where the requests of a model run, and how many rows at once: decided by what they cost.

use std::fmt;
use std::time::Duration;

use ferrocast_schema::{ServingMode, ServingSection};

use crate::cost::{CostCurve, LARGEST};

/// What a thread that reads requests may spend on one without the others noticing.
const INLINE: Duration = Duration::from_micros(200);

/// What it may spend if it is the only one: no request waits for it then but those that come meanwhile.
const INLINE_ALONE: Duration = Duration::from_millis(2);

/// What a trip to the pool and back costs, wake-ups of two threads included; joining must save more than that.
const TRIP: Duration = Duration::from_micros(30);

/// The rows that a run gathers under load: how many clients wait while one runs depends on them, but it is rarely more.
const GATHERED: usize = 16;

/// Joining pays if a row in such a run costs at most this share of a row alone.
const PAYS: f64 = 0.7;

/// The smallest batch is taken whose rows cost at most so many times those of the best.
const NEARLY_BEST: f64 = 1.1;

/// Rows that cost less than this together are not cut into smaller runs.
const GRAIN: Duration = Duration::from_millis(1);

/// Those that wait for a model of unknown cost.
const UNMEASURED_QUEUE_ROWS: usize = 1024;

/// No request has more rows.
const MOST_ROWS: usize = 1 << 20;

/// The wait that a full queue stands for.
const QUEUE_TIME: Duration = Duration::from_secs(5);

/// The fewest and the most rows that wait, unless the manifest says.
const QUEUE_ROWS: (usize, usize) = (16, 65_536);

/// Where the requests of a model run, and how many rows at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Requests of up to so many rows run on the thread that read them.
    pub inline_rows: usize,
    /// Those of up to so many do if nothing else of this model runs or waits.
    pub inline_alone_rows: usize,
    /// Most rows in one run on the pool.
    pub run_rows: usize,
    /// Whether rows of different requests are joined in one run.
    pub joins: bool,
    /// Most rows that wait for the pool.
    pub queue_rows: usize,
    /// Why.
    pub reason: Reason,
}

/// What a placement was decided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The manifest says where.
    Manifest(ServingMode),
    /// There was no warm-up, so nothing is known.
    NotMeasured,
    /// A row costs so little that a trip to the pool would cost more than joining saves.
    Cheap,
    /// Rows of several requests in one run cost less each.
    JoiningPays {
        /// A row alone.
        alone: Duration,
        /// A row in a run of several.
        joined: Duration,
    },
    /// A row is too slow for the threads that read requests, and is not cheaper in company.
    Slow,
    /// A row's answer depends on those beside it, or the model takes one row a run.
    Dependent,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Manifest(mode) => write!(f, "the manifest says {}", mode.as_str()),
            Reason::NotMeasured => f.write_str("not measured: the manifest wants no warm-up"),
            Reason::Cheap => f.write_str("a run costs less than a trip to another thread and back would"),
            Reason::JoiningPays { alone, joined } => write!(
                f,
                "a row costs {:.1} us alone and {:.1} us in a run of several, so rows of different requests are joined",
                micros(*alone),
                micros(*joined)
            ),
            Reason::Slow => f.write_str("a row is not cheaper in a run of several, so rows run side by side"),
            Reason::Dependent => {
                f.write_str("the model takes one row a run, or its answers depend on the other rows of a run")
            }
        }
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

impl Placement {
    /// Decides for a model with these costs. `independent` if its rows may run together; `threads` that may work for it
    /// at a time.
    pub(crate) fn decide(
        serving: &ServingSection,
        curve: Option<&CostCurve>,
        independent: bool,
        threads: usize,
    ) -> Placement {
        let Some(curve) = curve else { return Placement::unmeasured(serving) };
        let best = best_run(curve);
        let alone = curve.one();
        let gathered = best.min(GATHERED);
        let joined = curve.of_rows(gathered).div_f64(gathered as f64);
        let cheaper = joined.as_secs_f64() <= alone.as_secs_f64() * PAYS;
        let joins = independent && serving.max_batch_rows.map_or(cheaper, |rows| rows > 1);
        let most = serving.max_batch_rows.unwrap_or(MOST_ROWS);
        let worth_cutting = curve.rows_within(GRAIN, most).max(1);
        let measured = if joins { best.max(worth_cutting) } else { worth_cutting };
        let run_rows = serving.max_batch_rows.unwrap_or(measured);
        let saves = joins && alone.saturating_sub(joined) > TRIP;
        let per_row = curve.of_rows(run_rows).div_f64(run_rows as f64);
        let in_time = QUEUE_TIME.as_secs_f64() * threads as f64 / per_row.as_secs_f64().max(1e-9);
        let queue_rows = serving.max_queue_rows.unwrap_or((in_time as usize).clamp(QUEUE_ROWS.0, QUEUE_ROWS.1));
        let inline_rows = if saves { 0 } else { curve.rows_within(INLINE, MOST_ROWS) };
        let placement = Placement {
            inline_rows,
            inline_alone_rows: curve.rows_within(INLINE_ALONE, MOST_ROWS).max(inline_rows),
            run_rows,
            joins,
            queue_rows,
            reason: match (saves, inline_rows > 0, independent) {
                (true, ..) => Reason::JoiningPays { alone, joined },
                (_, true, _) => Reason::Cheap,
                (_, _, false) => Reason::Dependent,
                _ => Reason::Slow,
            },
        };
        placement.forced(serving.mode)
    }

    /// Nothing is known: runs on the pool, where a slow model does no harm, and in no company.
    fn unmeasured(serving: &ServingSection) -> Placement {
        let placement = Placement {
            inline_rows: 0,
            inline_alone_rows: 0,
            run_rows: serving.max_batch_rows.unwrap_or(LARGEST),
            joins: serving.max_batch_rows.is_some_and(|rows| rows > 1),
            queue_rows: serving.max_queue_rows.unwrap_or(UNMEASURED_QUEUE_ROWS),
            reason: Reason::NotMeasured,
        };
        placement.forced(serving.mode)
    }

    fn forced(self, mode: ServingMode) -> Placement {
        let rows = match mode {
            ServingMode::Auto => return self,
            ServingMode::Inline => usize::MAX,
            ServingMode::Pooled => 0,
        };
        Placement { inline_rows: rows, inline_alone_rows: rows, reason: Reason::Manifest(mode), ..self }
    }

    /// Whether a request of so many rows never leaves the thread that read it.
    pub fn is_inline(&self, rows: usize) -> bool {
        rows <= self.inline_rows
    }
}

/// The smallest run whose rows cost nearly as little as those of the best.
fn best_run(curve: &CostCurve) -> usize {
    let per_row = |point: &crate::CostPoint| point.time.as_secs_f64() / point.rows as f64;
    let best = curve.points().iter().map(per_row).fold(f64::INFINITY, f64::min);
    let near = curve.points().iter().find(|point| per_row(point) <= best * NEARLY_BEST);
    near.map_or(1, |point| point.rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(points: &[(usize, u64)]) -> Placement {
        Placement::decide(&ServingSection::default(), Some(&CostCurve::of(points)), true, 2)
    }

    #[test]
    fn a_model_of_microseconds_stays_where_it_was_read() {
        let placement = decide(&[(1, 10), (2, 11), (64, 100)]);
        assert_eq!((placement.inline_rows, placement.reason), (128, Reason::Cheap));
        assert_eq!(placement.inline_alone_rows, 1280);
    }

    #[test]
    fn rows_are_joined_where_that_was_measured_to_pay() {
        let placement = decide(&[(1, 1_000), (2, 1_050), (4, 1_200), (8, 1_500), (16, 2_600), (32, 5_000)]);
        assert_eq!((placement.inline_rows, placement.inline_alone_rows), (0, 11));
        assert!(placement.joins && matches!(placement.reason, Reason::JoiningPays { .. }));
        assert_eq!(placement.run_rows, 16, "32 are hardly better");
        assert_eq!(placement.queue_rows, 61_538);
    }

    #[test]
    fn a_convolution_runs_row_by_row_side_by_side() {
        let placement = decide(&[(1, 15_000), (2, 30_000), (4, 61_000)]);
        assert_eq!((placement.run_rows, placement.joins, placement.reason), (1, false, Reason::Slow));
        assert_eq!((placement.inline_alone_rows, placement.queue_rows), (0, 666));
    }

    #[test]
    fn a_slow_model_has_a_short_queue() {
        assert_eq!(decide(&[(1, 1_000_000)]).queue_rows, 16);
    }

    #[test]
    fn rows_that_depend_on_each_other_are_not_joined() {
        let curve = CostCurve::of(&[(1, 1_000), (64, 2_000)]);
        let placement = Placement::decide(&ServingSection::default(), Some(&curve), false, 2);
        assert_eq!((placement.joins, placement.reason), (false, Reason::Dependent));
    }

    #[test]
    fn the_manifest_has_the_last_word() {
        let curve = CostCurve::of(&[(1, 15_000), (2, 30_000)]);
        let serving = ServingSection {
            mode: ServingMode::Pooled,
            max_batch_rows: Some(8),
            max_queue_rows: Some(9),
            ..ServingSection::default()
        };
        let placement = Placement::decide(&serving, Some(&curve), true, 2);
        let forced = Placement {
            inline_rows: 0,
            inline_alone_rows: 0,
            run_rows: 8,
            joins: true,
            queue_rows: 9,
            reason: Reason::Manifest(ServingMode::Pooled),
        };
        assert_eq!(placement, forced);
        let inline = ServingSection { mode: ServingMode::Inline, ..ServingSection::default() };
        assert!(Placement::decide(&inline, None, true, 2).is_inline(1_000_000));
    }
}
