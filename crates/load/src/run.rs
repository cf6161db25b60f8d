//! A load test that runs: threads, their connections, and what they have counted so far.

use std::convert::Infallible;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::connection::{Client, Route};
use crate::failure::FailureKind;
use crate::report::Setting;
use crate::tally::Tally;
use crate::turns::{Times, Turns};
use crate::{LoadError, Pace, Plan, Report, Requests, Target};

/// Before a closed loop tries again to connect to a server that did not let it: it would do nothing else otherwise.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs the load test to its end.
///
/// # Errors
/// If it does not begin. What fails in it is in the report.
pub fn run(plan: Plan) -> Result<Report, LoadError> {
    Ok(start(plan)?.finish())
}

/// Begins the load test, on threads of its own: as many as there are cores for this process, or connections if those are fewer.
///
/// # Errors
/// If the plan makes no sense, the target's host is not found, there is nobody to trust, or the system gives no thread.
pub fn start(mut plan: Plan) -> Result<Running, LoadError> {
    plan.check()?;
    plan.requests.address(&plan.target)?;
    let route = Route::to(&plan.target, &plan.trust)?;
    let times = Times::from_now(plan.warm_up, plan.duration);
    let setting = Setting {
        url: plan.target.to_string(),
        method: plan.requests.method_name().to_owned(),
        connections: plan.connections,
        offered_per_second: match plan.pace {
            Pace::Closed => None,
            Pace::Open { per_second } => Some(per_second),
        },
    };
    let test = Arc::new(Test {
        turns: Turns::new(plan.pace, &times),
        times,
        target: plan.target,
        requests: plan.requests,
        route,
        timeout: plan.timeout,
        setting,
        stopped: watch::Sender::new(None),
    });
    Running::start(test, plan.connections)
}

/// What the threads share.
#[derive(Debug)]
struct Test {
    target: Target,
    requests: Requests,
    route: Route,
    timeout: Duration,
    times: Times,
    turns: Turns,
    setting: Setting,
    /// When, if it was.
    stopped: watch::Sender<Option<Instant>>,
}

impl Test {
    /// Sends on one connection until nothing is left to be sent.
    async fn drive(&self, tally: &Mutex<Tally>) {
        let mut client = Client::new(&self.route, self.timeout);
        while let Some(due) = self.turns.next(&self.times).await {
            let is_measured = due >= self.times.measured_from;
            {
                let mut tally = locked(tally);
                *if is_measured { &mut tally.sent } else { &mut tally.warm_up } += 1;
            }
            let answered = client.ask(self.requests.next(&self.target), |_| ()).await;
            let now = Instant::now();
            let is_refused = answered.as_ref().is_err_and(|failure| is_unreachable(failure.kind));
            if is_measured {
                let mut tally = locked(tally);
                match answered {
                    Ok(answer) => tally.answered(answer, now.duration_since(due), now <= self.times.ends),
                    Err(failure) => tally.failed(failure),
                }
            }
            if is_refused && matches!(self.turns, Turns::Closed) {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Sends on so many connections until nothing is left to be sent, or all is to stop.
    async fn drive_all(self: Arc<Self>, tally: &Arc<Mutex<Tally>>, connections: usize) {
        let drive = |_| {
            let (test, tally) = (Arc::clone(&self), Arc::clone(tally));
            tokio::spawn(async move { test.drive(&tally).await })
        };
        let driven: Vec<_> = (0..connections).map(drive).collect();
        let all = async {
            for connection in driven {
                if let Some(panic) = connection.await.err().and_then(|error| error.try_into_panic().ok()) {
                    resume_unwind(panic);
                }
            }
        };
        tokio::select! {
            () = all => {}
            () = self.stopped() => {}
        }
    }

    async fn stopped(&self) {
        // The sender lives as long as this.
        drop(self.stopped.subscribe().wait_for(Option::is_some).await);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.borrow().is_some()
    }

    /// How long has been measured until now.
    fn measured(&self) -> Duration {
        let until = self.stopped.borrow().unwrap_or_else(Instant::now).min(self.times.ends);
        until.saturating_duration_since(self.times.measured_from)
    }
}

fn is_unreachable(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Connect | FailureKind::Tls)
}

fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A load test under way. Dropped, it stops.
#[derive(Debug)]
pub struct Running {
    test: Arc<Test>,
    threads: Vec<JoinHandle<()>>,
    /// One for each thread with connections, so that they do not wait for each other.
    tallies: Vec<Arc<Mutex<Tally>>>,
    /// Disconnected when the last thread has ended.
    alive: Receiver<Infallible>,
}

impl Running {
    fn start(test: Arc<Test>, connections: usize) -> Result<Running, LoadError> {
        let (alive, receiver) = sync_channel(0);
        let mut running = Running { test, threads: Vec::new(), tallies: Vec::new(), alive: receiver };
        let count = thread::available_parallelism().map_or(1, NonZero::get).min(connections);
        for number in 0..count {
            // As even as it goes.
            let share = connections / count + usize::from(number < connections % count);
            let (test, tally, alive) = (Arc::clone(&running.test), Arc::<Mutex<Tally>>::default(), alive.clone());
            running.tallies.push(Arc::clone(&tally));
            let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
            running.spawn("load", move || {
                runtime.block_on(test.drive_all(&tally, share));
                drop(alive);
            })?;
        }
        if let Turns::Open(_) = running.test.turns {
            let test = Arc::clone(&running.test);
            running.spawn("schedule", move || test.turns.keep(&test.times, || test.is_stopped()))?;
        }
        Ok(running)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), LoadError> {
        self.threads.push(thread::Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }

    /// What has been counted so far.
    #[must_use]
    pub fn so_far(&self) -> Report {
        self.report(false)
    }

    /// Waits so long at most; whether the test is over.
    #[must_use]
    pub fn wait(&self, most: Duration) -> bool {
        matches!(self.alive.recv_timeout(most), Err(RecvTimeoutError::Disconnected))
    }

    /// Stops it from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.test))
    }

    /// Waits for the end: of the measurement, and of the requests that are under way then.
    #[must_use]
    pub fn finish(mut self) -> Report {
        for thread in self.threads.drain(..) {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        self.report(true)
    }

    fn report(&self, is_over: bool) -> Report {
        let mut all = Tally::default();
        for tally in &self.tallies {
            all.add(&locked(tally));
        }
        Report::new(&self.test.setting, all, self.test.turns.missed(), self.test.measured(), is_over)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper().stop();
    }
}

/// Ends a load test early.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<Test>);

impl Stopper {
    /// Ends the measurement now. Requests that are under way are abandoned, and reported as such.
    pub fn stop(&self) {
        self.0.stopped.send_if_modified(|stopped| {
            let is_first = stopped.is_none();
            stopped.get_or_insert_with(Instant::now);
            is_first
        });
    }
}
