//! Asking a server again and again how it is, while it has other things to do.

use std::{
    fmt,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    connection::{KeepAlive, get},
    percentile::percentile,
};

/// What orchestrators, people and monitors ask.
const PATHS: [&str; 4] = ["/livez", "/readyz", "/health", "/metrics"];

/// Between two requests for one path.
const EVERY: Duration = Duration::from_millis(20);

/// What was answered.
#[derive(Debug, Default)]
pub(super) struct Probes {
    milliseconds: Vec<f64>,
    /// What was not answered with 200.
    failures: Vec<String>,
}

impl Probes {
    /// Asks for all paths, each on a connection of its own, while this runs. What it returns, too.
    pub(super) fn beside<T>(address: SocketAddr, work: impl FnOnce() -> T) -> (T, Probes) {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let probers = PATHS.map(|path| scope.spawn(|| Probes::of(address, path, &is_over)));
            let done = work();
            is_over.store(true, Ordering::Relaxed);
            let mut all = Probes::default();
            for prober in probers {
                let probes = prober.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                all.milliseconds.extend(probes.milliseconds);
                all.failures.extend(probes.failures);
            }
            (done, all)
        })
    }

    fn of(address: SocketAddr, path: &str, is_over: &AtomicBool) -> Probes {
        let (mut probes, request, mut client) = (Probes::default(), get(path), KeepAlive::to(address));
        while !is_over.load(Ordering::Relaxed) {
            let begin = Instant::now();
            match client.ask(&request).map(|answer| answer.status) {
                Ok(200) => probes.milliseconds.push(begin.elapsed().as_secs_f64() * 1e3),
                Ok(status) => probes.failures.push(format!("{path}: {status}")),
                Err(lost) => probes.failures.push(format!("{path}: {lost}")),
            }
            thread::sleep(EVERY.saturating_sub(begin.elapsed()));
        }
        probes
    }

    /// The 99th percentile, in milliseconds.
    pub(super) fn p99(&self) -> f64 {
        percentile(self.milliseconds.clone(), 99)
    }

    /// Fails if one was not answered with 200.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        match self.failures.first() {
            Some(failure) => anyhow::bail!("{} probes failed, such as {failure}", self.failures.len()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} probes within {:.1} ms", self.milliseconds.len(), self.p99())
    }
}
