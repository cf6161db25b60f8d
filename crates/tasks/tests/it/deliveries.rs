//! The loop that has callbacks delivered.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_tasks::{
    Attempt, BoxFuture, Callback, CallbackState, Claim, Courier, Delivery, DeliveryVerdict, NewTask, SqliteStore,
    SqliteStoreConfig, SteadyClock, StoreConfig, TaskId, Tasks, TasksConfig, Worker,
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

#[tokio::test]
async fn a_callback_is_sent_again_when_it_is_due_and_not_at_the_next_look() {
    let folder = TempDir::new().unwrap();
    let (path, bounds) = (folder.path().join("tasks.db"), StoreConfig::default());
    let store = SqliteStore::new(SqliteStoreConfig { path, bounds, clock: Arc::new(SteadyClock::start()) });
    let courier = Arc::new(Late::default());
    let (worker, config) = (Arc::new(Done), TasksConfig::default());
    let tasks = Tasks::start(Arc::new(store), worker, Arc::<Late>::clone(&courier), config).unwrap();
    let task = NewTask {
        id: TaskId::random(),
        topic: "m".to_owned(),
        owner: None,
        request_id: "r".to_owned(),
        payload: Bytes::new(),
        callback: Some(Callback { url: "https://example.com/".to_owned(), host: "example.com:443".to_owned() }),
        idempotency: None,
    };
    let id = task.id;
    tasks.submit(task).await.unwrap();
    let is_delivered = async || {
        let callback = tasks.record(id, None).await.unwrap().unwrap().callback.unwrap();
        callback.state == CallbackState::Delivered
    };
    while !is_delivered().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let moments = courier.moments.lock().unwrap().clone();
    assert_eq!(moments.len(), 5);
    let waited = moments[4] - moments[0];
    // Four looks would be four seconds.
    assert!((4 * DELAY..Duration::from_secs(2)).contains(&waited), "{waited:?}");
}
