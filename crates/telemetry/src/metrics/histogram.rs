//! Histograms of whole numbers: to observe is two additions, and no two threads add to the same.

use std::time::Duration;

use ferrocast_counters::{Count, Sharded};
use prometheus::proto;

use super::buckets::Buckets;
use super::family::Family;

/// The most buckets of a histogram, with the one that has no bound.
pub(crate) const CELLS: usize = 16;

/// Values by size. A part of what several threads count with: it is kept in a [`Sharded`], and read as a [`Distribution`].
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: &'static Buckets,
    cells: [Count; CELLS],
    sum: Count,
}

impl Histogram {
    /// An empty one for a metric.
    pub(crate) fn of(family: &'static Family) -> Histogram {
        Histogram { buckets: family.buckets, cells: Default::default(), sum: Count::default() }
    }

    /// One more value.
    pub(crate) fn observe(&self, value: u64) {
        if let Some(cell) = self.cells.get(self.buckets.place(value)) {
            cell.add_one();
        }
        self.sum.add(value);
    }

    /// One more time.
    pub(crate) fn time(&self, took: Duration) {
        self.observe(nanoseconds(took));
    }
}

/// A time as it is counted.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What histograms hold at one moment. Its count is that of its cells, so that the two agree whenever it is read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// Values in each bucket, not in those below it.
    pub(crate) cells: [u64; CELLS],
    /// The sum of all values.
    pub(crate) sum: u64,
}

impl Distribution {
    /// That of one histogram over all copies.
    pub(crate) fn of<T>(copies: &Sharded<T>, histogram: impl Fn(&T) -> &Histogram) -> Distribution {
        let mut total = Distribution::default();
        for copy in copies.iter() {
            let Histogram { cells, sum, .. } = histogram(copy);
            for (total, cell) in total.cells.iter_mut().zip(cells) {
                *total += cell.get();
            }
            total.sum = total.sum.wrapping_add(sum.get());
        }
        total
    }

    /// How many values.
    pub(crate) fn count(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// In the form that the library writes: each of `buckets` holds those below it, too.
    pub(crate) fn written(&self, buckets: &Buckets) -> proto::Histogram {
        let mut below = 0;
        let cumulative = buckets.bounds.iter().zip(&self.cells).map(|(bound, cell)| {
            below += cell;
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(buckets.written(*bound));
            bucket.set_cumulative_count(below);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(cumulative.collect());
        histogram.set_sample_count(self.count());
        histogram.set_sample_sum(buckets.written(self.sum));
        histogram
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Distribution, Histogram};
    use crate::metrics::{BATCH_ROWS, PHASE_TIMES, QUEUE_DURATION};
    use ferrocast_counters::Sharded;

    #[test]
    fn values_go_to_their_buckets() {
        let rows = Sharded::new(|| Histogram::of(&BATCH_ROWS));
        for value in [1, 2, 3, 4, 1_024, 1_025, 5_000] {
            rows.here().observe(value);
        }
        let total = Distribution::of(&rows, |rows| rows);
        assert_eq!(total.cells, [1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0]);
        assert_eq!((total.count(), total.sum), (7, 7_059));
    }

    #[test]
    fn a_time_is_counted_however_long_it_is() {
        let times = Sharded::new(|| Histogram::of(&QUEUE_DURATION));
        times.here().time(Duration::ZERO);
        times.here().time(Duration::MAX);
        let total = Distribution::of(&times, |times| times);
        assert_eq!((total.count(), total.cells[0], total.cells[PHASE_TIMES.bounds.len()]), (2, 1, 1));
    }
}
