//! A scrape: every series at one moment.
//!
//! What is counted is read without stopping those who count; the locks of routes and models are held while their handles
//! are copied, and not while text is written.

use super::handles::Metrics;
use super::moment::{ModelMoment, Moment, TaskCounts};
use super::process::ProcessReading;
use super::text::Text;
use super::{
    BODY_BYTES, BUILD_INFO, CALLBACKS_DUE, CONNECTIONS, DRAINING, LOG_LINES_DROPPED, MODEL_LOAD, MODEL_READY,
    QUEUE_ROWS, READY, TASK_STORE_DEGRADED, TASKS_QUEUED, TASKS_RUNNING, model_totals, triton,
};

/// The type of what [`Metrics::render`] gives, for the header `content-type`.
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Metrics {
    /// Every series, in the text format of Prometheus. On Linux it reads some files below `/proc` as well.
    pub fn render(&self, moment: &Moment<'_>) -> String {
        let mut text = Text::new();
        self.write_server(moment, &mut text);
        self.routes.write(&mut text);
        self.http.write(&mut text);
        let totals = self.models.totals();
        model_totals::write(&totals, &mut text);
        write_models(&moment.models, &mut text);
        self.loads.write(&moment.models, &mut text);
        self.cache.write(moment.cache.as_ref(), &mut text);
        self.tasks.write(&mut text);
        self.callbacks.write(&mut text);
        write_task_store(moment, &mut text);
        ProcessReading::now().write(&mut text);
        if self.config.triton {
            triton::write(&totals, &moment.models, &mut text);
            self.machine.write(&mut text);
        }
        text.finish()
    }

    fn write_server(&self, moment: &Moment<'_>, text: &mut Text) {
        text.family(&BUILD_INFO).add(&[self.config.version], 1);
        let values = [
            (&READY, u64::from(moment.ready)),
            (&DRAINING, u64::from(moment.draining)),
            (&CONNECTIONS, moment.connections),
            (&BODY_BYTES, moment.body_bytes_held),
            (&LOG_LINES_DROPPED, moment.log_lines_dropped),
        ];
        for (family, value) in values {
            text.single(family, value);
        }
    }
}

fn write_models(models: &[ModelMoment<'_>], text: &mut Text) {
    let mut ready = text.family(&MODEL_READY);
    for model in models {
        ready.add(&[model.model, model.version], u8::from(model.ready));
    }
    let mut load = text.family(&MODEL_LOAD);
    for model in models {
        if let Some(time) = model.load_time {
            load.add(&[model.model, model.version], time.as_secs_f64());
        }
    }
    let mut queue = text.family(&QUEUE_ROWS);
    for model in models {
        queue.add(&[model.model, model.version], model.queued_rows);
    }
}

fn write_task_store(moment: &Moment<'_>, text: &mut Text) {
    text.single(&TASK_STORE_DEGRADED, u8::from(moment.task_store_degraded));
    if let Some(TaskCounts { queued, running, callbacks_due }) = moment.tasks {
        for (family, value) in [(&TASKS_QUEUED, queued), (&TASKS_RUNNING, running), (&CALLBACKS_DUE, callbacks_due)] {
            text.single(family, value);
        }
    }
}
