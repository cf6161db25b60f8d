//! Answers about tasks: `/predict_async`, `/prediction_status/{task_id}` and what is sent to a callback.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ApiError;

/// The answer of `/predict_async`: from now on the task is not lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct TaskAccepted {
    /// Its name, for `/prediction_status/{task_id}`.
    pub task_id: String,
    /// Always `accepted`.
    status: &'static str,
    /// For people.
    message: &'static str,
}

impl TaskAccepted {
    /// For the task of that name.
    pub fn new(task_id: String) -> TaskAccepted {
        TaskAccepted { task_id, status: "accepted", message: "Prediction task started" }
    }
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema), schemars(rename = "TaskProgress"))]
#[serde(rename_all = "lowercase")]
pub enum ProgressStatus {
    /// It has not ended.
    Processing,
    /// It has a result.
    Completed,
    /// It has none and will have none.
    Failed,
    /// It was called off.
    Cancelled,
}

/// How a task ended.
#[derive(Debug, Clone, Copy)]
pub enum Settled<'a> {
    /// With the answer that the same request would have had at once, as it was written.
    Completed(&'a [u8]),
    /// Without one.
    Failed {
        /// For programs.
        code: &'a str,
        /// For people.
        message: &'a str,
    },
    /// It was called off.
    Cancelled,
}

/// Moments of a task in RFC 3339, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct TaskTimes {
    /// When it last changed: it was accepted, begun, or it ended.
    pub timestamp: String,
    /// When it was accepted.
    pub accepted_at: String,
    /// When it was last begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// One task in the list of tasks, and the frame of its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct TaskCard {
    /// Its name.
    pub task_id: String,
    /// How far it is.
    pub status: ProgressStatus,
    /// The same to the step: `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: &'static str,
    /// Its moments.
    #[serde(flatten)]
    pub times: TaskTimes,
    /// How often it was begun.
    pub attempts: u32,
    /// The model that was asked.
    pub model: String,
    /// What became of its callback, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<CallbackCard>,
}

/// What became of a task's callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct CallbackCard {
    /// `waiting`, `due`, `delivered`, or `dead`: given up, until it is replayed.
    pub state: &'static str,
    /// How often it was sent, or tried to.
    pub attempts: u32,
    /// What came of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// When it is sent next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
}

/// The answer of `/prediction_status/{task_id}`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct TaskStatus<'a> {
    /// The task.
    #[serde(flatten)]
    card: TaskCard,
    /// How it ended, if it has.
    #[serde(flatten)]
    end: TaskEnd<'a>,
}

/// How a task ended; nothing of it while it has not.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
struct TaskEnd<'a> {
    /// The `prediction`, or `predicted_class`, of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<serde_json::Value>"))]
    prediction: Option<&'a RawValue>,
    /// The whole answer that the same request would have had at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<serde_json::Value>"))]
    result: Option<&'a RawValue>,
    /// The version that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    /// Why it failed, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// Why it failed, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
}

/// What is looked up in a result.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow, alias = "predicted_class")]
    prediction: Option<&'a RawValue>,
    version: Option<&'a str>,
}

impl<'a> TaskStatus<'a> {
    /// The status of a task that ended so, or has not.
    ///
    /// # Errors
    /// If the result is none of our answers, which is a fault of ours.
    pub fn new(card: TaskCard, settled: Option<Settled<'a>>) -> Result<TaskStatus<'a>, ApiError> {
        let end = match settled {
            None | Some(Settled::Cancelled) => TaskEnd::default(),
            Some(Settled::Failed { code, message }) => {
                TaskEnd { error: Some(message), error_code: Some(code), ..TaskEnd::default() }
            }
            Some(Settled::Completed(body)) => {
                let result: &RawValue = serde_json::from_slice(body).map_err(|_| ApiError::internal())?;
                let told: Told<'a> = serde_json::from_str(result.get()).map_err(|_| ApiError::internal())?;
                TaskEnd {
                    prediction: told.prediction,
                    result: Some(result),
                    version: told.version,
                    ..TaskEnd::default()
                }
            }
        };
        Ok(TaskStatus { card, end })
    }
}

/// Writes what a callback is sent when its task has ended: its status, with `type` for receivers of several kinds of
/// events. What may differ from one attempt to the next is left out, so that all of them send the same.
///
/// # Errors
/// As [`TaskStatus::new`].
pub fn encode_task_event(mut status: TaskStatus<'_>) -> Result<Vec<u8>, ApiError> {
    #[derive(Serialize)]
    struct Event<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(flatten)]
        status: TaskStatus<'a>,
    }
    status.card.callback = None;
    let kind = match status.card.status {
        ProgressStatus::Completed => "prediction.completed",
        _ => "prediction.failed",
    };
    serde_json::to_vec(&Event { kind, status }).map_err(|_| ApiError::internal())
}

/// The answer of `GET /prediction_status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct TaskList {
    /// The latest first, without results.
    pub tasks: Vec<TaskCard>,
    /// For the parameter `before` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CallbackCard, ProgressStatus, Settled, TaskCard, TaskStatus, TaskTimes, encode_task_event};

    fn card(status: ProgressStatus, state: &'static str) -> TaskCard {
        let timestamp = "2026-11-29T13:45:00.123Z".to_owned();
        let times = TaskTimes { accepted_at: timestamp.clone(), timestamp, started_at: None, finished_at: None };
        let callback = CallbackCard { state: "waiting", attempts: 0, last: None, due_at: None };
        let (task_id, model) = ("t".to_owned(), "penguins".to_owned());
        TaskCard { task_id, status, state, times, attempts: 1, model, callback: Some(callback) }
    }

    fn frame() -> serde_json::Value {
        json!({
            "task_id": "t", "timestamp": "2026-11-29T13:45:00.123Z", "accepted_at": "2026-11-29T13:45:00.123Z",
            "attempts": 1, "model": "penguins", "callback": {"state": "waiting", "attempts": 0},
        })
    }

    fn with(mut frame: serde_json::Value, more: serde_json::Value) -> serde_json::Value {
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    }

    #[test]
    fn a_result_is_told_as_it_was_written() {
        let body = br#"{"prediction":1.10,"status":"success","model":"penguins","version":"2"}"#;
        let status = TaskStatus::new(card(ProgressStatus::Completed, "done"), Some(Settled::Completed(body))).unwrap();
        let text = serde_json::to_string(&status).unwrap();
        assert!(text.contains(r#""prediction":1.10,"result":{"prediction":1.10,"status":"#), "{text}");
        let event = String::from_utf8(encode_task_event(status).unwrap()).unwrap();
        assert!(event.starts_with(r#"{"type":"prediction.completed","task_id":"t","#), "{event}");
        assert!(event.contains(r#""version":"2""#) && !event.contains("callback"), "{event}");
    }

    #[test]
    fn pictures_have_their_class_as_prediction() {
        let body = br#"{"predicted_class":"cat","model":"m","version":"1"}"#;
        let status = TaskStatus::new(card(ProgressStatus::Completed, "done"), Some(Settled::Completed(body))).unwrap();
        assert_eq!(serde_json::to_value(&status).unwrap()["prediction"], "cat");
    }

    #[test]
    fn other_ends_have_no_result() {
        let open = TaskStatus::new(card(ProgressStatus::Processing, "queued"), None).unwrap();
        let expected = with(frame(), json!({"status": "processing", "state": "queued"}));
        assert_eq!(serde_json::to_value(&open).unwrap(), expected);
        let settled = Settled::Failed { code: "MODEL_ERROR", message: "It failed" };
        let failed = TaskStatus::new(card(ProgressStatus::Failed, "failed"), Some(settled)).unwrap();
        let more = json!({"status": "failed", "state": "failed", "error": "It failed", "error_code": "MODEL_ERROR"});
        assert_eq!(serde_json::to_value(&failed).unwrap(), with(frame(), more));
        assert!(TaskStatus::new(card(ProgressStatus::Completed, "done"), Some(Settled::Completed(b"?"))).is_err());
    }
}
