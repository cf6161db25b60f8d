//! Loads by model: how many versions came into service, and how many could not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::moment::ModelMoment;
use super::text::Text;
use super::{MODEL_LOAD_FAILURES, MODEL_LOADS};

/// Counts the loads of versions, by their model.
#[derive(Debug, Default)]
pub struct LoadMetrics(Mutex<BTreeMap<String, Loads>>);

#[derive(Debug, Default, Clone, Copy)]
struct Loads {
    loaded: u64,
    failed: u64,
}

impl LoadMetrics {
    /// A version of that model was loaded.
    pub fn loaded(&self, model: &str) {
        self.count(model, |loads| &mut loads.loaded);
    }

    /// A version of that model could not be loaded.
    pub fn failed(&self, model: &str) {
        self.count(model, |loads| &mut loads.failed);
    }

    fn count(&self, model: &str, which: impl FnOnce(&mut Loads) -> &mut u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *which(all.entry(model.to_owned()).or_default()) += 1;
    }

    /// The series of the models that there are. Those never loaded have theirs too: a counter that begins at 1 has not grown.
    pub(crate) fn write(&self, models: &[ModelMoment<'_>], text: &mut Text) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let names: BTreeSet<&str> = models.iter().map(|model| model.model).collect();
        let known: Vec<_> = names.iter().map(|name| (*name, all.get(*name).copied().unwrap_or_default())).collect();
        let mut loaded = text.family(&MODEL_LOADS);
        for (model, loads) in &known {
            loaded.add(&[model], loads.loaded);
        }
        let mut failed = text.family(&MODEL_LOAD_FAILURES);
        for (model, loads) in &known {
            failed.add(&[model], loads.failed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LoadMetrics;
    use crate::metrics::{ModelMoment, text::Text};

    #[test]
    fn the_models_that_there_are_have_series() {
        let loads = LoadMetrics::default();
        loads.loaded("a");
        loads.loaded("a");
        loads.failed("a");
        loads.failed("gone");
        let moment = |model, version| ModelMoment { model, version, ..ModelMoment::default() };
        let mut text = Text::new();
        loads.write(&[moment("new", "1"), moment("a", "1"), moment("a", "2")], &mut text);
        let text = text.finish();
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
