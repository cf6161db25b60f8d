//! Redis as the second tier, with a real one that is well, wrong, away, hanging, slow or full.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferrocast_cache::redis::{RedisConfig, RedisTier, ValueError};
use ferrocast_cache::{Cache, CacheConfig, CacheKey, CacheObserver, Hit, RemoteTier};
use ferrocast_testkit::{RedisServer, free_port};
use redis::{Commands, Connection};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::redis_proxy::Proxy;
use crate::{FOR_LONG, PATIENCE, Why, cache, computed, key};

/// What a lookup may take, and with it a computation that takes nothing, on a machine that does much else.
const A_LOOKUP: Duration = Duration::from_millis(50 + 1000);

#[derive(Default)]
struct Seen {
    lookups_failed: AtomicUsize,
    garbage: AtomicUsize,
    puts_dropped: AtomicUsize,
    opened: AtomicUsize,
    closed: AtomicUsize,
}

fn add(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::SeqCst);
}

fn seen(count: &AtomicUsize) -> usize {
    count.load(Ordering::SeqCst)
}

impl CacheObserver for Seen {
    fn lookup_failed(&self) {
        add(&self.lookups_failed);
    }
    fn garbage(&self, _why: ValueError) {
        add(&self.garbage);
    }
    fn put_dropped(&self) {
        add(&self.puts_dropped);
    }
    fn breaker_opened(&self) {
        add(&self.opened);
    }
    fn breaker_closed(&self) {
        add(&self.closed);
    }
}

/// One of the servers that share a Redis.
struct Server {
    cache: Cache<Why>,
    tier: Arc<RedisTier>,
    seen: Arc<Seen>,
}

impl Server {
    fn new(config: RedisConfig) -> Server {
        let seen = Arc::new(Seen::default());
        let tier = Arc::new(RedisTier::new(config, Arc::clone(&seen) as Arc<dyn CacheObserver>).unwrap());
        Server { cache: with_empty_memory(&tier), tier, seen }
    }

    async fn usable(config: RedisConfig) -> Server {
        let server = Server::new(config);
        until(|| !server.cache.is_degraded()).await;
        server
    }

    /// Asks for a key that nobody asked for before, which must be computed whatever Redis does, and soon.
    async fn compute_new(&self, number: u64) -> Duration {
        let began = Instant::now();
        let (entry, hit) = self.cache.get_or_compute(key(number), FOR_LONG, || computed("new")).await.unwrap();
        assert_eq!((entry.body().as_ref(), hit), (&b"new"[..], Hit::Miss));
        began.elapsed()
    }

    /// Asks for new keys until the tier is out of use, and then for more: no call is late, and soon none is delayed.
    async fn goes_on_without_redis(&self) {
        let mut number = 1_000_000;
        let began = Instant::now();
        while !self.cache.is_degraded() {
            let took = self.compute_new(number).await;
            assert!(took < A_LOOKUP, "{took:?}");
            assert!(began.elapsed() < PATIENCE, "the tier must go out of use");
            number += 1;
        }
        let began = Instant::now();
        for number in number..number + 1000 {
            self.compute_new(number).await;
        }
        // If each had waited for Redis it would have been 50 s.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(self.cache.status().degraded);
        assert_eq!(seen(&self.seen.opened), 1);
    }
}

fn with_empty_memory(tier: &Arc<RedisTier>) -> Cache<Why> {
    let tier = Arc::clone(tier) as Arc<dyn RemoteTier>;
    Cache::new(&CacheConfig { memory_bytes: 1 << 20 }, Some(tier))
}

/// What is usual.
fn usual(url: String) -> RedisConfig {
    RedisConfig::new(url)
}

/// For tests of what Redis answers, and not when: a busy machine does not put the tier out of use.
fn patient(url: String) -> RedisConfig {
    RedisConfig { timeout: PATIENCE, slow_after: PATIENCE, ..RedisConfig::new(url) }
}

async fn until(mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "it never comes");
        sleep(Duration::from_millis(2)).await;
    }
}

/// A connection of the test's own.
fn connect(server: &RedisServer) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

fn name(key: &CacheKey) -> String {
    format!("ferrocast:cache:{key}")
}

/// The value of a key in Redis, once it is written.
async fn written(raw: &mut Connection, key: &CacheKey) -> Vec<u8> {
    until(|| raw.exists(name(key)).unwrap()).await;
    raw.get(name(key)).unwrap()
}

#[tokio::test]
async fn what_one_server_computed_is_a_hit_in_another() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Server::usable(patient(redis.url())).await, Server::usable(patient(redis.url())).await);
    let (made, hit) = a.cache.get_or_compute(key(1), FOR_LONG, || computed("body")).await.unwrap();
    assert_eq!(hit, Hit::Miss);
    let mut raw = connect(&redis);
    written(&mut raw, &key(1)).await;
    let expires_in: u64 = redis::cmd("PTTL").arg(name(&key(1))).query(&mut raw).unwrap();
    assert!(expires_in <= FOR_LONG.as_millis() as u64 && expires_in > (FOR_LONG - PATIENCE).as_millis() as u64);

    let (entry, hit) = b.cache.get_or_compute(key(1), FOR_LONG, || computed("never")).await.unwrap();
    assert_eq!((entry.body().as_ref(), hit, entry.ttl()), (&b"body"[..], Hit::Remote, FOR_LONG));
    let drift = made.made().duration_since(entry.made()).unwrap();
    assert!(drift < Duration::from_millis(1), "its age is that of the answer, to the millisecond");
    let (_, hit) = b.cache.get_or_compute(key(1), FOR_LONG, || computed("never")).await.unwrap();
    assert_eq!(hit, Hit::Memory);
    assert_eq!((b.cache.status().remote, b.cache.status().memory, b.cache.status().misses), (1, 1, 0));

    // What is inserted without asking replaces it for all.
    a.cache.insert(key(1), FOR_LONG, Bytes::from("newer"));
    let c = with_empty_memory(&b.tier);
    let mut found = Bytes::new();
    while found != "newer" {
        found = b.tier.get(key(1)).await.unwrap().into_body();
    }
    let (entry, hit) = c.get_or_compute(key(1), FOR_LONG, || computed("never")).await.unwrap();
    assert_eq!((entry.body().as_ref(), hit), (&b"newer"[..], Hit::Remote));
}

#[tokio::test]
async fn a_thousand_callers_ask_redis_once() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Server::usable(patient(redis.url())).await, Server::usable(patient(redis.url())).await);
    a.cache.insert(key(1), FOR_LONG, Bytes::from("body"));
    let mut raw = connect(&redis);
    written(&mut raw, &key(1)).await;
    redis::cmd("CONFIG").arg("RESETSTAT").exec(&mut raw).unwrap();

    let cache = Arc::new(b.cache);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let cache = Arc::clone(&cache);
        callers.spawn(async move { cache.get_or_compute(key(1), FOR_LONG, || computed("never")).await.unwrap().1 });
    }
    let hits = callers.join_all().await;
    assert_eq!(hits.iter().filter(|hit| **hit == Hit::Remote).count(), 1);
    assert!(!hits.contains(&Hit::Miss));
    let statistics: String = redis::cmd("INFO").arg("commandstats").query(&mut raw).unwrap();
    assert!(statistics.contains("cmdstat_getrange:calls=1,"), "{statistics}");
}

#[tokio::test]
async fn what_was_tampered_with_is_a_miss() {
    let redis = RedisServer::start(&[]);
    let server = Server::usable(patient(redis.url())).await;
    server.cache.insert(key(1), FOR_LONG, Bytes::from("body"));
    let mut raw = connect(&redis);
    let value = written(&mut raw, &key(1)).await;
    assert!(server.tier.get(key(1)).await.is_some());

    let mut garbage = 0;
    let mut found_garbage = async |raw: &mut Connection, value: &[u8]| {
        raw.set::<_, _, ()>(name(&key(1)), value).unwrap();
        garbage += 1;
        server.tier.get(key(1)).await.is_none() && seen(&server.seen.garbage) == garbage
    };
    for byte in [0, 4, 20, 40, 50, value.len() - 1] {
        let mut tampered = value.clone();
        tampered[byte] ^= 1;
        assert!(found_garbage(&mut raw, &tampered).await, "byte {byte}");
    }
    assert!(found_garbage(&mut raw, &value[..value.len() - 1]).await);
    assert!(found_garbage(&mut raw, b"\0").await);
    assert!(found_garbage(&mut raw, &[value.as_slice(), b"more"].concat()).await);

    // A caller computes, and the good value is back.
    let (_, hit) = with_empty_memory(&server.tier).get_or_compute(key(1), FOR_LONG, || computed("body")).await.unwrap();
    assert_eq!(hit, Hit::Miss);
    let began = Instant::now();
    while server.tier.get(key(1)).await.is_none() {
        assert!(began.elapsed() < PATIENCE);
    }
    assert_eq!((seen(&server.seen.lookups_failed), seen(&server.seen.opened)), (0, 0));
}

#[tokio::test]
async fn what_belongs_elsewhere_is_a_miss() {
    let redis = RedisServer::start(&[]);
    let config = RedisConfig { max_value_bytes: 1000, ..patient(redis.url()) };
    let server = Server::usable(config).await;
    let mut raw = connect(&redis);
    server.cache.insert(key(1), FOR_LONG, Bytes::from("body"));
    let value = written(&mut raw, &key(1)).await;

    // The value of another key, another type of value, one that is longer than any that is stored, and an old one.
    raw.set::<_, _, ()>(name(&key(2)), value).unwrap();
    raw.lpush::<_, _, ()>(name(&key(3)), "body").unwrap();
    raw.set::<_, _, ()>(name(&key(4)), vec![b'F'; 1 << 20]).unwrap();
    let began = Instant::now();
    server.cache.insert(key(5), Duration::from_secs(1), Bytes::from("old"));
    written(&mut raw, &key(5)).await;
    raw.persist::<_, ()>(name(&key(5))).unwrap();
    sleep(Duration::from_millis(1100).saturating_sub(began.elapsed())).await;
    for number in 2..=5 {
        assert_eq!(server.tier.get(key(number)).await, None);
        assert_eq!(seen(&server.seen.garbage) as u64, number - 1);
    }
    assert_eq!(seen(&server.seen.opened), 0);

    // What is too large is not stored, and what has no time to live neither.
    server.cache.insert(key(6), FOR_LONG, Bytes::from(vec![0; 1001]));
    server.cache.insert(key(7), Duration::ZERO, Bytes::from("body"));
    server.cache.insert(key(8), FOR_LONG, Bytes::from(vec![0; 1000]));
    written(&mut raw, &key(8)).await;
    assert_eq!(seen(&server.seen.puts_dropped), 2);
    assert_eq!(server.tier.get(key(8)).await.unwrap().body().len(), 1000);
}

#[tokio::test]
async fn killed_and_back_again() {
    let mut redis = RedisServer::start(&[]);
    // Slow is another matter: that it heals in time should depend on Redis alone.
    let server = Server::usable(RedisConfig { slow_after: PATIENCE, ..usual(redis.url()) }).await;
    server.compute_new(0).await;
    redis.kill();
    server.goes_on_without_redis().await;
    // The longest pause between two tries.
    sleep(Duration::from_secs(3)).await;
    assert!(server.cache.is_degraded());

    redis.start_again();
    let began = Instant::now();
    until(|| !server.cache.is_degraded()).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!((seen(&server.seen.opened), seen(&server.seen.closed)), (1, 2));
    server.cache.insert(key(1), FOR_LONG, Bytes::from("body"));
    written(&mut connect(&redis), &key(1)).await;
}

#[tokio::test]
async fn hanging_and_going_on_again() {
    let redis = RedisServer::start(&[]);
    let server = Server::usable(RedisConfig { slow_after: PATIENCE, ..usual(redis.url()) }).await;
    redis.stop();
    server.goes_on_without_redis().await;
    assert!(seen(&server.seen.lookups_failed) >= 1);

    redis.go_on();
    let began = Instant::now();
    until(|| !server.cache.is_degraded()).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn those_who_ask_at_once_when_it_hangs_wait_once() {
    let redis = RedisServer::start(&[]);
    let limit = Duration::from_secs(1);
    let server = Server::usable(RedisConfig { timeout: limit, ..patient(redis.url()) }).await;
    redis.stop();
    let cache = Arc::new(server.cache);
    let began = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let cache = Arc::clone(&cache);
        callers.spawn(async move { cache.get_or_compute(key(number), FOR_LONG, || computed("body")).await.unwrap().1 });
    }
    let hits = callers.join_all().await;
    // Only so many ask at once; if each had waited for its turn and then for Redis it would have been 16 times the limit.
    assert!(began.elapsed() < 5 * limit, "{:?}", began.elapsed());
    assert!(hits.iter().all(|hit| *hit == Hit::Miss));
    until(|| cache.is_degraded()).await;
}

#[tokio::test]
async fn what_is_to_be_written_makes_nobody_wait() {
    let redis = RedisServer::start(&[]);
    let server = Server::usable(patient(redis.url())).await;
    redis.stop();
    let body = Bytes::from(vec![0; 1 << 20]);
    let began = Instant::now();
    for number in 0..200 {
        server.cache.insert(key(number), FOR_LONG, body.clone());
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    // So many bytes wait at most, and it is known what did not find room.
    assert!(seen(&server.seen.puts_dropped) >= 200 - 64, "{}", seen(&server.seen.puts_dropped));
    // Writes that are not answered put the tier out of use too, and what waits is dropped.
    until(|| server.cache.is_degraded() && seen(&server.seen.puts_dropped) >= 200 - 16).await;
}

#[tokio::test]
async fn slow_and_quick_again() {
    let redis = RedisServer::start(&[]);
    let proxy = Proxy::start(redis.address()).await;
    // A delay of 30 ms is slow and no timeout, on a busy machine too.
    let config = RedisConfig { timeout: PATIENCE, slow_after: Duration::from_millis(25), ..usual(proxy.url()) };
    let server = Server::usable(config).await;
    proxy.delay(Duration::from_millis(30));
    let mut lookups = 0;
    let began = Instant::now();
    while !server.cache.is_degraded() {
        server.compute_new(1000 + lookups).await;
        lookups += 1;
        assert!(began.elapsed() < PATIENCE, "the tier must go out of use");
    }
    // One more may have begun before the third was judged, and be answered or not.
    let answered = lookups as usize - seen(&server.seen.lookups_failed);
    assert!((3..=4).contains(&answered), "slow answers are answers: {answered}");

    // While it is slow it stays out of use: several trials happen meanwhile.
    let opened = seen(&server.seen.opened);
    sleep(Duration::from_secs(2)).await;
    assert_eq!((seen(&server.seen.opened), seen(&server.seen.closed)), (opened, opened));
    assert!(server.cache.is_degraded());

    proxy.delay(Duration::ZERO);
    until(|| !server.cache.is_degraded()).await;
}

#[tokio::test]
async fn full() {
    let redis = RedisServer::start(&["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"]);
    let server = Server::usable(patient(redis.url())).await;
    let body = Bytes::from(vec![0; 100 << 10]);
    for number in 0..20 {
        let (_, hit) = server.cache.get_or_compute(key(number), FOR_LONG, || async { Ok(body.clone()) }).await.unwrap();
        assert_eq!(hit, Hit::Miss);
    }
    until(|| seen(&server.seen.puts_dropped) >= 10).await;
    // It can still be read.
    assert!(!server.cache.is_degraded());
    server.compute_new(1000).await;
    assert_eq!((seen(&server.seen.opened), seen(&server.seen.lookups_failed)), (0, 0));
}

#[tokio::test]
async fn a_server_starts_without_redis_and_finds_it_later() {
    let mut redis = RedisServer::start(&[]);
    redis.kill();
    let server = Server::new(RedisConfig { slow_after: PATIENCE, ..usual(redis.url()) });
    assert!(server.compute_new(1).await < A_LOOKUP);
    assert!(server.cache.is_degraded());
    redis.start_again();
    until(|| !server.cache.is_degraded()).await;
    assert_eq!((seen(&server.seen.opened), seen(&server.seen.closed)), (0, 1));
}

#[tokio::test]
async fn only_the_right_password_opens() {
    let redis = RedisServer::start(&["--requirepass", "secret"]);
    let url = |password| format!("redis://:{password}@{}", redis.address());
    let wrong = Server::new(patient(url("hunter2")));
    let server = Server::usable(patient(url("secret"))).await;
    server.compute_new(1).await;
    wrong.compute_new(1).await;
    assert!(wrong.cache.is_degraded());
    assert_eq!(seen(&wrong.seen.closed), 0);
}

#[tokio::test]
async fn something_else_on_the_port_is_left_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let visitors = Arc::new(AtomicUsize::new(0));
    let visits = Arc::clone(&visitors);
    tokio::spawn(async move {
        loop {
            let (mut visitor, _) = listener.accept().await.unwrap();
            visitor.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            add(&visits);
        }
    });
    let server = Server::new(patient(url));
    until(|| seen(&visitors) >= 2).await;
    assert!(server.compute_new(1).await < A_LOOKUP);
    assert!(server.cache.is_degraded());
}

#[test]
fn callers_may_come_from_any_runtime() {
    let redis = RedisServer::start(&[]);
    // Without timers or sockets of its own.
    let block_on = |future| tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
    let server = Server::new(patient(redis.url()));
    let began = Instant::now();
    while server.cache.is_degraded() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::scope(|scope| {
        for number in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let asked = server.cache.get_or_compute(key(number), FOR_LONG, || computed("body"));
                block_on(async { assert_eq!(asked.await.unwrap().1, Hit::Miss) });
            });
        }
    });
    assert_eq!(seen(&server.seen.lookups_failed), 0);
}

#[tokio::test]
async fn a_dropped_tier_ends_its_thread() {
    let redis = RedisServer::start(&[]);
    let connected = Server::usable(patient(redis.url())).await;
    let away = Server::new(patient(format!("redis://127.0.0.1:{}", free_port())));
    for Server { cache, tier, seen } in [connected, away] {
        drop((cache, tier));
        assert_eq!(Arc::strong_count(&seen), 1, "nobody is left who could tell anything");
    }
    // A cache without a remote tier is never degraded.
    assert!(!cache().is_degraded());
}
