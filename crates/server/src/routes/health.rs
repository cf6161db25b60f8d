//! Signs of life: `GET /` and `GET /health`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::native::{Health, HealthResponse, RootResponse};
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
    description = "200 if the default model is ready to predict, else 503 with the same body.",
    error_code = 500
)]
pub(crate) async fn health(state: Data<State>) -> Result<Reply<HealthResponse>, Failure> {
    let snapshot = state.service.snapshot();
    let model_loaded = snapshot.resolve(ModelRef::default()).is_ok();
    let status = if model_loaded { Health::Healthy } else { Health::Unhealthy };
    let models = snapshot.models().iter().map(health_of).collect();
    let http = StatusCode::from_u16(status.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let parts = [("cache", state.answers.is_degraded()), ("tasks", state.tasks.is_degraded())];
    let degraded: Vec<_> = parts.into_iter().filter(|(_, is_degraded)| *is_degraded).map(|(part, _)| part).collect();
    let degraded = Some(degraded).filter(|degraded| !degraded.is_empty());
    Ok(Reply::of(&HealthResponse { status, model_loaded, degraded, models })?.with_status(http))
}
