//! Records as scripts give them.

use std::str::FromStr;

use bytes::Bytes;
use redis::{FromRedisValue, ParsingError, Value};

use crate::{Callback, CallbackRecord, CallbackState, Outcome, Record, State, TaskId, Timestamp};

/// The fields of a row, in order.
pub(super) struct Row(std::vec::IntoIter<Option<Vec<u8>>>);

/// A field is missing, or is not what this program writes.
#[derive(Debug, thiserror::Error)]
#[error("the {0} of a task in Redis cannot be read")]
pub(super) struct Unreadable(pub(super) &'static str);

impl FromRedisValue for Row {
    fn from_redis_value(value: Value) -> Result<Row, ParsingError> {
        Ok(Row(Vec::from_redis_value(value)?.into_iter()))
    }
}

impl Row {
    pub(super) fn bytes(&mut self) -> Option<Vec<u8>> {
        self.0.next().flatten()
    }

    pub(super) fn optional_text(&mut self, name: &'static str) -> Result<Option<String>, Unreadable> {
        self.bytes().map(String::from_utf8).transpose().map_err(|_| Unreadable(name))
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<String, Unreadable> {
        self.optional_text(name)?.ok_or(Unreadable(name))
    }

    fn optional<T: FromStr>(&mut self, name: &'static str) -> Result<Option<T>, Unreadable> {
        self.optional_text(name)?.map(|text| text.parse()).transpose().map_err(|_| Unreadable(name))
    }

    pub(super) fn parsed<T: FromStr>(&mut self, name: &'static str) -> Result<T, Unreadable> {
        self.optional(name)?.ok_or(Unreadable(name))
    }

    pub(super) fn accepted_at(&mut self) -> Result<Timestamp, Unreadable> {
        const NAME: &str = "time of acceptance";
        self.time(NAME)?.ok_or(Unreadable(NAME))
    }

    fn time(&mut self, name: &'static str) -> Result<Option<Timestamp>, Unreadable> {
        Ok(self.optional(name)?.map(Timestamp::from_millis))
    }
}

/// A row of `row` in `prelude.lua`.
pub(super) fn record(mut row: Row) -> Result<Record, Unreadable> {
    let id: TaskId = row.parsed("name")?;
    let owner = row.optional_text("owner")?;
    let topic = row.text("topic")?;
    let request_id = row.text("request")?;
    let trace_parent = row.optional_text("trace")?;
    let state = named(State::ALL, &row.text("state")?).ok_or(Unreadable("state"))?;
    let attempts = row.parsed("number of attempts")?;
    let accepted_at = row.accepted_at()?;
    let started_at = row.time("time of the beginning")?;
    let finished_at = row.time("time of the end")?;
    let (code, message) = (row.optional_text("code")?, row.optional_text("message")?);
    let callback = callback(&mut row)?;
    let outcome = match state {
        State::Queued | State::Running => None,
        State::Done => Some(Outcome::Done(row.bytes().map(Bytes::from).unwrap_or_default())),
        State::Failed => Some(Outcome::Failed {
            code: code.ok_or(Unreadable("code"))?,
            message: message.ok_or(Unreadable("message"))?,
        }),
        State::Cancelled => Some(Outcome::Cancelled),
    };
    Ok(Record {
        id,
        topic,
        owner,
        request_id,
        trace_parent,
        state,
        attempts,
        accepted_at,
        started_at,
        finished_at,
        outcome,
        callback,
    })
}

fn callback(row: &mut Row) -> Result<Option<CallbackRecord>, Unreadable> {
    let (url, host) = (row.optional_text("address")?, row.optional_text("host")?);
    let state = row.optional_text("state of the callback")?;
    let attempts = row.optional("number of deliveries")?.unwrap_or(0);
    let last = row.optional_text("last delivery")?;
    let due_at = row.time("time of the delivery")?;
    let (Some(url), Some(host)) = (url, host) else { return Ok(None) };
    let state = state.and_then(|name| named(CallbackState::ALL, &name)).ok_or(Unreadable("state of the callback"))?;
    Ok(Some(CallbackRecord { callback: Callback { url, host }, state, attempts, last, due_at }))
}

/// What is stored by that name.
pub(super) fn named<T: Copy, const N: usize>(all: [(&'static str, T); N], name: &str) -> Option<T> {
    all.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The name of a state, as it is stored.
pub(super) fn name_of<T: Copy + PartialEq, const N: usize>(all: [(&'static str, T); N], value: T) -> &'static str {
    all.into_iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
}
