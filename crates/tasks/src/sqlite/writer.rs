//! The one thread that writes.
//!
//! Whatever waits when a transaction begins is done in it, and answered when it is on the disk: the disk is waited for once
//! for all of them, and the more there is to do, the more is done at a time.

use std::fs::File;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc;

use super::fault::Fault;
use super::job::{Committed, Job};
use super::place::{Identity, Place};
use super::schema;
use super::transact::Transaction;
use crate::{Clock, StoreConfig, StoreError};

/// Most jobs in a transaction.
const MOST_JOBS: usize = 256;

/// No more jobs are added to a transaction that writes so many bytes.
const MOST_BYTES: usize = 8 << 20;

/// How long what cannot be opened is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// What the writer is told.
pub(super) enum Message {
    /// To do something.
    Do(Box<dyn Job>),
    /// To cut the file to what is in it.
    Checkpoint,
    /// To do something, and end.
    Close(Box<dyn Job>),
}

/// The one thread that writes.
pub(super) struct Writer {
    place: Arc<Place>,
    bounds: StoreConfig,
    clock: Arc<dyn Clock>,
    /// Before `lock`: it is closed first.
    connection: Option<Connection>,
    /// Kept through faults, so that nobody else begins the tasks that run here.
    lock: Option<File>,
    /// The file whose tasks are those of this process: what runs in it runs here.
    own: Option<Identity>,
    /// Whether `own` is there: then it can be read.
    is_ready: Arc<AtomicBool>,
    /// When and why it could not be opened.
    failed: Option<(Instant, StoreError)>,
}

impl Writer {
    pub(super) fn new(
        place: Arc<Place>,
        bounds: StoreConfig,
        clock: Arc<dyn Clock>,
        is_ready: Arc<AtomicBool>,
    ) -> Writer {
        Writer { place, bounds, clock, connection: None, lock: None, own: None, is_ready, failed: None }
    }

    /// Does what comes, until nothing can come any more.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut next = None;
        while let Some(message) = next.take().or_else(|| inbox.blocking_recv()) {
            match message {
                Message::Do(job) => {
                    let mut weight = job.weight();
                    let mut group = vec![job];
                    while group.len() < MOST_JOBS && weight < MOST_BYTES && next.is_none() {
                        match inbox.try_recv() {
                            Ok(Message::Do(job)) => {
                                weight = weight.saturating_add(job.weight());
                                group.push(job);
                            }
                            Ok(other) => next = Some(other),
                            Err(_) => break,
                        }
                    }
                    let end = self.transact(&mut group);
                    group.into_iter().for_each(|job| job.answer(end.clone()));
                }
                Message::Checkpoint => self.checkpoint(),
                Message::Close(mut job) => {
                    self.failed = None;
                    // What is not open is not this process's, or not there.
                    let is_open = self.own.is_some();
                    let end = if is_open { self.transact(slice::from_mut(&mut job)) } else { Ok(Committed::Nothing) };
                    // Whoever is answered can open the file.
                    drop(self);
                    job.answer(end);
                    return;
                }
            }
        }
    }

    /// Does all of these, or says why none of them is done.
    fn transact(&mut self, group: &mut [Box<dyn Job>]) -> Result<Committed, StoreError> {
        if let Some((when, error)) = &self.failed
            && when.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match self.try_transact(group) {
            Ok(committed) => {
                if committed == Committed::Done && self.failed.take().is_some() {
                    tracing::info!(store = %self.place.path().display(), "tasks can be stored again");
                }
                Ok(committed)
            }
            Err(fault) => {
                let error = fault.at(self.place.path());
                // Once, not each second.
                if self.failed.as_ref().is_none_or(|(_, last)| *last != error) {
                    tracing::error!("{error}");
                }
                self.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    fn try_transact(&mut self, group: &mut [Box<dyn Job>]) -> Result<Committed, Fault> {
        let begins_file = group.iter().any(|job| job.begins_file());
        // Dropped by any fault, whatever state it is in: a new one finds out what is on the disk.
        let Some(mut connection) = self.open(begins_file)? else { return Ok(Committed::Nothing) };
        let sqlite = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let transaction = Transaction::new(&sqlite, &self.bounds, &*self.clock);
        for job in group {
            sqlite.prepare_cached("SAVEPOINT job")?.execute([])?;
            if !job.run(&transaction, self.place.path())? {
                sqlite.prepare_cached("ROLLBACK TO job")?.execute([])?;
            }
            sqlite.prepare_cached("RELEASE job")?.execute([])?;
        }
        sqlite.commit()?;
        // SQLite would go on with a file that nobody finds any more.
        self.find_own()?;
        self.connection = Some(connection);
        Ok(Committed::Done)
    }

    /// The connection, if there is a file or one is begun.
    fn open(&mut self, begins_file: bool) -> Result<Option<Connection>, Fault> {
        if let Some(connection) = self.connection.take() {
            return Ok(Some(connection));
        }
        if self.own.is_some() {
            self.find_own()?;
        }
        if !begins_file && self.place.identity()?.is_none() {
            return Ok(None);
        }
        if self.lock.is_none() {
            self.lock = Some(self.place.hold()?);
        }
        let mut connection = schema::open_to_write(self.place.path())?;
        if self.own.is_none() {
            schema::check(&connection)?;
            let sqlite = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            Transaction::new(&sqlite, &self.bounds, &*self.clock).recover()?;
            sqlite.commit()?;
            self.own = self.place.identity()?;
            self.is_ready.store(true, Ordering::Release);
        }
        Ok(Some(connection))
    }

    /// Makes sure that the file is still in its place. If it is not, it is given up, and whatever is there then is another.
    fn find_own(&mut self) -> Result<(), Fault> {
        if self.own.is_some() && self.place.identity()? == self.own {
            return Ok(());
        }
        self.is_ready.store(false, Ordering::Release);
        self.own = None;
        self.lock = None;
        Err(Fault::Unusable("was moved or removed while it was in use".to_owned()))
    }

    /// Writes the log into the file, and cuts both. If not now, then another time: it is no loss.
    fn checkpoint(&mut self) {
        if let Some(connection) = &self.connection
            && let Err(error) = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")
        {
            tracing::warn!(store = %self.place.path().display(), %error, "the log of tasks is not cut");
        }
    }
}
