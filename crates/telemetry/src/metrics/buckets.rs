//! What the values of a histogram are sorted by.

use super::histogram::CELLS;

/// What the values of a histogram are sorted by. They are whole numbers of a small unit, and are written in a larger one.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// The largest value of each bucket, ascending; what is larger than the last is in a bucket of its own.
    pub(crate) bounds: &'static [u64],
    /// How many of the small unit make one that is written.
    per_written: f64,
}

impl Buckets {
    /// Those of a metric that is no histogram.
    pub(crate) const NONE: Buckets = Buckets::units(&[]);

    /// Of times, which are counted in nanoseconds and written in seconds.
    pub(crate) const fn nanoseconds(bounds: &'static [u64]) -> Buckets {
        assert!(bounds.len() < CELLS, "a histogram has no room for so many buckets");
        Buckets { bounds, per_written: 1e9 }
    }

    /// Of whole numbers, which are written as they are.
    pub(crate) const fn units(bounds: &'static [u64]) -> Buckets {
        assert!(bounds.len() < CELLS, "a histogram has no room for so many buckets");
        Buckets { bounds, per_written: 1.0 }
    }

    /// The place of the bucket that `value` belongs to.
    pub(crate) fn place(&self, value: u64) -> usize {
        // Not by halves: most values are in the same one of the first buckets, which the processor foresees.
        self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len())
    }

    /// A value in the unit that is written.
    pub(crate) fn written(&self, value: u64) -> f64 {
        value as f64 / self.per_written
    }
}

#[cfg(test)]
mod tests {
    use super::Buckets;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let buckets = Buckets::nanoseconds(&[10, 20]);
        let places: Vec<_> = [0, 10, 11, 20, 21, u64::MAX].map(|value| buckets.place(value)).to_vec();
        assert_eq!(places, [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn bounds_are_written_without_a_rest() {
        let written: Vec<_> = [10_000, 300_000, 2_500_000, 10_000_000_000]
            .map(|nanos| Buckets::nanoseconds(&[]).written(nanos).to_string())
            .to_vec();
        assert_eq!(written, ["0.00001", "0.0003", "0.0025", "10"]);
        assert_eq!(Buckets::units(&[]).written(1_024).to_string(), "1024");
    }
}
