//! The loop that has tasks done.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tracing::{debug, warn};

use crate::settle::until_stored;
use crate::signals::Signals;
use crate::stopping::{Stop, announced, over};
use crate::{
    Attempt, Claim, Failure, Outcome, TaskId, TaskObserver, TaskStore, TasksConfig, Timestamp, Verdict, Worker,
};

/// How often the store is told which tasks are still worked on, and asked which were called off.
const KEEP_EVERY: Duration = Duration::from_secs(5);

/// Before the second attempt; before each further one it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Why a task is tried again whose worker panicked.
const PANICKED: &str = "TASK_PANICKED";

/// Takes tasks, has them done, and stores what came of them.
pub(crate) struct Runner {
    store: Arc<dyn TaskStore>,
    worker: Arc<dyn Worker>,
    signals: Arc<Signals>,
    config: TasksConfig,
    observer: Arc<dyn TaskObserver>,
    running: JoinSet<Attempt>,
    claims: HashMap<Id, Taken>,
    settling: JoinSet<()>,
}

/// A task that runs.
struct Taken {
    id: TaskId,
    attempt: u32,
    accepted_at: Timestamp,
    abort: AbortHandle,
}

impl Runner {
    pub(crate) fn new(
        store: Arc<dyn TaskStore>,
        worker: Arc<dyn Worker>,
        signals: Arc<Signals>,
        config: TasksConfig,
        observer: Arc<dyn TaskObserver>,
    ) -> Runner {
        let (running, claims, settling) = (JoinSet::new(), HashMap::new(), JoinSet::new());
        Runner { store, worker, signals, config, observer, running, claims, settling }
    }

    /// Until the end is announced and what runs has ended, or time is up.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        let signals = Arc::clone(&self.signals);
        let mut keep = tokio::time::interval(KEEP_EVERY);
        // Whether there may be a task that nobody has taken.
        let mut may_find = true;
        loop {
            if may_find && self.busy() < self.config.workers {
                may_find = self.take().await;
            }
            tokio::select! {
                _ = announced(&mut stop) => break,
                () = signals.task.notified() => may_find = true,
                () = signals.cancelled.notified() => self.drop_lost().await,
                () = tokio::time::sleep(self.store.look_every()) => may_find = true,
                Some(ended) = self.running.join_next_with_id() => { self.ended(ended); }
                Some(_) = self.settling.join_next() => {}
                _ = keep.tick() => self.drop_lost().await,
            }
        }
        tokio::select! {
            () = over(&mut stop) => {}
            () = self.finish() => {}
        }
    }

    /// What runs, and what is not stored yet.
    fn busy(&self) -> usize {
        self.running.len() + self.settling.len()
    }

    /// Begins what there is and there is room for. Whether there may be more.
    async fn take(&mut self) -> bool {
        let room = self.config.workers.saturating_sub(self.busy());
        let claimed = self.store.claim(room, self.busy()).await;
        self.signals.is_degraded.store(claimed.is_err(), Ordering::Relaxed);
        match claimed {
            Ok(claims) => {
                let is_filled = claims.len() == room;
                claims.into_iter().for_each(|claim| self.begin(claim));
                is_filled
            }
            Err(error) => {
                debug!(%error, "no tasks can be taken");
                false
            }
        }
    }

    fn begin(&mut self, claim: Claim) {
        let Claim { id, attempt, accepted_at, .. } = claim;
        let worker = Arc::clone(&self.worker);
        let abort = self.running.spawn(async move { worker.run(claim).await });
        self.claims.insert(abort.id(), Taken { id, attempt, accepted_at, abort });
    }

    fn ended(&mut self, ended: Result<(Id, Attempt), JoinError>) {
        let (name, attempt) = match ended {
            Ok((name, attempt)) => (name, attempt),
            // Called off: the store knows already.
            Err(error) if error.is_cancelled() => {
                self.claims.remove(&error.id());
                return;
            }
            Err(error) => {
                let message = "The worker panicked".to_owned();
                (error.id(), Attempt::TryAgain(Failure { code: PANICKED.to_owned(), message }))
            }
        };
        let Some(taken) = self.claims.remove(&name) else { return };
        let verdict = self.verdict(&taken, attempt);
        let (store, signals) = (Arc::clone(&self.store), Arc::clone(&self.signals));
        let observer = Arc::clone(&self.observer);
        self.settling.spawn(async move {
            if until_stored(|| store.settle(taken.id, verdict.clone())).await {
                tell(&*observer, &verdict, taken.accepted_at);
            } else {
                debug!(task = %taken.id, "the result is dropped: the task had ended, or another server has it");
            }
            // What waited for its end may be due now: its callback, or a task that must not run beside it.
            signals.callback.notify_one();
            signals.task.notify_one();
        });
    }

    fn verdict(&self, taken: &Taken, attempt: Attempt) -> Verdict {
        match attempt {
            Attempt::Done(result) => Verdict::Final(Outcome::Done(result)),
            Attempt::TryAgain(failure) if taken.attempt < self.config.most_attempts => {
                debug!(task = %taken.id, attempt = taken.attempt, code = failure.code, "a task is tried again");
                let after = FIRST_PAUSE.saturating_mul(1 << (taken.attempt.saturating_sub(1)).min(10));
                Verdict::Again { after, counts: true }
            }
            Attempt::Failed(Failure { code, message }) | Attempt::TryAgain(Failure { code, message }) => {
                warn!(task = %taken.id, attempt = taken.attempt, code, "a task has failed: {message}");
                Verdict::Final(Outcome::Failed { code, message })
            }
            Attempt::NotNow(after) => Verdict::Again { after, counts: false },
        }
    }

    /// Stops what was called off, or was taken over by another process.
    async fn drop_lost(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        let ids = self.claims.values().map(|taken| taken.id).collect();
        match self.store.keep(ids).await {
            Ok(lost) => {
                self.claims.values().filter(|taken| lost.contains(&taken.id)).for_each(|taken| taken.abort.abort());
            }
            Err(error) => debug!(%error, "the store cannot be told what runs"),
        }
    }

    /// Until what runs has ended and is stored.
    async fn finish(&mut self) {
        loop {
            tokio::select! {
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                Some(_) = self.settling.join_next() => {}
                else => return,
            }
        }
    }
}

/// Tells of the end of a task, if this verdict was that.
fn tell(observer: &dyn TaskObserver, verdict: &Verdict, accepted_at: Timestamp) {
    let Verdict::Final(outcome) = verdict else { return };
    let after = Timestamp::of_wall().since(accepted_at);
    match outcome {
        Outcome::Done(_) => observer.done(after),
        Outcome::Failed { .. } => observer.failed(after),
        Outcome::Cancelled => observer.cancelled(),
    }
}
