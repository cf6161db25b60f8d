//! Counts of the library itself, for what happens seldom or has no labels. The registry that they are made in collects them.
//!
//! The library refuses names that are invalid or that the registry has already, and bounds that do not ascend.

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, Opts, Registry, Result};

use super::family::Family;

impl Family {
    /// A counter without labels.
    pub(crate) fn counter_in(&self, registry: &Registry) -> Result<IntCounter> {
        registered(IntCounter::with_opts(self.opts())?, registry)
    }

    /// A histogram without labels, which observes values in the unit that is written.
    pub(crate) fn histogram_in(&self, registry: &Registry) -> Result<Histogram> {
        let bounds = self.buckets.bounds.iter().map(|bound| self.buckets.written(*bound));
        registered(Histogram::with_opts(HistogramOpts::from(self.opts()).buckets(bounds.collect()))?, registry)
    }

    /// Its name and help, as the library asks for them.
    pub(crate) fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }
}

fn registered<C: Collector + Clone + 'static>(count: C, registry: &Registry) -> Result<C> {
    registry.register(Box::new(count.clone()))?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use prometheus::{Registry, TextEncoder};

    use crate::metrics::{CALLBACK_DURATION, PANICS};

    #[test]
    fn what_is_counted_is_collected() {
        let registry = Registry::new();
        let panics = PANICS.counter_in(&registry).unwrap();
        let duration = CALLBACK_DURATION.histogram_in(&registry).unwrap();
        panics.inc();
        duration.observe(0.25);
        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            "ferrocast_panics_total 1\n",
            "ferrocast_callback_duration_seconds_bucket{le=\"0.1\"} 0\n",
            "ferrocast_callback_duration_seconds_bucket{le=\"0.25\"} 1\n",
            "ferrocast_callback_duration_seconds_sum 0.25\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }

    #[test]
    fn a_name_is_there_once() {
        let registry = Registry::new();
        assert!(PANICS.counter_in(&registry).is_ok());
        assert!(PANICS.counter_in(&registry).is_err());
    }
}
