//! The loop that has callbacks delivered.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_tasks::{
    Attempt, BoxFuture, Callback, CallbackRecord, CallbackState, Claim, Courier, Delivery, DeliveryVerdict, NewTask,
    SqliteStore, SqliteStoreConfig, SteadyClock, StoreConfig, TaskId, Tasks, TasksConfig, Worker,
};
use tempfile::TempDir;

/// Less than what passes between two looks at the store.
const DELAY: Duration = Duration::from_millis(100);

struct Done;

impl Worker for Done {
    fn run(&self, _: Claim) -> BoxFuture<'_, Attempt> {
        Box::pin(async { Attempt::Done(Bytes::from_static(b"{}")) })
    }
}

/// Delivers at the fifth attempt, and remembers when each was made.
#[derive(Default)]
struct Late {
    attempts: AtomicU32,
    moments: Mutex<Vec<Instant>>,
}

impl Courier for Late {
    fn deliver(&self, _: Delivery) -> BoxFuture<'_, DeliveryVerdict> {
        self.moments.lock().unwrap().push(Instant::now());
        let is_last = self.attempts.fetch_add(1, Ordering::SeqCst) == 4;
        Box::pin(async move {
            if is_last {
                DeliveryVerdict::Delivered(String::new())
            } else {
                DeliveryVerdict::Again { after: DELAY, why: String::new() }
            }
        })
    }
}

/// Starts the loops with a task whose callback this courier delivers.
async fn with_a_callback(folder: &TempDir, courier: Arc<dyn Courier>) -> (Tasks, TaskId) {
    let (path, bounds) = (folder.path().join("tasks.db"), StoreConfig::default());
    let store = SqliteStore::new(SqliteStoreConfig { path, bounds, clock: Arc::new(SteadyClock::start()) });
    let (config, observer) = (TasksConfig::default(), Arc::new(()));
    let tasks = Tasks::start(Arc::new(store), Arc::new(Done), courier, config, observer).unwrap();
    let task = NewTask {
        id: TaskId::random(),
        topic: "m".to_owned(),
        owner: None,
        request_id: "r".to_owned(),
        trace_parent: None,
        payload: Bytes::new(),
        callback: Some(Callback { url: "https://example.com/".to_owned(), host: "example.com:443".to_owned() }),
        idempotency: None,
    };
    let id = task.id;
    tasks.submit(task).await.unwrap();
    (tasks, id)
}

/// Waits until the callback has come to this.
async fn until(tasks: &Tasks, id: TaskId, state: CallbackState) -> CallbackRecord {
    loop {
        let callback = tasks.record(id, None).await.unwrap().unwrap().callback.unwrap();
        if callback.state == state {
            return callback;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_callback_is_sent_again_when_it_is_due_and_not_at_the_next_look() {
    let (folder, courier) = (TempDir::new().unwrap(), Arc::new(Late::default()));
    let (tasks, id) = with_a_callback(&folder, Arc::<Late>::clone(&courier)).await;
    until(&tasks, id, CallbackState::Delivered).await;
    let moments = courier.moments.lock().unwrap().clone();
    assert_eq!(moments.len(), 5);
    let waited = moments[4] - moments[0];
    // Four looks would be four seconds.
    assert!((4 * DELAY..Duration::from_secs(2)).contains(&waited), "{waited:?}");
}

struct Panics;

impl Courier for Panics {
    fn deliver(&self, _: Delivery) -> BoxFuture<'_, DeliveryVerdict> {
        Box::pin(async { panic!("on the way") })
    }
}

#[tokio::test]
async fn a_courier_that_panics_leaves_nothing_undecided() {
    let folder = TempDir::new().unwrap();
    let (tasks, id) = with_a_callback(&folder, Arc::new(Panics)).await;
    let dead = until(&tasks, id, CallbackState::Dead).await;
    assert_eq!((dead.attempts, dead.last.as_deref()), (1, Some("its courier panicked")));
}
