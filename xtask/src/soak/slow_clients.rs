//! Slow clients: thousands of connections that begin a request and do not go on with it are ended in time, are never more than
//! they may be, and cost good clients nothing.

mod crowd;
mod descriptors;

use std::{
    net::SocketAddr,
    path::Path,
    process,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use self::crowd::{Crowd, Habit, await_ends};
use super::{
    is_long,
    jobs::Job,
    process::{metric, open_files},
    server::{self, Server, Setting},
    tries::until_kept,
};
use crate::{
    connection::{self, KeepAlive, post_json_and_close},
    open_loop::{Load, Outcomes},
    served,
    workspace::Metadata,
};

/// More than all connections of a check, on either side.
const FILES: &str = "16384";

const HEAD_LIMIT: Duration = Duration::from_secs(2);
const BODY_LIMIT: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_secs(3);
/// Beyond the limit: a second, which a connection has to take its last answer, and what a machine that does other things as well may
/// add.
const MOST_LATE: f64 = 1.1;

const HALF_HEADS: Habit = Habit {
    name: "half heads",
    connections: 2_000,
    sends: "POST /predict HTTP/1.1\r\nhost: soak\r\nx-half: a",
    limit: HEAD_LIMIT,
    is_told: true,
};
const STALLED_BODIES: Habit = Habit {
    name: "stalled bodies",
    connections: 500,
    sends: "POST /predict HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"bill",
    limit: BODY_LIMIT,
    is_told: true,
};
const IDLE: Habit = Habit {
    name: "idle connections",
    connections: 100,
    sends: "GET /livez HTTP/1.1\r\nhost: soak\r\n\r\n",
    limit: KEEP_ALIVE,
    is_told: false,
};

/// Good clients, each of whose requests is the only one of its connection.
const GOOD_RATE: f64 = 100.0;
const GOOD_CONNECTIONS: usize = 32;
/// As long as the last of the slow ones may stay.
const GOOD_TIME: Duration = Duration::from_secs(5);
/// Of what a good client waits for, beside what it waits for without the slow ones; and milliseconds on top.
const MOST_TIMES: f64 = 2.0;
const SLACK: f64 = 5.0;

/// Of a server that takes fewer connections than there are clients.
const FEW_CONNECTIONS: usize = 300;
const MANY_HALF_HEADS: Habit = Habit { connections: 2 * FEW_CONNECTIONS, ..HALF_HEADS };
/// Two rounds of connections, the second of which waits for the first to go.
const FEW_PATIENCE: Duration = Duration::from_secs(10);

/// For the last connections to be gone on the server's side, too.
const REST: Duration = Duration::from_secs(3);

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let program = served::build(sh)?;
    let folder = server::folder(sh, &Metadata::load(sh)?.target_directory, "slow-clients")?;
    // Of this process, from which the servers have it.
    let id = process::id().to_string();
    cmd!(sh, "prlimit --pid {id} --nofile={FILES}:").quiet().run().context("too few files may be opened")?;
    let rounds = if is_long(sh) { 5 } else { 1 };
    let server = Server::start(&program, &folder, settings(&[]))?;
    for _ in 0..rounds {
        until_kept(|| bear_crowds(&server))?;
    }
    drop(server);
    until_kept(|| bound_connections(&program, &folder))?;
    until_kept(|| descriptors::run(&program, &folder.join("models")))
}

/// Small limits, and these settings.
fn settings(others: &[Setting]) -> Vec<Setting> {
    let seconds = |time: Duration| time.as_secs().to_string();
    let mut settings = vec![
        ("SERVER__HEAD_TIMEOUT_S", seconds(HEAD_LIMIT)),
        ("SERVER__BODY_TIMEOUT_S", seconds(BODY_LIMIT)),
        ("SERVER__KEEP_ALIVE_S", seconds(KEEP_ALIVE)),
    ];
    settings.extend_from_slice(others);
    settings
}

/// All slow clients at once, and good ones beside them.
fn bear_crowds(server: &Server) -> anyhow::Result<()> {
    let (address, id) = (connection::address(&server.url())?, server.id().context("the server has ended")?);
    let before = good(address);
    let files = files_at_rest(id)?;
    let (after, crowds) = thread::scope(|scope| {
        let good = scope.spawn(|| good(address));
        let crowds = slow(address);
        (good.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), crowds)
    });
    let crowds = crowds?;
    let left = files_at_rest(id)?;
    let (before_p99, after_p99) = (before.percentile(200, 99), after.percentile(200, 99));
    let late: Vec<String> = crowds.iter().map(|crowd| format!("{crowd} {:.2} s", crowd.latest())).collect();
    println!(
        "slow-clients: ended after their limit, at the latest: {}; 99 of 100 good requests within {before_p99:.1} ms before \
         and {after_p99:.1} ms beside them; {files} files open before, {left} after",
        late.join(", ")
    );
    before.check(false)?;
    after.check(false)?;
    for crowd in &crowds {
        crowd.check()?;
        ensure!(crowd.latest() <= MOST_LATE, "{crowd} are ended {:.2} s after their limit", crowd.latest());
    }
    ensure!(after_p99 <= MOST_TIMES * before_p99 + SLACK, "a good request takes {after_p99:.1} ms");
    ensure!(left <= files, "{left} files are open, and {files} were before");
    Ok(())
}

/// Opens all, and waits until they are ended.
fn slow(address: SocketAddr) -> anyhow::Result<Vec<Crowd>> {
    let habits = [HALF_HEADS, STALLED_BODIES, IDLE];
    let mut crowds = habits.into_iter().map(|habit| Crowd::of(habit, address)).collect::<Result<Vec<_>, _>>()?;
    await_ends(&mut crowds, BODY_LIMIT * 3)?;
    Ok(crowds)
}

fn good(address: SocketAddr) -> Outcomes {
    let request = post_json_and_close("/predict", &Job { number: 1, callback: None }.body());
    let load = Load { address, request: &request, rate: GOOD_RATE, duration: GOOD_TIME, connections: GOOD_CONNECTIONS };
    load.offer()
}

/// How many files the server has open once nobody has asked it for a while.
fn files_at_rest(process: u32) -> anyhow::Result<usize> {
    thread::sleep(REST);
    open_files(process)
}

/// More clients than connections: the rest wait until they are let in, and are ended in time, too.
fn bound_connections(program: &Path, folder: &Path) -> anyhow::Result<()> {
    let most = FEW_CONNECTIONS.to_string();
    let server = Server::start(program, folder, settings(&[("LIMITS__MAX_CONNECTIONS", most)]))?;
    let (address, id) = (connection::address(&server.url())?, server.id().context("the server has ended")?);
    let files = files_at_rest(id)?;
    let is_over = AtomicBool::new(false);
    let (ended, seen) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(address, id, &is_over));
        let crowd = Crowd::of(MANY_HALF_HEADS, address);
        let ended = crowd.and_then(|crowd| await_ends(&mut [crowd], FEW_PATIENCE));
        is_over.store(true, Ordering::Relaxed);
        (ended, watcher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let Most { connections, open } = seen?;
    println!(
        "slow-clients: {} at once to a server that takes {FEW_CONNECTIONS}: at most {connections} connections and {open} \
         files, {files} of them before",
        MANY_HALF_HEADS.connections
    );
    ended?;
    ensure!(connections <= FEW_CONNECTIONS as f64, "{connections} connections");
    ensure!(open <= files + FEW_CONNECTIONS, "{open} files are open, {files} were before");
    Ok(())
}

/// The most that was seen.
struct Most {
    connections: f64,
    open: usize,
}

/// Asks on a connection of its own, which is one of those that are counted.
fn watch(address: SocketAddr, process: u32, is_over: &AtomicBool) -> anyhow::Result<Most> {
    let (mut client, mut most) = (KeepAlive::to(address), Most { connections: 0.0, open: 0 });
    while !is_over.load(Ordering::Relaxed) {
        most.connections = most.connections.max(metric(&mut client, "ferrocast_connections")?);
        most.open = most.open.max(open_files(process)?);
        thread::sleep(Duration::from_millis(50));
    }
    Ok(most)
}
