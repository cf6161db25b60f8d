//! Where the requests of a model run, and how many rows at once: decided by what they cost.

use std::fmt;
use std::time::Duration;

use ferrocast_schema::{ServingMode, ServingSection};

use crate::cost::{CostCurve, LARGEST};
use crate::independence::Company;

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
    /// A row is too slow for the threads that read requests, and a little cheaper in company, or the manifest wants it in
    /// company.
    Joined,
    /// A row is too slow for the threads that read requests, and its answer depends on those beside it.
    Dependent,
    /// A row is too slow for the threads that read requests, and a run takes no more than one.
    OneRow,
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
            Reason::Slow => f.write_str("a row is slow and not cheaper in a run of several, so rows run side by side"),
            Reason::Joined => f.write_str("a row is slow, and rows of different requests are joined"),
            Reason::Dependent => f.write_str("answers depend on the other rows of a run, so requests run as they came"),
            Reason::OneRow => f.write_str("the model takes one row a run, so rows run side by side"),
        }
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

impl Placement {
    /// Decides for a model with these costs. `threads` may work for it at a time.
    pub(crate) fn decide(serving: &ServingSection, costs: &CostCurve, company: Company, threads: usize) -> Placement {
        let most = serving.max_batch_rows.unwrap_or(MOST_ROWS);
        let best = best_run(costs).min(most);
        let gathered = best.min(GATHERED);
        let alone = costs.one();
        let joined = costs.per_row(gathered);
        let pays = joined.as_secs_f64() <= alone.as_secs_f64() * PAYS;
        let joins = company == Company::Independent && serving.max_batch_rows.map_or(pays, |rows| rows > 1);
        let run_rows = match company {
            Company::Alone => 1,
            // Cut, its rows would be in other company than the client sent them in.
            Company::Dependent => MOST_ROWS,
            Company::Independent => {
                let worth_cutting = costs.rows_within(GRAIN, most).max(1);
                serving.max_batch_rows.unwrap_or(if joins { best.max(worth_cutting) } else { worth_cutting })
            }
        };
        let saves = joins && alone.saturating_sub(joined) > TRIP;
        let inline_rows = if saves { 0 } else { costs.rows_within(INLINE, MOST_ROWS) };
        let placement = Placement {
            inline_rows,
            inline_alone_rows: costs.rows_within(INLINE_ALONE, MOST_ROWS).max(inline_rows),
            run_rows,
            joins,
            queue_rows: 0,
            reason: match company {
                _ if saves => Reason::JoiningPays { alone, joined },
                _ if inline_rows > 0 => Reason::Cheap,
                Company::Independent if joins => Reason::Joined,
                Company::Independent => Reason::Slow,
                Company::Dependent => Reason::Dependent,
                Company::Alone => Reason::OneRow,
            },
        };
        let in_time = QUEUE_TIME.as_secs_f64() * threads as f64 / placement.cost_per_row(costs).as_secs_f64().max(1e-9);
        let queue_rows = serving.max_queue_rows.unwrap_or((in_time as usize).clamp(QUEUE_ROWS.0, QUEUE_ROWS.1));
        Placement { queue_rows, ..placement }.forced(serving.mode)
    }

    /// Nothing is known: runs on the pool, where a slow model does no harm, and in no company.
    pub(crate) fn unmeasured(serving: &ServingSection) -> Placement {
        let placement = Placement {
            inline_rows: 0,
            inline_alone_rows: 0,
            run_rows: serving.max_batch_rows.unwrap_or(LARGEST),
            joins: false,
            queue_rows: serving.max_queue_rows.unwrap_or(UNMEASURED_QUEUE_ROWS),
            reason: Reason::NotMeasured,
        };
        placement.forced(serving.mode)
    }

    /// What a row costs on the pool: that of a run as full as they usually are, or alone if none is joined.
    pub(crate) fn cost_per_row(&self, costs: &CostCurve) -> Duration {
        costs.per_row(if self.joins { self.run_rows.clamp(1, LARGEST) } else { 1 })
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
        Placement::decide(&ServingSection::default(), &CostCurve::of(points), Company::Independent, 2)
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
        let decide = |company| Placement::decide(&ServingSection::default(), &curve, company, 2);
        let dependent = decide(Company::Dependent);
        assert_eq!((dependent.joins, dependent.reason), (false, Reason::Dependent));
        assert_eq!((dependent.run_rows, dependent.queue_rows), (MOST_ROWS, 10_000), "neither joined nor cut");
        let alone = decide(Company::Alone);
        assert_eq!((alone.joins, alone.run_rows, alone.reason), (false, 1, Reason::OneRow));
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
        let placement = Placement::decide(&serving, &curve, Company::Independent, 2);
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
        assert!(Placement::unmeasured(&inline).is_inline(1_000_000));
    }
}
