//! Clients of servers that are restarted: each sends one request after the other.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::balancer::Balancer;
use crate::{
    connection::{Answer, Connection, Lost, post_json, post_json_and_close},
    soak::jobs::Job,
};

const CLIENTS: usize = 64;
/// Between two requests of a client: less than a server goes on answering once it is told to end.
const PAUSE: Duration = Duration::from_millis(20);

/// A model and the longest that it lets a request wait for others to run with, in milliseconds.
pub(super) const MODELS: [(&str, u64); 3] = [("quick", 2), ("middle", 50), ("slow", 1_000)];

/// How a request failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) sent: Instant,
    pub(super) why: Why,
}

/// What it got in place of a prediction.
#[derive(Debug)]
pub(super) enum Why {
    Lost(Lost),
    /// Another status than 200.
    Status(u16),
    /// No server was ready.
    NoServer,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Lost(lost) => write!(f, "{lost}"),
            Why::Status(status) => write!(f, "status {status}"),
            Why::NoServer => write!(f, "no server was ready"),
        }
    }
}

/// What came of all requests.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) answered: usize,
    /// To the answer.
    pub(super) longest: Duration,
    pub(super) failures: Vec<Failure>,
}

impl Record {
    fn add(&mut self, other: Record) {
        self.answered += other.answered;
        self.longest = self.longest.max(other.longest);
        self.failures.extend(other.failures);
    }
}

/// Sends requests beside this, to where the balancer says; half of the clients keep their connections. What this returns, too.
pub(super) fn beside<T>(balancer: &Balancer, work: impl FnOnce() -> T) -> (T, Record) {
    let all = Mutex::new(Record::default());
    let done = thread::scope(|scope| {
        for number in 0..CLIENTS {
            let all = &all;
            scope.spawn(move || {
                let record = client(balancer, number);
                all.lock().unwrap_or_else(PoisonError::into_inner).add(record);
            });
        }
        let done = work();
        balancer.end();
        done
    });
    (done, all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn client(balancer: &Balancer, number: usize) -> Record {
    let (name, _) = MODELS.get(number % MODELS.len()).copied().unwrap_or_default();
    let (path, body) = (format!("/models/{name}/predict"), Job { number, callback: None }.body());
    // Numbers of clients of each model are even as well as odd.
    let keeps = number.is_multiple_of(2);
    let request = if keeps { post_json(&path, &body) } else { post_json_and_close(&path, &body) };
    let (mut record, mut kept) = (Record::default(), None);
    while !balancer.is_over() {
        let sent = Instant::now();
        match send(balancer, &request, &mut kept) {
            Ok(()) => {
                record.answered += 1;
                record.longest = record.longest.max(sent.elapsed());
            }
            Err(why) => record.failures.push(Failure { sent, why }),
        }
        thread::sleep(PAUSE);
    }
    record
}

/// On the connection that there is, which is given up when the server asks for that, or else on a new one.
fn send(balancer: &Balancer, request: &[u8], kept: &mut Option<Connection>) -> Result<(), Why> {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => Connection::open(balancer.next().ok_or(Why::NoServer)?).map_err(Why::Lost)?,
    };
    let Answer { status, closes, .. } = connection.exchange(request).map_err(Why::Lost)?;
    *kept = (!closes).then_some(connection);
    if status == 200 { Ok(()) } else { Err(Why::Status(status)) }
}
