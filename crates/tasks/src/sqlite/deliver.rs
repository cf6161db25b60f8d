//! What is done to callbacks, each within a transaction of the writer.

use std::collections::HashMap;
use std::time::Duration;

use super::fault::Fault;
use super::query;
use super::row::{Due, Row};
use super::transact::Transaction;
use crate::{CallbackState, Delivery, DeliveryVerdict, TaskId};

impl Transaction<'_> {
    pub(super) fn claim_deliveries(
        &self,
        most: usize,
        most_per_host: usize,
        under_way: &[String],
    ) -> Result<Vec<Delivery>, Fault> {
        let mut deliveries = Vec::new();
        for seq in self.due_callbacks(most, most_per_host, under_way)? {
            let mut row = Row::load_seq(self.connection, seq)?;
            // What it tells is how it stands before this attempt.
            let record = query::record(self.connection, row.id)?.ok_or(Fault::Damaged)?;
            let callback = row.callback.as_mut().ok_or(Fault::Damaged)?;
            callback.is_claimed = true;
            callback.attempts = callback.attempts.saturating_add(1);
            deliveries.push(Delivery { record, callback: callback.callback.clone(), attempt: callback.attempts });
            row.update(self.connection)?;
        }
        Ok(deliveries)
    }

    pub(super) fn settle_delivery(&self, id: TaskId, verdict: DeliveryVerdict) -> Result<(), Fault> {
        let Some(mut row) = Row::load(self.connection, id)? else { return Ok(()) };
        let Some(callback) = row.callback.as_mut().filter(|callback| callback.is_claimed) else { return Ok(()) };
        callback.is_claimed = false;
        match verdict {
            DeliveryVerdict::Delivered(answer) => {
                callback.state = CallbackState::Delivered;
                callback.last = Some(answer);
            }
            DeliveryVerdict::Again { after, why } => {
                callback.due = Due::after(self.now, after);
                callback.last = Some(why);
            }
            DeliveryVerdict::Dead(why) => {
                callback.state = CallbackState::Dead;
                callback.last = Some(why);
            }
        }
        row.update(self.connection)
    }

    pub(super) fn replay(&self, id: TaskId) -> Result<bool, Fault> {
        let Some(mut row) = Row::load(self.connection, id)? else { return Ok(false) };
        let Some(callback) = row.callback.as_mut().filter(|callback| callback.state == CallbackState::Dead) else {
            return Ok(false);
        };
        callback.state = CallbackState::Due;
        callback.attempts = 0;
        callback.last = None;
        callback.due = Due::after(self.now, Duration::ZERO);
        row.update(self.connection)?;
        Ok(true)
    }

    /// The tasks whose callbacks are to be sent now.
    fn due_callbacks(&self, most: usize, most_per_host: usize, under_way: &[String]) -> Result<Vec<i64>, Fault> {
        // Reads nothing but the index, also of those that it passes over.
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, host FROM task WHERE callback_state = 'due' AND callback_claimed = 0 AND callback_due_at <= ?1 \
             ORDER BY callback_due_at, seq",
        )?;
        let mut due = statement.query([self.now])?;
        let mut seqs = Vec::new();
        let mut per_host: HashMap<String, usize> = HashMap::new();
        for host in under_way {
            *per_host.entry(host.clone()).or_default() += 1;
        }
        while seqs.len() < most
            && most_per_host > 0
            && let Some(row) = due.next()?
        {
            let host = row.get_ref("host")?.as_str().map_err(|_| Fault::Damaged)?;
            match per_host.get_mut(host) {
                Some(taken) if *taken >= most_per_host => continue,
                Some(taken) => *taken += 1,
                None => drop(per_host.insert(host.to_owned(), 1)),
            }
            seqs.push(row.get("seq")?);
        }
        Ok(seqs)
    }
}
