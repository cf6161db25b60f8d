//! Tasks in the words of the wire.

use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{CallbackCard, ProgressStatus, Settled, TaskCard, TaskStatus, TaskTimes};
use ferrocast_tasks::{CallbackRecord, Outcome, Record, State};

/// A task's status.
///
/// # Errors
/// If its result is none of our answers, which is a fault of ours.
pub(crate) fn status_of(record: &Record) -> Result<TaskStatus<'_>, ApiError> {
    let settled = record.outcome.as_ref().map(|outcome| match outcome {
        Outcome::Done(body) => Settled::Completed(body),
        Outcome::Failed { code, message } => Settled::Failed { code, message },
        Outcome::Cancelled => Settled::Cancelled,
    });
    TaskStatus::new(summary_of(record), settled)
}

/// A task without its result.
pub(crate) fn summary_of(record: &Record) -> TaskCard {
    let latest = record.finished_at.or(record.started_at).unwrap_or(record.accepted_at);
    TaskCard {
        task_id: record.id.to_string(),
        status: match record.state {
            State::Queued | State::Running => ProgressStatus::Processing,
            State::Done => ProgressStatus::Completed,
            State::Failed => ProgressStatus::Failed,
            State::Cancelled => ProgressStatus::Cancelled,
        },
        state: record.state.as_str(),
        times: TaskTimes {
            timestamp: latest.to_string(),
            accepted_at: record.accepted_at.to_string(),
            started_at: record.started_at.map(|at| at.to_string()),
            finished_at: record.finished_at.map(|at| at.to_string()),
        },
        attempts: record.attempts,
        model: record.topic.clone(),
        callback: record.callback.as_ref().map(callback_of),
    }
}

fn callback_of(callback: &CallbackRecord) -> CallbackCard {
    CallbackCard {
        state: callback.state.as_str(),
        attempts: callback.attempts,
        last: callback.last.clone(),
        due_at: callback.due_at.map(|at| at.to_string()),
    }
}
