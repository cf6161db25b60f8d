//! Whose turn it is on a connection, and for how long: a client that has begun a request has to end its head.
//!
//! The HTTP library times the head of the first request of a connection, and how long one stays without any. A later head that
//! is begun and never ended it would wait for without end. Here one look a second at all connections of a thread does what a timer for
//! each request would cost too much for.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::Waker;
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// The turns of one connection.
#[derive(Debug)]
pub(crate) struct Turn {
    clock: Rc<Cell<u64>>,
    is_answering: Cell<bool>,
    /// The look after which the server waits for a next request; `None` before the first one, which the library looks after.
    waits_since: Cell<Option<u64>>,
    /// The look after which the first byte of it came.
    head_since: Cell<Option<u64>>,
    is_over: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

/// It is the server's turn until this is dropped.
#[derive(Debug)]
pub(crate) struct Answering(Rc<Turn>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.is_answering.set(false);
        self.0.waits_since.set(Some(self.0.clock.get()));
    }
}

impl Turn {
    /// A request is being answered.
    pub(crate) fn answer(self: &Rc<Turn>) -> Answering {
        self.is_answering.set(true);
        self.head_since.set(None);
        Answering(Rc::clone(self))
    }

    /// Some of an answer has been sent: as long as it goes on, the client is not late.
    pub(super) fn note_written(&self) {
        self.head_since.set(None);
        if !self.is_answering.get() {
            self.waits_since.set(Some(self.clock.get()));
        }
    }

    /// Bytes have come.
    pub(super) fn note_read(&self) {
        if !self.is_answering.get() && self.head_since.get().is_none() {
            self.head_since.set(Some(self.clock.get()));
        }
    }

    /// Somebody waits for bytes, and is woken when the turn is over.
    pub(super) fn note_reader(&self, waker: &Waker) {
        let mut reader = self.reader.borrow_mut();
        if reader.as_ref().is_none_or(|known| !known.will_wake(waker)) {
            *reader = Some(waker.clone());
        }
    }

    /// Whether the client has had its turn for too long.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Called at each look.
    fn end_if_over(&self, patience: &Patience) {
        if self.is_answering.get() {
            // What is answered may have looked for a body once, and has not been told to look again.
            self.reader.borrow().iter().for_each(Waker::wake_by_ref);
            return;
        }
        let Some(waits_since) = self.waits_since.get() else { return };
        let now = self.clock.get();
        let is_late = |since: u64, looks: u64| now.saturating_sub(since) > looks;
        // What came together with the request before is seen by nobody, hence the second bound.
        let is_over = self.head_since.get().is_some_and(|since| is_late(since, patience.head))
            || is_late(waits_since, patience.head + patience.idle);
        if is_over {
            self.is_over.set(true);
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }
}

/// How many looks a client may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For a head that it has begun.
    head: u64,
    /// Before it begins one.
    idle: u64,
}

/// The turns of all connections of one I/O thread.
#[derive(Debug)]
pub(super) struct Turns {
    clock: Rc<Cell<u64>>,
    turns: RefCell<Vec<Weak<Turn>>>,
    patience: Patience,
}

impl Turns {
    /// Of a thread whose clients have so long for a head, and before they begin one.
    pub(super) fn new(head: Duration, idle: Duration) -> Rc<Turns> {
        let patience = Patience { head: head.as_secs(), idle: idle.as_secs() };
        Rc::new(Turns { clock: Rc::default(), turns: RefCell::default(), patience })
    }

    /// Of a new connection.
    pub(super) fn begin(&self) -> Rc<Turn> {
        let turn = Rc::new(Turn {
            clock: Rc::clone(&self.clock),
            is_answering: Cell::new(false),
            waits_since: Cell::new(None),
            head_since: Cell::new(None),
            is_over: Cell::new(false),
            reader: RefCell::new(None),
        });
        self.turns.borrow_mut().push(Rc::downgrade(&turn));
        turn
    }

    /// Looks again and again, as long as the thread lives.
    pub(super) async fn watch(self: Rc<Turns>) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look();
        }
    }

    fn look(&self) {
        self.clock.set(self.clock.get() + 1);
        self.turns.borrow_mut().retain(|turn| {
            let turn = turn.upgrade();
            turn.iter().for_each(|turn| turn.end_if_over(&self.patience));
            turn.is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Turns;

    #[test]
    fn a_head_that_is_begun_has_its_time() {
        let turns = Turns::new(Duration::from_secs(2), Duration::from_secs(10));
        let turn = turns.begin();
        // Of the first one the library takes care.
        turn.note_read();
        (0..5).for_each(|_| turns.look());
        assert!(!turn.is_over());
        let answering = turn.answer();
        (0..50).for_each(|_| turns.look());
        drop(answering);
        (0..5).for_each(|_| turns.look());
        assert!(!turn.is_over());
        turn.note_read();
        (0..2).for_each(|_| turns.look());
        turn.note_read();
        assert!(!turn.is_over());
        turns.look();
        assert!(turn.is_over());
    }

    #[test]
    fn a_head_that_came_with_the_request_before_has_no_more() {
        let turns = Turns::new(Duration::from_secs(2), Duration::from_secs(10));
        let turn = turns.begin();
        let answering = turn.answer();
        turn.note_read();
        drop(answering);
        (0..12).for_each(|_| turns.look());
        assert!(!turn.is_over());
        turns.look();
        assert!(turn.is_over());
    }

    #[test]
    fn an_answer_that_goes_on_has_all_the_time() {
        let turns = Turns::new(Duration::from_secs(2), Duration::from_secs(3));
        let turn = turns.begin();
        drop(turn.answer());
        for _ in 0..30 {
            turns.look();
            turn.note_written();
            turn.note_read();
        }
        assert!(!turn.is_over());
    }

    #[test]
    fn connections_that_have_ended_are_forgotten() {
        let turns = Turns::new(Duration::from_secs(2), Duration::from_secs(10));
        let turn = turns.begin();
        drop(turns.begin());
        turns.look();
        assert_eq!(turns.turns.borrow().len(), 1);
        drop(turn);
        turns.look();
        assert!(turns.turns.borrow().is_empty());
    }
}
