//! The real server, started as each container would start it: its configuration is good, its probes are answered with 200, and
//! what looks after its health finds it well.
//!
//! Only address and port are others, and the paths of what is mounted. Redis is away, which no probe minds.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use xshell::Shell;

use super::{
    container::{Container, Mount, Source},
    dockerfile::Dockerfile,
    instruments::workshop,
};
use crate::{
    http::Client,
    served::{self, Served},
};

/// How long a probe may fail after the start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// With what the server ends when its configuration is wrong.
const CONFIGURATION: i32 = 78;

/// Fails at the first container that the server does not work in.
pub(super) fn check(sh: &Shell, dockerfile: &Dockerfile, containers: &[Container]) -> anyhow::Result<()> {
    let program = &served::build(sh)?;
    refuses_to_be_open(program, dockerfile)?;
    let places = workshop(sh)?.join("containers");
    for (number, container) in containers.iter().enumerate() {
        println!("{}: starting the server", container.origin);
        let place = emptied(&places.join(number.to_string()))?;
        works(program, container, &place).with_context(|| container.origin.clone())?;
    }
    Ok(())
}

/// A folder without anything in it, made where there is none.
fn emptied(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.canonicalize()?)
}

/// The image alone, without keys: everybody could ask it for everything.
fn refuses_to_be_open(program: &Path, dockerfile: &Dockerfile) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command.arg("check-config").env_clear().envs(&dockerfile.environment).env("MODELS__PATH", ".");
    let Output { status, stderr, .. } = command.output()?;
    let said = String::from_utf8_lossy(&stderr);
    ensure!(
        status.code() == Some(CONFIGURATION) && said.contains("auth.allow_anonymous"),
        "the image without keys should end with {CONFIGURATION} and name auth.allow_anonymous, not {status}: {said}"
    );
    Ok(())
}

fn works(program: &Path, container: &Container, place: &Path) -> anyhow::Result<()> {
    let mounts = container.mounts.iter().enumerate();
    let mounts: Vec<(&Mount, PathBuf)> = mounts
        .map(|(number, mount)| Ok((mount, laid(mount, &place.join(number.to_string()))?)))
        .collect::<anyhow::Result<_>>()?;
    let environment = container.environment.iter().map(|(name, value)| (name, at_home(value, &mounts)));
    let mut command = Command::new(program);
    command.env_clear().envs(environment).current_dir(place);

    let checked = again(&command).arg("check-config").output()?;
    ensure!(checked.status.success(), "check-config: {}", String::from_utf8_lossy(&checked.stderr));

    command.args(["--host", "127.0.0.1", "--port", "0"]);
    let server = Served::start(command)?;
    for probe in &container.probes {
        answers(&format!("{}{}", server.url(), probe.path))?;
    }
    is_found_well(program, container, server.url())
}

/// The same program, environment and folder.
fn again(command: &Command) -> Command {
    let mut again = Command::new(command.get_program());
    again.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        again.current_dir(folder);
    }
    again
}

/// The place on this machine of what is mounted, made where there is none.
fn laid(mount: &Mount, folder: &Path) -> anyhow::Result<PathBuf> {
    if let Source::Checkout(path) = &mount.source {
        return path.canonicalize().with_context(|| format!("there is no {}", path.display()));
    }
    let folder = emptied(folder)?;
    if let Source::Files(files) = &mount.source {
        for (name, text) in files {
            fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
    }
    Ok(folder)
}

/// A value with the place on this machine for a path in the container.
fn at_home(value: &str, mounts: &[(&Mount, PathBuf)]) -> String {
    let inside = |(mount, home): &(&Mount, PathBuf)| {
        let rest = value.strip_prefix(&mount.path)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", home.display()))
    };
    mounts.iter().find_map(inside).unwrap_or_else(|| value.to_owned())
}

/// Waits for a 200.
fn answers(url: &str) -> anyhow::Result<()> {
    let (client, begin) = (Client::new(), Instant::now());
    loop {
        match client.asked(url)? {
            200 => return Ok(()),
            status if begin.elapsed() > PATIENCE => bail!("{url}: {status}"),
            _ => thread::sleep(PAUSE),
        }
    }
}

fn is_found_well(program: &Path, container: &Container, url: &str) -> anyhow::Result<()> {
    let Output { status, stderr, .. } = Command::new(program).args(&container.health_check).arg(url).output()?;
    ensure!(status.success(), "the check of its health: {}", String::from_utf8_lossy(&stderr));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Mount, Source, at_home};

    #[test]
    fn only_paths_of_mounts_change() {
        let mount = Mount { path: "/data".to_owned(), source: Source::Empty };
        let mounts = [(&mount, PathBuf::from("/here"))];
        assert_eq!(at_home("/data/tasks.db", &mounts), "/here/tasks.db");
        assert_eq!(at_home("/data", &mounts), "/here");
        assert_eq!(
            (at_home("/database", &mounts), at_home("0.0.0.0", &mounts)),
            ("/database".into(), "0.0.0.0".into())
        );
    }
}
