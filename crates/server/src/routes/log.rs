//! `GET` and `PUT /admin/log`: what is logged, changed while the server runs.

use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::native::{LogLevel, decode_log_level};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_schema::{Loc, Violation, code};
use ferrocast_telemetry::Logging;
use tracing::info;

use crate::error::Failure;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::reply::Reply;
use crate::reporting::filter;
use crate::state::State;

/// What is to be logged.
#[derive(Debug)]
pub(crate) struct LevelChoice;

impl BodySchema for LevelChoice {
    const NAME: &'static str = "LevelChoice";
}

#[api_operation(
    operation_id = "log_level",
    tag = "server",
    summary = "Tell what is logged",
    error_code = 409,
    error_code = 500
)]
pub(crate) async fn level(state: Data<State>) -> Result<Reply<LogLevel>, Failure> {
    Reply::of(&LogLevel { level: logging(&state)?.level() })
}

#[api_operation(
    operation_id = "set_log_level",
    tag = "server",
    summary = "Change what is logged, until the next start",
    error_code = 409,
    error_code = 422,
    error_code = 500
)]
pub(crate) async fn set_level(state: Data<State>, body: JsonBody<LevelChoice>) -> Result<Reply<LogLevel>, Failure> {
    let level = decode_log_level(&body.bytes, &state.limits.json)?;
    let logging = logging(&state)?;
    logging
        .set_level(&filter(&level))
        .map_err(|error| Violation::new(Loc::body().field("level"), code::VALUE_ERROR, error.to_string()))?;
    info!(level, "what is logged has been changed");
    Reply::of(&LogLevel { level: logging.level() })
}

fn logging(state: &State) -> Result<&Logging, ApiError> {
    let message = "This server is part of a program that logs by itself";
    state.reporting.logging.as_ref().ok_or_else(|| ApiError::new(ErrorCode::Conflict, message))
}
