//! Signs of life: `GET /` and `GET /health` for people, `/startupz`, `/livez` and `/readyz` for probes.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::native::{Health, HealthResponse, ProbeResponse, RootResponse};
use ferrocast_serving::ModelRef;

use crate::error::Failure;
use crate::reply::Reply;
use crate::routes::models::health_of;
use crate::state::State;

#[api_operation(operation_id = "root", tag = "server", summary = "Say that the server runs", error_code = 500)]
pub(crate) async fn root() -> Result<Reply<RootResponse>, Failure> {
    Reply::of(&RootResponse::RUNNING)
}

#[api_operation(
    operation_id = "health",
    tag = "server",
    summary = "Tell whether predictions can be had",
    description = "200 if the default model is ready to predict and the server is not stopping, else 503 with the same body.",
    error_code = 500
)]
pub(crate) async fn health(state: Data<State>) -> Result<Reply<HealthResponse>, Failure> {
    let snapshot = state.service.snapshot();
    let model_loaded = snapshot.resolve(ModelRef::default()).is_ok();
    let is_healthy = model_loaded && !state.lifecycle.is_draining();
    let status = if is_healthy { Health::Healthy } else { Health::Unhealthy };
    let models = snapshot.models().iter().map(health_of).collect();
    let parts = [("cache", state.answers.is_degraded()), ("tasks", state.tasks.is_degraded())];
    let degraded: Vec<_> = parts.into_iter().filter(|(_, is_degraded)| *is_degraded).map(|(part, _)| part).collect();
    let degraded = Some(degraded).filter(|degraded| !degraded.is_empty());
    Ok(Reply::of(&HealthResponse { status, model_loaded, degraded, models })?.with_status(of_probe(is_healthy)))
}

#[api_operation(
    operation_id = "startupz",
    tag = "server",
    summary = "Start-up probe",
    description = "503 until the folder of models has been looked through and what loads is loaded; then 200 for good.",
    error_code = 500
)]
pub(crate) async fn startupz(state: Data<State>) -> Result<Reply<ProbeResponse>, Failure> {
    probe(state.service.has_started())
}

#[api_operation(
    operation_id = "livez",
    tag = "server",
    summary = "Liveness probe",
    description = "503 if a thread that reads requests has been stuck for ten seconds: nothing but a new start will help. It depends on no model, disk or other server.",
    error_code = 500
)]
pub(crate) async fn livez(state: Data<State>) -> Result<Reply<ProbeResponse>, Failure> {
    probe(state.lifecycle.is_live())
}

#[api_operation(
    operation_id = "readyz",
    tag = "server",
    summary = "Readiness probe",
    description = "503 while the server starts, while the default model that the configuration names is absent, and once the server is stopping. A busy server is ready.",
    error_code = 500
)]
pub(crate) async fn readyz(state: Data<State>) -> Result<Reply<ProbeResponse>, Failure> {
    probe(state.is_ready())
}

fn probe(ok: bool) -> Result<Reply<ProbeResponse>, Failure> {
    Ok(Reply::of(&ProbeResponse { ok })?.with_status(of_probe(ok)))
}

/// What a probe goes by.
pub(crate) fn of_probe(ok: bool) -> StatusCode {
    if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
