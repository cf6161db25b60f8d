//! How it goes, each second while it runs.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use ferrocast_load::{Report, Running};

const EVERY: Duration = Duration::from_secs(1);

/// Tells it until the test is over. What is told goes beside the results, so that they can be piped on.
pub(super) fn tell(running: &Running, out: &mut impl Write) -> io::Result<()> {
    let (mut last, mut then) = (running.so_far(), Instant::now());
    while !running.wait(EVERY.saturating_sub(then.elapsed())) {
        let (so_far, now) = (running.so_far(), Instant::now());
        writeln!(out, "{}", line(&last, &so_far, now.duration_since(then)))?;
        (last, then) = (so_far, now);
    }
    Ok(())
}

fn line(last: &Report, so_far: &Report, passed: Duration) -> String {
    if so_far.requests == 0 {
        return format!("warming up: {} requests", so_far.warm_up_requests);
    }
    let rate = so_far.answers.saturating_sub(last.answers) as f64 / passed.as_secs_f64();
    let p99 = so_far.latency_milliseconds.map_or_else(|| "-".to_owned(), |latency| format!("{:.2}", latency.p99));
    let errors = so_far.failed + so_far.refused();
    format!("{:4.0} s  {rate:.0}/s  {errors} errors  p99 {p99} ms", so_far.seconds)
}
