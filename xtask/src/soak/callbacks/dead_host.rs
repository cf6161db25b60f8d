//! One host that does not answer delays no other, and no host has more than two requests at a time.

use std::{
    ops::RangeFrom,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use ureq::Agent;

use super::PATIENCE;
use crate::{
    median::median,
    soak::{
        cases::host_of,
        jobs::{self, Job},
        receiver::Receiver,
        schedule::TIMEOUT,
        server::Server,
    },
};

/// The first number of a job of this check.
const FIRST: usize = 1_000;
const DEAD: usize = 20;
const WELL: usize = 40;
const BETWEEN: Duration = Duration::from_millis(50);

const MOST_PER_HOST: usize = 2;
const MOST: usize = 16;
/// Seconds, in the median.
const MOST_DELAYED: f64 = 0.1;
/// Seconds, at worst: what had to wait for a request to the dead host would be later than this on any machine.
const MOST_DELAYED_AT_WORST: f64 = 0.8 * TIMEOUT;

pub(super) fn run(server: &Server, receiver: &Receiver) -> anyhow::Result<()> {
    let [dead, many, alone, beside] = [20, 21, 22, 23].map(|host| host_of(0, host));
    let mut sender = Sender { agent: jobs::agent(), urls: [server.url()], numbers: FIRST.. };
    let alone = sender.lags(receiver, &alone)?;
    for _ in 0..DEAD {
        sender.send(receiver.url(&dead, "hang"))?;
        sender.send(receiver.url(&many, "nap-100"))?;
    }
    let beside = sender.lags(receiver, &beside)?;
    let worst = |lags: &[f64]| lags.iter().copied().fold(0.0, f64::max);
    let (added, worst) = (median(beside.clone()) - median(alone.clone()), worst(&beside) - worst(&alone));

    let arrivals = receiver.arrivals()?;
    let to_host = arrivals.iter().map(|arrival| arrival.under_way).max().unwrap_or_default();
    let all = arrivals.iter().map(|arrival| arrival.all_under_way).max().unwrap_or_default();
    println!(
        "a dead host: others {:.0} ms later in the median, {:.0} ms at worst; at most {to_host} at a time to a host, \
         {all} in all",
        added * 1000.0,
        worst * 1000.0,
    );
    ensure!(to_host == MOST_PER_HOST, "{to_host} at a time to a host; {MOST_PER_HOST} are promised");
    ensure!(all <= MOST, "{all} at a time; {MOST} are promised");
    ensure!(added <= MOST_DELAYED, "a dead host delays others by {added:.3} s");
    ensure!(worst <= MOST_DELAYED_AT_WORST, "a dead host delays others by {worst:.3} s at worst");
    Ok(())
}

/// Hands in tasks.
struct Sender {
    agent: Agent,
    urls: [String; 1],
    numbers: RangeFrom<usize>,
}

impl Sender {
    fn send(&mut self, callback: String) -> anyhow::Result<()> {
        let number = self.numbers.next().context("no number")?;
        Job { number, callback: Some(callback) }.hand_in(&self.agent, &self.urls)?;
        Ok(())
    }

    /// Seconds from the end of each of some tasks until a host that is well, and has no other tasks, is told.
    fn lags(&mut self, receiver: &Receiver, host: &str) -> anyhow::Result<Vec<f64>> {
        for _ in 0..WELL {
            self.send(receiver.url(host, "ok"))?;
            thread::sleep(BETWEEN);
        }
        let begin = Instant::now();
        loop {
            let arrivals = receiver.arrivals()?;
            let lags: Vec<f64> =
                arrivals.iter().filter(|arrival| arrival.host == host).filter_map(|arrival| arrival.lag).collect();
            if lags.len() == WELL {
                return Ok(lags);
            }
            ensure!(begin.elapsed() < PATIENCE, "{} of {WELL} callbacks arrived", lags.len());
            thread::sleep(BETWEEN);
        }
    }
}
