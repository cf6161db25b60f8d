//! A row of the table of tasks.

use std::time::Duration;

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql, params_from_iter};

use super::columns::{COLUMNS, INSERT, SEALED, UPDATE, seal_of};
use super::fault::Fault;
use super::seal::Seal;
use crate::{Callback, CallbackRecord, CallbackState, Idempotency, NewTask, Outcome, Record, State, TaskId, Timestamp};

/// A row of the table of tasks.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The higher, the later it was accepted.
    pub(super) seq: i64,
    pub(super) id: TaskId,
    pub(super) topic: String,
    owner: Option<String>,
    pub(super) request_id: String,
    pub(super) accepted_at: i64,
    pub(super) idempotency: Option<Idempotency>,
    pub(super) state: State,
    pub(super) attempts: u32,
    /// In how many crashes it ran.
    pub(super) crashes: u32,
    pub(super) due: Due,
    pub(super) started_at: Option<i64>,
    pub(super) finished_at: Option<i64>,
    /// As `finished_at`, but by the store's clock.
    pub(super) ended_at: Option<i64>,
    /// Code and message of a task that failed.
    pub(super) failure: Option<(String, String)>,
    /// How long its body is.
    pub(super) bytes: i64,
    pub(super) callback: Option<CallbackRow>,
    pub(super) trace_parent: Option<String>,
}

/// The part of a row that is about its callback.
#[derive(Debug, Clone)]
pub(super) struct CallbackRow {
    pub(super) callback: Callback,
    pub(super) state: CallbackState,
    pub(super) attempts: u32,
    pub(super) last: Option<String>,
    pub(super) due: Due,
    /// Somebody tries to deliver it.
    pub(super) is_claimed: bool,
}

/// When something may be begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) at: i64,
    /// How far ahead it was set. A clock that was set back since must not put it off further than that.
    pub(super) delay: i64,
}

impl Due {
    pub(super) fn after(now: i64, delay: Duration) -> Due {
        let delay = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
        Due { at: now.saturating_add(delay), delay }
    }
}

impl Row {
    /// A task that was just handed in.
    pub(super) fn new(seq: i64, task: NewTask, now: i64) -> Row {
        let callback = task.callback.map(|callback| CallbackRow {
            callback,
            state: CallbackState::Waiting,
            attempts: 0,
            last: None,
            due: Due::default(),
            is_claimed: false,
        });
        Row {
            seq,
            id: task.id,
            topic: task.topic,
            owner: task.owner,
            request_id: task.request_id,
            accepted_at: wall(),
            idempotency: task.idempotency,
            state: State::Queued,
            attempts: 0,
            crashes: 0,
            due: Due::after(now, Duration::ZERO),
            started_at: None,
            finished_at: None,
            ended_at: None,
            failure: None,
            bytes: i64::try_from(task.payload.len()).unwrap_or(i64::MAX),
            callback,
            trace_parent: task.trace_parent,
        }
    }

    /// The task of that name.
    pub(super) fn load(connection: &Connection, id: TaskId) -> Result<Option<Row>, Fault> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM task WHERE id = ?1"))?;
        statement.query_row([id.as_bytes()], |row| Ok(Row::read(row))).optional()?.transpose()
    }

    /// The task of that number, which is there.
    pub(super) fn load_seq(connection: &Connection, seq: i64) -> Result<Row, Fault> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM task WHERE seq = ?1"))?;
        statement.query_row([seq], |row| Ok(Row::read(row))).optional()?.ok_or(Fault::Damaged)?
    }

    /// From [`COLUMNS`].
    pub(super) fn read(row: &rusqlite::Row<'_>) -> Result<Row, Fault> {
        let mut values = [ValueRef::Null; SEALED];
        for (column, value) in values.iter_mut().enumerate() {
            *value = row.get_ref(column)?;
        }
        if seal_of(values) != row.get::<_, Seal>("seal")? {
            return Err(Fault::Damaged);
        }
        let callback = match (row.get("url")?, row.get("host")?) {
            (Some(url), Some(host)) => Some(CallbackRow {
                callback: Callback { url, host },
                state: named(&CallbackState::ALL, row.get_ref("callback_state")?)?,
                attempts: row.get("callback_attempts")?,
                last: row.get("callback_last")?,
                due: Due { at: row.get("callback_due_at")?, delay: row.get("callback_delay")? },
                is_claimed: row.get("callback_claimed")?,
            }),
            _ => None,
        };
        Ok(Row {
            seq: row.get("seq")?,
            id: TaskId::from_bytes(row.get("id")?),
            topic: row.get("topic")?,
            owner: row.get("owner")?,
            request_id: row.get("request_id")?,
            accepted_at: row.get("accepted_at")?,
            idempotency: Option::zip(row.get("key")?, row.get("fingerprint")?)
                .map(|(key, fingerprint)| Idempotency { key, fingerprint }),
            state: named(&State::ALL, row.get_ref("state")?)?,
            attempts: row.get("attempts")?,
            crashes: row.get("crashes")?,
            due: Due { at: row.get("due_at")?, delay: row.get("delay")? },
            started_at: row.get("started_at")?,
            finished_at: row.get("finished_at")?,
            ended_at: row.get("ended_at")?,
            failure: Option::zip(row.get("code")?, row.get("message")?),
            bytes: row.get("bytes")?,
            callback,
            trace_parent: row.get("trace_parent")?,
        })
    }

    /// Writes a row that is not there yet.
    pub(super) fn insert(&self, connection: &Connection) -> Result<(), Fault> {
        self.write(connection, INSERT)
    }

    /// Writes what may have changed of a row that is there.
    pub(super) fn update(&self, connection: &Connection) -> Result<(), Fault> {
        self.write(connection, UPDATE)
    }

    /// As whoever asks sees it, if its result is this.
    pub(super) fn into_record(self, result: Bytes) -> Record {
        let outcome = match self.state {
            State::Queued | State::Running => None,
            State::Done => Some(Outcome::Done(result)),
            State::Failed => {
                let (code, message) = self.failure.unwrap_or_default();
                Some(Outcome::Failed { code, message })
            }
            State::Cancelled => Some(Outcome::Cancelled),
        };
        let callback = self.callback.map(|row| CallbackRecord {
            callback: row.callback,
            state: row.state,
            attempts: row.attempts,
            last: row.last,
            due_at: (row.state == CallbackState::Due).then(|| timestamp(row.due.at)),
        });
        Record {
            id: self.id,
            topic: self.topic,
            owner: self.owner,
            request_id: self.request_id,
            trace_parent: self.trace_parent,
            state: self.state,
            attempts: self.attempts,
            accepted_at: timestamp(self.accepted_at),
            started_at: self.started_at.map(timestamp),
            finished_at: self.finished_at.map(timestamp),
            outcome,
            callback,
        }
    }

    fn write(&self, connection: &Connection, sql: &str) -> Result<(), Fault> {
        let values = self.values();
        let seal = seal_of(values);
        let values = values.into_iter().chain([ValueRef::Blob(&seal)]).map(ToSqlOutput::Borrowed);
        let changed = connection.prepare_cached(sql)?.execute(params_from_iter(values))?;
        if changed == 1 { Ok(()) } else { Err(Fault::Damaged) }
    }

    /// What is sealed, in the order of [`COLUMNS`].
    fn values(&self) -> [ValueRef<'_>; SEALED] {
        use ValueRef::Integer;
        let callback = self.callback.as_ref();
        let due = callback.map(|row| row.due).unwrap_or_default();
        [
            Integer(self.seq),
            ValueRef::Blob(self.id.as_bytes()),
            ValueRef::from(self.topic.as_str()),
            ValueRef::from(self.owner.as_deref()),
            ValueRef::from(self.request_id.as_str()),
            Integer(self.accepted_at),
            ValueRef::from(callback.map(|row| row.callback.url.as_str())),
            ValueRef::from(callback.map(|row| row.callback.host.as_str())),
            ValueRef::from(self.idempotency.as_ref().map(|idempotency| idempotency.key.as_str())),
            ValueRef::from(self.idempotency.as_ref().map(|idempotency| &idempotency.fingerprint[..])),
            ValueRef::from(name_of(&State::ALL, self.state)),
            Integer(self.attempts.into()),
            Integer(self.crashes.into()),
            Integer(self.due.at),
            Integer(self.due.delay),
            self.started_at.map_or(ValueRef::Null, Integer),
            self.finished_at.map_or(ValueRef::Null, Integer),
            self.ended_at.map_or(ValueRef::Null, Integer),
            ValueRef::from(self.failure.as_ref().map(|(code, _)| code.as_str())),
            ValueRef::from(self.failure.as_ref().map(|(_, message)| message.as_str())),
            Integer(self.bytes),
            ValueRef::from(callback.map(|row| name_of(&CallbackState::ALL, row.state))),
            Integer(callback.map_or(0, |row| row.attempts).into()),
            ValueRef::from(callback.and_then(|row| row.last.as_deref())),
            Integer(due.at),
            Integer(due.delay),
            Integer(callback.is_some_and(|row| row.is_claimed).into()),
            ValueRef::from(self.trace_parent.as_deref()),
        ]
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(name_of(&State::ALL, *self).into())
    }
}

impl ToSql for CallbackState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(name_of(&CallbackState::ALL, *self).into())
    }
}

fn name_of<S: Copy + PartialEq>(all: &[(&'static str, S)], state: S) -> &'static str {
    all.iter().find(|(_, other)| *other == state).map_or("", |(name, _)| name)
}

fn named<S: Copy>(all: &[(&'static str, S)], name: ValueRef<'_>) -> Result<S, Fault> {
    let state = all.iter().find(|(other, _)| name == ValueRef::from(*other));
    state.map(|(_, state)| *state).ok_or(Fault::Damaged)
}

/// What people read.
pub(super) fn wall() -> i64 {
    millis(Timestamp::of_wall())
}

pub(super) fn millis(moment: Timestamp) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or(0))
}
