//! Jobs for the model of penguins, handed in until they are accepted, whatever becomes of the server meanwhile.

use std::{
    collections::HashSet,
    iter,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use ureq::Agent;

use crate::http::Client;

/// How long a job may be refused, and how long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Before it is handed in once more.
const PAUSE: Duration = Duration::from_millis(20);
const THREADS: usize = 16;

/// A row to be predicted later, other than that of any other number.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) number: usize,
    pub(super) callback: Option<String>,
}

/// A job that was accepted.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) job: Job,
    pub(super) id: String,
    /// How many requests that took.
    pub(super) requests: usize,
}

/// What a server tells of a task.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Status {
    pub(super) task_id: String,
    pub(super) status: String,
    pub(super) attempts: usize,
    /// The answer that the same request would have had at once.
    pub(super) result: Option<Value>,
    pub(super) error_code: Option<String>,
    pub(super) callback: Option<Callback>,
}

/// What a server tells of a callback.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Callback {
    pub(super) state: String,
    pub(super) attempts: usize,
}

/// A page of the list of tasks.
#[derive(Deserialize)]
struct Page {
    tasks: Vec<Status>,
}

/// The answer to a job that was handed in.
#[derive(Deserialize)]
struct Named {
    task_id: String,
}

impl Job {
    fn row(&self) -> Map<String, Value> {
        let number = self.number as f64;
        let islands = ["Biscoe", "Dream", "Torgersen"];
        let fields = [
            ("bill_length_mm", json!(30.0 + number / 1000.0)),
            ("bill_depth_mm", json!(13.0 + (number % 90.0) / 10.0)),
            ("island", json!(islands.get(self.number % islands.len()))),
            ("flipper_length_mm", json!(170 + self.number % 61)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Its row, and where to send what comes of it.
    pub(super) fn body(&self) -> String {
        let mut body = self.row();
        body.extend(self.callback.iter().map(|url| ("callback_url".to_owned(), json!(url))));
        Value::Object(body).to_string()
    }

    /// Hands it in until it is accepted, at one server after the other.
    pub(super) fn hand_in(self, agent: &Agent, urls: &[String]) -> anyhow::Result<Accepted> {
        let begin = Instant::now();
        let body = self.body();
        for requests in 1.. {
            let url = urls.get((self.number + requests) % urls.len()).context("no server")?;
            match hand_in_once(agent, url, self.number, &body) {
                Ok((202, text)) => {
                    let Named { task_id: id } = serde_json::from_str(&text)?;
                    return Ok(Accepted { job: self, id, requests });
                }
                // It is down, or not up yet.
                Ok((503, _)) | Err(_) if begin.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Ok((status, text)) => bail!("{status}: {text}, for {body}"),
                Err(error) => return Err(error.context("no server takes a job")),
            }
        }
        bail!("no server takes a job")
    }
}

/// Status and body of what a server answers to a job.
pub(super) fn hand_in_once(agent: &Agent, url: &str, number: usize, body: &str) -> anyhow::Result<(u16, String)> {
    let request = agent.post(format!("{url}/predict_async"));
    let request = request.header("content-type", "application/json").header("idempotency-key", format!("job-{number}"));
    let mut answer = request.send(body)?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

/// What hands jobs in. It gives up a request that a server does not answer.
pub(super) fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().new_agent()
}

/// Hands in the jobs of the numbers from 0, so many a second, until there is none of a number.
pub(super) fn hand_in_all(
    urls: &[String],
    a_second: u32,
    job: impl Fn(usize) -> Option<Job> + Sync,
) -> anyhow::Result<Vec<Accepted>> {
    let (next, begin, agent) = (AtomicUsize::new(0), Instant::now(), agent());
    let turn = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let job = job(number)?;
        thread::sleep(Duration::from_secs_f64(number as f64 / f64::from(a_second)).saturating_sub(begin.elapsed()));
        Some(job.hand_in(&agent, urls))
    };
    in_threads(|| iter::from_fn(turn).collect())
}

/// What a server knows of a task.
pub(super) fn status(client: &Client, url: &str, id: &str) -> anyhow::Result<Status> {
    let answer = client.get(&format!("{url}/prediction_status/{id}"))?;
    Status::deserialize(&answer).with_context(|| format!("no status of {id}: {answer}"))
}

/// What the servers know of each of these tasks.
pub(super) fn statuses(urls: &[String], accepted: &[Accepted]) -> anyhow::Result<Vec<(usize, Status)>> {
    let (next, client) = (AtomicUsize::new(0), Client::new());
    let turn = || {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let accepted = accepted.get(place / urls.len())?;
        let url = urls.get(place % urls.len())?;
        Some(status(&client, url, &accepted.id).map(|status| (accepted.job.number, status)))
    };
    in_threads(|| iter::from_fn(turn).collect())
}

/// What the server predicts for each of these jobs at once.
pub(super) fn predicted(url: &str, accepted: &[Accepted]) -> anyhow::Result<Vec<(usize, Value)>> {
    let (next, client, url) = (AtomicUsize::new(0), Client::new(), format!("{url}/predict"));
    let turn = || {
        let job = &accepted.get(next.fetch_add(1, Ordering::Relaxed))?.job;
        let answer = client.post(&url, &Value::Object(job.row()).to_string());
        Some(answer.and_then(|answer| Ok((job.number, serde_json::from_str(&answer)?))))
    };
    in_threads(|| iter::from_fn(turn).collect())
}

/// All that the threads have done.
fn in_threads<T: Send>(work: impl Fn() -> anyhow::Result<Vec<T>> + Sync) -> anyhow::Result<Vec<T>> {
    let all = Mutex::new(Ok(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let done = work();
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                match (all.as_mut(), done) {
                    (Ok(all), Ok(done)) => all.extend(done),
                    (Ok(_), Err(error)) => *all = Err(error),
                    (Err(_), _) => {}
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until no task is open and no callback is due. How long that took.
pub(super) fn await_ends(url: &str, patience: Duration) -> anyhow::Result<Duration> {
    let (client, begin) = (Client::new(), Instant::now());
    while let Some(open) = open(&client, url)? {
        ensure!(begin.elapsed() < patience, "there are tasks with {open} after {patience:?}");
        thread::sleep(Duration::from_millis(100));
    }
    Ok(begin.elapsed())
}

/// What there is that has not ended. A callback that is due is asked for last: it was a task that ran before.
fn open(client: &Client, url: &str) -> anyhow::Result<Option<&'static str>> {
    for open in ["state=queued", "state=running", "callback=due"] {
        if !some_listed(client, url, &format!("{open}&limit=1"))?.is_empty() {
            return Ok(Some(open));
        }
    }
    Ok(None)
}

/// The ids of all tasks.
pub(super) fn listed(url: &str) -> anyhow::Result<HashSet<String>> {
    let client = Client::new();
    let (mut all, mut page) = (HashSet::new(), some_listed(&client, url, "limit=100")?);
    while let Some(last) = page.last() {
        let next = format!("limit=100&before={last}");
        all.extend(page);
        page = some_listed(&client, url, &next)?;
    }
    Ok(all)
}

/// The ids of the tasks that run, if they are few.
pub(super) fn running(url: &str) -> anyhow::Result<HashSet<String>> {
    Ok(some_listed(&Client::new(), url, "state=running&limit=100")?.into_iter().collect())
}

fn some_listed(client: &Client, url: &str, query: &str) -> anyhow::Result<Vec<String>> {
    let answer = client.get(&format!("{url}/prediction_status?{query}"))?;
    let page = Page::deserialize(&answer).with_context(|| format!("no list: {answer}"))?;
    Ok(page.tasks.into_iter().map(|task| task.task_id).collect())
}
