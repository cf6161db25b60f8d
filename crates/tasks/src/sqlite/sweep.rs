//! Forgets what ended long ago, in steps: others wait no longer than for one of them.

use super::fault::Fault;
use super::transact::Transaction;

/// Most tasks that are forgotten in one step. Each may have a large result.
pub(super) const TASKS: u64 = 250;

/// Most pages that are given back to the file system in one step: 4 MiB.
const PAGES: i64 = 1024;

impl Transaction<'_> {
    /// How many tasks were forgotten; if [`TASKS`], there may be more.
    pub(super) fn forget(&self) -> Result<u64, Fault> {
        let keep = i64::try_from(self.bounds.keep.as_millis()).unwrap_or(i64::MAX);
        let forgotten = self
            .connection
            .prepare_cached(
                "DELETE FROM task WHERE seq IN (SELECT seq FROM task WHERE ended_at < ?1 AND callback_state IS NOT 'due' \
                 ORDER BY ended_at LIMIT ?2)",
            )?
            .execute((self.now.saturating_sub(keep), i64::try_from(TASKS).unwrap_or(i64::MAX)))?;
        Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
    }

    /// How many steps of [`Transaction::shrink`] there are to do.
    pub(super) fn steps_to_shrink(&self) -> Result<i64, Fault> {
        let free: i64 = self.connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
        Ok(free.saturating_add(PAGES - 1) / PAGES)
    }

    /// Gives a part of what is free in the file back to the file system: at the next checkpoint.
    pub(super) fn shrink(&self) -> Result<(), Fault> {
        // A row for each page, and nothing in it.
        Ok(self.connection.pragma(None, "incremental_vacuum", PAGES, |_| Ok(()))?)
    }
}
