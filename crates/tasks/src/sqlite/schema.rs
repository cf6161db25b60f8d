//! The tables, and connections to them.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::fault::Fault;

/// Marks the file as one of these: `fcst`.
const APPLICATION: i64 = 0x6663_7374;

/// The tables as they are after all [`STEPS`]. A higher number is a newer program's.
const VERSION: i64 = 2;

/// What makes each version of the tables of the one before, the first of nothing. Files were written by each: none of them is
/// changed any more.
const STEPS: [&str; 2] = [TABLES, TRACE_PARENT];

/// Nobody but an operator's tool can be in the way.
const BUSY: Duration = Duration::from_secs(1);

/// As many statements as there are in this module's children.
const STATEMENTS: usize = 64;

/// Times are milliseconds by the store's clock, but those that people read (`…_at` without `due` and `ended`) by the wall's.
/// `due_at` is when a task may be begun, and `delay` how far ahead it was set; so with callbacks.
///
/// Indexes are partial, so that each holds only the rows that somebody waits for: what has ended costs nothing.
const TABLES: &str = "
    CREATE TABLE task (
        seq INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        topic TEXT NOT NULL,
        owner TEXT,
        request_id TEXT NOT NULL,
        accepted_at INTEGER NOT NULL,
        url TEXT,
        host TEXT,
        key TEXT,
        fingerprint BLOB,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        crashes INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        delay INTEGER NOT NULL,
        started_at INTEGER,
        finished_at INTEGER,
        ended_at INTEGER,
        code TEXT,
        message TEXT,
        bytes INTEGER NOT NULL,
        callback_state TEXT,
        callback_attempts INTEGER NOT NULL,
        callback_last TEXT,
        callback_due_at INTEGER NOT NULL,
        callback_delay INTEGER NOT NULL,
        callback_claimed INTEGER NOT NULL,
        seal BLOB NOT NULL
    ) STRICT;
    CREATE INDEX task_of_owner ON task (owner);
    CREATE INDEX task_of_key ON task (key, owner) WHERE key IS NOT NULL;
    CREATE INDEX task_queued ON task (due_at, seq, crashes) WHERE state = 'queued';
    CREATE INDEX task_running ON task (crashes) WHERE state = 'running';
    CREATE INDEX task_ended ON task (ended_at, callback_state) WHERE ended_at IS NOT NULL;
    CREATE INDEX callback_due ON task (callback_due_at, seq, host)
        WHERE callback_state = 'due' AND callback_claimed = 0;
    CREATE INDEX callback_claimed ON task (seq) WHERE callback_state = 'due' AND callback_claimed = 1;
    CREATE INDEX callback_dead ON task (seq) WHERE callback_state = 'dead';

    -- What is to be done until a task has ended; then its result, if it has one. Apart, because a row is written anew
    -- as a whole.
    CREATE TABLE body (task INTEGER PRIMARY KEY, seal BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;

    -- One row: counting would take longer the more there is.
    CREATE TABLE total (tasks INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
    INSERT INTO total VALUES (0, 0);
    CREATE TRIGGER task_added AFTER INSERT ON task BEGIN
        UPDATE total SET tasks = tasks + 1, bytes = bytes + new.bytes;
    END;
    CREATE TRIGGER task_resized AFTER UPDATE OF bytes ON task WHEN new.bytes <> old.bytes BEGIN
        UPDATE total SET bytes = bytes + new.bytes - old.bytes;
    END;
    CREATE TRIGGER task_forgotten AFTER DELETE ON task BEGIN
        UPDATE total SET tasks = tasks - 1, bytes = bytes - old.bytes;
        DELETE FROM body WHERE task = old.seq;
    END;
";

/// The trace of the request that handed the task in. A row that is older has none, and is not written anew.
const TRACE_PARENT: &str = "ALTER TABLE task ADD COLUMN trace_parent TEXT";

/// A connection that writes. Begins the file if there is none, and brings that of an older program up to date; leaves one
/// that is not of this kind as it is.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = open(path, flags)?;
    let version = version(&connection)?;
    if version == 0 {
        // Only before there are tables.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::Unusable("cannot be used: its file system shares no memory".to_owned()));
    }
    // What is committed is on the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // After a burst, the log is cut to this when it begins anew.
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    if version < VERSION {
        upgrade(&mut connection, version)?;
    }
    Ok(connection)
}

/// Brings the tables up to date, from this version.
fn upgrade(connection: &mut Connection, from: i64) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (to, step) in (1..).zip(STEPS) {
        if from < to {
            transaction.execute_batch(step)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Makes sure that every task is found by every index: a damaged one would deny it. What tasks work on is left out, as it is
/// sealed and may be long; a hundred thousand tasks take less than a second.
pub(super) fn check(connection: &Connection) -> Result<(), Fault> {
    let said: String = connection.query_row("PRAGMA integrity_check(task)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(Fault::Damaged) }
}

/// A connection that only reads, of a file that another connection of this process has opened to write.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, Fault> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    version(&connection)?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Finds damage sooner.
    connection.pragma_update(None, "cell_size_check", true)?;
    // No file anywhere else.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// The version of the tables; 0 if there is nothing in it yet.
fn version(connection: &Connection) -> Result<i64, Fault> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION, 1..=VERSION, _) => Ok(version),
        (APPLICATION, ..) => Err(Fault::Unusable(format!(
            "is of version {version}, and this program knows version {VERSION}: it was written by a newer one"
        ))),
        _ => Err(Fault::Unusable("is no store of tasks".to_owned())),
    }
}
