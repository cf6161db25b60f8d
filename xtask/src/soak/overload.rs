//! Overload: a model that is sent twice or ten times what it can do goes on doing what it can.
//!
//! The model sleeps for a known time on its threads and leaves the processors to everything else, so that what is measured is
//! the server: as many answers as at the peak, none later than the queue is long, refusals at once, probes all the while, and
//! everything as before as soon as it is over.

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use xshell::{Shell, cmd};

use super::{is_long, probes::Probes, process::metric, tries::until_kept};
use crate::{
    connection::{self, KeepAlive, get, post_json},
    open_loop::Load,
    percentile::percentile,
    served::Served,
    workspace::Metadata,
};

/// What one run of the model takes.
const SERVICE: Duration = Duration::from_millis(20);
/// Rows that wait; more are refused.
const QUEUE: usize = 16;
const MANIFEST: &str = "task = \"regression\"\n[model]\nengine = \"timed\"\n[[feature]]\nname = \"x\"\ntype = \"float\"\n\
                        [serving]\nmode = \"pooled\"\nmax_batch_rows = 1\nmax_queue_rows = 16\nthreads = 2\n";
/// Runs a second of two such threads; the peak is a little less.
const CAPACITY: f64 = 100.0;

/// Enough for what runs, what waits and what is being refused.
const CONNECTIONS: usize = 64;
const PEAK_TIME: Duration = Duration::from_secs(4);

/// Requests that are sent one after the other to see what is usual.
const USUAL: usize = 100;
/// Of which so many in a row show that it is so again.
const USUAL_AGAIN: usize = 20;
/// Of one of them beside what is usual.
const MOST_AFTER: f64 = 1.2;
const MOST_RECOVERY: Duration = Duration::from_secs(2);

/// Of what is accepted beside the time of a full queue and a run.
const MOST_ACCEPTED: f64 = 1.25;
/// Milliseconds.
const MOST_REFUSED: f64 = 25.0;
const MOST_PROBED: f64 = 50.0;

/// How long a server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// More than can be done.
struct Excess {
    /// Times the peak.
    times: f64,
    /// Answers a second beside the peak.
    least_goodput: f64,
}

const EXCESSES: [Excess; 2] = [Excess { times: 2.0, least_goodput: 0.97 }, Excess { times: 10.0, least_goodput: 0.95 }];

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    cmd!(sh, "cargo build --release --locked --package ferrocast-server --example timed_engine").run()?;
    let target = Metadata::load(sh)?.target_directory;
    let folder = target.join("soak/overload");
    sh.remove_path(&folder)?;
    let version = sh.create_dir(folder.join("timed/1"))?;
    sh.write_file(version.join("model.onnx"), SERVICE.as_millis().to_string())?;
    sh.write_file(version.join("model.toml"), MANIFEST)?;
    let server = start(&target.join("release/examples/timed_engine"), &folder)?;
    let target =
        Target { address: connection::address(server.url())?, request: post_json("/predict", r#"{"x": 1.0}"#) };
    let duration = Duration::from_secs(if is_long(sh) { 20 } else { 10 });
    EXCESSES.iter().try_for_each(|excess| until_kept(|| target.bear(excess, duration)))
}

fn start(program: &Path, folder: &Path) -> anyhow::Result<Served> {
    let mut command = Command::new(program);
    command.arg(folder);
    let server = Served::start(command)?;
    let (address, began) = (connection::address(server.url())?, Instant::now());
    while connection::ask(address, &get("/health"))?.status != 200 {
        ensure!(began.elapsed() < PATIENCE, "the model does not become ready");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(server)
}

/// The model that is asked too much of.
struct Target {
    address: SocketAddr,
    request: Vec<u8>,
}

impl Target {
    fn load(&self, rate: f64, duration: Duration, connections: usize) -> Load<'_> {
        Load { address: self.address, request: &self.request, rate, duration, connections }
    }

    /// Fails if a promise is not kept.
    fn bear(&self, excess: &Excess, duration: Duration) -> anyhow::Result<()> {
        let usual = self.lone(USUAL)?;
        // More than can be done, on as many connections as may wait: there is always one that waits, and none is refused.
        let peak = self.load(CAPACITY * 1.2, PEAK_TIME, QUEUE).offer().goodput();
        let (outcomes, probes) =
            Probes::beside(self.address, || self.load(peak * excess.times, duration, CONNECTIONS).offer());
        let recovery = self.recovery(usual)?;
        let queued = metric(&mut KeepAlive::to(self.address), "ferrocast_queue_rows")?;
        let goodput = outcomes.goodput() / peak;
        let (accepted, refused) = (outcomes.percentile(200, 99), outcomes.percentile(429, 99));
        let most_accepted = MOST_ACCEPTED * (QUEUE as f64 / peak + SERVICE.as_secs_f64()) * 1e3;
        println!(
            "overload: {} times the peak of {peak:.1}/s, {} requests: {:.1} % of the peak answered, 99 of 100 within \
             {accepted:.0} ms ({most_accepted:.0} promised), refusals within {refused:.1} ms, {probes}; as before after \
             {:.1} s",
            excess.times,
            outcomes.count(),
            goodput * 100.0,
            recovery.as_secs_f64(),
        );
        outcomes.check(true)?;
        probes.check()?;
        ensure!(goodput >= excess.least_goodput, "only {:.1} % of the peak are answered", goodput * 100.0);
        ensure!(accepted <= most_accepted, "what is accepted takes {accepted:.0} ms");
        ensure!(refused <= MOST_REFUSED, "a refusal takes {refused:.1} ms");
        ensure!(probes.p99() <= MOST_PROBED, "a probe takes {:.1} ms", probes.p99());
        ensure!(recovery <= MOST_RECOVERY, "as before only after {recovery:?}");
        ensure!(queued == 0.0, "{queued} rows wait when nobody asks");
        Ok(())
    }

    /// The 99th percentile of requests that are sent one after the other, in milliseconds.
    fn lone(&self, count: usize) -> anyhow::Result<f64> {
        let mut client = KeepAlive::to(self.address);
        let mut one = || -> anyhow::Result<f64> {
            let begin = Instant::now();
            let status = client.ask(&self.request)?.status;
            ensure!(status == 200, "{status}, to a lone request");
            Ok(begin.elapsed().as_secs_f64() * 1e3)
        };
        Ok(percentile((0..count).map(|_| one()).collect::<Result<_, _>>()?, 99))
    }

    /// How long it takes from now until requests are as fast as usual.
    fn recovery(&self, usual: f64) -> anyhow::Result<Duration> {
        let began = Instant::now();
        loop {
            let recovery = began.elapsed();
            if self.lone(USUAL_AGAIN)? <= usual * MOST_AFTER || recovery > MOST_RECOVERY {
                return Ok(recovery);
            }
        }
    }
}
