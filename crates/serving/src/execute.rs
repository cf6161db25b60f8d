//! One request through a model: on this thread if that is cheap, else on the pool.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_batch::{ClosedBy, Completed, Priority, Rejected, Ticket, TicketError};
use ferrocast_engine::EngineError;
use ferrocast_pipeline::PredictError;
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

/// Predictions, with what they cost.
#[derive(Debug)]
pub struct Answer {
    /// One for each row, in order.
    pub predictions: Vec<Prediction>,
    /// Where the time went.
    pub timing: Timing,
}

/// Where the time of a prediction went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The wait for a thread.
    pub queue: Duration,
    /// The run: on the pool that of the model, and before it the decoding of pictures; on the calling thread with encoding
    /// and decoding.
    pub inference: Duration,
    /// Rows that ran together, those of other requests included.
    pub batch_rows: usize,
    /// Why there were not more; `None` on the calling thread, where nothing is joined.
    pub closed_by: Option<ClosedBy>,
}

/// Predicts all rows: on the calling thread if a run of so many is cheap, or nothing else of the model runs or waits and
/// it is not too slow for that; else on the pool. Dropping the future takes the rows out of the queue.
pub(crate) async fn predict(deployment: &Deployment, rows: &Rows, options: CallOptions) -> Result<Answer, ServeError> {
    let now = Instant::now();
    if options.deadline.is_some_and(|deadline| deadline <= now) {
        return Err(ServeError::DeadlineExceeded);
    }
    let placement = deployment.placement();
    if placement.is_inline(rows.len()) {
        return inline(deployment, rows, options.deadline, now);
    }
    if rows.len() <= placement.inline_alone_rows {
        let arrivals = deployment.arrivals();
        let _arrived = arrivals.try_enter();
        // Whoever else is ready to be served on this thread arrives meanwhile.
        tokio::task::yield_now().await;
        let load = deployment.load();
        if arrivals.inside() == 1 && load.items == 0 && load.running == 0 {
            return inline(deployment, rows, options.deadline, Instant::now());
        }
    }
    let encoded = deployment.pipeline().encode(rows).map_err(|cause| ServeError::from_prediction(cause, deployment))?;
    pooled(deployment, Work::Rows(encoded), rows.len(), options).await
}

/// Predicts a picture on the pool. Dropping the future takes it out of the queue.
pub(crate) async fn predict_image(
    deployment: &Deployment,
    picture: Bytes,
    options: CallOptions,
) -> Result<Answer, ServeError> {
    if options.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        return Err(ServeError::DeadlineExceeded);
    }
    if !deployment.pipeline().takes_pictures() {
        return Err(ServeError::from_prediction(PredictError::TakesRows, deployment));
    }
    pooled(deployment, Work::Picture(picture), 1, options).await
}

fn inline(
    deployment: &Deployment,
    rows: &Rows,
    deadline: Option<Instant>,
    start: Instant,
) -> Result<Answer, ServeError> {
    let predictions =
        deployment.pipeline().predict(rows).map_err(|cause| ServeError::from_prediction(cause, deployment))?;
    let inference = start.elapsed();
    // Nobody could interrupt it, but an answer that comes too late is none.
    if deadline.is_some_and(|deadline| deadline <= start + inference) {
        return Err(ServeError::DeadlineExceeded);
    }
    let timing = Timing { queue: Duration::ZERO, inference, batch_rows: rows.len(), closed_by: None };
    Ok(Answer { predictions, timing })
}

async fn pooled(deployment: &Deployment, work: Work, rows: usize, options: CallOptions) -> Result<Answer, ServeError> {
    let failed = |cause| ServeError::from_prediction(cause, deployment);
    let pipeline = deployment.pipeline();
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
    let predictions = pipeline.decode(&done.output, rows).map_err(failed)?;
    let report = done.report;
    let timing = Timing {
        queue: report.waited,
        inference: report.ran,
        batch_rows: report.rows,
        closed_by: Some(report.closed_by),
    };
    Ok(Answer { predictions, timing })
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
