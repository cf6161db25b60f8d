//! How much a store in a file takes, and how fast: `cargo run --release -p ferrocast-tasks --example store_load`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures, and ends where it cannot")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_tasks::{
    Callback, ListQuery, NewTask, Outcome, SqliteStore, SqliteStoreConfig, SteadyClock, StoreConfig, TaskId, TaskStore,
    Verdict,
};
use tokio::task::JoinSet;

const AT_A_TIME: usize = 64;
const LARGE: usize = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for size in [512, 64 << 10] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory.path().join("tasks.db"));
        let (count, took) = submit_for(&store, Duration::from_secs(4), size).await;
        println!("{size} B, {AT_A_TIME} at a time: {:.0} tasks accepted a second", count as f64 / took.as_secs_f64());
        let begin = Instant::now();
        let count = work_off(&store, 16, begin + Duration::from_secs(3)).await;
        let rate = count as f64 / begin.elapsed().as_secs_f64();
        println!("{size} B, 16 at a time: {rate:.0} tasks done a second");
    }

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tasks.db");
    let store = open(&path);
    submit(&store, LARGE).await;
    work_off(&store, 250, Instant::now() + Duration::from_secs(3600)).await;
    submit(&store, LARGE / 5).await;
    assert_eq!(store.claim(32, 0).await.unwrap().len(), 32);
    drop(store);

    println!("{LARGE} done and to be told, {} wait, 32 ran when the process died:", LARGE / 5 - 32);
    let begin = Instant::now();
    let store = open(&path);
    store.check().await.unwrap();
    println!("  opened in {:?}", begin.elapsed());
    let begin = Instant::now();
    store.counts().await.unwrap();
    println!("  counted in {:?}", begin.elapsed());
    let begin = Instant::now();
    store.claim_deliveries(8, 8, vec![callback().host]).await.unwrap();
    println!("  all callbacks passed over in {:?}", begin.elapsed());
    let begin = Instant::now();
    store.list(ListQuery { topic: Some("none".to_owned()), most: 100, ..ListQuery::default() }).await.unwrap();
    println!("  listed, of a topic that none has, in {:?}", begin.elapsed());
    let begin = Instant::now();
    store.sweep().await.unwrap();
    println!("  swept, with nothing that may be forgotten, in {:?}", begin.elapsed());
}

fn open(path: &Path) -> Arc<SqliteStore> {
    let bounds = StoreConfig { most_tasks: 1_000_000, keep: Duration::ZERO, ..StoreConfig::default() };
    let clock = Arc::new(SteadyClock::start());
    Arc::new(SqliteStore::new(SqliteStoreConfig { path: path.to_owned(), bounds, clock }))
}

/// How many were accepted, and in which time.
async fn submit_for(store: &Arc<SqliteStore>, time: Duration, size: usize) -> (usize, Duration) {
    let payload = Bytes::from(vec![7; size]);
    let begin = Instant::now();
    let mut submitters = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (store, payload) = (Arc::clone(store), payload.clone());
        submitters.spawn(async move {
            let mut count = 0;
            while begin.elapsed() < time {
                store.submit(task(payload.clone())).await.unwrap();
                count += 1;
            }
            count
        });
    }
    (submitters.join_all().await.into_iter().sum(), begin.elapsed())
}

async fn submit(store: &Arc<SqliteStore>, count: usize) {
    let payload = Bytes::from(vec![7; 512]);
    for _ in 0..count / 250 {
        let mut submits = JoinSet::new();
        for _ in 0..250 {
            let (store, payload) = (Arc::clone(store), payload.clone());
            submits.spawn(async move { store.submit(task(payload)).await.unwrap() });
        }
        submits.join_all().await;
    }
}

/// Takes so many tasks at a time and ends them. How many.
async fn work_off(store: &Arc<SqliteStore>, most: usize, until: Instant) -> usize {
    let mut count = 0;
    while Instant::now() < until {
        let claims = store.claim(most, 0).await.unwrap();
        if claims.is_empty() {
            break;
        }
        count += claims.len();
        let mut settles = JoinSet::new();
        for claim in claims {
            let store = Arc::clone(store);
            let verdict = Verdict::Final(Outcome::Done(Bytes::from(vec![7; 512])));
            settles.spawn(async move { store.settle(claim.id, verdict).await.unwrap() });
        }
        settles.join_all().await;
    }
    count
}

fn task(payload: Bytes) -> NewTask {
    NewTask {
        id: TaskId::random(),
        topic: "topic".to_owned(),
        owner: None,
        request_id: "request".to_owned(),
        trace_parent: None,
        payload,
        callback: Some(callback()),
        idempotency: None,
    }
}

fn callback() -> Callback {
    Callback { url: "https://example.org/hook".to_owned(), host: "example.org:443".to_owned() }
}
