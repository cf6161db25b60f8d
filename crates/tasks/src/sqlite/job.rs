//! What the writer is given to do.

use std::path::Path;

use tokio::sync::oneshot;

use super::fault::Fault;
use super::transact::Transaction;
use crate::StoreError;

/// Something to do in a transaction that it shares with others.
pub(super) trait Job: Send {
    /// Whether it wants a file where there is none.
    fn begins_file(&self) -> bool;

    /// How many bytes it writes, about.
    fn weight(&self) -> usize;

    /// Does it. `false`: it failed by itself, and what it wrote is to be undone.
    ///
    /// # Errors
    /// What concerns everything in the transaction.
    fn run(&mut self, transaction: &Transaction<'_>, path: &Path) -> Result<bool, Fault>;

    /// Tells whoever asked, when it is certain: that is why it is not told at once.
    fn answer(self: Box<Self>, end: Result<Committed, StoreError>);
}

/// What became of a transaction that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    /// What was done in it is on the disk.
    Done,
    /// There is no file, and nobody wanted one.
    Nothing,
}

/// A job, and where its answer comes.
pub(super) fn job<T: Send + 'static>(
    without_file: Option<T>,
    weight: usize,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, StoreError>>) {
    let (reply, answer) = oneshot::channel();
    (Box::new(Work { without_file, weight, work: Some(work), result: None, reply }), answer)
}

/// A job that answers with a `T`.
struct Work<T, F> {
    /// The answer where there is no file. Without one, it begins the file.
    without_file: Option<T>,
    weight: usize,
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send,
{
    fn begins_file(&self) -> bool {
        self.without_file.is_none()
    }

    fn weight(&self) -> usize {
        self.weight
    }

    fn run(&mut self, transaction: &Transaction<'_>, path: &Path) -> Result<bool, Fault> {
        let Some(work) = self.work.take() else { return Ok(true) };
        let result = match work(transaction) {
            Err(fault) if !fault.is_of_one() => return Err(fault),
            result => result.map_err(|fault| fault.at(path)),
        };
        Ok(self.result.insert(result).is_ok())
    }

    fn answer(self: Box<Self>, end: Result<Committed, StoreError>) {
        let result = match end {
            Ok(Committed::Done) => self.result,
            Ok(Committed::Nothing) => self.without_file.map(Ok),
            Err(error) => Some(Err(error)),
        };
        if let Some(result) = result {
            // Whoever asked may have gone.
            drop(self.reply.send(result));
        }
    }
}
