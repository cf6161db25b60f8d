//! Log lines on their way out: in bounded memory, written by a thread of their own, so that whoever logs never waits for a
//! reader.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes that wait at most. As many more may be with the writer.
const MAX_BYTES: usize = 1 << 20;
/// How long the writer leaves a destination alone that takes nothing and says so.
const PAUSE: Duration = Duration::from_millis(10);
/// How long it lets lines gather after it has written some. To wake it costs whoever logs five times as much as the line.
const GATHER: Duration = Duration::from_millis(1);

/// Lines that wait, for all threads of the process.
#[derive(Debug, Default)]
pub(super) struct LineQueue {
    state: Mutex<State>,
    /// There are lines.
    filled: Condvar,
    /// Every line is written.
    emptied: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines.
    waiting: Vec<u8>,
    /// Whether the writer has lines that are not yet written, or lets some gather.
    writing: bool,
}

impl LineQueue {
    /// Starts the thread that writes what waits, for as long as the process lives.
    pub(super) fn write_to(self: Arc<Self>, mut out: impl Write + Send + 'static) -> io::Result<()> {
        let write = move || {
            let mut lines = Vec::new();
            let mut told = 0;
            loop {
                self.take(&mut lines);
                let lost = line_count(write_lines(&mut out, &lines));
                self.dropped.fetch_add(lost, Ordering::Relaxed);
                thread::sleep(GATHER);
                self.written();
                let dropped = self.dropped();
                // Where nothing can be written, another line would be lost as well.
                if lost == 0 && dropped > told {
                    tracing::warn!(lines = dropped - told, "log lines were dropped: nobody took them in time");
                    told = dropped;
                }
            }
        };
        thread::Builder::new().name("log".to_owned()).spawn(write).map(drop)
    }

    /// Takes a line, or drops and counts it if there is no room.
    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.waiting.len() + line.len() > MAX_BYTES {
            drop(state);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // Otherwise it looks for more by itself, or has been woken.
        let sleeping = !state.writing && state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if sleeping {
            self.filled.notify_one();
        }
    }

    /// Waits for lines and moves them to a buffer whose content is no longer needed.
    fn take(&self, lines: &mut Vec<u8>) {
        lines.clear();
        let state = self.lock();
        let waiting = self.filled.wait_while(state, |state| state.waiting.is_empty());
        let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, lines);
        state.writing = true;
    }

    fn written(&self) {
        self.lock().writing = false;
        self.emptied.notify_all();
    }

    /// Waits until every line is written, for so long at most. Returns whether they are.
    pub(super) fn flush(&self, within: Duration) -> bool {
        let busy = |state: &mut State| state.writing || !state.waiting.is_empty();
        let waited = self.emptied.wait_timeout_while(self.lock(), within, busy);
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        !waited.timed_out()
    }

    /// Lines that were lost since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes as much as can be written, and returns the rest.
fn write_lines<'l>(out: &mut impl Write, mut lines: &'l [u8]) -> &'l [u8] {
    while !lines.is_empty() {
        match out.write(lines) {
            Ok(0) => break,
            Ok(written) => lines = lines.get(written..).unwrap_or_default(),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                // Somebody else who has the same file open made it non-blocking.
                ErrorKind::WouldBlock => thread::sleep(PAUSE),
                _ => break,
            },
        }
    }
    lines
}

fn line_count(lines: &[u8]) -> u64 {
    lines.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// One line, as the subscriber writes it: in one piece.
impl Write for &LineQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::{LineQueue, MAX_BYTES, write_lines};

    const LONG: Duration = Duration::from_secs(60);

    /// Passes on what is written, once for each permission.
    struct Gate {
        permissions: Receiver<()>,
        written: SyncSender<Vec<u8>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.permissions.recv().is_err() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.written.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (Arc<LineQueue>, SyncSender<()>, Receiver<Vec<u8>>) {
        let (permit, permissions) = sync_channel(16);
        let (written, writes) = sync_channel(16);
        let queue = Arc::<LineQueue>::default();
        Arc::clone(&queue).write_to(Gate { permissions, written }).unwrap();
        (queue, permit, writes)
    }

    #[test]
    fn lines_are_written_in_their_order() {
        let (queue, permit, writes) = gated();
        queue.push(b"one\n");
        permit.send(()).unwrap();
        assert!(queue.flush(LONG));
        queue.push(b"two\n");
        permit.send(()).unwrap();
        assert!(queue.flush(LONG));
        let written: Vec<Vec<u8>> = writes.try_iter().collect();
        assert_eq!(written, [b"one\n", b"two\n"]);
        assert_eq!(queue.dropped(), 0);
    }

    #[test]
    fn what_finds_no_room_is_dropped_and_counted() {
        let (queue, permit, writes) = gated();
        let line = [b"x".repeat(1023).as_slice(), b"\n"].concat();
        let fitting = MAX_BYTES / line.len();
        // What the writer holds already makes room for as many more.
        for _ in 0..2 * fitting + 7 {
            queue.push(&line);
        }
        let dropped = queue.dropped();
        assert!((7..=fitting as u64 + 7).contains(&dropped), "{dropped}");
        assert!(!queue.flush(Duration::ZERO));
        (0..4).for_each(|_| permit.send(()).unwrap());
        assert!(queue.flush(LONG));
        let lines = writes.try_iter().flatten().filter(|byte| *byte == b'\n').count();
        assert_eq!(lines as u64 + dropped, 2 * fitting as u64 + 7);
        assert_eq!(queue.dropped(), dropped);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_keeps_nobody() {
        let (queue, permit, _writes) = gated();
        drop(permit);
        queue.push(b"one\n");
        assert!(queue.flush(LONG));
        assert_eq!(queue.dropped(), 1);
        queue.push(b"two\n");
        assert!(queue.flush(LONG));
        assert_eq!(queue.dropped(), 2);
    }

    /// Takes three bytes, then says that it is busy, and so on.
    struct Sluggish {
        written: Arc<Mutex<Vec<u8>>>,
        busy: bool,
    }

    impl Write for Sluggish {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.busy = !self.busy;
            if self.busy {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let taken = &bytes[..bytes.len().min(3)];
            self.written.lock().unwrap().extend_from_slice(taken);
            Ok(taken.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_busy_destination_loses_nothing() {
        let written = Arc::default();
        let mut out = Sluggish { written: Arc::clone(&written), busy: false };
        assert_eq!(write_lines(&mut out, b"a whole line\n"), b"");
        assert_eq!(*written.lock().unwrap(), b"a whole line\n");
    }
}
