//! A Redis that is away, does not answer, is full, or forgets its scripts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ferrocast_tasks::{RedisStore, RedisStoreConfig, RedisStoreConfigError, StoreError, TaskId, TaskStore};
use ferrocast_testkit::RedisServer;

use crate::contract::{claim_one, done, submit, task};
use crate::{config, connect};

const TIMEOUT: Duration = Duration::from_millis(400);
const LEASE: Duration = Duration::from_millis(800);

fn open(server: &RedisServer) -> Arc<dyn TaskStore> {
    Arc::new(RedisStore::new(RedisStoreConfig { timeout: TIMEOUT, lease: LEASE, ..config(server) }).unwrap())
}

/// What a call says while Redis is away, and that it does so in time.
async fn refused(store: &Arc<dyn TaskStore>) -> String {
    let start = Instant::now();
    let refused = store.submit(task("refused")).await;
    assert!(start.elapsed() < TIMEOUT + Duration::from_millis(500), "{:?}", start.elapsed());
    let Err(StoreError::Unavailable(why)) = refused else { panic!("{refused:?}") };
    why
}

async fn healed(store: &Arc<dyn TaskStore>) {
    let end = Instant::now() + Duration::from_secs(5);
    while let Err(error) = store.counts().await {
        assert!(Instant::now() < end, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn away_at_the_start_is_no_fault() {
    let mut server = RedisServer::start(&[]);
    server.kill();
    let store = open(&server);
    assert!(refused(&store).await.starts_with("Redis at 127.0.0.1:"));
    server.start_again();
    healed(&store).await;
    submit(&store, task("a")).await;
}

#[tokio::test]
async fn what_was_accepted_outlives_a_kill() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = open(&server);
    let running = submit(&store, task("running")).await;
    claim_one(&store).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let submitters: Vec<_> = (0..4)
        .map(|_| {
            let (store, is_over) = (Arc::clone(&store), Arc::clone(&is_over));
            tokio::spawn(async move {
                let (mut accepted, mut refused) = (Vec::<TaskId>::new(), 0);
                while !is_over.load(Ordering::Relaxed) {
                    let new = task("payload");
                    let id = new.id;
                    match store.submit(new).await {
                        Ok(_) => accepted.push(id),
                        Err(StoreError::Unavailable(_)) => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                (accepted, refused)
            })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.start_again();
        healed(&store).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let (mut accepted, mut refused) = (Vec::new(), 0);
    for submitter in submitters {
        let (ids, number) = submitter.await.unwrap();
        accepted.extend(ids);
        refused += number;
    }
    assert!(accepted.len() > 100 && refused > 0, "{} accepted, {refused} refused", accepted.len());
    for id in &accepted {
        assert!(store.record(*id).await.unwrap().is_some());
    }
    assert_eq!(store.settle(running, done("result")).await, Ok(true));
    let counts = store.counts().await.unwrap();
    // What was refused as no answer came may be stored all the same.
    assert!(counts.queued >= accepted.len() as u64);
    assert_eq!(counts.bytes, counts.queued * 7 + 6);
}

#[tokio::test]
async fn no_answer_is_not_waited_for() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    submit(&store, task("a")).await;
    server.stop();
    for _ in 0..3 {
        assert!(refused(&store).await.ends_with("no answer within 400ms"));
    }
    server.go_on();
    healed(&store).await;
    submit(&store, task("b")).await;
}

#[tokio::test]
async fn claims_that_nobody_heard_of_are_given_back() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    let id = submit(&store, task("a")).await;
    server.stop();
    assert!(store.claim(1, 0).await.is_err());
    server.go_on();
    healed(&store).await;
    let claim = claim_one(&store).await;
    assert_eq!((claim.id, claim.attempt, claim.is_suspect), (id, 1, false));
}

#[tokio::test]
async fn nobody_loses_its_tasks_because_redis_was_away() {
    let server = RedisServer::start(&[]);
    let stores = [open(&server), open(&server)];
    let mut ids = Vec::new();
    for store in &stores {
        ids.push(submit(store, task("a")).await);
        claim_one(store).await;
    }
    server.stop();
    tokio::time::sleep(LEASE * 2).await;
    server.go_on();
    for store in &stores {
        healed(store).await;
        assert_eq!(store.claim(0, 1).await, Ok(vec![]));
    }
    for (store, id) in stores.iter().zip(ids) {
        assert_eq!(store.keep(vec![id]).await, Ok(vec![]));
        assert_eq!(store.settle(id, done("result")).await, Ok(true));
    }
}

#[tokio::test]
async fn a_full_redis_lets_tasks_end() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    let id = submit(&store, task("a")).await;
    claim_one(&store).await;
    let mut connection = connect(&server);
    let mut limit = |bytes: &str| {
        let _: () = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).query(&mut connection).unwrap();
    };
    limit("1");
    assert!(refused(&store).await.contains("OOM"));
    assert_eq!(store.settle(id, done("result")).await, Ok(true));
    limit("0");
    submit(&store, task("b")).await;
}

#[tokio::test]
async fn forgotten_scripts_are_sent_again() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    submit(&store, task("a")).await;
    let _: () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut connect(&server)).unwrap();
    submit(&store, task("b")).await;
}

/// The callers of a store come and go with their runtimes.
#[test]
fn a_store_outlives_the_runtime_that_used_it_first() {
    let server = RedisServer::start(&[]);
    let store = open(&server);
    for payload in ["a", "b"] {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(submit(&store, task(payload)));
    }
}

#[test]
fn what_cannot_be_is_refused_without_the_password() {
    let config = RedisStoreConfig::default;
    let refused = |config| RedisStore::new(config).unwrap_err();
    for url in ["", "127.0.0.1", "http://127.0.0.1", "redis://u:secret@:6379", "rediss://u:secret@127.0.0.1"] {
        let error = refused(RedisStoreConfig { url: url.to_owned(), ..config() });
        assert!(matches!(error, RedisStoreConfigError::Url), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    for prefix in ["", "a{b", "a}b"] {
        let error = refused(RedisStoreConfig { prefix: prefix.to_owned(), ..config() });
        assert!(matches!(error, RedisStoreConfigError::Prefix));
    }
    assert!(matches!(refused(RedisStoreConfig { lease: Duration::ZERO, ..config() }), RedisStoreConfigError::Duration));
    let config = RedisStoreConfig { url: "redis://u:secret@127.0.0.1:1".to_owned(), ..config() };
    assert!(!format!("{config:?}").contains("secret"));
    assert!(!format!("{:?}", RedisStore::new(config).unwrap()).contains("secret"));
}

#[tokio::test]
async fn a_refused_password_is_not_shown() {
    let server = RedisServer::start(&[]);
    let set: redis::RedisResult<()> =
        redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("other").query(&mut connect(&server));
    assert_eq!(set, Ok(()));
    let url = server.url().replace("redis://", "redis://:secret@");
    let store: Arc<dyn TaskStore> =
        Arc::new(RedisStore::new(RedisStoreConfig { url, timeout: TIMEOUT, ..config(&server) }).unwrap());
    assert!(!refused(&store).await.contains("secret"));
}
