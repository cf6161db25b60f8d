//! Whose turn it is: the queues that have something to run. Time is an argument.

use std::collections::VecDeque;
use std::time::Instant;

use crate::Priority;

/// When a queue wants a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// As soon as a thread is free.
    Now(Priority),
    /// Not before this time.
    At(Instant, Priority),
}

/// The queues that asked for a turn, in the order of their asking: one that asks again stands behind all others.
#[derive(Debug)]
pub(crate) struct Turns<Q> {
    live: VecDeque<(Q, Turn)>,
    background: VecDeque<(Q, Turn)>,
    later: Vec<(Instant, Priority, Q)>,
}

impl<Q> Turns<Q> {
    pub(crate) fn new() -> Turns<Q> {
        Turns { live: VecDeque::new(), background: VecDeque::new(), later: Vec::new() }
    }

    pub(crate) fn ask(&mut self, queue: Q, turn: Turn) {
        match turn {
            Turn::Now(priority) => self.line(priority).push_back((queue, turn)),
            Turn::At(due, priority) => self.later.push((due, priority, queue)),
        }
    }

    /// Whether some queue could have its turn now.
    pub(crate) fn is_waited_for(&self) -> bool {
        !self.live.is_empty() || !self.background.is_empty()
    }

    /// The queue whose turn it is, and the turn that it asked for.
    pub(crate) fn next(&mut self, now: impl FnOnce() -> Instant) -> Option<(Q, Turn)> {
        if !self.later.is_empty() {
            let now = now();
            self.stand_in_line(|due| due <= now);
        }
        self.live.pop_front().or_else(|| self.background.pop_front())
    }

    /// When the next turn of the future is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.later.iter().map(|(due, ..)| *due).min()
    }

    /// Makes every turn of the future one of now.
    pub(crate) fn hurry(&mut self) {
        self.stand_in_line(|_| true);
    }

    fn stand_in_line(&mut self, is_due: impl Fn(Instant) -> bool) {
        let due: Vec<_> = self.later.extract_if(.., |(due, ..)| is_due(*due)).collect();
        for (due, priority, queue) in due {
            self.line(priority).push_back((queue, Turn::At(due, priority)));
        }
    }

    fn line(&mut self, priority: Priority) -> &mut VecDeque<(Q, Turn)> {
        match priority {
            Priority::Live => &mut self.live,
            Priority::Background => &mut self.background,
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Turn, Turns};
    use crate::Priority::{Background, Live};

    #[test]
    fn live_before_background_and_each_in_the_order_of_asking() {
        let mut turns = Turns::new();
        for (queue, priority) in [("a", Background), ("b", Live), ("c", Live), ("b", Live)] {
            turns.ask(queue, Turn::Now(priority));
        }
        let order: Vec<_> = std::iter::from_fn(|| turns.next(Instant::now)).map(|(queue, _)| queue).collect();
        assert_eq!(order, ["b", "c", "b", "a"]);
    }

    #[test]
    fn a_turn_of_the_future_stands_in_line_when_it_is_due() {
        let start = Instant::now();
        let due = start + Duration::from_millis(5);
        let mut turns = Turns::new();
        turns.ask("later", Turn::At(due, Live));
        assert_eq!(turns.next_due(), Some(due));
        assert_eq!(turns.next(|| start), None);
        turns.ask("now", Turn::Now(Live));
        assert_eq!(turns.next(|| due), Some(("now", Turn::Now(Live))));
        assert_eq!(turns.next(|| due), Some(("later", Turn::At(due, Live))));
        assert_eq!((turns.next(|| due), turns.next_due()), (None, None));
    }

    #[test]
    fn in_a_hurry_nothing_waits() {
        let start = Instant::now();
        let mut turns = Turns::new();
        turns.ask("later", Turn::At(start + Duration::from_secs(5), Live));
        turns.hurry();
        assert!(turns.next(|| start).is_some());
    }
}
