//! Real threads: batches, panics, expiry and the end of a pool.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

use std::collections::HashSet;
use std::convert::Infallible;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use ferrocast_batch::{
    BatchObserver, BatchPolicy, BatchReport, BatchRunner, ClosedBy, Pool, PoolConfig, Priority, Rejected, TicketError,
};

/// Long enough for anything that is to happen.
const SOON: Duration = Duration::from_secs(20);

fn pool(threads: usize) -> Pool {
    Pool::new(&PoolConfig { threads: NonZeroUsize::new(threads).unwrap(), name: "test".to_owned() }).unwrap()
}

/// Doubles numbers. Each run says that it has begun and waits until it is let go.
struct Gated {
    began: SyncSender<usize>,
    go: Mutex<Receiver<()>>,
}

impl Gated {
    /// The runner, what tells of begun runs with their sizes, and what lets them go.
    fn new() -> (Arc<Gated>, Receiver<usize>, SyncSender<()>) {
        let (began, beginnings) = sync_channel(1_000);
        let (go, gate) = sync_channel(1_000);
        (Arc::new(Gated { began, go: Mutex::new(gate) }), beginnings, go)
    }
}

impl BatchRunner for Gated {
    type Item = u64;
    type Output = u64;
    type Error = Infallible;

    fn rows(&self, _: &u64) -> usize {
        1
    }

    fn split(&self, item: u64, _: usize) -> Vec<u64> {
        vec![item]
    }

    fn join(&self, outputs: Vec<u64>) -> Result<u64, Infallible> {
        Ok(outputs[0])
    }

    fn run(&self, items: Vec<u64>) -> Vec<Result<u64, Infallible>> {
        self.began.send(items.len()).unwrap();
        self.go.lock().unwrap().recv_timeout(SOON).unwrap();
        items.into_iter().map(|item| Ok(item * 2)).collect()
    }
}

#[test]
fn what_waits_while_all_threads_are_busy_runs_together() {
    let pool = pool(1);
    let (runner, began, go) = Gated::new();
    let queue = pool.queue(runner, BatchPolicy { max_rows: 8, ..BatchPolicy::default() }, Arc::new(()));
    let first = queue.try_submit(0, Priority::Live, None).unwrap();
    assert_eq!(began.recv_timeout(SOON), Ok(1));
    let others: Vec<_> = (1..=10).map(|item| queue.try_submit(item, Priority::Live, None).unwrap()).collect();
    (0..3).for_each(|_| go.send(()).unwrap());
    assert_eq!(first.wait().unwrap().report.closed_by, ClosedBy::Drained);
    for (item, ticket) in (1..=10).zip(others) {
        let done = ticket.wait().unwrap();
        assert_eq!(done.output, item * 2);
        let (rows, closed_by) = if item <= 8 { (8, ClosedBy::Full) } else { (2, ClosedBy::Drained) };
        assert_eq!((done.report.rows, done.report.closed_by), (rows, closed_by));
    }
}

#[test]
fn a_slow_queue_never_holds_all_threads() {
    let pool = pool(3);
    let (slow, began, go) = Gated::new();
    let slow = pool.queue(slow, BatchPolicy { max_rows: 1, ..BatchPolicy::default() }, Arc::new(()));
    let held: Vec<_> = (0..10).map(|item| slow.try_submit(item, Priority::Live, None).unwrap()).collect();
    (0..2).for_each(|_| assert_eq!(began.recv_timeout(SOON), Ok(1)));
    assert_eq!((slow.load().running, slow.load().items), (2, 8));
    // With both of them held up, another queue is served.
    let (fast, _began, fast_go) = Gated::new();
    let fast = pool.queue(fast, BatchPolicy::default(), Arc::new(()));
    for item in 0..100 {
        fast_go.send(()).unwrap();
        assert_eq!(fast.try_submit(item, Priority::Live, None).unwrap().wait().unwrap().output, item * 2);
    }
    assert!(began.try_recv().is_err(), "no third thread");
    (0..10).for_each(|_| go.send(()).unwrap());
    for (item, ticket) in (0..).zip(held) {
        assert_eq!(ticket.wait().unwrap().output, item * 2);
    }
}

#[test]
fn a_deadline_is_answered_while_all_threads_are_busy_and_its_item_never_runs() {
    let pool = pool(1);
    let (runner, began, go) = Gated::new();
    let queue = pool.queue(runner, BatchPolicy::default(), Arc::new(()));
    let first = queue.try_submit(1, Priority::Live, None).unwrap();
    began.recv_timeout(SOON).unwrap();
    let late = queue.try_submit(2, Priority::Live, Some(Instant::now() + Duration::from_millis(30))).unwrap();
    assert_eq!(late.wait(), Err(TicketError::Expired));
    assert_eq!(queue.load().items, 0, "its room is free at once");
    go.send(()).unwrap();
    assert!(first.wait().is_ok());
    assert_eq!(pool.shutdown(Instant::now() + SOON), 0);
    assert!(began.try_recv().is_err(), "no second run");
}

#[test]
fn a_full_queue_refuses_and_a_dropped_ticket_makes_room() {
    let pool = pool(1);
    let (runner, began, go) = Gated::new();
    let policy = BatchPolicy { max_rows: 1, max_queued_rows: 2, ..BatchPolicy::default() };
    let queue = pool.queue(runner, policy, Arc::new(()));
    let running = queue.try_submit(0, Priority::Live, None).unwrap();
    began.recv_timeout(SOON).unwrap();
    let kept = queue.try_submit(1, Priority::Live, None).unwrap();
    let dropped = queue.try_submit(2, Priority::Live, None).unwrap();
    assert_eq!(queue.try_submit(3, Priority::Live, None).unwrap_err(), Rejected::Full(3));
    drop(dropped);
    let instead = queue.try_submit(4, Priority::Live, None).unwrap();
    (0..3).for_each(|_| go.send(()).unwrap());
    let outputs = [running, kept, instead].map(|ticket| ticket.wait().unwrap().output);
    assert_eq!(outputs, [0, 2, 8]);
}

#[test]
fn a_delay_waits_for_company_and_no_longer() {
    let pool = pool(1);
    let (runner, began, go) = Gated::new();
    let policy = BatchPolicy { max_rows: 3, max_delay: Duration::from_millis(100), ..BatchPolicy::default() };
    let queue = pool.queue(runner, policy, Arc::new(()));
    (0..2).for_each(|_| go.send(()).unwrap());
    let full: Vec<_> = (0..3).map(|item| queue.try_submit(item, Priority::Live, None).unwrap()).collect();
    assert_eq!(began.recv_timeout(SOON), Ok(3));
    assert!(full.into_iter().all(|ticket| ticket.wait().unwrap().report.closed_by == ClosedBy::Full));
    let lonely = queue.try_submit(9, Priority::Live, None).unwrap().wait().unwrap();
    assert_eq!((lonely.report.rows, lonely.report.closed_by), (1, ClosedBy::Delay));
    assert!(lonely.report.waited >= Duration::from_millis(100));
}

#[test]
fn a_delay_does_not_wait_for_the_deadline() {
    let pool = pool(1);
    let (runner, _began, go) = Gated::new();
    let policy = BatchPolicy { max_rows: 3, max_delay: Duration::MAX, ..BatchPolicy::default() };
    let queue = pool.queue(runner, policy, Arc::new(()));
    go.send(()).unwrap();
    let ticket = queue.try_submit(9, Priority::Live, Some(Instant::now() + Duration::from_millis(400))).unwrap();
    assert_eq!(ticket.wait().unwrap().output, 18);
}

/// Panics whatever it hears.
struct Touchy;

impl BatchObserver for Touchy {
    fn ran(&self, _: &BatchReport) {
        std::panic::resume_unwind(Box::new("touchy"));
    }

    fn expired(&self) {
        std::panic::resume_unwind(Box::new("touchy"));
    }
}

#[test]
fn a_panicking_observer_costs_neither_answers_nor_threads() {
    let pool = pool(1);
    let (runner, began, go) = Gated::new();
    let queue = pool.queue(runner, BatchPolicy::default(), Arc::new(Touchy));
    for item in 0..10 {
        let first = queue.try_submit(item, Priority::Live, None).unwrap();
        began.recv_timeout(SOON).unwrap();
        // Found expired by the thread, and those behind it run.
        let mut late = queue.try_submit(0, Priority::Live, Some(Instant::now())).unwrap();
        let behind = queue.try_submit(item + 1, Priority::Live, None).unwrap();
        (0..2).for_each(|_| go.send(()).unwrap());
        assert_eq!((first.wait().unwrap().output, behind.wait().unwrap().output), (item * 2, item * 2 + 2));
        began.recv_timeout(SOON).unwrap();
        let answer = Pin::new(&mut late).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(answer, Poll::Ready(Err(TicketError::Expired)));
    }
}

#[test]
fn a_shutdown_runs_what_waits() {
    let pool = pool(2);
    let (runner, _began, go) = Gated::new();
    let queue = pool.queue(runner, BatchPolicy { max_rows: 1, ..BatchPolicy::default() }, Arc::new(()));
    let tickets: Vec<_> = (0..20).map(|item| queue.try_submit(item, Priority::Live, None).unwrap()).collect();
    (0..20).for_each(|_| go.send(()).unwrap());
    assert_eq!(pool.shutdown(Instant::now() + SOON), 0);
    assert_eq!(queue.try_submit(1, Priority::Live, None).unwrap_err(), Rejected::Closed(1));
    assert!(tickets.into_iter().all(|ticket| ticket.wait().is_ok()));
    let (runner, ..) = Gated::new();
    let late = pool.queue(runner, BatchPolicy::default(), Arc::new(()));
    assert_eq!(late.try_submit(1, Priority::Live, None).unwrap_err(), Rejected::Closed(1));
}

#[test]
fn a_shutdown_refuses_what_waits_longer_than_it() {
    let pool = pool(1);
    let (runner, began, go) = Gated::new();
    let queue = pool.queue(runner, BatchPolicy { max_rows: 1, ..BatchPolicy::default() }, Arc::new(()));
    let running = queue.try_submit(1, Priority::Live, None).unwrap();
    began.recv_timeout(SOON).unwrap();
    let waiting = queue.try_submit(2, Priority::Live, None).unwrap();
    assert_eq!(pool.shutdown(Instant::now() + Duration::from_millis(30)), 1);
    assert_eq!(waiting.wait(), Err(TicketError::Closed));
    go.send(()).unwrap();
    assert_eq!(running.wait().unwrap().output, 2, "what runs is not interrupted");
}

/// Gives numbers back, cut and joined, and panics over one of them.
struct Numbers {
    threads: Mutex<HashSet<String>>,
}

const UNLUCKY: u64 = 13;

impl BatchRunner for Numbers {
    type Item = Vec<u64>;
    type Output = Vec<u64>;
    type Error = &'static str;

    fn rows(&self, item: &Vec<u64>) -> usize {
        item.len()
    }

    fn split(&self, item: Vec<u64>, max_rows: usize) -> Vec<Vec<u64>> {
        item.chunks(max_rows).map(<[u64]>::to_vec).collect()
    }

    fn join(&self, outputs: Vec<Vec<u64>>) -> Result<Vec<u64>, &'static str> {
        Ok(outputs.concat())
    }

    fn run(&self, items: Vec<Vec<u64>>) -> Vec<Result<Vec<u64>, &'static str>> {
        self.threads.lock().unwrap().insert(thread::current().name().unwrap_or_default().to_owned());
        if items.iter().flatten().any(|&number| number == UNLUCKY) {
            std::panic::resume_unwind(Box::new("unlucky"));
        }
        items.into_iter().map(Ok).collect()
    }
}

#[derive(Default)]
struct Tally {
    rows: AtomicUsize,
    rejected: AtomicUsize,
}

impl BatchObserver for Tally {
    fn ran(&self, report: &BatchReport) {
        self.rows.fetch_add(report.rows, Ordering::Relaxed);
    }

    fn rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn many_callers_get_their_own_answers() {
    let pool = pool(2);
    let tally = Arc::new(Tally::default());
    let runner = Arc::new(Numbers { threads: Mutex::default() });
    let policy = BatchPolicy { max_rows: 16, max_queued_rows: 200, max_concurrency: Some(2), ..BatchPolicy::default() };
    let queue = pool.queue(Arc::clone(&runner), policy, Arc::clone(&tally) as Arc<dyn BatchObserver>);
    let caller = |caller: u64| {
        let queue = queue.clone();
        move || {
            let mut answered = 0;
            for call in 0..500 {
                let first = 1_000 + (caller * 1_000 + call) * 100;
                let item: Vec<u64> = (first..=first + (caller * 7 + call * 13) % 60).collect();
                match queue.try_submit(item.clone(), Priority::Live, None) {
                    Ok(ticket) => {
                        assert_eq!(ticket.wait().unwrap().output, item);
                        answered += item.len();
                    }
                    Err(refused) => assert_eq!(refused, Rejected::Full(item)),
                }
            }
            answered
        }
    };
    let callers: Vec<_> = (0..8).map(|number| thread::spawn(caller(number))).collect();
    let answered: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
    drop(queue);
    pool.shutdown(Instant::now() + SOON);
    assert_eq!(tally.rows.load(Ordering::Relaxed), answered);
    let names = runner.threads.lock().unwrap().clone();
    assert!(names.iter().all(|name| name == "test-0" || name == "test-1"), "{names:?}");
}

#[test]
fn a_panic_costs_its_batch_and_nothing_else() {
    let pool = pool(1);
    let runner = Arc::new(Numbers { threads: Mutex::default() });
    let queue = pool.queue(runner, BatchPolicy { max_rows: 4, ..BatchPolicy::default() }, Arc::new(()));
    for _ in 0..50 {
        let unlucky = queue.try_submit(vec![UNLUCKY], Priority::Live, None).unwrap();
        assert_eq!(unlucky.wait(), Err(TicketError::Panicked));
        let whole = queue.try_submit((20..30).collect(), Priority::Live, None).unwrap();
        assert_eq!(whole.wait().unwrap().output, (20..30).collect::<Vec<_>>());
        let in_its_last_piece = queue.try_submit((4..=UNLUCKY).collect(), Priority::Live, None).unwrap();
        assert_eq!(in_its_last_piece.wait(), Err(TicketError::Panicked));
    }
    // A thread counts as running until it has answered.
    pool.shutdown(Instant::now() + SOON);
    assert_eq!(queue.load().running, 0);
}
