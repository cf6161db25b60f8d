//! A server that may open no more files waits for some to be closed: it neither ends nor works for nothing meanwhile.

use std::{
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::{
    connection::{self, KeepAlive, get},
    served::{self, Served},
    soak::process::{open_files, processor_seconds},
};

/// Files and sockets that the server may have open.
const MOST_FILES: usize = 128;
/// More than that.
const CONNECTIONS: usize = 300;
/// How long they stay.
const HELD: Duration = Duration::from_secs(3);
/// Share of one processor that the server may take meanwhile.
const MOST_WORK: f64 = 0.25;
/// From when they are given up until the server takes new ones: a second, and what a machine that does other things as well may add.
const MOST_RECOVERY: Duration = Duration::from_millis(1_100);

pub(super) fn run(program: &Path, models: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("sh");
    // What follows is the server, which takes the place of the shell.
    command.args(["-c", &format!("ulimit -n {MOST_FILES} && exec \"$@\""), "sh"]).arg(program);
    let mut command = served::serving(command, models);
    command.env("SERVER__HEAD_TIMEOUT_S", "60");
    let server = Served::start(command)?;
    let address = connection::address(server.url())?;
    let mut client = KeepAlive::to(address);
    ensure!(client.ask(&get("/livez"))?.status == 200, "the server is not live");
    let held = (0..CONNECTIONS).map(|_| TcpStream::connect(address)).collect::<Result<Vec<_>, _>>()?;
    thread::sleep(HELD / 3);
    let (worked, files) = (processor_seconds(server.id())?, open_files(server.id())?);
    thread::sleep(HELD);
    let work = (processor_seconds(server.id())? - worked) / HELD.as_secs_f64();
    let status = client.ask(&get("/livez"))?.status;
    drop(held);
    let recovery = recovery(address)?;
    println!(
        "slow-clients: {CONNECTIONS} connections to a server that may have {MOST_FILES} files: {files} open, {:.1} % of a \
         processor, new connections answered {:.2} s after they had gone",
        work * 100.0,
        recovery.as_secs_f64(),
    );
    ensure!(files + 1 >= MOST_FILES, "only {files} files were open: nothing was shown");
    ensure!(status == 200, "the connection that was there before is answered {status}");
    ensure!(work <= MOST_WORK, "a server that can do nothing takes {:.0} % of a processor", work * 100.0);
    ensure!(recovery <= MOST_RECOVERY, "well again only after {recovery:?}");
    Ok(())
}

/// How long it takes until a new connection is answered.
fn recovery(address: SocketAddr) -> anyhow::Result<Duration> {
    let began = Instant::now();
    ensure!(connection::ask(address, &get("/livez"))?.status == 200, "the server is not live");
    Ok(began.elapsed())
}
