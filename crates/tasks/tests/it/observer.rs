//! What an observer hears: of each thing that happens, once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferrocast_tasks::{
    Attempt, BoxFuture, Callback, Cancelled, Claim, Courier, Delivery, DeliveryVerdict, Failure, Idempotency, NewTask,
    SqliteStore, SqliteStoreConfig, SteadyClock, StoreConfig, Submitted, TaskObserver, TaskStore, Tasks, TasksConfig,
    Worker,
};
use tempfile::TempDir;
use tokio::sync::{Notify, watch};

use crate::contract::{task, with_callback};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a courier is under way.
const WAY: Duration = Duration::from_millis(5);

/// What was heard, and the time that was told with it.
struct Heard(watch::Sender<Vec<(&'static str, Duration)>>);

impl Heard {
    fn hear(&self, what: &'static str, time: Duration) {
        self.0.send_modify(|heard| heard.push((what, time)));
    }

    /// How often each was heard.
    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (what, _) in self.0.borrow().iter() {
            *counts.entry(*what).or_default() += 1;
        }
        counts
    }

    /// Waits until this was heard so often. The time that was told with it first.
    async fn until(&self, what: &str, times: usize) -> Duration {
        let mut heard = self.0.subscribe();
        let is_so = |heard: &Vec<(&str, _)>| heard.iter().filter(|(one, _)| *one == what).count() == times;
        let heard = tokio::time::timeout(PATIENCE, heard.wait_for(is_so)).await.unwrap().unwrap();
        heard.iter().find(|(one, _)| *one == what).unwrap().1
    }
}

impl TaskObserver for Heard {
    fn accepted(&self) {
        self.hear("accepted", Duration::ZERO);
    }

    fn done(&self, after: Duration) {
        self.hear("done", after);
    }

    fn failed(&self, after: Duration) {
        self.hear("failed", after);
    }

    fn cancelled(&self) {
        self.hear("cancelled", Duration::ZERO);
    }

    fn callback_delivered(&self, took: Duration) {
        self.hear("delivered", took);
    }

    fn callback_put_off(&self, took: Duration) {
        self.hear("put off", took);
    }

    fn callback_given_up(&self, took: Duration) {
        self.hear("given up", took);
    }
}

/// Does what the payload says.
struct Script {
    store: Arc<SqliteStore>,
    /// Those that wait were begun.
    begun: Notify,
}

impl Worker for Script {
    fn run(&self, claim: Claim) -> BoxFuture<'_, Attempt> {
        Box::pin(async move {
            match claim.payload.as_ref() {
                b"fail" => {
                    Attempt::Failed(Failure { code: "CODE".to_owned(), message: "the script says so".to_owned() })
                }
                b"not at first" if claim.attempt == 1 => {
                    Attempt::TryAgain(Failure { code: "CODE".to_owned(), message: "not yet".to_owned() })
                }
                b"wait" => {
                    self.begun.notify_one();
                    std::future::pending().await
                }
                b"lose" => {
                    // As another server would, which tells of it itself.
                    assert_eq!(self.store.cancel(claim.id).await, Ok(Cancelled::Now));
                    Attempt::Done(Bytes::from_static(b"too late"))
                }
                _ => Attempt::Done(Bytes::from_static(b"result")),
            }
        })
    }
}

/// Delivers at the third attempt, and to `dead` never.
struct Post;

impl Courier for Post {
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, DeliveryVerdict> {
        Box::pin(async move {
            tokio::time::sleep(WAY).await;
            match (delivery.callback.host.as_str(), delivery.attempt) {
                ("dead", _) => DeliveryVerdict::Dead("410".to_owned()),
                (_, 1 | 2) => DeliveryVerdict::Again { after: Duration::ZERO, why: "503".to_owned() },
                _ => DeliveryVerdict::Delivered("200".to_owned()),
            }
        })
    }
}

struct Place {
    _directory: TempDir,
    script: Arc<Script>,
    heard: Arc<Heard>,
    tasks: Tasks,
}

impl Place {
    /// One task at a time, so that all is told of one before the next begins.
    fn begin(bounds: StoreConfig) -> Place {
        let directory = TempDir::new().unwrap();
        let (path, clock) = (directory.path().join("tasks.db"), Arc::new(SteadyClock::start()));
        let store = Arc::new(SqliteStore::new(SqliteStoreConfig { path, bounds, clock }));
        let script = Arc::new(Script { store: Arc::clone(&store), begun: Notify::new() });
        let heard = Arc::new(Heard(watch::Sender::default()));
        let config = TasksConfig { workers: 1, ..TasksConfig::default() };
        let tasks =
            Tasks::start(store, Arc::<Script>::clone(&script), Arc::new(Post), config, Arc::<Heard>::clone(&heard));
        Place { _directory: directory, script, heard, tasks: tasks.unwrap() }
    }

    /// All that was heard from the beginning to the end.
    fn end(self) -> BTreeMap<&'static str, usize> {
        drop(self.tasks);
        self.heard.counts()
    }
}

#[tokio::test]
async fn an_end_is_told_with_the_time_since_the_task_was_accepted() {
    let place = Place::begin(StoreConfig::default());
    for (payload, end) in [("do", "done"), ("fail", "failed")] {
        let task = task(payload);
        let id = task.id;
        assert_eq!(place.tasks.submit(task).await, Ok(Submitted::Accepted));
        let told = place.heard.until(end, 1).await;
        let record = place.tasks.record(id, None).await.unwrap().unwrap();
        assert!(told >= record.finished_at.unwrap().since(record.accepted_at), "{told:?}");
    }
    assert_eq!(place.end(), BTreeMap::from([("accepted", 2), ("done", 1), ("failed", 1)]));
}

#[tokio::test]
async fn an_attempt_that_is_not_the_last_is_no_end() {
    let place = Place::begin(StoreConfig::default());
    assert_eq!(place.tasks.submit(task("not at first")).await, Ok(Submitted::Accepted));
    place.heard.until("done", 1).await;
    assert_eq!(place.end(), BTreeMap::from([("accepted", 1), ("done", 1)]));
}

#[tokio::test]
async fn only_what_is_stored_anew_is_accepted() {
    let place = Place::begin(StoreConfig { most_tasks: 1, ..StoreConfig::default() });
    let with_key = || {
        let idempotency = Idempotency { key: "key".to_owned(), fingerprint: [0; 32] };
        NewTask { idempotency: Some(idempotency), ..task("do") }
    };
    let first = with_key();
    assert_eq!(place.tasks.submit(first.clone()).await, Ok(Submitted::Accepted));
    assert_eq!(place.tasks.submit(with_key()).await, Ok(Submitted::Known(first.id)));
    assert!(place.tasks.submit(task("do")).await.is_err());
    place.heard.until("done", 1).await;
    assert_eq!(place.end(), BTreeMap::from([("accepted", 1), ("done", 1)]));
}

#[tokio::test]
async fn what_is_called_off_is_told_once_and_has_no_other_end() {
    let place = Place::begin(StoreConfig::default());
    let (running, waiting) = (task("wait"), task("do"));
    // The one that waits first: it would begin when the other one is stopped.
    let ids = [waiting.id, running.id];
    assert_eq!(place.tasks.submit(running).await, Ok(Submitted::Accepted));
    place.script.begun.notified().await;
    assert_eq!(place.tasks.submit(waiting).await, Ok(Submitted::Accepted));
    for id in ids {
        assert_eq!(place.tasks.cancel(id, Some("somebody else")).await, Ok(Cancelled::Unknown));
        assert_eq!(place.tasks.cancel(id, None).await, Ok(Cancelled::Now));
        assert!(matches!(place.tasks.cancel(id, None).await, Ok(Cancelled::Before(_))));
    }
    // It has room when the one that ran is stopped.
    assert_eq!(place.tasks.submit(task("do")).await, Ok(Submitted::Accepted));
    place.heard.until("done", 1).await;
    assert_eq!(place.end(), BTreeMap::from([("accepted", 3), ("cancelled", 2), ("done", 1)]));
}

#[tokio::test]
async fn a_verdict_that_does_not_hold_is_not_told() {
    let place = Place::begin(StoreConfig::default());
    for payload in ["lose", "fail"] {
        assert_eq!(place.tasks.submit(task(payload)).await, Ok(Submitted::Accepted));
    }
    place.heard.until("failed", 1).await;
    assert_eq!(place.end(), BTreeMap::from([("accepted", 2), ("failed", 1)]));
}

#[tokio::test]
async fn each_attempt_to_deliver_is_told_with_its_time() {
    let place = Place::begin(StoreConfig::default());
    let lost = Callback { url: "https://dead/".to_owned(), host: "dead".to_owned() };
    for task in [with_callback("do", "https://a.org/", "a.org"), NewTask { callback: Some(lost), ..task("do") }] {
        assert_eq!(place.tasks.submit(task).await, Ok(Submitted::Accepted));
    }
    for (what, times) in [("put off", 2), ("delivered", 1), ("given up", 1)] {
        assert!(place.heard.until(what, times).await >= WAY);
    }
    let expected = [("accepted", 2), ("done", 2), ("put off", 2), ("delivered", 1), ("given up", 1)];
    assert_eq!(place.end(), BTreeMap::from(expected));
}
