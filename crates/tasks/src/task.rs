//! What a task is while it is handed in, while it runs, and to whoever asks for it.

use std::time::Duration;

use bytes::Bytes;

use crate::{TaskId, Timestamp};

/// A task as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its name.
    pub id: TaskId,
    /// What it is about, such as a model: tasks can be listed by it.
    pub topic: String,
    /// Whose it is; nobody else sees it. `None`: everybody's.
    pub owner: Option<String>,
    /// The request that handed it in, for logs.
    pub request_id: String,
    /// The `traceparent` of that request (W3C Trace Context), if it is traced. It is kept as it is.
    pub trace_parent: Option<String>,
    /// What is to be done. Only the [`Worker`](crate::Worker) reads it.
    pub payload: Bytes,
    /// Where the finished task is sent.
    pub callback: Option<Callback>,
    /// Makes handing in the same task twice harmless.
    pub idempotency: Option<Idempotency>,
}

/// An address that passed the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The address.
    pub url: String,
    /// Its host and port: no more than so many deliveries go to one at a time.
    pub host: String,
}

/// A key that the client chose for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key. It names one task of each owner.
    pub key: String,
    /// A digest of everything that was handed in under it.
    pub fingerprint: [u8; 32],
}

/// What became of handing a task in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// It is stored for good.
    Accepted,
    /// The same task was handed in before under the same key, by this name.
    Known(TaskId),
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It waits for a worker, for the first time or once more.
    Queued,
    /// A worker has it.
    Running,
    /// It has a result. Final.
    Done,
    /// It has none and will have none. Final.
    Failed,
    /// Somebody called it off. Final.
    Cancelled,
}

impl State {
    /// Every state, with its name.
    pub const ALL: [(&'static str, State); 5] = [
        ("queued", State::Queued),
        ("running", State::Running),
        ("done", State::Done),
        ("failed", State::Failed),
        ("cancelled", State::Cancelled),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        State::ALL.iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }

    /// Whether nothing comes after it.
    pub fn is_final(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a result, which only who gave the [`Worker`](crate::Worker) reads.
    Done(Bytes),
    /// Without one.
    Failed {
        /// A word for programs.
        code: String,
        /// A sentence for people.
        message: String,
    },
    /// It was called off.
    Cancelled,
}

impl Outcome {
    /// The state of a task that ended so.
    pub fn state(&self) -> State {
        match self {
            Outcome::Done(_) => State::Done,
            Outcome::Failed { .. } => State::Failed,
            Outcome::Cancelled => State::Cancelled,
        }
    }
}

/// A task as whoever asks for it sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub id: TaskId,
    /// What it is about.
    pub topic: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// The request that handed it in.
    pub request_id: String,
    /// [`NewTask::trace_parent`].
    pub trace_parent: Option<String>,
    /// Where it stands; as [`Record::outcome`] says, if it has ended.
    pub state: State,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was stored.
    pub accepted_at: Timestamp,
    /// When it was last begun.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// What became of its callback, if it has one.
    pub callback: Option<CallbackRecord>,
}

/// What became of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRecord {
    /// Where it goes.
    pub callback: Callback,
    /// Where it stands.
    pub state: CallbackState,
    /// How often it was sent, or tried to.
    pub attempts: u32,
    /// What came of the last attempt, for people: a status or an error.
    pub last: Option<String>,
    /// When it is sent next, if it is.
    pub due_at: Option<Timestamp>,
}

/// Where a callback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackState {
    /// The task has not ended, or was called off: there is nothing to send.
    Waiting,
    /// It is to be sent, for the first time or once more.
    Due,
    /// The receiver has it. Final.
    Delivered,
    /// It was tried for long enough, or the receiver wants no more. It stays here until it is replayed or forgotten.
    Dead,
}

impl CallbackState {
    /// Every state, with its name.
    pub const ALL: [(&'static str, CallbackState); 4] = [
        ("waiting", CallbackState::Waiting),
        ("due", CallbackState::Due),
        ("delivered", CallbackState::Delivered),
        ("dead", CallbackState::Dead),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        CallbackState::ALL.iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }
}

/// A task that a worker has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The task.
    pub id: TaskId,
    /// What it is about.
    pub topic: String,
    /// The request that handed it in.
    pub request_id: String,
    /// [`NewTask::trace_parent`].
    pub trace_parent: Option<String>,
    /// When it was stored, by the wall's clock where the store is.
    pub accepted_at: Timestamp,
    /// What is to be done.
    pub payload: Bytes,
    /// How often it has been begun, this time included.
    pub attempt: u32,
    /// It was running when a process died; it runs alone, so that it takes no other with it if it was the cause.
    pub is_suspect: bool,
}

/// What becomes of a task that a worker has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has ended.
    Final(Outcome),
    /// It is to be begun once more.
    Again {
        /// Not before so long.
        after: Duration,
        /// Whether this time counts as an attempt: not if it could not be begun.
        counts: bool,
    },
}

/// A callback that is due, with what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The task that has ended.
    pub record: Record,
    /// Where it goes.
    pub callback: Callback,
    /// How often it has been tried, this time included.
    pub attempt: u32,
}

/// What became of an attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryVerdict {
    /// The receiver has it; what it answered.
    Delivered(String),
    /// Once more.
    Again {
        /// Not before so long.
        after: Duration,
        /// What came of this attempt.
        why: String,
    },
    /// No more.
    Dead(String),
}

/// Which tasks are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Whose; `None` lists only those that are everybody's.
    pub owner: Option<String>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only about this.
    pub topic: Option<String>,
    /// Only those whose callback stands so.
    pub callback: Option<CallbackState>,
    /// Only those that were accepted before this one.
    pub before: Option<TaskId>,
    /// At most so many.
    pub most: usize,
}

/// What calling a task off led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It has ended by this call; if it was running, its result will be dropped.
    Now,
    /// It had ended before, so.
    Before(State),
    /// There is none of that name.
    Unknown,
}

/// What is in a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tasks that wait.
    pub queued: u64,
    /// Tasks that run.
    pub running: u64,
    /// Tasks that have ended and are remembered.
    pub ended: u64,
    /// Callbacks that are due now or later.
    pub callbacks_due: u64,
    /// Callbacks that are dead.
    pub callbacks_dead: u64,
    /// Bytes of payloads and results.
    pub bytes: u64,
}
