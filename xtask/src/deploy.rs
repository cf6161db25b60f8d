//! `cargo xtask deploy`: what is in `deploy/` is valid by the schemas and linters of its tools, and says what the server
//! really has: its settings, paths, ports and how long it takes to stop.
//!
//! What is only written down twice, such as a user's number, is held together as well. Nothing here needs Docker or a
//! cluster.

mod compose;
mod container;
mod context;
mod dockerfile;
mod environment;
mod instruments;
mod kserve;
mod linters;
mod pod;
mod ports;
mod rendered;
mod schemas;
mod scrapes;
mod settings;
mod started;
mod stopping;
mod twins;
mod users;
mod versions;
mod yaml;

use anyhow::ensure;
use xshell::Shell;

use self::{
    compose::Compose, container::Container, dockerfile::Dockerfile, instruments::Instruments, rendered::Rendered,
    settings::Settings,
};

/// Everything that is deployed, read.
#[derive(Debug)]
struct Deployed {
    dockerfile: Dockerfile,
    compose: Compose,
    rendered: Rendered,
    /// The server as each of them would run it.
    containers: Vec<Container>,
}

/// Fails with everything that is wrong.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let instruments = Instruments::ensure(sh)?;
    let deployed = Deployed::read(sh, &instruments)?;
    schemas::check(sh, &instruments, &deployed.rendered)?;
    linters::check(sh, &instruments, &deployed.rendered)?;
    context::check(sh)?;
    let problems = disagreements(sh, &instruments, &deployed)?;
    ensure!(problems.is_empty(), "deploy/ is not in agreement with the server or itself:\n{}", problems.join("\n"));
    started::check(sh, &deployed.dockerfile, &deployed.containers)
}

impl Deployed {
    fn read(sh: &Shell, instruments: &Instruments) -> anyhow::Result<Deployed> {
        let dockerfile = Dockerfile::read()?;
        let compose = Compose::read(sh, instruments)?;
        let rendered = Rendered::read(sh, instruments)?;
        let mut containers = vec![compose.container(&dockerfile)?];
        containers.extend(pod::containers(&rendered, &dockerfile)?);
        containers.push(kserve::container(&rendered, &dockerfile)?);
        Ok(Deployed { dockerfile, compose, rendered, containers })
    }
}

/// What is said differently in two places.
fn disagreements(sh: &Shell, instruments: &Instruments, deployed: &Deployed) -> anyhow::Result<Vec<String>> {
    let Deployed { dockerfile, compose, rendered, containers } = deployed;
    let settings = Settings::read()?;
    let mut problems = environment::unknown(&settings, dockerfile, containers);
    problems.extend(ports::differing(&settings, dockerfile, containers, rendered)?);
    problems.extend(stopping::too_short(&settings, containers)?);
    problems.extend(users::differing(dockerfile, containers));
    problems.extend(versions::differing(dockerfile, compose, rendered)?);
    problems.extend(compose.missing_files());
    problems.extend(scrapes::unreachable(sh, instruments, compose)?);
    problems.extend(twins::differing(rendered)?);
    Ok(problems)
}
