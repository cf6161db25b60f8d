//! What another process left behind, and what this one leaves.

use super::fault::Fault;
use super::row::{Due, Row};
use super::transact::Transaction;
use crate::{Outcome, QUARANTINED, State};

const RUNNING: &str = "SELECT seq FROM task WHERE state = 'running' ORDER BY seq";
const ON_THEIR_WAY: &str = "SELECT seq FROM task WHERE callback_state = 'due' AND callback_claimed = 1";

impl Transaction<'_> {
    /// Makes whole what a process left that died, and what a clock left that was set back.
    pub(super) fn recover(&self) -> Result<(), Fault> {
        for seq in self.seqs(RUNNING, [])? {
            let mut row = Row::load_seq(self.connection, seq)?;
            row.crashes = row.crashes.saturating_add(1);
            if row.crashes >= self.bounds.most_crashes {
                tracing::error!(task = %row.id, crashes = row.crashes, "a task is not begun again: processes died of it");
                let code = QUARANTINED.to_owned();
                let message = format!("it ran {} times when the process died", row.crashes);
                self.end(row, Outcome::Failed { code, message })?;
            } else {
                tracing::warn!(task = %row.id, "a task that ran when the process died is begun again, alone");
                row.state = State::Queued;
                row.update(self.connection)?;
            }
        }
        for seq in self.seqs(ON_THEIR_WAY, [])? {
            self.change(seq, |row| row.callback.as_mut().into_iter().for_each(|callback| callback.is_claimed = false))?;
        }
        self.clamp()
    }

    /// Gives back what is claimed, as if it had never been taken.
    pub(super) fn give_back(&self) -> Result<(), Fault> {
        for seq in self.seqs(RUNNING, [])? {
            self.change(seq, |row| {
                row.state = State::Queued;
                row.attempts = row.attempts.saturating_sub(1);
            })?;
        }
        for seq in self.seqs(ON_THEIR_WAY, [])? {
            self.change(seq, |row| {
                if let Some(callback) = &mut row.callback {
                    callback.is_claimed = false;
                    callback.attempts = callback.attempts.saturating_sub(1);
                }
            })?;
        }
        Ok(())
    }

    /// No moment is further ahead than it was ever set.
    fn clamp(&self) -> Result<(), Fault> {
        let clamped = |due: Due| Due { at: due.at.min(self.now.saturating_add(due.delay)), ..due };
        for seq in self
            .seqs("SELECT seq FROM task WHERE state = 'queued' AND due_at > ?1 AND due_at - delay > ?1", [self.now])?
        {
            self.change(seq, |row| row.due = clamped(row.due))?;
        }
        let callbacks = "SELECT seq FROM task WHERE callback_state = 'due' AND callback_claimed = 0 \
             AND callback_due_at > ?1 AND callback_due_at - callback_delay > ?1";
        for seq in self.seqs(callbacks, [self.now])? {
            self.change(seq, |row| {
                row.callback.as_mut().into_iter().for_each(|callback| callback.due = clamped(callback.due));
            })?;
        }
        for seq in self.seqs("SELECT seq FROM task WHERE ended_at > ?1", [self.now])? {
            self.change(seq, |row| row.ended_at = Some(self.now))?;
        }
        Ok(())
    }

    fn change(&self, seq: i64, change: impl FnOnce(&mut Row)) -> Result<(), Fault> {
        let mut row = Row::load_seq(self.connection, seq)?;
        change(&mut row);
        row.update(self.connection)
    }
}
