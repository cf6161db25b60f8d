//! A task as a prediction like any other, but for nobody who waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use ferrocast_protocol::ErrorCode;
use ferrocast_protocol::native::{self, Limits};
use ferrocast_serving::{CallOptions, Deployment, ModelRef, ModelState, Priority, ResolveError, ServeError, Service};
use ferrocast_tasks::{Attempt, BoxFuture, Claim, TaskId, Worker};
use ferrocast_telemetry::{Attribute, RequestTrace, RootSpan, SpanKind, SpanStatus, Tracing, attribute_name as name};
use tracing::{debug, error};

use super::payload::{Input, Payload};
use crate::error::Failure;
use crate::lap::Lap;
use crate::middleware::spans;
use crate::question::{Answered, Question};

/// Before a task is looked at again whose model is not there yet.
const UNTIL_LOADED: Duration = Duration::from_secs(1);

/// Predicts what tasks hold.
#[derive(Debug)]
pub(crate) struct PredictionWorker {
    pub(crate) service: Arc<Service>,
    /// What a body may hold: the same as when it was accepted, unless the configuration has changed.
    pub(crate) limits: Limits,
    /// How long one attempt may take.
    pub(crate) timeout: Duration,
    /// Whether clients see the causes of server faults.
    pub(crate) debug: bool,
    /// Where the spans of tasks go.
    pub(crate) tracing: Tracing,
}

/// Why a task has no result yet.
enum Obstacle {
    /// It could not be begun.
    NotNow(Duration),
    Failed(Failure),
}

impl Obstacle {
    /// What went wrong, if anything did.
    fn code(&self) -> Option<ErrorCode> {
        match self {
            Obstacle::NotNow(_) => None,
            Obstacle::Failed(failure) => Some(failure.api_error().code),
        }
    }
}

/// Ends the trace of one attempt.
fn end_trace(trace: RequestTrace, (id, attempt): (TaskId, u32), lap: Lap, code: Option<ErrorCode>) {
    let id = id.to_string();
    let mut attributes =
        vec![Attribute::text(name::TASK_ID, &id), Attribute::int(name::TASK_ATTEMPT, i64::from(attempt))];
    attributes.extend(code.map(|code| Attribute::text(name::ERROR_TYPE, code.as_str())));
    trace.finish(&RootSpan {
        name: "task",
        kind: SpanKind::Consumer,
        from: lap.from,
        to: lap.to,
        status: code.map_or(SpanStatus::Unset, |code| SpanStatus::Error(code.as_str())),
        attributes: &attributes,
    });
}

impl<E: Into<Failure>> From<E> for Obstacle {
    fn from(error: E) -> Obstacle {
        Obstacle::Failed(error.into())
    }
}

impl Worker for PredictionWorker {
    fn run(&self, claim: Claim) -> BoxFuture<'_, Attempt> {
        Box::pin(async move {
            debug!(task = %claim.id, request_id = claim.request_id, attempt = claim.attempt, "a task is begun");
            let (mut trace, began) = (self.tracing.begin(claim.trace_parent.as_deref(), None), Instant::now());
            let predicted = self.predict(claim.payload).await;
            if trace.is_sampled() {
                if let Ok(answered) = &predicted {
                    spans::of_answer(&mut trace, &answered.took);
                }
                let code = predicted.as_ref().err().and_then(Obstacle::code);
                end_trace(trace, (claim.id, claim.attempt), Lap::since(began), code);
            }
            match predicted {
                Ok(answered) => Attempt::Done(answered.body),
                Err(Obstacle::NotNow(after)) => Attempt::NotNow(after),
                Err(Obstacle::Failed(failure)) => {
                    if let Some(cause) = failure.cause() {
                        error!(task = %claim.id, request_id = claim.request_id, cause, "{}", failure.api_error().message);
                    }
                    self.judged(&failure)
                }
            }
        })
    }
}

impl PredictionWorker {
    async fn predict(&self, stored: Bytes) -> Result<Answered, Obstacle> {
        let deadline = Instant::now() + self.timeout;
        let payload = Payload::from_bytes(stored).map_err(|error| {
            error!(%error, "a task cannot be read");
            ferrocast_protocol::ApiError::internal()
        })?;
        let model = self.model(&payload)?;
        let _permit = self.service.admit(&model)?;
        let question = self.question(&model, payload.input)?;
        let options = CallOptions { deadline: Some(deadline), priority: Priority::Background };
        Ok(question.answer(&self.service, &model, options).await?)
    }

    /// The version that the task means now.
    fn model(&self, payload: &Payload) -> Result<Arc<Deployment>, Obstacle> {
        let wanted = ModelRef { name: Some(&payload.model), version: payload.version.as_deref() };
        self.service.model(wanted).map_err(|error| match &error {
            // It may be on its way.
            _ if !self.service.has_started() => Obstacle::NotNow(UNTIL_LOADED),
            ServeError::Resolve(ResolveError::NotReady {
                state: ModelState::Loading | ModelState::Warming, ..
            }) => Obstacle::NotNow(UNTIL_LOADED),
            _ => error.into(),
        })
    }

    /// Read anew: the version may be another one than that which accepted it.
    fn question(&self, model: &Deployment, input: Input) -> Result<Question, Failure> {
        match input {
            Input::Row(body) => {
                let (rows, _) = native::decode_task_row(&body, model.pipeline().schema(), &self.limits)?;
                Ok(Question::Row(rows))
            }
            Input::Picture(picture, top_k) => Ok(Question::Picture(picture, top_k)),
        }
    }

    fn judged(&self, failure: &Failure) -> Attempt {
        let told = failure.api_error();
        let message = match failure.cause() {
            Some(cause) if self.debug => format!("{}: {cause}", told.message),
            _ => told.in_a_sentence(),
        };
        let why = ferrocast_tasks::Failure { code: told.code.as_str().to_owned(), message };
        match told.code {
            ErrorCode::Overloaded => Attempt::NotNow(told.retry_after.unwrap_or(UNTIL_LOADED).max(UNTIL_LOADED)),
            ErrorCode::ShuttingDown => Attempt::NotNow(Duration::ZERO),
            // Another time it would be the same.
            ErrorCode::NonFiniteOutput => Attempt::Failed(why),
            code if code.status() < 500 => Attempt::Failed(why),
            _ => Attempt::TryAgain(why),
        }
    }
}
