//! Any interleaving, on one thread and a clock that is moved by hand: nothing is lost, doubled, mixed up or late.
//!
//! A thread of the pool is two steps here, taking a batch and running it, so that several may be under way at once
//! and anything may happen between the two.

use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::clock::Clock;
use crate::schedule::Work;
use crate::{BatchObserver, BatchPolicy, BatchReport, BatchRunner, Completed, Pool, Priority, Queue, Rejected};
use crate::{Ticket, TicketError};

const QUEUES: usize = 3;

/// More than any queue asks for.
const THREADS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Rows `rows` of item `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    id: usize,
    rows: std::ops::Range<usize>,
    /// Items of different kinds do not run together.
    kind: u8,
    fault: Fault,
    deadline: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Error,
    PanicInRun,
    PanicInSplit,
    PanicInJoin,
    NoAnswer,
}

/// What all queues share with the test.
#[derive(Debug, Default)]
struct World {
    /// The step at which each ticket was dropped.
    dropped: HashMap<usize, usize>,
    /// The step and the time at which the batch that runs now was taken.
    taken: Option<(usize, Instant)>,
    rejected: usize,
    broken: Vec<String>,
}

impl World {
    fn check(&mut self, holds: bool, rule: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(rule());
        }
    }
}

struct Runner {
    world: Arc<Mutex<World>>,
    policy: BatchPolicy,
}

/// Each row says whose it is.
type Rows = Vec<(usize, usize)>;

impl BatchRunner for Runner {
    type Item = Item;
    type Output = (Rows, Fault);
    type Error = &'static str;

    fn rows(&self, item: &Item) -> usize {
        item.rows.len()
    }

    fn bytes(&self, item: &Item) -> usize {
        item.rows.len() * 8
    }

    fn can_join(&self, first: &Item, next: &Item) -> bool {
        first.kind == next.kind
    }

    fn split(&self, item: Item, max_rows: usize) -> Vec<Item> {
        panic_if(item.fault == Fault::PanicInSplit);
        let starts = item.rows.clone().step_by(max_rows);
        starts.map(|from| Item { rows: from..item.rows.end.min(from + max_rows), ..item.clone() }).collect()
    }

    fn join(&self, outputs: Vec<(Rows, Fault)>) -> Result<(Rows, Fault), &'static str> {
        let fault = outputs[0].1;
        panic_if(fault == Fault::PanicInJoin);
        Ok((outputs.into_iter().flat_map(|(rows, _)| rows).collect(), fault))
    }

    fn run(&self, items: Vec<Item>) -> Vec<Result<(Rows, Fault), &'static str>> {
        {
            let mut world = self.world.lock().unwrap();
            let (step, time) = world.taken.unwrap();
            let rows: usize = items.iter().map(|item| item.rows.len()).sum();
            let kind = items[0].kind;
            world.check(rows <= self.policy.max_rows, || format!("{rows} rows at once"));
            world.check(rows * 8 <= self.policy.max_bytes || items.len() == 1, || format!("{} bytes", rows * 8));
            for item in &items {
                let dropped = world.dropped.get(&item.id).copied();
                world.check(item.kind == kind, || format!("{item:?} joined another kind"));
                world.check(dropped.is_none_or(|at| at > step), || format!("{item:?} ran after it was dropped"));
                world.check(item.deadline.is_none_or(|at| at > time), || format!("{item:?} ran too late"));
            }
        }
        panic_if(items.iter().any(|item| item.fault == Fault::PanicInRun));
        let answers = items.iter().take_while(|item| item.fault != Fault::NoAnswer).map(|item| match item.fault {
            Fault::Error => Err("told to"),
            fault => Ok((item.rows.clone().map(|row| (item.id, row)).collect(), fault)),
        });
        answers.collect()
    }
}

/// Panics without a message: these are part of the test.
fn panic_if(told_to: bool) {
    if told_to {
        std::panic::resume_unwind(Box::new("told to"));
    }
}

impl BatchObserver for Mutex<World> {
    fn ran(&self, report: &BatchReport) {
        self.lock().unwrap().check(report.items > 0 && report.rows >= report.items, || format!("{report:?}"));
    }

    fn rejected(&self) {
        self.lock().unwrap().rejected += 1;
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Submit {
        queue: usize,
        rows: usize,
        kind: u8,
        fault: Fault,
        background: bool,
        deadline_ms: Option<u64>,
    },
    /// Drops one of the tickets.
    Cancel(prop::sample::Index),
    Pass {
        ms: u64,
    },
    /// A thread takes a batch, if there is one.
    Take,
    /// One of the batches that were taken runs.
    Run(prop::sample::Index),
    /// Intake ends.
    Close,
    /// What waits is refused.
    Refuse,
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![
        12 => Just(Fault::None),
        1 => Just(Fault::Error),
        1 => Just(Fault::PanicInRun),
        1 => Just(Fault::PanicInSplit),
        1 => Just(Fault::PanicInJoin),
        1 => Just(Fault::NoAnswer),
    ];
    let submit = (0..QUEUES, 1..30usize, 0..2u8, fault, any::<bool>(), prop::option::of(0..20u64));
    prop_oneof![
        40 => submit.prop_map(|(queue, rows, kind, fault, background, deadline_ms)| {
            Step::Submit { queue, rows, kind, fault, background, deadline_ms }
        }),
        8 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        8 => (1..10u64).prop_map(|ms| Step::Pass { ms }),
        25 => Just(Step::Take),
        25 => any::<prop::sample::Index>().prop_map(Step::Run),
        1 => Just(Step::Close),
        1 => Just(Step::Refuse),
    ]
}

fn policy() -> impl Strategy<Value = BatchPolicy> {
    (1..12usize, 1..20usize, 1..60usize, 0..6u64, 1..4usize).prop_map(|(max_rows, kilo, queued, delay, threads)| {
        BatchPolicy {
            max_rows,
            max_bytes: kilo * 8,
            max_queued_rows: queued,
            max_queued_bytes: queued * 7,
            max_delay: Duration::from_millis(delay),
            max_concurrency: Some(threads),
        }
    })
}

struct Held {
    ticket: Ticket<(Rows, Fault), &'static str>,
    item: Item,
    policy: BatchPolicy,
}

struct Simulation {
    clock: Arc<Mutex<Instant>>,
    world: Arc<Mutex<World>>,
    pool: Pool,
    queues: Vec<Queue<Runner>>,
    tickets: Vec<Held>,
    under_way: Vec<(Work, usize, Instant)>,
    submitted: usize,
    rejected: usize,
    step: usize,
    closed: bool,
    refused: bool,
    panics: bool,
    leaves_out: bool,
}

impl Simulation {
    fn new(policies: Vec<BatchPolicy>) -> Simulation {
        let clock = Arc::new(Mutex::new(Instant::now()));
        let world = Arc::new(Mutex::new(World::default()));
        let pool = Pool::idle(Clock::Manual(Arc::clone(&clock)), THREADS);
        let queue = |policy: BatchPolicy| {
            let runner = Runner { world: Arc::clone(&world), policy };
            pool.queue(Arc::new(runner), policy, Arc::clone(&world) as Arc<dyn BatchObserver>)
        };
        let queues = policies.into_iter().map(queue).collect();
        Simulation {
            clock,
            world,
            pool,
            queues,
            tickets: Vec::new(),
            under_way: Vec::new(),
            submitted: 0,
            rejected: 0,
            step: 0,
            closed: false,
            refused: false,
            panics: false,
            leaves_out: false,
        }
    }

    fn now(&self) -> Instant {
        *self.clock.lock().unwrap()
    }

    fn happen(&mut self, step: &Step) {
        self.step += 1;
        match step {
            &Step::Submit { queue, rows, kind, fault, background, deadline_ms } => {
                let deadline = deadline_ms.map(|ms| self.now() + Duration::from_millis(ms));
                let item = Item { id: self.submitted, rows: 0..rows, kind, fault, deadline };
                self.submit(queue, item, if background { Priority::Background } else { Priority::Live });
            }
            Step::Cancel(which) if !self.tickets.is_empty() => {
                let held = self.tickets.swap_remove(which.index(self.tickets.len()));
                self.world.lock().unwrap().dropped.insert(held.item.id, self.step);
            }
            Step::Pass { ms } => *self.clock.lock().unwrap() += Duration::from_millis(*ms),
            Step::Take => {
                let now = self.now();
                if let Some(work) = self.pool.schedule().try_next() {
                    self.under_way.push((work, self.step, now));
                }
            }
            Step::Run(which) if !self.under_way.is_empty() => self.run(which.index(self.under_way.len())),
            Step::Close => {
                self.closed = true;
                self.pool.close();
            }
            Step::Refuse if self.closed => {
                self.refused = true;
                self.queues.iter().for_each(|queue| {
                    let waiting = queue.load().items;
                    assert_eq!(queue.scheduled().refuse_waiting(), waiting);
                });
            }
            _ => {}
        }
        for queue in &self.queues {
            let (load, policy) = (queue.load(), *queue.policy());
            let bounded = load.rows <= policy.max_queued_rows && load.bytes <= policy.max_queued_bytes;
            let threads = policy.max_concurrency.unwrap();
            let mut world = self.world.lock().unwrap();
            // One item above the limits by itself may wait, whole or in pieces.
            world.check(bounded || load.rows < 30, || format!("{load:?}"));
            world.check(load.running <= threads, || format!("{} threads", load.running));
        }
    }

    fn submit(&mut self, queue: usize, item: Item, priority: Priority) {
        self.submitted += 1;
        self.panics |= item.fault == Fault::PanicInRun;
        self.leaves_out |= item.fault == Fault::NoAnswer;
        let queue = &self.queues[queue];
        match queue.try_submit(item.clone(), priority, item.deadline) {
            Ok(ticket) => self.tickets.push(Held { ticket, item, policy: *queue.policy() }),
            Err(Rejected::Full(back)) => {
                self.rejected += 1;
                let load = queue.load();
                let share = if priority == Priority::Background { 2 } else { 1 };
                let full = load.rows + item.rows.len() > queue.policy().max_queued_rows / share
                    || load.bytes + item.rows.len() * 8 > queue.policy().max_queued_bytes / share;
                self.world.lock().unwrap().check(full && back == item, || format!("refused {item:?} at {load:?}"));
            }
            Err(Rejected::Closed(back)) => {
                let closed = self.closed;
                self.world.lock().unwrap().check(closed && back == item, || "closed too early".to_owned());
            }
        }
    }

    fn run(&mut self, which: usize) {
        let (work, step, time) = self.under_way.swap_remove(which);
        self.world.lock().unwrap().taken = Some((step, time));
        work();
    }

    /// Runs all that is left, and compares every answer.
    fn finish(mut self) -> Result<(), TestCaseError> {
        // Past every delay.
        *self.clock.lock().unwrap() += Duration::from_millis(6);
        loop {
            self.happen(&Step::Take);
            if self.under_way.is_empty() {
                break;
            }
            self.run(0);
        }
        for queue in &self.queues {
            let load = queue.load();
            prop_assert_eq!((load.items, load.rows, load.bytes, load.running), (0, 0, 0, 0));
        }
        let now = self.now();
        for held in std::mem::take(&mut self.tickets) {
            let item = held.item;
            match answer(held.ticket) {
                Ok(completed) => {
                    let whole: Rows = item.rows.clone().map(|row| (item.id, row)).collect();
                    prop_assert_eq!(&completed.output.0, &whole);
                    prop_assert!(completed.report.rows <= held.policy.max_rows);
                }
                Err(TicketError::Run(_)) => prop_assert_eq!(item.fault, Fault::Error),
                Err(TicketError::Panicked) => {
                    prop_assert!(self.panics || matches!(item.fault, Fault::PanicInSplit | Fault::PanicInJoin));
                }
                // A runner that leaves an answer out leaves out those behind it, of other items too.
                Err(TicketError::Unanswered) => prop_assert!(self.leaves_out),
                Err(TicketError::Expired) => prop_assert!(item.deadline.is_some_and(|deadline| deadline <= now)),
                Err(TicketError::Closed) => prop_assert!(self.refused),
            }
        }
        let world = self.world.lock().unwrap();
        prop_assert_eq!(&world.broken, &Vec::<String>::new());
        prop_assert_eq!(world.rejected, self.rejected);
        Ok(())
    }
}

/// The answer, which must be there.
fn answer<T, E>(ticket: Ticket<T, E>) -> Result<Completed<T>, TicketError<E>> {
    match pin!(ticket).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("an item without an answer"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_item_gets_its_own_answer_once_or_a_reason(
        policies in prop::collection::vec(policy(), QUEUES),
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut simulation = Simulation::new(policies);
        steps.iter().for_each(|step| simulation.happen(step));
        simulation.finish()?;
    }
}

/// A batch is taken from each queue that has something to run before any gets a second turn, whatever else comes in.
#[test]
fn a_flooded_queue_does_not_starve_the_others() {
    let policy = BatchPolicy { max_rows: 1, max_queued_bytes: usize::MAX, ..BatchPolicy::default() };
    let mut simulation = Simulation::new(vec![policy; QUEUES]);
    let item = |id| Item { id, rows: 0..1, kind: 0, fault: Fault::None, deadline: None };
    for id in 0..100 {
        simulation.submit(0, item(id), Priority::Live);
    }
    let mut order = Vec::new();
    for turn in 0..12 {
        // Two others, which come with a few at a time.
        if turn % 6 == 0 {
            for queue in [1, 2, 1, 2] {
                simulation.submit(queue, item(1_000 + turn), Priority::Live);
            }
        }
        let before: Vec<usize> = simulation.queues.iter().map(|queue| queue.load().items).collect();
        simulation.happen(&Step::Take);
        let after = simulation.queues.iter().map(|queue| queue.load().items);
        order.push(before.into_iter().zip(after).position(|(before, after)| after < before).unwrap());
        simulation.run(0);
    }
    assert_eq!(order, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
}

#[test]
fn background_items_yield_to_live_ones_of_any_queue_but_fill_up_their_runs() {
    let policy = BatchPolicy { max_rows: 2, ..BatchPolicy::default() };
    let mut simulation = Simulation::new(vec![policy; 2]);
    let item = |id| Item { id, rows: 0..1, kind: 0, fault: Fault::None, deadline: None };
    simulation.submit(0, item(0), Priority::Background);
    simulation.submit(0, item(1), Priority::Background);
    simulation.submit(1, item(2), Priority::Background);
    simulation.submit(1, item(3), Priority::Live);
    let waiting = |simulation: &Simulation| [0, 1].map(|queue| simulation.queues[queue].load().items);
    simulation.happen(&Step::Take);
    assert_eq!(waiting(&simulation), [2, 0], "the live item, with the one of the background behind it");
    simulation.happen(&Step::Take);
    assert_eq!(waiting(&simulation), [0, 0]);
}
