//! Tasks being done and their ends being delivered, by a scripted worker and a scripted courier over a real store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_tasks::{
    Attempt, BoxFuture, Callback, CallbackState, Cancelled, Claim, Courier, Delivery, DeliveryVerdict, Failure,
    NewTask, Record, SqliteStore, SqliteStoreConfig, State, SteadyClock, StoreConfig, TaskId, Tasks, TasksConfig,
    Worker,
};
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does what the payload says.
#[derive(Default)]
struct Script {
    /// How often each task was tried.
    tries: Mutex<HashMap<TaskId, u32>>,
    running: AtomicUsize,
    most_running: AtomicUsize,
    /// Tasks that were dropped before they ended.
    dropped: AtomicUsize,
    /// One for each task `wait` that may end.
    gate: Gate,
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Gate(Semaphore::new(0))
    }
}

/// Counts a task that is dropped.
struct Running<'a>(&'a Script, bool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        if !self.1 {
            self.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Worker for Script {
    fn run(&self, claim: Claim) -> BoxFuture<'_, Attempt> {
        Box::pin(async move {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_running.fetch_max(running, Ordering::SeqCst);
            let mut guard = Running(self, false);
            let tries = {
                let mut all = self.tries.lock().unwrap();
                let tries = all.entry(claim.id).or_default();
                *tries += 1;
                *tries
            };
            let failure = || Failure { code: "CODE".to_owned(), message: "why".to_owned() };
            let attempt = match claim.payload.as_ref() {
                b"wait" => {
                    self.gate.0.acquire().await.unwrap().forget();
                    Attempt::Done(Bytes::from_static(b"waited"))
                }
                b"panic" => panic!("the script says so"),
                b"refuse" => Attempt::Failed(failure()),
                b"fail" => Attempt::TryAgain(failure()),
                b"later" if tries < 5 => Attempt::NotNow(Duration::from_millis(1)),
                payload => Attempt::Done(Bytes::copy_from_slice(payload)),
            };
            guard.1 = true;
            attempt
        })
    }
}

/// Delivers, unless the host is `dead`; there it hangs.
#[derive(Default)]
struct Post {
    under_way: Mutex<HashMap<String, usize>>,
    most_per_host: AtomicUsize,
}

impl Courier for Post {
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, DeliveryVerdict> {
        Box::pin(async move {
            let host = delivery.callback.host.clone();
            let now = {
                let mut all = self.under_way.lock().unwrap();
                let now = all.entry(host.clone()).or_default();
                *now += 1;
                *now
            };
            self.most_per_host.fetch_max(now, Ordering::SeqCst);
            if host == "dead" {
                tokio::time::sleep(PATIENCE).await;
            }
            tokio::task::yield_now().await;
            *self.under_way.lock().unwrap().get_mut(&host).unwrap() -= 1;
            DeliveryVerdict::Delivered("by the script".to_owned())
        })
    }
}

struct Place {
    directory: TempDir,
    script: Arc<Script>,
    post: Arc<Post>,
}

impl Place {
    fn new() -> Place {
        Place { directory: TempDir::new().unwrap(), script: Arc::default(), post: Arc::default() }
    }

    fn begin(&self, config: TasksConfig) -> Tasks {
        let store = SqliteStore::new(SqliteStoreConfig {
            path: self.directory.path().join("tasks.db"),
            bounds: StoreConfig::default(),
            clock: Arc::new(SteadyClock::start()),
        });
        Tasks::start(Arc::new(store), self.script.clone(), self.post.clone(), config, Arc::new(())).unwrap()
    }

    fn tries(&self, id: TaskId) -> u32 {
        self.script.tries.lock().unwrap().get(&id).copied().unwrap_or_default()
    }

    /// Until so many run.
    async fn until_running(&self, wanted: usize) {
        until(async || self.script.running.load(Ordering::SeqCst) == wanted).await;
    }
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < PATIENCE, "it never came to be so");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn submit(tasks: &Tasks, payload: &'static str, host: Option<&str>) -> TaskId {
    let id = TaskId::random();
    let callback = host.map(|host| Callback { url: format!("https://{host}/"), host: host.to_owned() });
    let (topic, request_id) = ("topic".to_owned(), "request".to_owned());
    let payload = Bytes::from_static(payload.as_bytes());
    let (owner, trace_parent, idempotency) = (None, None, None);
    let task = NewTask { id, topic, owner, request_id, trace_parent, payload, callback, idempotency };
    tasks.submit(task).await.unwrap();
    id
}

async fn ended(tasks: &Tasks, id: TaskId) -> Record {
    until(async || tasks.record(id, None).await.unwrap().unwrap().state.is_final()).await;
    tasks.record(id, None).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_a_worker_says_is_what_becomes_of_a_task() {
    let place = Place::new();
    let tasks = place.begin(TasksConfig { most_attempts: 2, ..TasksConfig::default() });
    let mut found = Vec::new();
    for payload in ["done", "refuse", "fail", "panic", "later"] {
        let id = submit(&tasks, payload, None).await;
        let record = ended(&tasks, id).await;
        let code = match record.outcome.unwrap() {
            ferrocast_tasks::Outcome::Done(result) => String::from_utf8(result.to_vec()).unwrap(),
            ferrocast_tasks::Outcome::Failed { code, .. } => code,
            ferrocast_tasks::Outcome::Cancelled => "cancelled".to_owned(),
        };
        found.push((payload, record.state, code, record.attempts, place.tries(id)));
    }
    let expected = [
        ("done", State::Done, "done", 1, 1),
        ("refuse", State::Failed, "CODE", 1, 1),
        ("fail", State::Failed, "CODE", 2, 2),
        ("panic", State::Failed, "TASK_PANICKED", 2, 2),
        // What could not be begun was no attempt.
        ("later", State::Done, "later", 1, 5),
    ];
    let expected =
        expected.map(|(payload, state, code, attempts, tries)| (payload, state, code.to_owned(), attempts, tries));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn no_more_run_than_may() {
    let place = Place::new();
    let tasks = place.begin(TasksConfig { workers: 3, ..TasksConfig::default() });
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(submit(&tasks, "wait", None).await);
    }
    place.until_running(3).await;
    place.script.gate.0.add_permits(20);
    for id in ids {
        assert_eq!(ended(&tasks, id).await.state, State::Done);
    }
    assert_eq!(place.script.most_running.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn calling_off_stops_what_runs() {
    let place = Place::new();
    let tasks = place.begin(TasksConfig::default());
    let id = submit(&tasks, "wait", Some("host")).await;
    place.until_running(1).await;
    assert_eq!(tasks.cancel(id, Some("somebody else")).await, Ok(Cancelled::Unknown));
    assert_eq!(tasks.cancel(id, None).await, Ok(Cancelled::Now));
    place.until_running(0).await;
    assert_eq!(place.script.dropped.load(Ordering::SeqCst), 1);
    let record = ended(&tasks, id).await;
    assert_eq!((record.state, record.callback.unwrap().state), (State::Cancelled, CallbackState::Waiting));
    // The room that it had is free.
    let next = submit(&tasks, "next", None).await;
    assert_eq!(ended(&tasks, next).await.state, State::Done);
}

#[tokio::test]
async fn an_end_gives_back_what_runs_and_lets_end_what_can() {
    let place = Place::new();
    let tasks = place.begin(TasksConfig { workers: 2, ..TasksConfig::default() });
    let (first, second) = (submit(&tasks, "wait", None).await, submit(&tasks, "wait", None).await);
    place.until_running(2).await;
    tasks.shutdown(Instant::now() + Duration::from_millis(500));
    place.script.gate.0.add_permits(1);
    drop(tasks);
    let tasks = place.begin(TasksConfig::default());
    place.script.gate.0.add_permits(1);
    let records = [ended(&tasks, first).await, ended(&tasks, second).await];
    assert!(records.iter().all(|record| record.state == State::Done));
    let tries = place.tries(first) + place.tries(second);
    assert_eq!(tries, 3, "one ended in time, the other was begun again");
}

#[tokio::test]
async fn a_host_that_hangs_keeps_no_other_waiting() {
    let place = Place::new();
    let tasks = place.begin(TasksConfig { deliveries: 4, ..TasksConfig::default() });
    let mut ids = Vec::new();
    for number in 0..30 {
        submit(&tasks, "x", Some("dead")).await;
        ids.push(submit(&tasks, "x", Some(["one", "two"][number % 2])).await);
    }
    for id in ids {
        let state = async || tasks.record(id, None).await.unwrap().unwrap().callback.unwrap().state;
        until(async || state().await == CallbackState::Delivered).await;
    }
    assert_eq!(place.post.most_per_host.load(Ordering::SeqCst), 2);
}
