//! Loads by model: how many versions came into service, and how many could not.

use std::collections::BTreeSet;

use prometheus::core::Metric;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, Result};

use super::family::Family;
use super::moment::ModelMoment;
use super::{MODEL_LOAD_FAILURES, MODEL_LOADS};

/// Counts the loads of versions, by their model.
#[derive(Debug)]
pub struct LoadMetrics {
    loaded: IntCounterVec,
    failed: IntCounterVec,
}

impl LoadMetrics {
    pub(crate) fn new() -> Result<LoadMetrics> {
        let counters = |family: &Family| IntCounterVec::new(family.opts(), family.labels);
        Ok(LoadMetrics { loaded: counters(&MODEL_LOADS)?, failed: counters(&MODEL_LOAD_FAILURES)? })
    }

    /// A version of that model was loaded.
    pub fn loaded(&self, model: &str) {
        self.loaded.with_label_values(&[model]).inc();
    }

    /// A version of that model could not be loaded.
    pub fn failed(&self, model: &str) {
        self.failed.with_label_values(&[model]).inc();
    }

    /// The series of the models that there are. Those never loaded have theirs too: a counter that begins at 1 has not grown.
    pub(crate) fn collect(&self, models: &[ModelMoment<'_>]) -> [MetricFamily; 2] {
        let names: BTreeSet<&str> = models.iter().map(|model| model.model).collect();
        [(&MODEL_LOADS, &self.loaded), (&MODEL_LOAD_FAILURES, &self.failed)]
            .map(|(family, loads)| family.with(names.iter().map(|name| loads.with_label_values(&[name]).metric())))
    }
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::LoadMetrics;
    use crate::metrics::ModelMoment;

    #[test]
    fn the_models_that_there_are_have_series() {
        let loads = LoadMetrics::new().unwrap();
        loads.loaded("a");
        loads.loaded("a");
        loads.failed("a");
        loads.failed("gone");
        let moment = |model, version| ModelMoment { model, version, ..ModelMoment::default() };
        let families = loads.collect(&[moment("new", "1"), moment("a", "1"), moment("a", "2")]);
        let text = TextEncoder::new().encode_to_string(&families).unwrap();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "ferrocast_model_loads_total{model=\"a\"} 2",
            "ferrocast_model_loads_total{model=\"new\"} 0",
            "ferrocast_model_load_failures_total{model=\"a\"} 1",
            "ferrocast_model_load_failures_total{model=\"new\"} 0",
        ];
        assert_eq!(samples, expected);
    }
}
