//! One request through a model: on this thread if that is cheap, else on the pool.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_batch::{ClosedBy, Completed, Permit, Priority, Rejected, Ticket, TicketError};
use ferrocast_engine::{EngineError, Tensor};
use ferrocast_pipeline::{Encoded, PredictError, Stages};
use ferrocast_schema::{Prediction, Rows};

use crate::runner::Work;
use crate::{Deployment, ServeError};

/// How a request wants to be served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// When its answer is of no use any more. What has not begun by then does not run.
    pub deadline: Option<Instant>,
    /// Whether somebody waits for it.
    pub priority: Priority,
}

impl CallOptions {
    /// Fails if the answer is of no use any more.
    fn expect_time(self, now: Instant) -> Result<(), ServeError> {
        match self.deadline {
            Some(deadline) if deadline <= now => Err(ServeError::DeadlineExceeded),
            _ => Ok(()),
        }
    }
}

/// Predictions, with what they cost.
#[derive(Debug)]
pub struct Answer {
    /// One for each row, in order.
    pub predictions: Vec<Prediction>,
    /// Where the time went.
    pub timing: Timing,
}

/// What a model gave for tensors, with what it cost.
#[derive(Debug)]
pub struct Outputs {
    /// One for each output, in the signature's order.
    pub tensors: Vec<Tensor>,
    /// Where the time went.
    pub timing: Timing,
}

/// Where the time of a prediction went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// When it began: with `encode`, or with the wait of a picture. What follows comes one after the other.
    pub began: Instant,
    /// Rows to tensors, on the thread of the request. Of pictures it is part of the run.
    pub encode: Duration,
    /// The wait for a thread.
    pub queue: Duration,
    /// The run of the model; on the pool, before it the decoding of pictures.
    pub inference: Duration,
    /// Tensors to predictions, on the thread of the request.
    pub decode: Duration,
    /// Rows that ran together, those of other requests included.
    pub batch_rows: usize,
    /// Why there were not more; `None` on the calling thread, where nothing is joined.
    pub closed_by: Option<ClosedBy>,
    /// When all of it was done.
    pub ended: Instant,
}

/// Predicts all rows: on the calling thread if a run of so many is cheap, or nothing else of the model runs or waits and
/// it is not too slow for that; else on the pool. Dropping the future takes the rows out of the queue.
pub(crate) async fn predict(
    deployment: &Deployment,
    rows: &Rows,
    options: CallOptions,
    began: Instant,
) -> Result<Answer, ServeError> {
    let place = place(deployment, rows.len(), options, began).await?;
    if let Place::Here { began, .. } = place {
        return predict_here(deployment, rows, options, began);
    }
    let encoded = deployment.pipeline().encode(rows);
    let encoded = encoded.map_err(|cause| ServeError::from_prediction(cause, deployment))?;
    // An allocation is nothing beside a trip to another thread, and requests that stay here have the smaller future.
    let mut outputs = Box::pin(elsewhere(deployment, encoded, options, began)).await?;
    let predictions = decode(deployment, &mut outputs, rows.len())?;
    Ok(Answer { predictions, timing: outputs.timing })
}

/// Predicts all rows on the calling thread; `began` is now.
pub(crate) fn predict_inline(
    deployment: &Deployment,
    rows: &Rows,
    options: CallOptions,
    began: Instant,
) -> Result<Answer, ServeError> {
    options.expect_time(began)?;
    predict_here(deployment, rows, options, began)
}

/// Predicts a picture on the pool. Dropping the future takes it out of the queue.
pub(crate) async fn predict_image(
    deployment: &Deployment,
    picture: Bytes,
    options: CallOptions,
    began: Instant,
) -> Result<Answer, ServeError> {
    options.expect_time(began)?;
    if !deployment.pipeline().takes_pictures() {
        return Err(ServeError::from_prediction(PredictError::TakesRows, deployment));
    }
    let mut outputs = pooled(deployment, Work::Picture(picture), options, began).await?;
    let predictions = decode(deployment, &mut outputs, 1)?;
    Ok(Answer { predictions, timing: outputs.timing })
}

/// Runs the model on tensors that fit its wire signature, where [`predict`] would run rows.
pub(crate) async fn infer(
    deployment: &Deployment,
    tensors: Encoded,
    options: CallOptions,
    began: Instant,
) -> Result<Outputs, ServeError> {
    let pipeline = deployment.pipeline();
    let failed = |cause| ServeError::from_prediction(cause, deployment);
    let rows = tensors.rows;
    let place = place(deployment, rows, options, began).await?;
    let encoded = pipeline.inputs_from_wire(tensors).map_err(failed)?;
    let mut outputs = match place {
        Place::Here { began, .. } => infer_here(deployment, &encoded, options, began)?,
        Place::Pool => elsewhere(deployment, encoded, options, began).await?,
    };
    outputs.tensors = pipeline.outputs_to_wire(outputs.tensors, rows).map_err(failed)?;
    Ok(outputs)
}

/// Where a request runs.
enum Place<'d> {
    /// On the calling thread, from that time on; as long as it does, others know that it is there.
    Here {
        began: Instant,
        _arrived: Option<Permit<'d>>,
    },
    Pool,
}

/// Where so many rows run; `began` is now.
async fn place(
    deployment: &Deployment,
    rows: usize,
    options: CallOptions,
    began: Instant,
) -> Result<Place<'_>, ServeError> {
    options.expect_time(began)?;
    let placement = deployment.placement();
    if placement.is_inline(rows) {
        return Ok(Place::Here { began, _arrived: None });
    }
    if rows <= placement.inline_alone_rows {
        let arrivals = deployment.arrivals();
        let _arrived = arrivals.try_enter();
        // Whoever else is ready to be served on this thread arrives meanwhile.
        tokio::task::yield_now().await;
        let load = deployment.load();
        if arrivals.inside() == 1 && load.items == 0 && load.running == 0 {
            return Ok(Place::Here { began: Instant::now(), _arrived });
        }
    }
    Ok(Place::Pool)
}

/// Predicts on the calling thread; `began` is now.
fn predict_here(
    deployment: &Deployment,
    rows: &Rows,
    options: CallOptions,
    began: Instant,
) -> Result<Answer, ServeError> {
    let predicted = deployment.pipeline().predict_in_stages(rows);
    let (predictions, Stages { encoded_at, ran_at, decoded_at }) =
        predicted.map_err(|cause| ServeError::from_prediction(cause, deployment))?;
    let ran = Ran { began, encoded_at, ran_at, rows: rows.len() };
    let timing = Timing {
        decode: decoded_at.saturating_duration_since(ran_at),
        ended: decoded_at,
        ..ran_here(deployment, ran, options)?
    };
    Ok(Answer { predictions, timing })
}

/// Runs tensors on the calling thread; `began` is when they began to be made.
fn infer_here(
    deployment: &Deployment,
    encoded: &Encoded,
    options: CallOptions,
    began: Instant,
) -> Result<Outputs, ServeError> {
    let encoded_at = Instant::now();
    let tensors = deployment.pipeline().infer(encoded);
    let tensors = tensors.map_err(|cause| ServeError::from_prediction(cause, deployment))?;
    let ran = Ran { began, encoded_at, ran_at: Instant::now(), rows: encoded.rows };
    Ok(Outputs { tensors, timing: ran_here(deployment, ran, options)? })
}

/// A run on the calling thread.
struct Ran {
    began: Instant,
    encoded_at: Instant,
    ran_at: Instant,
    rows: usize,
}

/// Counts a run on the calling thread. Nobody could interrupt it, but an answer that comes too late is none.
fn ran_here(deployment: &Deployment, ran: Ran, options: CallOptions) -> Result<Timing, ServeError> {
    let Ran { began, encoded_at, ran_at, rows } = ran;
    options.expect_time(ran_at)?;
    let timing = Timing {
        began,
        encode: encoded_at.saturating_duration_since(began),
        queue: Duration::ZERO,
        inference: ran_at.saturating_duration_since(encoded_at),
        decode: Duration::ZERO,
        batch_rows: rows,
        closed_by: None,
        ended: ran_at,
    };
    deployment.tally().count_run(rows, timing.inference);
    Ok(timing)
}

/// Runs tensors on the pool; `began` is when they began to be made.
async fn elsewhere(
    deployment: &Deployment,
    encoded: Encoded,
    options: CallOptions,
    began: Instant,
) -> Result<Outputs, ServeError> {
    let encoded_at = Instant::now();
    let mut outputs = pooled(deployment, Work::Rows(encoded), options, encoded_at).await?;
    outputs.timing.encode = encoded_at.saturating_duration_since(began);
    outputs.timing.began = began;
    Ok(outputs)
}

/// Runs on the pool; `began` is now.
async fn pooled(
    deployment: &Deployment,
    work: Work,
    options: CallOptions,
    began: Instant,
) -> Result<Outputs, ServeError> {
    let failed = |cause| ServeError::from_prediction(cause, deployment);
    let ticket =
        deployment.queue().try_submit(work, options.priority, options.deadline).map_err(|refused| match refused {
            Rejected::Full(_) => ServeError::queue_full(deployment),
            Rejected::Closed(_) => ServeError::ShuttingDown,
        })?;
    let done = by_deadline(ticket, options.deadline).await.map_err(|error| match error {
        TicketError::Run(cause) => failed(cause),
        TicketError::Expired => ServeError::DeadlineExceeded,
        TicketError::Closed => ServeError::ShuttingDown,
        // The engine's own panics are caught where it runs: these are faults of what joins and cuts.
        TicketError::Panicked => failed(PredictError::Engine(EngineError::Panicked("in a batch".into()))),
        TicketError::Unanswered => {
            failed(PredictError::Engine(EngineError::Backend("the batch gave no answer".into())))
        }
    })?;
    let report = done.report;
    let timing = Timing {
        began,
        encode: Duration::ZERO,
        queue: report.waited,
        inference: report.ran,
        decode: Duration::ZERO,
        batch_rows: report.rows,
        closed_by: Some(report.closed_by),
        ended: Instant::now(),
    };
    Ok(Outputs { tensors: done.output, timing })
}

/// Outputs to predictions.
fn decode(deployment: &Deployment, outputs: &mut Outputs, rows: usize) -> Result<Vec<Prediction>, ServeError> {
    let predictions = deployment
        .pipeline()
        .decode(&outputs.tensors, rows)
        .map_err(|cause| ServeError::from_prediction(cause, deployment))?;
    let timing = &mut outputs.timing;
    let ended = Instant::now();
    timing.decode = ended.saturating_duration_since(timing.ended);
    timing.ended = ended;
    Ok(predictions)
}

/// Waits until the item has run, but no longer than until the deadline.
pub(crate) async fn by_deadline<T, E>(
    ticket: Ticket<T, E>,
    deadline: Option<Instant>,
) -> Result<Completed<T>, TicketError<E>> {
    match deadline {
        None => ticket.await,
        Some(deadline) => tokio::time::timeout_at(deadline.into(), ticket).await.unwrap_or(Err(TicketError::Expired)),
    }
}
