//! `GET /metrics`: what was counted, and how things are now, as Prometheus reads it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::{Deployment, ModelEntry, Snapshot, VersionEntry};
use ferrocast_telemetry::{METRICS_CONTENT_TYPE, ModelMoment, Moment, TaskCounts};

use crate::error::Failure;
use crate::state::State;

/// Longest wait for the store of tasks: a scrape is to show that it does not answer, and not to wait with it.
const STORE: Duration = Duration::from_millis(500);

#[api_operation(skip)]
pub(crate) async fn metrics(state: Data<State>) -> Result<HttpResponse, Failure> {
    if !state.counts {
        let message = "Nothing is counted (metrics.enabled)";
        return Err(ApiError::new(ErrorCode::RouteNotFound, message).into());
    }
    let tasks = task_counts(&state).await;
    let snapshot = state.service.snapshot();
    let moment = Moment {
        ready: state.is_ready(),
        draining: state.lifecycle.is_draining(),
        connections: state.connections.number(),
        body_bytes_held: state.bodies.held() as u64,
        log_lines_dropped: state.reporting.logging.as_ref().map_or(0, |logging| logging.dropped_lines()),
        models: versions(&snapshot).collect(),
        cache: Some(state.answers.status()),
        tasks,
        task_store_degraded: state.tasks.is_degraded(),
    };
    Ok(HttpResponse::Ok().content_type(METRICS_CONTENT_TYPE).body(state.metrics.render(&moment)))
}

async fn task_counts(state: &State) -> Option<TaskCounts> {
    let counts = tokio::time::timeout(STORE, state.tasks.counts()).await.ok()?.ok()?;
    Some(TaskCounts { queued: counts.queued, running: counts.running, callbacks_due: counts.callbacks_due })
}

fn versions(snapshot: &Snapshot<Deployment>) -> impl Iterator<Item = ModelMoment<'_>> {
    snapshot.models().iter().flat_map(|model| model.versions().iter().map(move |version| moment_of(model, version)))
}

fn moment_of<'a>(model: &'a ModelEntry<Deployment>, version: &'a VersionEntry<Deployment>) -> ModelMoment<'a> {
    let load = version.deployed().map(|deployment| deployment.load());
    ModelMoment {
        model: model.name(),
        version: version.version().as_str(),
        ready: version.deployed().is_some(),
        load_time: version.took(),
        queued_requests: load.as_ref().map_or(0, |load| load.items as u64),
        queued_rows: load.as_ref().map_or(0, |load| load.rows as u64),
    }
}
