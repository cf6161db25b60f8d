//! `cargo xtask soak`: promises that only show over time, against the release server.

mod api;
mod callbacks;
mod cases;
mod clock;
mod failing_disk;
mod jobs;
mod key_timing;
mod kills;
mod otlp;
mod overload;
mod probes;
mod process;
mod prometheus;
mod receiver;
mod redis;
mod reloads;
mod restarts;
mod schedule;
mod server;
mod shared_cache;
mod shared_queue;
mod slow_clients;
mod slow_link;
mod tries;
mod uploads;

use xshell::Shell;

/// One check.
struct Check {
    name: &'static str,
    run: fn(&Shell) -> anyhow::Result<()>,
}

const CHECKS: &[Check] = &[
    Check { name: "overload", run: overload::run },
    Check { name: "slow-clients", run: slow_clients::run },
    Check { name: "uploads", run: uploads::run },
    Check { name: "restarts", run: restarts::run },
    Check { name: "api", run: api::run },
    Check { name: "reloads", run: reloads::run },
    Check { name: "kills", run: kills::run },
    Check { name: "failing-disk", run: failing_disk::run },
    Check { name: "callbacks", run: callbacks::run },
    Check { name: "clock", run: clock::run },
    Check { name: "shared-queue", run: shared_queue::run },
    Check { name: "shared-cache", run: shared_cache::run },
    Check { name: "key-timing", run: key_timing::run },
    Check { name: "otlp", run: otlp::run },
    Check { name: "prometheus", run: prometheus::run },
];

/// Fails if a promise is not kept.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    only(sh, &[])
}

/// The same of the checks with these names; of all if there are none.
pub(crate) fn only(sh: &Shell, names: &[String]) -> anyhow::Result<()> {
    let known: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    for name in names {
        anyhow::ensure!(known.contains(&name.as_str()), "there is no check `{name}`, only: {}", known.join(", "));
    }
    println!(
        "{}",
        if is_long(sh) { "long, as RUN_SLOW_TESTS says" } else { "short; RUN_SLOW_TESTS=1 measures for longer" }
    );
    for check in CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| name == check.name)) {
        (check.run)(sh)?;
    }
    Ok(())
}

/// Whether checks take the time of a machine that has nothing else to do.
pub(crate) fn is_long(sh: &Shell) -> bool {
    sh.var("RUN_SLOW_TESTS").is_ok_and(|value| value == "1")
}
