//! The columns of the table of tasks, as statements name them.

use rusqlite::types::ValueRef;

use super::seal::{Seal, seal};

/// Those that [`Row::read`](super::row::Row::read) wants, in its order.
pub(super) const COLUMNS: &str = "task.seq, task.id, task.topic, task.owner, task.request_id, task.accepted_at, task.url, \
     task.host, task.key, task.fingerprint, task.state, task.attempts, task.crashes, task.due_at, task.delay, \
     task.started_at, task.finished_at, task.ended_at, task.code, task.message, task.bytes, task.callback_state, \
     task.callback_attempts, task.callback_last, task.callback_due_at, task.callback_delay, task.callback_claimed, \
     task.trace_parent, task.seal";

/// How many of them there are before the seal, which is of all of them.
pub(super) const SEALED: usize = 28;

/// In the order of the table, to which `trace_parent` was added behind the seal.
pub(super) const INSERT: &str = "INSERT INTO task VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
     ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?29, ?28)";

/// Leaves out what never changes, and so its indexes.
pub(super) const UPDATE: &str = "UPDATE task SET state = ?11, attempts = ?12, crashes = ?13, due_at = ?14, delay = ?15, \
     started_at = ?16, finished_at = ?17, ended_at = ?18, code = ?19, message = ?20, bytes = ?21, callback_state = ?22, \
     callback_attempts = ?23, callback_last = ?24, callback_due_at = ?25, callback_delay = ?26, callback_claimed = ?27, \
     seal = ?29 WHERE seq = ?1";

/// The seal of a row. The column that was added last is left out where it is empty: rows that are older than it keep their
/// seals.
pub(super) fn seal_of(values: [ValueRef<'_>; SEALED]) -> Seal {
    match values {
        [older @ .., ValueRef::Null] => seal(older),
        all => seal(all),
    }
}
