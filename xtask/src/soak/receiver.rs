//! Where callbacks go: a process that verifies each with the library that Standard Webhooks publishes, and takes it well or
//! badly, as its path says.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::server::Setting;
use crate::{served::Served, workspace::root};

/// The secret that callbacks are signed with.
pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The one that was before it.
pub(super) const OLD_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A receiver that runs.
#[derive(Debug)]
pub(super) struct Receiver {
    served: Served,
    log: PathBuf,
}

/// A request, as it arrived.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Arrival {
    /// Seconds by a clock that nobody sets.
    pub(super) at: f64,
    /// Seconds since the task ended.
    pub(super) lag: Option<f64>,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) id: String,
    /// A digest.
    pub(super) body: String,
    /// With [`SECRET`], and with [`OLD_SECRET`].
    pub(super) verified: [bool; 2],
    /// Seconds since it was signed, by the receiver's clock on the wall right after it was verified.
    pub(super) age: Option<f64>,
    /// How many requests to this host, and to all of them, had no answer yet, this one included.
    pub(super) under_way: usize,
    pub(super) all_under_way: usize,
}

impl Receiver {
    /// Listens at these addresses of the loopback network and writes down what arrives in a file of this folder.
    pub(super) fn start(python: &Path, folder: &Path, hosts: &[String]) -> anyhow::Result<Receiver> {
        Receiver::start_with(python, folder, hosts, Vec::new())
    }

    /// The same with these variables in its environment.
    pub(super) fn start_with(
        python: &Path,
        folder: &Path,
        hosts: &[String],
        environment: Vec<Setting>,
    ) -> anyhow::Result<Receiver> {
        let log = folder.join("arrivals.jsonl");
        let mut command = Command::new(python);
        command.arg("-B").arg(root().join("xtask/soak/receiver.py")).arg(&log);
        command.envs(environment).args(["0", &hosts.join(","), SECRET, OLD_SECRET]);
        Ok(Receiver { served: Served::start(command)?, log })
    }

    /// Where it takes callbacks so.
    pub(super) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}/{path}", self.port())
    }

    /// Lets a server send to it.
    pub(super) fn settings(&self) -> Vec<Setting> {
        vec![
            ("CALLBACKS__SECRET", SECRET.to_owned()),
            ("CALLBACKS__ALLOW_HTTP", "true".to_owned()),
            ("CALLBACKS__ALLOW_NETWORKS", "127.0.0.0/8".to_owned()),
            ("CALLBACKS__PORTS", self.port().to_owned()),
        ]
    }

    /// What has arrived, in its order.
    pub(super) fn arrivals(&self) -> anyhow::Result<Vec<Arrival>> {
        let text = fs::read_to_string(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        // The last line may be half-written.
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        Ok(whole.map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    fn port(&self) -> &str {
        self.served.url().rsplit(':').next().unwrap_or_default()
    }
}

/// The arrivals of each task, by its id. Fails if one is badly signed, or two of a task differ.
pub(super) fn by_task(arrivals: &[Arrival]) -> anyhow::Result<HashMap<&str, Vec<&Arrival>>> {
    let mut tasks: HashMap<&str, Vec<&Arrival>> = HashMap::new();
    for arrival in arrivals {
        let [is_signed, _] = arrival.verified;
        ensure!(is_signed, "badly signed: {arrival:?}");
        tasks.entry(&arrival.id).or_default().push(arrival);
    }
    for (id, arrivals) in &tasks {
        let same = arrivals.iter().all(|arrival| arrivals.first().is_some_and(|first| first.body == arrival.body));
        ensure!(same, "two bodies for {id}: {arrivals:?}");
    }
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::{Arrival, by_task};

    fn arrival(id: &str, body: &str, is_signed: bool) -> Arrival {
        let [host, path] = ["127.0.0.1", "/ok"].map(str::to_owned);
        let (id, body, verified) = (id.to_owned(), body.to_owned(), [is_signed, false]);
        Arrival { at: 0.0, lag: None, host, path, id, body, verified, age: None, under_way: 1, all_under_way: 1 }
    }

    #[test]
    fn a_task_tells_the_same_each_time() {
        let same = [arrival("1", "a", true), arrival("2", "b", true), arrival("1", "a", true)];
        assert_eq!(by_task(&same).unwrap()["1"].len(), 2);
        assert!(by_task(&[arrival("1", "a", true), arrival("1", "b", true)]).is_err());
        assert!(by_task(&[arrival("1", "a", false)]).is_err());
    }
}
