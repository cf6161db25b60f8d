//! A thread that does what it is sent.

use std::fmt;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

/// How much waits for a thread before whoever sends waits, too.
const WAITING: usize = 256;

/// A thread that does what it is sent. Dropping it ends the thread, when it has done what it was sent, and waits for that.
pub(super) struct Thread<M> {
    inbox: Option<mpsc::Sender<M>>,
    thread: Option<JoinHandle<()>>,
}

impl<M: Send + 'static> Thread<M> {
    /// Starts it. If the system gives no thread, everything that it is sent is dropped.
    pub(super) fn start(name: &str, run: impl FnOnce(mpsc::Receiver<M>) + Send + 'static) -> Thread<M> {
        let (inbox, receiver) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(receiver));
        let thread = thread.map_err(|error| tracing::error!(name, %error, "no thread")).ok();
        Thread { inbox: Some(inbox), thread }
    }

    /// Sends it this. If it has ended, the message is dropped, and with it whatever would answer.
    pub(super) async fn send(&self, message: M) {
        if let Some(inbox) = &self.inbox {
            drop(inbox.send(message).await);
        }
    }
}

impl<M> Drop for Thread<M> {
    fn drop(&mut self) {
        drop(self.inbox.take());
        if let Some(thread) = self.thread.take() {
            // A panic was reported where it happened.
            drop(thread.join());
        }
    }
}

impl<M> fmt::Debug for Thread<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").field("thread", &self.thread).finish_non_exhaustive()
    }
}
