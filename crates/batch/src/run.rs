//! A batch on a thread: cut if it is too large, run, and answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::part::{Part, Ran};
use crate::queue::{EntryOf, Inner, contained};
use crate::waiting::{Entry, Size};
use crate::{BatchReport, BatchRunner, ClosedBy, TicketError};

impl<R: BatchRunner> Inner<R> {
    /// Runs a batch that has been taken out, and answers each of its entries.
    pub(crate) fn carry_out(self: &Arc<Self>, mut batch: Vec<EntryOf<R>>, closed_by: ClosedBy) {
        if batch.first().is_some_and(|first| first.is_to_be_cut(&self.policy)) {
            batch = self.cut(batch);
        }
        let (Some(oldest), began) = (batch.iter().map(|entry| entry.submitted).min(), self.schedule.clock().now())
        else {
            return;
        };
        let waited = |submitted| began.saturating_duration_since(submitted);
        let rows = batch.iter().map(|entry| entry.rows).sum();
        let (items, owed): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|entry| (entry.item, (entry.part, entry.submitted))).unzip();
        let answers = catch_unwind(AssertUnwindSafe(|| self.runner.run(items)));
        let ran = self.schedule.clock().now().saturating_duration_since(began);
        let report = BatchReport { waited: waited(oldest), ran, items: owed.len(), rows, closed_by };
        let panicked = answers.is_err();
        let mut answers = answers.unwrap_or_default().into_iter();
        contained(|| self.observer.ran(&report));
        for (part, submitted) in owed {
            let answer = match answers.next() {
                Some(answer) => answer.map_err(TicketError::Run),
                None if panicked => Err(TicketError::Panicked),
                None => Err(TicketError::Unanswered),
            };
            let report = BatchReport { waited: waited(submitted), ..report };
            contained(|| part.answer(&self.runner, answer, Ran { report, began }));
        }
    }

    /// Cuts the one entry of a batch: its first piece is the new batch, the others go back to where it stood.
    fn cut(self: &Arc<Self>, batch: Vec<EntryOf<R>>) -> Vec<EntryOf<R>> {
        let Some(entry) = batch.into_iter().next() else { return Vec::new() };
        let whole = entry.size();
        let mut pieces = self.pieces(entry);
        let others = pieces.split_off(pieces.len().min(1));
        self.put_back(others, whole);
        pieces
    }

    fn pieces(&self, entry: EntryOf<R>) -> Vec<EntryOf<R>> {
        let Entry { id, item, submitted, deadline, part, priority, .. } = entry;
        let cut = || {
            let items = self.runner.split(item, self.policy.max_rows);
            items.into_iter().map(|item| (self.size(&item), item)).collect::<Vec<_>>()
        };
        let items = match catch_unwind(AssertUnwindSafe(cut)) {
            Ok(items) => items,
            Err(_panic) => {
                part.refuse(TicketError::Panicked);
                return Vec::new();
            }
        };
        let parts = part.pieces(items.len());
        let piece = |((size, item), part): ((Size, R::Item), Part<R>)| {
            let Size { rows, bytes } = size;
            Entry { id, item, rows, bytes, submitted, deadline, part, priority, uncuttable: true }
        };
        items.into_iter().zip(parts).map(piece).collect()
    }
}
