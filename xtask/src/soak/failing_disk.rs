//! P27 of the reliability promises: what a disk fails to keep is not promised, and what was promised before is there after it.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use xshell::Shell;

use super::{
    jobs::{self, Accepted, Job},
    server::{self, Server},
};
use crate::{http::Client, served, signal, tools::STRACE, workspace::Metadata};

/// Handed in while the disk is well, while it fails, and when it is well again.
const JOBS: usize = 100;
const A_SECOND: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    STRACE.ensure(sh)?;
    let program = served::build(sh)?;
    let folder = server::folder(sh, &Metadata::load(sh)?.target_directory, "failing-disk")?;
    let tasks = ("TASKS__PATH", folder.join("tasks.db").display().to_string());
    let mut server = Server::start(&program, &folder, vec![tasks])?;
    let urls = [server.url()];

    let mut accepted = hand_in(&urls, 0)?;
    let failing = FailingDisk::of(sh, server.id().context("there is no server")?)?;
    let refused = refused_of(&server.url())?;
    failing.mend()?;
    // What was refused is handed in again, under the same names.
    accepted.extend(hand_in(&urls, JOBS)?);
    server.kill();
    server.start_again()?;
    jobs::await_ends(&server.url(), PATIENCE)?;

    for (number, status) in jobs::statuses(&urls, &accepted)? {
        ensure!(status.status == "completed", "job {number} was accepted, and is {status:?}");
    }
    let known = jobs::listed(&server.url())?.len();
    ensure!(known == accepted.len(), "{} jobs were accepted, and {known} are known", accepted.len());
    println!(
        "a disk that fails: {refused} of {JOBS} jobs refused, as many predictions made meanwhile, {} accepted before and \
         after, none lost",
        accepted.len()
    );
    Ok(())
}

/// The jobs of the numbers from this one.
fn hand_in(urls: &[String], first: usize) -> anyhow::Result<Vec<Accepted>> {
    let job = |number: usize| (number < JOBS).then(|| Job { number: first + number, callback: None });
    jobs::hand_in_all(urls, A_SECOND, job)
}

/// Each job is refused as it should be, and each prediction made. How many there were.
fn refused_of(url: &str) -> anyhow::Result<usize> {
    let (agent, client) = (jobs::agent(), Client::new());
    for number in JOBS..2 * JOBS {
        let body = Job { number, callback: None }.body();
        let (status, text) = jobs::hand_in_once(&agent, url, number, &body)?;
        ensure!(status == 503 && text.contains("JOB_STORE_UNAVAILABLE"), "job {number} has {status}: {text}");
        client.post(&format!("{url}/predict"), &body)?;
    }
    Ok(JOBS)
}

/// A process whose files cannot be written through to the disk.
struct FailingDisk<'a> {
    sh: &'a Shell,
    strace: Child,
}

impl FailingDisk<'_> {
    /// For this process, from now on.
    fn of(sh: &Shell, id: u32) -> anyhow::Result<FailingDisk<'_>> {
        let mut command = Command::new("strace");
        command.args(["--follow-forks", "--quiet=all", "--output=/dev/null", "--trace=fsync,fdatasync"]);
        command.args(["--inject=fsync,fdatasync:error=EIO", "--attach", &id.to_string()]);
        let strace = command.stdin(Stdio::null()).spawn().context("cannot start strace")?;
        let failing = FailingDisk { sh, strace };
        let begin = Instant::now();
        while !is_traced(id)? {
            ensure!(begin.elapsed() < PATIENCE, "strace does not get hold of process {id}");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(failing)
    }

    /// The disk is well again.
    fn mend(mut self) -> anyhow::Result<()> {
        signal::send(self.sh, "INT", self.strace.id())?;
        self.strace.wait()?;
        Ok(())
    }
}

impl Drop for FailingDisk<'_> {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        drop(self.strace.kill());
        drop(self.strace.wait());
    }
}

/// Whether somebody watches each thread of the process.
fn is_traced(id: u32) -> anyhow::Result<bool> {
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        let status = fs::read_to_string(thread?.path().join("status"))?;
        if status.lines().any(|line| line.split_whitespace().eq(["TracerPid:", "0"])) {
            return Ok(false);
        }
    }
    Ok(true)
}
