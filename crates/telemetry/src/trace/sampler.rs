//! Which traces are recorded: a share of those that begin here. Of others, whoever began them has decided.

use super::id::TraceId;

/// Decides by the trace's identifier alone, so that all servers with the same share choose the same traces.
#[derive(Debug)]
pub(super) struct Sampler {
    /// Identifiers whose random bits are at least this are recorded: 2^56 × (1 − share).
    threshold: u64,
}

const VALUES: f64 = (1u64 << 56) as f64;

impl Sampler {
    /// One that records this share of the traces, from 0 to 1.
    pub(super) fn new(share: f64) -> Sampler {
        Sampler { threshold: ((1.0 - share) * VALUES) as u64 }
    }

    pub(super) fn records(&self, trace: TraceId) -> bool {
        trace.random_bits() >= self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::super::id::IdGenerator;
    use super::{Sampler, TraceId};

    fn id(text: &str) -> TraceId {
        TraceId::parse(text).unwrap()
    }

    #[test]
    fn all_or_none() {
        let (lowest, highest) = (id("ffffffffffffffffff00000000000000"), id("0000000000000000ffffffffffffffff"));
        for trace in [lowest, highest] {
            assert!(Sampler::new(1.0).records(trace));
            assert!(!Sampler::new(0.0).records(trace));
        }
        assert!(!Sampler::new(0.5).records(lowest));
        assert!(Sampler::new(0.5).records(highest));
    }

    #[test]
    fn the_share_is_kept() {
        let (ids, sampler) = (IdGenerator::default(), Sampler::new(0.1));
        let recorded = (0..20_000).filter(|_| sampler.records(ids.trace_id())).count();
        // Eight standard deviations from 2,000.
        assert!((1_660..=2_340).contains(&recorded), "{recorded}");
    }
}
