//! What is in `deploy/prometheus` works: a real Prometheus takes the configuration and the rules, the rules fire when they should, and
//! a scrape of the server is taken whole.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use xshell::{Shell, cmd};

use crate::{
    http::Client,
    served,
    tools::PROMETHEUS,
    workspace::{Metadata, root},
};

/// From the start of Prometheus to its first scrape.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ended with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    PROMETHEUS.ensure(sh)?;
    let deployed = root().join("deploy/prometheus");
    {
        let _there = sh.push_dir(&deployed);
        cmd!(sh, "promtool check config prometheus.yaml").run()?;
        cmd!(sh, "promtool check rules alerts.yaml").run()?;
        cmd!(sh, "promtool test rules alerts_test.yaml").run()?;
    }
    let server = served::start_with_samples(&served::build(sh)?)?;
    let client = Client::new();
    let metrics = client.text(&format!("{}/metrics", server.url()))?;
    cmd!(sh, "promtool check metrics").stdin(&metrics).run()?;

    let folder = Metadata::load(sh)?.target_directory.join("soak-prometheus");
    sh.remove_path(&folder)?;
    let folder = sh.create_dir(folder)?;
    let target = server.url().trim_start_matches("http://");
    let configuration = fs::read_to_string(deployed.join("prometheus.yaml"))?;
    ensure!(
        configuration.contains("ferrocast:8000") && configuration.contains("scrape_interval: 15s"),
        "another target"
    );
    let configuration = configuration.replace("ferrocast:8000", target).replace("_interval: 15s", "_interval: 1s");
    fs::write(folder.join("prometheus.yaml"), configuration)?;
    fs::copy(deployed.join("alerts.yaml"), folder.join("alerts.yaml"))?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let prometheus = Command::new("prometheus")
        .arg(format!("--config.file={}", folder.join("prometheus.yaml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start prometheus")?;
    let _running = Running(prometheus);
    let begin = Instant::now();
    let ask = |query: &str| client.text(&format!("http://127.0.0.1:{port}/api/v1/query?query={query}"));
    while !ask("ferrocast_ready%7Bjob%3D%22ferrocast%22%7D==1").is_ok_and(|answer| answer.contains("\"value\"")) {
        if begin.elapsed() > PATIENCE {
            bail!("no scrape of a server that is ready: {:?}", ask("up"));
        }
        thread::sleep(Duration::from_millis(200));
    }
    let series = ask("scrape_samples_scraped%7Bjob%3D%22ferrocast%22%7D")?;
    println!("prometheus: configuration, rules and a scrape are taken; series of one scrape: {}", last_number(&series));
    Ok(())
}

/// Of `"value":[1764460000.1,"412"]`.
fn last_number(answer: &str) -> &str {
    answer.rsplit('"').find(|part| part.parse::<u64>().is_ok()).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::last_number;

    #[test]
    fn the_value_of_an_answer_is_its_last_number() {
        assert_eq!(last_number(r#"{"data":{"result":[{"metric":{},"value":[1764460000.1,"412"]}]}}"#), "412");
        assert_eq!(last_number("{}"), "unknown");
    }
}
