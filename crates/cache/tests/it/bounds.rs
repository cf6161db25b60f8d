//! What is kept is bounded in bytes and in time.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use ferrocast_cache::{Cache, CacheConfig, Hit};

use crate::{FOR_LONG, PATIENCE, Why, cache, computed, key};

const MEMORY: u64 = 1 << 20;

#[tokio::test]
async fn an_answer_expires_and_is_computed_again() {
    let cache = cache();
    let ttl = Duration::from_millis(50);
    let began = Instant::now();
    let (_, hit) = cache.get_or_compute(key(1), ttl, || computed("first")).await.unwrap();
    assert_eq!(hit, Hit::Miss);
    while let Some(entry) = cache.get(&key(1)) {
        assert_eq!(entry.body(), "first");
        assert!(began.elapsed() < PATIENCE, "it must expire");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(began.elapsed() >= ttl, "it must hold until then");
    let (entry, hit) = cache.get_or_compute(key(1), ttl, || computed("second")).await.unwrap();
    assert_eq!((entry.body().as_ref(), hit), (&b"second"[..], Hit::Miss));
}

#[tokio::test]
async fn each_answer_has_its_own_time_to_live_and_the_last_one_holds() {
    let cache = cache();
    cache.insert(key(1), FOR_LONG, Bytes::from("long"));
    cache.insert(key(2), Duration::from_millis(1), Bytes::from("short"));
    cache.insert(key(3), Duration::ZERO, Bytes::from("none"));
    assert_eq!(cache.get(&key(3)), None);
    // What replaces another brings its own time: shorter here, longer there.
    cache.insert(key(1), Duration::from_millis(1), Bytes::from("now short"));
    cache.insert(key(2), FOR_LONG, Bytes::from("now long"));
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(cache.get(&key(1)), None);
    let entry = cache.get(&key(2)).unwrap();
    assert_eq!((entry.body().as_ref(), entry.ttl()), (&b"now long"[..], FOR_LONG));
    assert!(entry.age(SystemTime::now()) < PATIENCE);
}

#[tokio::test]
async fn memory_holds_so_many_bytes() {
    let cache = cache();
    let mut handed_out = 0;
    for (number, size) in (0..4000).zip([0, 100, 1000, 10_000, 100_000].into_iter().cycle()) {
        let body = Bytes::from(vec![0; size]);
        let (entry, _) = cache.get_or_compute(key(number), FOR_LONG, || async { Ok(body) }).await.unwrap();
        handed_out += entry.body().len() as u64;
        let status = cache.status();
        assert!(status.bytes <= MEMORY + MEMORY / 16, "{status:?}");
    }
    assert!(handed_out > 10 * MEMORY);
    let status = cache.status();
    assert!(status.bytes > MEMORY / 2 && status.entries > 10, "{status:?}");
}

#[tokio::test]
async fn what_is_dropped_for_want_of_room_is_freed() {
    let cache = cache();
    let (count, size) = (100, 256 << 10);
    let bodies: Vec<Bytes> = (0..count).map(|_| Bytes::from(vec![0; size])).collect();
    for (number, body) in (0..).zip(&bodies) {
        cache.insert(key(number), FOR_LONG, body.clone());
    }
    // A body that the cache holds too is not unique. It may be held until all threads have forgotten it.
    let held = || (bodies.iter().filter(|body| !body.is_unique()).count() * size) as u64;
    let began = Instant::now();
    while held() > MEMORY {
        assert!(began.elapsed() < PATIENCE, "{} bytes are never freed", held());
        cache.insert(key(0), FOR_LONG, Bytes::new());
    }
}

#[tokio::test]
async fn what_is_too_large_is_handed_out_and_not_kept() {
    let cache: Cache<Why> = Cache::new(&CacheConfig { memory_bytes: 1000 }, None);
    let large = Bytes::from(vec![7; 1000]);
    let (entry, hit) = cache.get_or_compute(key(1), FOR_LONG, || async { Ok(large.clone()) }).await.unwrap();
    assert_eq!((entry.body(), hit), (&large, Hit::Miss));
    assert_eq!(cache.get(&key(1)), None);
    let (_, hit) = cache.get_or_compute(key(1), FOR_LONG, || async { Ok(large.clone()) }).await.unwrap();
    assert_eq!(hit, Hit::Miss);
}

#[tokio::test]
async fn without_memory_everything_is_computed() {
    let cache: Cache<Why> = Cache::new(&CacheConfig { memory_bytes: 0 }, None);
    for _ in 0..2 {
        let (_, hit) = cache.get_or_compute(key(1), FOR_LONG, || computed("body")).await.unwrap();
        assert_eq!(hit, Hit::Miss);
    }
    assert_eq!((cache.status().misses, cache.status().entries), (2, 0));
}

#[tokio::test]
async fn what_is_inserted_replaces_what_was_there() {
    let cache = cache();
    cache.get_or_compute(key(1), FOR_LONG, || computed("old")).await.unwrap();
    let entry = cache.insert(key(1), FOR_LONG, Bytes::from("new"));
    assert_eq!(cache.get(&key(1)), Some(entry));
    let (entry, hit) = cache.get_or_compute(key(1), FOR_LONG, || computed("never")).await.unwrap();
    assert_eq!((entry.body().as_ref(), hit), (&b"new"[..], Hit::Memory));
}
