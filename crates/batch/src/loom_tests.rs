//! Every interleaving of the few steps in which two threads meet: no wake-up is lost, and no answer.
//!
//! loom finds a lost wake-up as a deadlock.

use std::convert::Infallible;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::thread;

use crate::clock::Clock;
use crate::{BatchPolicy, BatchRunner, Pool, Priority, Queue, TicketError};

/// Gives each number back.
struct Echo;

impl BatchRunner for Echo {
    type Item = u32;
    type Output = u32;
    type Error = Infallible;

    fn rows(&self, _: &u32) -> usize {
        1
    }

    fn split(&self, item: u32, _: usize) -> Vec<u32> {
        vec![item]
    }

    fn join(&self, outputs: Vec<u32>) -> Result<u32, Infallible> {
        Ok(outputs[0])
    }

    fn run(&self, items: Vec<u32>) -> Vec<Result<u32, Infallible>> {
        items.into_iter().map(Ok).collect()
    }
}

/// A pool without threads: the tests bring theirs.
fn pool() -> (Pool, Queue<Echo>) {
    let pool = Pool::idle(Clock::System, NonZeroUsize::MIN);
    let policy = BatchPolicy { max_rows: 1, max_concurrency: Some(1), ..BatchPolicy::default() };
    let queue = pool.queue(Arc::new(Echo), policy, Arc::new(()));
    (pool, queue)
}

#[test]
fn a_sleeping_thread_hears_of_an_item_and_its_awaiter_of_the_answer() {
    loom::model(|| {
        let (pool, queue) = pool();
        let schedule = pool.schedule();
        let worker = thread::spawn(move || schedule.work_once());
        let ticket = queue.try_submit(7, Priority::Live, None).unwrap();
        assert_eq!(block_on(ticket).unwrap().output, 7);
        assert!(worker.join().unwrap());
    });
}

#[test]
fn a_blocked_caller_hears_of_the_answer() {
    loom::model(|| {
        let (pool, queue) = pool();
        let ticket = queue.try_submit(7, Priority::Live, None).unwrap();
        let schedule = pool.schedule();
        let worker = thread::spawn(move || schedule.work_once());
        assert_eq!(ticket.wait().unwrap().output, 7);
        assert!(worker.join().unwrap());
    });
}

#[test]
fn a_ticket_that_was_polled_can_be_waited_for() {
    loom::model(|| {
        let (pool, queue) = pool();
        let mut ticket = queue.try_submit(7, Priority::Live, None).unwrap();
        let polled = Pin::new(&mut ticket).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let schedule = pool.schedule();
        let worker = thread::spawn(move || schedule.work_once());
        assert_eq!(ticket.wait().unwrap().output, 7);
        assert!(worker.join().unwrap());
    });
}

#[test]
fn what_a_full_queue_holds_back_runs_when_its_thread_is_done() {
    // Two items, two threads, one of which may work for the queue at a time: whoever finishes sees to the second.
    loom::model(|| {
        let (pool, queue) = pool();
        let first = queue.try_submit(1, Priority::Live, None).unwrap();
        let schedule = pool.schedule();
        let worker = thread::spawn(move || while schedule.work_once() {});
        let second = queue.try_submit(2, Priority::Live, None).unwrap();
        pool.close();
        while pool.schedule().work_once() {}
        worker.join().unwrap();
        assert_eq!(first.wait().unwrap().output, 1);
        assert_eq!(second.wait().unwrap().output, 2);
    });
}

#[test]
fn a_dropped_ticket_and_its_run_agree_on_who_is_first() {
    loom::model(|| {
        let (pool, queue) = pool();
        let ticket = queue.try_submit(7, Priority::Live, None).unwrap();
        let schedule = pool.schedule();
        let worker = thread::spawn(move || {
            if let Some(work) = schedule.try_next() {
                work();
            }
        });
        drop(ticket);
        worker.join().unwrap();
        let load = queue.load();
        assert_eq!((load.items, load.rows, load.running), (0, 0, 0));
    });
}

#[test]
fn a_close_beside_a_submission_leaves_no_item_without_an_answer() {
    loom::model(|| {
        let (pool, queue) = pool();
        let schedule = pool.schedule();
        let worker = thread::spawn(move || while schedule.work_once() {});
        let submitter =
            thread::spawn(move || queue.try_submit(7, Priority::Live, None).ok().map(|ticket| ticket.wait()));
        pool.close();
        let answer = submitter.join().unwrap();
        worker.join().unwrap();
        assert!(answer.is_none_or(|answer| matches!(answer, Ok(_) | Err(TicketError::Closed))));
    });
}
