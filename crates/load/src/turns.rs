//! Whose turn it is: when the next request may be sent, and from when its latency counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::Pace;

/// From when to when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) began: Instant,
    /// The end of warming up.
    pub(crate) measured_from: Instant,
    /// No request is sent any more.
    pub(crate) ends: Instant,
}

impl Times {
    pub(crate) fn from_now(warm_up: Duration, duration: Duration) -> Times {
        let began = Instant::now();
        let measured_from = began + warm_up;
        Times { began, measured_from, ends: measured_from + duration }
    }
}

/// Hands out turns to all connections.
#[derive(Debug)]
pub(crate) enum Turns {
    /// Whoever asks is next.
    Closed,
    /// In the order and at the times of a schedule.
    Open(Schedule),
}

impl Turns {
    pub(crate) fn new(pace: Pace, times: &Times) -> Turns {
        match pace {
            Pace::Closed => Turns::Closed,
            Pace::Open { per_second } => Turns::Open(Schedule::new(per_second, times)),
        }
    }

    /// When the request was due that may be sent now; `None` if there is no more to be sent.
    pub(crate) async fn next(&self, times: &Times) -> Option<Instant> {
        match self {
            Turns::Closed => Some(Instant::now()).filter(|now| *now < times.ends),
            Turns::Open(schedule) => schedule.next(times).await,
        }
    }

    /// Lets requests go when they are due, if that is for a schedule to say, until the end or until `is_stopped`.
    pub(crate) fn keep(&self, times: &Times, is_stopped: impl Fn() -> bool) {
        match self {
            Turns::Closed => {}
            Turns::Open(schedule) => schedule.keep(times, is_stopped),
        }
    }

    /// Requests of the measurement that were due and never had a turn.
    pub(crate) fn missed(&self) -> u64 {
        match self {
            Turns::Closed => 0,
            Turns::Open(schedule) => schedule.missed(),
        }
    }
}

/// How soon it is noticed that all is to stop, and how long the last request may take to find a connection that is free.
const NAP: Duration = Duration::from_millis(10);

/// Requests at even distances. Those that are due wait for a connection, in order.
#[derive(Debug)]
pub(crate) struct Schedule {
    per_second: f64,
    /// How many there are, those of warming up among them.
    count: u64,
    /// How many of them belong to warming up.
    warm_up: u64,
    /// Those that are due and have no connection yet.
    waiting: Semaphore,
    due: AtomicU64,
    taken: AtomicU64,
}

impl Schedule {
    fn new(per_second: f64, times: &Times) -> Schedule {
        // A hair less, so that 0.3 s of 100 a second are 30 whatever a binary fraction makes of 0.3.
        let until = |end: Instant| (end.duration_since(times.began).as_secs_f64() * per_second - 1e-6).ceil() as u64;
        let (count, warm_up) = (until(times.ends), until(times.measured_from));
        let (due, taken) = (AtomicU64::new(0), AtomicU64::new(0));
        Schedule { per_second, count, warm_up, waiting: Semaphore::new(0), due, taken }
    }

    /// When a request is due, counted from 0.
    fn time_of(&self, number: u64, times: &Times) -> Instant {
        times.began + Duration::from_secs_f64(number as f64 / self.per_second)
    }

    async fn next(&self, times: &Times) -> Option<Instant> {
        self.waiting.acquire().await.ok()?.forget();
        Some(self.time_of(self.taken.fetch_add(1, Ordering::Relaxed), times))
    }

    /// For a thread of its own: the timers of an
    /// executor are no finer than a millisecond, which is more than many an answer takes.
    fn keep(&self, times: &Times, is_stopped: impl Fn() -> bool) {
        let mut due = 0;
        loop {
            let now = Instant::now();
            let before = due;
            while due < self.count && self.time_of(due, times) <= now {
                due += 1;
            }
            self.due.store(due, Ordering::Relaxed);
            self.waiting.add_permits(usize::try_from(due - before).unwrap_or(usize::MAX));
            if now >= times.ends {
                // Connections that are free take the last ones meanwhile.
                std::thread::sleep(NAP);
            }
            if now >= times.ends || is_stopped() {
                // What still waits is never sent.
                return self.waiting.close();
            }
            let next = if due < self.count { self.time_of(due, times) } else { times.ends };
            std::thread::sleep(next.saturating_duration_since(Instant::now()).min(NAP));
        }
    }

    fn missed(&self) -> u64 {
        let sent = self.taken.load(Ordering::Relaxed).max(self.warm_up);
        self.due.load(Ordering::Relaxed).saturating_sub(sent)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use super::{Schedule, Times, Turns};
    use crate::Pace;

    #[test]
    fn requests_are_due_at_even_distances() {
        let times = Times::from_now(Duration::from_millis(100), Duration::from_millis(200));
        let schedule = Schedule::new(100.0, &times);
        assert_eq!((schedule.count, schedule.warm_up), (30, 10));
        let first_measured = schedule.time_of(schedule.warm_up, &times);
        assert_eq!(first_measured, times.measured_from);
        assert_eq!(schedule.time_of(11, &times).duration_since(first_measured), Duration::from_millis(10));
        assert!(schedule.time_of(schedule.count, &times) >= times.ends);
    }

    #[tokio::test]
    async fn what_nobody_takes_is_missed() {
        let times = Times::from_now(Duration::ZERO, Duration::from_millis(50));
        let turns = Arc::new(Turns::new(Pace::Open { per_second: 100.0 }, &times));
        let keeper = thread::spawn({
            let turns = Arc::clone(&turns);
            move || turns.keep(&times, || false)
        });
        assert_eq!(turns.next(&times).await, Some(times.began));
        keeper.join().unwrap();
        assert_eq!(turns.missed(), 4);
        assert_eq!(turns.next(&times).await, None);
    }

    #[tokio::test]
    async fn a_closed_loop_ends_with_its_time() {
        let times = Times::from_now(Duration::ZERO, Duration::ZERO);
        assert_eq!(Turns::new(Pace::Closed, &times).next(&times).await, None);
        let times = Times::from_now(Duration::ZERO, Duration::from_secs(60));
        assert!(Turns::new(Pace::Closed, &times).next(&times).await.is_some());
    }
}
