//! What is done to tasks, each within a transaction of the writer.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params};

use super::fault::Fault;
use super::row::{Due, Row, timestamp, wall};
use super::{body, row};
use crate::{
    Bound, CallbackState, Cancelled, Claim, Clock, NewTask, Outcome, State, StoreConfig, StoreError, Submitted, TaskId,
    Verdict,
};

/// A transaction that is going on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transaction<'a> {
    pub(super) connection: &'a Connection,
    pub(super) bounds: &'a StoreConfig,
    /// By the store's clock.
    pub(super) now: i64,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(connection: &'a Connection, bounds: &'a StoreConfig, clock: &dyn Clock) -> Transaction<'a> {
        Transaction { connection, bounds, now: row::millis(clock.now()) }
    }

    pub(super) fn submit(&self, task: NewTask) -> Result<Submitted, Fault> {
        if let Some(known) = self.known(&task)? {
            return Ok(Submitted::Known(known));
        }
        let (seq, tasks, bytes): (i64, i64, i64) = self
            .connection
            .prepare_cached("SELECT coalesce((SELECT max(seq) FROM task), 0), tasks, bytes FROM total")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let payload = task.payload.clone();
        let mut row = Row::new(seq.saturating_add(1), task, self.now);
        let exceeds = |sum: i64, bound: u64| u64::try_from(sum).is_ok_and(|sum| sum > bound);
        if exceeds(tasks.saturating_add(1), self.bounds.most_tasks) {
            return Err(Fault::Refused(StoreError::Full(Bound::Tasks(self.bounds.most_tasks))));
        }
        if exceeds(bytes.saturating_add(row.bytes), self.bounds.most_bytes) {
            return Err(Fault::Refused(StoreError::Full(Bound::Bytes(self.bounds.most_bytes))));
        }
        row.insert(self.connection)?;
        body::replace(self.connection, &mut row, Some(&payload))?;
        Ok(Submitted::Accepted)
    }

    pub(super) fn cancel(&self, id: TaskId) -> Result<Cancelled, Fault> {
        let Some(row) = Row::load(self.connection, id)? else { return Ok(Cancelled::Unknown) };
        if row.state.is_final() {
            return Ok(Cancelled::Before(row.state));
        }
        self.end(row, Outcome::Cancelled)?;
        Ok(Cancelled::Now)
    }

    /// A suspect that is the oldest lets nothing pass it: with others always at work, its turn would never come.
    pub(super) fn claim(&self, most: usize, busy: usize) -> Result<Vec<Claim>, Fault> {
        let suspects = self.seqs("SELECT seq FROM task WHERE state = 'running' AND crashes > 0 LIMIT 1", [])?;
        if !suspects.is_empty() {
            return Ok(Vec::new());
        }
        let due = self.seqs(
            "SELECT seq FROM task WHERE state = 'queued' AND due_at <= ?1 ORDER BY due_at, seq LIMIT ?2",
            (self.now, i64::try_from(most).unwrap_or(i64::MAX)),
        )?;
        let mut claims = Vec::new();
        for seq in due {
            let mut row = Row::load_seq(self.connection, seq)?;
            let is_suspect = row.crashes > 0;
            if is_suspect && (busy > 0 || !claims.is_empty()) {
                break;
            }
            row.state = State::Running;
            row.attempts = row.attempts.saturating_add(1);
            row.started_at = Some(wall());
            row.update(self.connection)?;
            let payload = body::load(self.connection, &row)?;
            let accepted_at = timestamp(row.accepted_at);
            let Row { id, topic, request_id, trace_parent, attempts: attempt, .. } = row;
            claims.push(Claim { id, topic, request_id, trace_parent, accepted_at, payload, attempt, is_suspect });
            if is_suspect {
                break;
            }
        }
        Ok(claims)
    }

    pub(super) fn settle(&self, id: TaskId, verdict: Verdict) -> Result<bool, Fault> {
        let Some(mut row) = Row::load(self.connection, id)? else { return Ok(false) };
        if row.state != State::Running {
            return Ok(false);
        }
        match verdict {
            Verdict::Final(outcome) => self.end(row, outcome)?,
            Verdict::Again { after, counts } => {
                row.state = State::Queued;
                row.attempts = row.attempts.saturating_sub(u32::from(!counts));
                row.due = Due::after(self.now, after);
                row.update(self.connection)?;
            }
        }
        Ok(true)
    }

    /// Ends a task, and lets its callback tell so unless it was called off.
    pub(super) fn end(&self, mut row: Row, outcome: Outcome) -> Result<(), Fault> {
        row.state = outcome.state();
        row.finished_at = Some(wall());
        row.ended_at = Some(self.now);
        let mut result = None;
        match outcome {
            Outcome::Done(bytes) => result = Some(bytes),
            Outcome::Failed { code, message } => row.failure = Some((code, message)),
            Outcome::Cancelled => {}
        }
        body::replace(self.connection, &mut row, result.as_deref())?;
        if let Some(callback) = row.callback.as_mut().filter(|_| row.state != State::Cancelled) {
            callback.state = CallbackState::Due;
            callback.due = Due::after(self.now, Duration::ZERO);
        }
        row.update(self.connection)
    }

    /// The task that was handed in under the same key.
    fn known(&self, task: &NewTask) -> Result<Option<TaskId>, Fault> {
        let Some(idempotency) = &task.idempotency else { return Ok(None) };
        let seq = self
            .connection
            .prepare_cached("SELECT seq FROM task WHERE key = ?1 AND owner IS ?2")?
            .query_row((&idempotency.key, &task.owner), |row| row.get(0))
            .optional()?;
        let Some(seq) = seq else { return Ok(None) };
        let row = Row::load_seq(self.connection, seq)?;
        if row.idempotency.as_ref() == Some(idempotency) {
            Ok(Some(row.id))
        } else {
            Err(Fault::Refused(StoreError::KeyReused))
        }
    }

    /// The numbers that a statement selects.
    pub(super) fn seqs(&self, sql: &str, params: impl Params) -> Result<Vec<i64>, Fault> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let seqs = statement.query_map(params, |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(seqs)
    }
}
