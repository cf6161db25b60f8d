//! Looking at the file of keys again and again.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::look::Look;
use super::{KeyRing, NotReloaded};
use crate::keys::Keys;

/// A thread that looks at the file of a [`KeyRing`]. It ends when this is dropped, which waits for it.
#[derive(Debug)]
pub struct KeyWatch {
    /// Never sends; the thread ends when it is gone.
    stop: Option<SyncSender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl KeyWatch {
    pub(super) fn start(
        ring: Arc<KeyRing>,
        every: Duration,
        report: impl FnMut(Result<Arc<Keys>, NotReloaded>) + Send + 'static,
    ) -> io::Result<KeyWatch> {
        let (stop, stopped) = sync_channel(0);
        let thread =
            thread::Builder::new().name("keys".to_owned()).spawn(move || run(&ring, every, &stopped, report))?;
        Ok(KeyWatch { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for KeyWatch {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that watches the file of keys has panicked");
        }
    }
}

fn run(
    ring: &KeyRing,
    every: Duration,
    stopped: &Receiver<Infallible>,
    mut report: impl FnMut(Result<Arc<Keys>, NotReloaded>),
) {
    let mut before = None;
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(every) {
        let look = Look::at(ring.path());
        let mark = look.mark();
        let is_settled = before.as_ref() == Some(&mark);
        if is_settled && !ring.has_read(&mark) {
            report(ring.take(look));
        }
        before = Some(mark);
    }
}
