//! Equal questions at the same time are computed once, whatever becomes of the one who computes.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use ferrocast_cache::{Cache, ComputeError, Entry, Hit};
use tokio::sync::Notify;
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use crate::{FOR_LONG, PATIENCE, Why, cache, key};

type Answer = Result<(Entry, Hit), ComputeError<Why>>;

/// Callers of one key, each a task. With the runtime of one thread that these tests run on, all of them are either
/// computing or waiting when [`Callers::add`] returns.
struct Callers {
    cache: Arc<Cache<Why>>,
    tasks: JoinSet<Answer>,
    computed: Arc<AtomicUsize>,
}

impl Callers {
    fn new() -> Callers {
        Callers { cache: Arc::new(cache()), tasks: JoinSet::new(), computed: Arc::default() }
    }

    async fn add<F, Fut>(&mut self, number: usize, compute: F)
    where
        F: Fn() -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Bytes, Why>> + Send,
    {
        let begun = Arc::new(AtomicUsize::new(0));
        for _ in 0..number {
            let (cache, computed, begun) = (Arc::clone(&self.cache), Arc::clone(&self.computed), Arc::clone(&begun));
            let compute = compute.clone();
            self.tasks.spawn(async move {
                begun.fetch_add(1, Ordering::Relaxed);
                let counted = || async {
                    computed.fetch_add(1, Ordering::Relaxed);
                    compute().await
                };
                cache.get_or_compute(key(1), FOR_LONG, counted).await
            });
        }
        while begun.load(Ordering::Relaxed) < number {
            yield_now().await;
        }
    }

    fn computations(&self) -> usize {
        self.computed.load(Ordering::Relaxed)
    }

    /// All answers, except of those that were cancelled or panicked. Nobody may hang.
    async fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(joined) = timeout(PATIENCE, self.tasks.join_next()).await.expect("nobody hangs") {
            answers.extend(joined);
        }
        answers
    }
}

fn count(answers: &[Answer], hit: Hit) -> usize {
    answers.iter().filter(|answer| matches!(answer, Ok((_, how)) if *how == hit)).count()
}

async fn forever() -> Result<Bytes, Why> {
    std::future::pending().await
}

async fn body() -> Result<Bytes, Why> {
    Ok(Bytes::from("body"))
}

#[tokio::test]
async fn a_thousand_equal_misses_are_computed_once() {
    let mut callers = Callers::new();
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let compute = move || {
        let gate = Arc::clone(&gate);
        async move {
            gate.notified().await;
            body().await
        }
    };
    callers.add(1000, compute).await;
    go.notify_one();
    let answers = callers.answers().await;

    assert_eq!(callers.computations(), 1);
    assert_eq!((count(&answers, Hit::Miss), count(&answers, Hit::Shared)), (1, 999));
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|(entry, _)| entry.body() == "body")));
    let status = callers.cache.status();
    assert_eq!((status.misses, status.shared, status.memory, status.remote), (1, 999, 0, 0));
    assert_eq!(callers.cache.get(&key(1)).unwrap().body(), "body");
    assert_eq!(callers.cache.status().memory, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_race_compute_once() {
    for round in 0..200 {
        let cache = Arc::new(cache());
        let computed = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let (cache, computed) = (Arc::clone(&cache), Arc::clone(&computed));
            tasks.spawn(async move {
                let compute = || async {
                    computed.fetch_add(1, Ordering::Relaxed);
                    yield_now().await;
                    body().await
                };
                cache.get_or_compute(key(round), FOR_LONG, compute).await.unwrap().1
            });
        }
        let hits = timeout(PATIENCE, tasks.join_all()).await.expect("nobody hangs");
        assert_eq!(computed.load(Ordering::Relaxed), 1);
        assert_eq!(hits.iter().filter(|hit| **hit == Hit::Miss).count(), 1, "{hits:?}");
    }
}

#[tokio::test]
async fn different_questions_do_not_wait_for_each_other() {
    let mut callers = Callers::new();
    callers.add(1, forever).await;
    let other = callers.cache.get_or_compute(key(2), FOR_LONG, body);
    assert_eq!(timeout(PATIENCE, other).await.unwrap().unwrap().1, Hit::Miss);
}

#[tokio::test]
async fn when_the_one_who_computes_is_cancelled_another_takes_over() {
    let mut callers = Callers::new();
    callers.add(1, forever).await;
    let mut waiting = Callers { cache: Arc::clone(&callers.cache), ..Callers::new() };
    waiting.add(100, body).await;
    assert_eq!((callers.computations(), waiting.computations()), (1, 0));

    callers.tasks.shutdown().await;
    let answers = waiting.answers().await;
    assert_eq!((callers.computations(), waiting.computations()), (1, 1));
    assert_eq!((count(&answers, Hit::Miss), count(&answers, Hit::Shared)), (1, 99));
}

#[tokio::test]
async fn a_cascade_of_cancellations_ends_with_whoever_is_left() {
    let mut callers = Callers::new();
    callers.add(500, forever).await;
    let mut last = Callers { cache: Arc::clone(&callers.cache), ..Callers::new() };
    last.add(1, body).await;

    callers.tasks.shutdown().await;
    assert_eq!(count(&last.answers().await, Hit::Miss), 1);
}

#[tokio::test]
async fn cancelled_without_anybody_waiting_it_begins_anew() {
    let mut callers = Callers::new();
    callers.add(1, forever).await;
    callers.tasks.shutdown().await;
    callers.add(1, body).await;
    assert_eq!(count(&callers.answers().await, Hit::Miss), 1);
}

#[tokio::test]
async fn a_panic_goes_to_its_caller_and_another_takes_over() {
    let mut callers = Callers::new();
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let panics = move || {
        let gate = Arc::clone(&gate);
        async move {
            gate.notified().await;
            panic!("as it should")
        }
    };
    callers.add(1, panics).await;
    let mut waiting = Callers { cache: Arc::clone(&callers.cache), ..Callers::new() };
    waiting.add(10, body).await;
    go.notify_one();

    let answers = waiting.answers().await;
    assert_eq!((count(&answers, Hit::Miss), count(&answers, Hit::Shared)), (1, 9));
    assert!(callers.tasks.join_next().await.unwrap().unwrap_err().is_panic());
}

#[tokio::test]
async fn after_a_panic_the_next_call_computes() {
    let mut callers = Callers::new();
    callers.add(1, || async { panic!("as it should") }).await;
    assert!(callers.answers().await.is_empty());
    callers.add(1, body).await;
    assert_eq!(count(&callers.answers().await, Hit::Miss), 1);
}

/// A computation that yields once, so that others come to wait, and fails.
async fn fails(why: Why) -> Result<Bytes, Why> {
    yield_now().await;
    Err(why)
}

#[tokio::test]
async fn an_error_goes_to_all_who_wait_and_is_not_kept() {
    let mut callers = Callers::new();
    callers.add(100, || fails(Why::BadModel)).await;
    let answers = callers.answers().await;
    assert_eq!(callers.computations(), 1);
    assert_eq!(answers.len(), 100);
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(matches!(error, ComputeError::Shared(_)));
        assert_eq!(*error.failure(), Why::BadModel);
    }
    assert_eq!(callers.cache.get(&key(1)), None);

    callers.add(1, body).await;
    assert_eq!(count(&callers.answers().await, Hit::Miss), 1);
    assert_eq!(callers.cache.status().misses, 1);
}

#[tokio::test]
async fn an_error_of_the_callers_own_makes_the_next_one_compute() {
    let mut callers = Callers::new();
    callers.add(3, || fails(Why::NoTimeLeft)).await;
    callers.add(7, body).await;
    let answers = callers.answers().await;
    let own = answers.iter().filter(|answer| matches!(answer, Err(ComputeError::Own(Why::NoTimeLeft)))).count();
    assert_eq!(callers.computations(), 4);
    assert_eq!((own, count(&answers, Hit::Miss), count(&answers, Hit::Shared)), (3, 1, 6));
}
