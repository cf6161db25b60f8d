//! What is asked about tasks. Each sees what is committed as of one moment.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};

use super::body;
use super::columns::COLUMNS;
use super::fault::Fault;
use super::row::Row;
use crate::{Counts, ListQuery, Record, State, TaskId};

pub(super) fn record(connection: &Connection, id: TaskId) -> Result<Option<Record>, Fault> {
    // One statement: between two of them the task could be swept.
    let sql = format!(
        "SELECT {COLUMNS}, {} FROM task LEFT JOIN body ON body.task = task.seq AND task.state = 'done' \
         WHERE task.id = ?1",
        body::COLUMNS
    );
    let read = |found: &rusqlite::Row<'_>| {
        let row = Row::read(found)?;
        let result = if row.state == State::Done { body::read(row.id, found)? } else { Bytes::new() };
        Ok(row.into_record(result))
    };
    connection.prepare_cached(&sql)?.query_row([id.as_bytes()], |found| Ok(read(found))).optional()?.transpose()
}

pub(super) fn list(connection: &Connection, query: &ListQuery) -> Result<Vec<Record>, Fault> {
    let before = match query.before {
        None => i64::MAX,
        Some(id) => match Row::load(connection, id)? {
            Some(row) => row.seq,
            // It was swept meanwhile, and nothing is known of its place.
            None => return Ok(Vec::new()),
        },
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM task WHERE owner IS ?1 AND seq < ?2 AND (?3 IS NULL OR state = ?3) \
         AND (?4 IS NULL OR topic = ?4) AND (?5 IS NULL OR callback_state = ?5) ORDER BY seq DESC LIMIT ?6"
    );
    let most = i64::try_from(query.most).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_and_then((&query.owner, before, query.state, &query.topic, query.callback, most), |found| {
            Ok(Row::read(found)?.into_record(Bytes::new()))
        })?
        .collect()
}

pub(super) fn counts(connection: &Connection) -> Result<Counts, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT count(*) FROM task WHERE state = 'queued'), \
         (SELECT count(*) FROM task WHERE state = 'running'), \
         (SELECT count(*) FROM task WHERE ended_at IS NOT NULL), \
         (SELECT count(*) FROM task WHERE callback_state = 'due' AND callback_claimed = 0) + \
         (SELECT count(*) FROM task WHERE callback_state = 'due' AND callback_claimed = 1), \
         (SELECT count(*) FROM task WHERE callback_state = 'dead'), \
         bytes FROM total",
    )?;
    let counts = statement.query_row([], |row| {
        let count = |column: usize| row.get(column).map(|count: i64| u64::try_from(count).unwrap_or(0));
        Ok(Counts {
            queued: count(0)?,
            running: count(1)?,
            ended: count(2)?,
            callbacks_due: count(3)?,
            callbacks_dead: count(4)?,
            bytes: count(5)?,
        })
    })?;
    Ok(counts)
}

/// Those of these tasks that do not run.
pub(super) fn lost(connection: &Connection, ids: Vec<TaskId>) -> Result<Vec<TaskId>, Fault> {
    let mut lost = Vec::new();
    for id in ids {
        if Row::load(connection, id)?.is_none_or(|row| row.state != State::Running) {
            lost.push(id);
        }
    }
    Ok(lost)
}
