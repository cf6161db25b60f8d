//! How much, how fast. Nothing is expected of a machine: the numbers are for people.
//!
//! `cargo test --release -p ferrocast-tasks --test it load -- --ignored --nocapture --test-threads 1`

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_tasks::{NewTask, StoreConfig, TaskStore};

use super::{Folder, steady};
use crate::contract::{done, task, with_callback};

const SUBMITTERS: usize = 64;

#[tokio::test]
#[ignore = "it measures"]
async fn tasks_accepted() {
    for size in [512, 64 << 10] {
        let folder = Folder::new();
        let store = Arc::new(steady(&folder.path()));
        let payload = Bytes::from(vec![7; size]);
        let begin = Instant::now();
        let submitters: Vec<_> = (0..SUBMITTERS)
            .map(|_| {
                let (store, payload) = (Arc::clone(&store), payload.clone());
                tokio::spawn(async move {
                    let mut longest = Duration::ZERO;
                    let mut count = 0;
                    while begin.elapsed() < Duration::from_secs(4) && count < 100_000 / SUBMITTERS {
                        let asked = Instant::now();
                        store.submit(NewTask { payload: payload.clone(), ..task("") }).await.unwrap();
                        longest = longest.max(asked.elapsed());
                        count += 1;
                    }
                    (count, longest)
                })
            })
            .collect();
        let (mut count, mut longest) = (0, Duration::ZERO);
        for submitter in submitters {
            let (more, long) = submitter.await.unwrap();
            count += more;
            longest = longest.max(long);
        }
        let rate = count as f64 / begin.elapsed().as_secs_f64();
        println!("{size} B, {SUBMITTERS} at a time: {rate:.0} tasks/s, longest {longest:?}");

        let begin = Instant::now();
        let mut count = 0;
        while begin.elapsed() < Duration::from_secs(3) {
            let claims = store.claim(16, 0).await.unwrap();
            if claims.is_empty() {
                break;
            }
            let settles: Vec<_> = claims
                .into_iter()
                .map(|claim| {
                    let store = Arc::clone(&store);
                    tokio::spawn(async move { store.settle(claim.id, done("result")).await.unwrap() })
                })
                .collect();
            for settle in settles {
                count += usize::from(settle.await.unwrap());
            }
        }
        let rate = count as f64 / begin.elapsed().as_secs_f64();
        println!("{size} B, claimed and settled 16 at a time: {rate:.0} tasks/s");
    }
}

#[tokio::test]
#[ignore = "it measures"]
async fn opening_a_large_store() {
    let folder = Folder::new();
    let bounds = StoreConfig { most_tasks: 1_000_000, ..StoreConfig::default() };
    let store = Arc::new(folder.store(bounds));
    let submit = |count: usize| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..count / 250 {
                let submits: Vec<_> = (0..250)
                    .map(|_| {
                        let store = Arc::clone(&store);
                        let task = with_callback(&"payload ".repeat(64), "https://example.org/hook", "example.org:443");
                        tokio::spawn(async move { store.submit(task).await.unwrap() })
                    })
                    .collect();
                for submit in submits {
                    submit.await.unwrap();
                }
            }
        }
    };
    submit(100_000).await;
    while let claims = store.claim(250, 0).await.unwrap()
        && !claims.is_empty()
    {
        let settles: Vec<_> = claims
            .into_iter()
            .map(|claim| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.settle(claim.id, done(&"result ".repeat(64))).await.unwrap() })
            })
            .collect();
        for settle in settles {
            settle.await.unwrap();
        }
    }
    submit(20_000).await;
    assert_eq!(store.claim(32, 0).await.unwrap().len(), 32);
    drop(store);

    let store = folder.store(bounds);
    let timed = |what: &str, begin: Instant| println!("{what}: {:?}", begin.elapsed());
    let begin = Instant::now();
    store.check().await.unwrap();
    timed("100,000 ended, 19,968 queued, 32 running: open and recovered", begin);
    let begin = Instant::now();
    println!("{:?}", store.counts().await.unwrap());
    timed("counts", begin);
    let begin = Instant::now();
    store.claim(1, 0).await.unwrap();
    timed("claim of 1", begin);
    let begin = Instant::now();
    assert_eq!(store.claim_deliveries(8, 8, vec!["example.org:443".to_owned()]).await.unwrap(), vec![]);
    timed("claim of deliveries that passes over 100,000", begin);
    let begin = Instant::now();
    store
        .list(ferrocast_tasks::ListQuery { most: 100, topic: Some("none".to_owned()), ..Default::default() })
        .await
        .unwrap();
    timed("list that finds nothing", begin);
    folder.pass(bounds.keep * 2);
    let begin = Instant::now();
    assert_eq!(store.sweep().await.unwrap(), 0);
    timed("sweep that finds only what is to be told", begin);
}
