//! P32 of the reliability promises: whatever becomes of the Redis that servers share, predictions go on, and are hardly later.

use std::{
    fmt,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use xshell::Shell;

use super::{
    jobs::Job,
    redis::Redis,
    server::{self, Server},
    slow_link::SlowLink,
};
use crate::{http::Client, percentile::percentile, served, tools::REDIS, workspace::Metadata};

const THREADS: usize = 8;
/// Between two requests of a thread.
const PACE: Duration = Duration::from_millis(20);
/// Rows that differ, which are more than one run needs.
const ROWS: usize = 30_000;

/// Before each fault.
const STEADY: Duration = Duration::from_secs(4);
/// In which the server finds out.
const FIRST: Duration = Duration::from_secs(2);
const AFTER: Duration = Duration::from_secs(4);
/// From the end of a fault until Redis is used again.
const MOST_HEALING: Duration = Duration::from_secs(5);
/// More than Redis may take for a lookup.
const SLOW: Duration = Duration::from_millis(200);

const TURNS: usize = 3;
/// Milliseconds that a machine that does other things as well may add.
const SLACK: f64 = 25.0;

/// What becomes of Redis.
struct Fault {
    name: &'static str,
    begin: fn(&mut Shared<'_>) -> anyhow::Result<()>,
    end: fn(&mut Shared<'_>) -> anyhow::Result<()>,
}

/// What the servers share, and the way to it.
struct Shared<'a> {
    sh: &'a Shell,
    redis: Redis,
    link: SlowLink,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "killed",
        begin: |shared| {
            shared.redis.kill();
            Ok(())
        },
        end: |shared| shared.redis.start_again(),
    },
    Fault {
        name: "stopped",
        begin: |shared| shared.redis.signal(shared.sh, "STOP"),
        end: |shared| shared.redis.signal(shared.sh, "CONT"),
    },
    Fault {
        name: "slow",
        begin: |shared| {
            shared.link.delay(SLOW);
            Ok(())
        },
        end: |shared| {
            shared.link.delay(Duration::ZERO);
            Ok(())
        },
    },
];

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    REDIS.ensure(sh)?;
    let program = served::build(sh)?;
    let folder = server::folder(sh, &Metadata::load(sh)?.target_directory, "shared-cache")?;
    let redis = Redis::start(&folder)?;
    let link = SlowLink::to(redis.port())?;
    let url = format!("redis://127.0.0.1:{}", link.port());
    let server = Server::start(&program, &folder, vec![("REDIS_URL", url)])?;
    let mut shared = Shared { sh, redis, link };
    let load = Load::new(server.url());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| load.make());
        }
        let watched = FAULTS.iter().try_for_each(|fault| watch_until_kept(fault, &mut shared, &load));
        load.is_over.store(true, Ordering::Relaxed);
        watched
    })?;
    let took = load.took();
    let failed = took.iter().filter(|took| took.failure.is_some()).count();
    println!("{} predictions while Redis failed in {} ways, {failed} of them failed", took.len(), FAULTS.len());
    match took.into_iter().find_map(|took| took.failure) {
        Some(failure) => Err(failure.context("a prediction failed")),
        None => Ok(()),
    }
}

/// One moment in which the machine stands still makes all clients late at once: what is promised has to show in one of a few
/// turns.
fn watch_until_kept(fault: &Fault, shared: &mut Shared<'_>, load: &Load) -> anyhow::Result<()> {
    for _ in 1..TURNS {
        match watch(fault, shared, load) {
            Ok(()) => return Ok(()),
            Err(error) => println!("once more, as {error}"),
        }
    }
    watch(fault, shared, load)
}

/// How long predictions take before a fault, when it begins and while it lasts; then, how long until Redis is used again.
fn watch(fault: &Fault, shared: &mut Shared<'_>, load: &Load) -> anyhow::Result<()> {
    let steady = load.p99_of(STEADY)?;
    (fault.begin)(shared)?;
    let first = load.p99_of(FIRST)?;
    ensure!(load.is_degraded()?, "Redis is {}, and /health says nothing of it", fault.name);
    let after = load.p99_of(AFTER)?;
    (fault.end)(shared)?;
    let begin = Instant::now();
    while load.is_degraded()? && begin.elapsed() <= MOST_HEALING {
        thread::sleep(PACE);
    }
    let healing = begin.elapsed();
    println!(
        "Redis {}: 99 of 100 predictions within {steady} before, {first} in the first {FIRST:?}, {after} from then on; used \
         again after {:.1} s",
        fault.name,
        healing.as_secs_f64()
    );
    ensure!(first.0 <= 1.5 * steady.0 + 50.0 + SLACK, "{first} when Redis is {}", fault.name);
    ensure!(after.0 <= 1.1 * steady.0 + SLACK, "{after} while Redis is {}", fault.name);
    ensure!(healing <= MOST_HEALING, "Redis is not used after {healing:?}, when it is no longer {}", fault.name);
    Ok(())
}

/// Milliseconds.
#[derive(Debug, Clone, Copy)]
struct Latency(f64);

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", self.0)
    }
}

/// A prediction.
struct Took {
    begin: Instant,
    milliseconds: f64,
    failure: Option<anyhow::Error>,
}

/// Clients that ask for what was never asked before: each looks into Redis, predicts, and has it kept there.
struct Load {
    url: String,
    next: AtomicUsize,
    is_over: AtomicBool,
    took: Mutex<Vec<Took>>,
}

impl Load {
    fn new(url: String) -> Load {
        Load { url, next: AtomicUsize::new(0), is_over: AtomicBool::new(false), took: Mutex::default() }
    }

    /// Until it is over.
    fn make(&self) {
        let (client, url) = (Client::new(), format!("{}/predict_cached", self.url));
        while !self.is_over.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed) % ROWS;
            let (body, begin) = (Job { number, callback: None }.body(), Instant::now());
            let failure = client.post(&url, &body).err();
            let took = begin.elapsed();
            let milliseconds = took.as_secs_f64() * 1000.0;
            self.took.lock().unwrap_or_else(PoisonError::into_inner).push(Took { begin, milliseconds, failure });
            thread::sleep(PACE.saturating_sub(took));
        }
    }

    /// What 99 of 100 predictions took at most that begin in this time from now.
    fn p99_of(&self, time: Duration) -> anyhow::Result<Latency> {
        let begin = Instant::now();
        let range = begin..begin + time;
        thread::sleep(time);
        // Those that have only just begun are few, and would have to be waited for.
        p99(&self.took.lock().unwrap_or_else(PoisonError::into_inner), &range)
    }

    fn is_degraded(&self) -> anyhow::Result<bool> {
        let health = Client::new().get(&format!("{}/health", self.url))?;
        Ok(health.get("degraded").is_some())
    }

    fn took(self) -> Vec<Took> {
        self.took.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn p99(took: &[Took], range: &Range<Instant>) -> anyhow::Result<Latency> {
    let within = took.iter().filter(|took| range.contains(&took.begin));
    let milliseconds: Vec<f64> = within.map(|took| took.milliseconds).collect();
    ensure!(!milliseconds.is_empty(), "no prediction ended in this time");
    Ok(Latency(percentile(milliseconds, 99)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Took, p99};

    #[test]
    fn the_slowest_of_a_hundred_does_not_count() {
        let begin = Instant::now();
        let took =
            |second| Took { begin: begin + Duration::from_secs(second), milliseconds: second as f64, failure: None };
        let all: Vec<Took> = (1..=200).rev().map(took).collect();
        let range = |end| begin..begin + Duration::from_secs(end);
        assert_eq!(p99(&all, &range(101)).unwrap().0, 99.0);
        assert_eq!(p99(&all, &range(201)).unwrap().0, 198.0);
        assert_eq!(p99(&all, &range(2)).unwrap().0, 1.0);
        assert!(p99(&all, &range(1)).is_err());
    }
}
