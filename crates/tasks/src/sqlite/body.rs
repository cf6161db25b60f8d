//! What a task works on until it has ended, and its result afterwards.

use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use super::row::Row;
use super::seal::{Seal, seal};
use crate::TaskId;

/// The columns that [`read`] wants.
pub(super) const COLUMNS: &str = "body.seal AS body_seal, body.bytes AS body_bytes";

/// The body of that task.
pub(super) fn load(connection: &Connection, row: &Row) -> Result<Bytes, Fault> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM body WHERE task = ?1"))?;
    statement.query_row([row.seq], |found| Ok(read(row.id, found))).optional()?.ok_or(Fault::Damaged)?
}

/// From [`COLUMNS`].
pub(super) fn read(id: TaskId, row: &rusqlite::Row<'_>) -> Result<Bytes, Fault> {
    let bytes: Vec<u8> = row.get("body_bytes")?;
    if seal_of(id, &bytes) == row.get::<_, Seal>("body_seal")? { Ok(bytes.into()) } else { Err(Fault::Damaged) }
}

/// Puts this in the place of the body of that task.
pub(super) fn replace(connection: &Connection, row: &mut Row, bytes: Option<&[u8]>) -> Result<(), Fault> {
    match bytes {
        Some(bytes) => connection.prepare_cached("INSERT OR REPLACE INTO body VALUES (?1, ?2, ?3)")?.execute((
            row.seq,
            seal_of(row.id, bytes),
            bytes,
        ))?,
        None => connection.prepare_cached("DELETE FROM body WHERE task = ?1")?.execute([row.seq])?,
    };
    row.bytes = bytes.map_or(0, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    Ok(())
}

fn seal_of(id: TaskId, bytes: &[u8]) -> Seal {
    seal([ValueRef::Blob(id.as_bytes()), ValueRef::Blob(bytes)])
}
