//! A scrape: every series at one moment.
//!
//! What is counted is read without stopping those who count; the locks of routes and models are held while their handles
//! are copied, and not while text is written.

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::handles::Metrics;
use super::moment::{ModelMoment, Moment, TaskCounts};
use super::process::ProcessReading;
use super::{
    BODY_BYTES, BUILD_INFO, CALLBACKS_DUE, CONNECTIONS, DRAINING, LOG_LINES_DROPPED, MODEL_LOAD, MODEL_READY,
    QUEUE_ROWS, READY, TASK_STORE_DEGRADED, TASKS_QUEUED, TASKS_RUNNING, cache, model_totals, triton,
};

/// The type of what [`Metrics::render`] gives, for the header `content-type`.
pub const METRICS_CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

impl Metrics {
    /// Every series, in the text format of Prometheus. On Linux it reads some files below `/proc` as well.
    pub fn render(&self, moment: &Moment<'_>) -> String {
        let mut families = self.collect(moment);
        families.retain(|family| !family.get_metric().is_empty());
        let mut text = String::with_capacity(128 << 10);
        if let Err(error) = TextEncoder::new().encode_utf8(&families, &mut text) {
            tracing::error!(%error, "the metrics of a scrape were not written to their end");
        }
        text
    }

    /// Every metric, those without a series among them.
    fn collect(&self, moment: &Moment<'_>) -> Vec<MetricFamily> {
        let totals = self.models.totals();
        let mut families = self.registry.gather();
        families.push(BUILD_INFO.values([([self.config.version], 1.0)]));
        families.push(self.http.collect());
        families.extend(of_server(moment));
        families.extend(self.routes.collect());
        families.extend(model_totals::collect(&totals));
        families.extend(of_models(&moment.models));
        families.extend(self.loads.collect(&moment.models));
        families.extend(moment.cache.iter().flat_map(cache::collect));
        families.extend(moment.tasks.iter().flat_map(of_tasks));
        families.extend(ProcessReading::now().collect());
        if self.config.triton {
            families.extend(triton::collect(&totals, &moment.models));
            families.extend(self.machine.collect());
        }
        families
    }
}

fn of_server(moment: &Moment<'_>) -> [MetricFamily; 6] {
    [
        (&READY, u64::from(moment.ready)),
        (&DRAINING, u64::from(moment.draining)),
        (&CONNECTIONS, moment.connections),
        (&BODY_BYTES, moment.body_bytes_held),
        (&LOG_LINES_DROPPED, moment.log_lines_dropped),
        (&TASK_STORE_DEGRADED, u64::from(moment.task_store_degraded)),
    ]
    .map(|(family, value)| family.single(value as f64))
}

fn of_models(models: &[ModelMoment<'_>]) -> [MetricFamily; 3] {
    let values = |value: fn(&ModelMoment<'_>) -> Option<f64>| {
        models.iter().filter_map(move |model| Some(([model.model, model.version], value(model)?)))
    };
    [
        MODEL_READY.values(values(|model| Some(f64::from(model.ready)))),
        MODEL_LOAD.values(values(|model| Some(model.load_time?.as_secs_f64()))),
        QUEUE_ROWS.values(values(|model| Some(model.queued_rows as f64))),
    ]
}

fn of_tasks(tasks: &TaskCounts) -> [MetricFamily; 3] {
    [(&TASKS_QUEUED, tasks.queued), (&TASKS_RUNNING, tasks.running), (&CALLBACKS_DUE, tasks.callbacks_due)]
        .map(|(family, value)| family.single(value as f64))
}
