//! The repository of models in the Open Inference Protocol: what there is, and what is loaded.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use apistos::api_operation;
use ferrocast_protocol::oip::{IndexEntry, IndexRequest, IndexState, LoadRequest};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::{Deployment, LoadError, LoadTicket, ModelState, VersionEntry};

use super::models::reason;
use super::oip::json;
use crate::error::Failure;
use crate::extract::tensor_body::TensorBody;
use crate::state::State;

/// When to come back if the loader has too much to do: a load takes about so long.
const BUSY_RETRY: Duration = Duration::from_secs(1);

type Answer = Result<HttpResponse, Failure>;

#[api_operation(skip)]
pub(crate) async fn index(state: Data<State>, body: TensorBody) -> Answer {
    let IndexRequest { ready } = IndexRequest::decode(&body.unpacked()?)?;
    let snapshot = state.service.snapshot();
    let entries = snapshot.models().iter().flat_map(|model| {
        let versions = model.versions().iter().filter(|version| !ready || version.deployed().is_some());
        versions.map(move |version| entry(model.name(), version))
    });
    json(StatusCode::OK, &entries.collect::<Vec<_>>())
}

#[api_operation(skip)]
pub(crate) async fn load(state: Data<State>, request: HttpRequest, body: TensorBody) -> Answer {
    let LoadRequest = LoadRequest::decode(&body.unpacked()?)?;
    let name = model_name(&state, &request)?;
    done(state.service.load(&name), &name).await
}

#[api_operation(skip)]
pub(crate) async fn unload(state: Data<State>, request: HttpRequest, body: TensorBody) -> Answer {
    let LoadRequest = LoadRequest::decode(&body.unpacked()?)?;
    let name = model_name(&state, &request)?;
    done(state.service.unload(&name), &name).await
}

/// The model that the path names, if models may be loaded by requests.
fn model_name(state: &State, request: &HttpRequest) -> Result<String, Failure> {
    if !state.loads_on_request {
        let message = "explicit model load / unload is not allowed (models.control)";
        return Err(ApiError::new(ErrorCode::BadRequest, message).into());
    }
    Ok(request.match_info().get("model").unwrap_or_default().to_owned())
}

/// Answers when all is done, or with what failed.
async fn done(ticket: LoadTicket, name: &str) -> Answer {
    let report = ticket.await.map_err(|error| refused(&error))?;
    let failures: Vec<String> = report
        .failures()
        .map(|(outcome, reason)| format!("version {} at {}: {reason}", outcome.version, outcome.model))
        .collect();
    if failures.is_empty() {
        return Ok(HttpResponse::Ok().finish());
    }
    let message = format!("failed to load '{name}', {}", failures.join("; "));
    Err(ApiError::new(ErrorCode::BadRequest, message).into())
}

fn refused(error: &LoadError) -> ApiError {
    let said = |code| ApiError::new(code, error.to_string());
    match error {
        LoadError::NotFound { .. } => said(ErrorCode::BadRequest),
        LoadError::Busy { .. } => said(ErrorCode::LoaderBusy).with_retry_after(BUSY_RETRY),
        LoadError::Stopped => said(ErrorCode::ShuttingDown),
        _ => said(ErrorCode::Internal),
    }
}

fn entry(model: &str, version: &VersionEntry<Deployment>) -> IndexEntry {
    let state = version.state();
    IndexEntry {
        name: model.to_owned(),
        version: version.version().to_string(),
        reason: match &state {
            ModelState::Unloaded => "unloaded".to_owned(),
            _ => reason(version).unwrap_or_default(),
        },
        state: match state {
            ModelState::Ready => IndexState::Ready,
            ModelState::Loading | ModelState::Warming => IndexState::Loading,
            ModelState::Draining => IndexState::Unloading,
            // Whatever else it is, it answers no requests.
            _ => IndexState::Unavailable,
        },
    }
}
