//! The one thread that deploys, and that frees what is no longer served.
//!
//! Freeing a model may take long, so it must not happen on the thread of whichever request held the last reference:
//! the loader keeps a reference of its own until it is the only one.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::deployer::{DeployError, Deployer};
use crate::name::Version;
use crate::registry::Published;
use crate::release::Release;
use crate::snapshot::{Snapshot, Stage, VersionEntry};
use crate::ticket::{Change, LoadReport, Outcome, Promise};

/// How often the loader looks whether the last request on a retired version has finished.
const RETIRED_POLL: Duration = Duration::from_millis(50);

/// What the loader is asked to do, in this order.
pub(crate) struct Job {
    pub(crate) steps: Vec<Step>,
    pub(crate) done: Promise,
}

pub(crate) enum Step {
    Load(Arc<Release>),
    /// Was found and cannot be loaded; only to be reported.
    Report(Outcome),
    Unload(Arc<str>, Version, Afterwards),
    /// Is not wanted any more, beside these: stays unless one of them serves, and none has failed just now.
    Replace(Arc<str>, Version, Arc<BTreeSet<Version>>),
}

/// What becomes of a version once it is unloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// It is shown as unloaded.
    Shown,
    /// It is not known any more: its files are gone.
    Forgotten,
}

impl Step {
    pub(crate) fn model(&self) -> &Arc<str> {
        match self {
            Step::Load(release) => release.name(),
            Step::Report(outcome) => &outcome.model,
            Step::Unload(model, ..) | Step::Replace(model, ..) => model,
        }
    }

    pub(crate) fn version(&self) -> &Version {
        match self {
            Step::Load(release) => release.version(),
            Step::Report(outcome) => &outcome.version,
            Step::Unload(_, version, _) | Step::Replace(_, version, _) => version,
        }
    }
}

pub(crate) struct Loader<D> {
    pub(crate) published: Arc<Published<D>>,
    pub(crate) deployer: Arc<dyn Deployer<Deployed = D>>,
    pub(crate) retired: Vec<Retired<D>>,
}

/// Out of service; the last requests on it may still run.
pub(crate) struct Retired<D> {
    deployed: Arc<D>,
    model: Arc<str>,
    version: Version,
    afterwards: Afterwards,
}

impl<D: Send + Sync + 'static> Loader<D> {
    /// Works until the registry is dropped.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let next = if self.retired.is_empty() {
                jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                jobs.recv_timeout(RETIRED_POLL)
            };
            match next {
                Ok(job) => {
                    let mut outcomes = Vec::with_capacity(job.steps.len());
                    for step in job.steps {
                        outcomes.push(self.step(step, &outcomes));
                    }
                    // First, so that whoever loads again and again finds the memory of the last time.
                    self.free_unused();
                    job.done.keep(LoadReport { outcomes });
                }
                Err(RecvTimeoutError::Timeout) => self.free_unused(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// `before` is what has become of the steps before it.
    fn step(&mut self, step: Step, before: &[Outcome]) -> Outcome {
        match step {
            Step::Load(release) => {
                let (model, version) = (Arc::clone(release.name()), release.version().clone());
                let result = self.load(&release);
                self.note_reload(&model, &version, &result);
                log(&model, &version, &result);
                Outcome { model, version, result }
            }
            Step::Report(outcome) => {
                self.note_reload(&outcome.model, &outcome.version, &outcome.result);
                log(&outcome.model, &outcome.version, &outcome.result);
                outcome
            }
            Step::Replace(model, version, wanted) => {
                let failed = |outcome: &Outcome| outcome.model == model && outcome.result.is_err();
                let has_failed = before.iter().any(|outcome| failed(outcome) && wanted.contains(&outcome.version));
                if has_failed || !self.serves_any(&model, &wanted) {
                    tracing::debug!(%model, %version, "goes on serving, since what was to replace it does not");
                    return Outcome { model, version, result: Ok(Change::Unchanged) };
                }
                self.step(Step::Unload(model, version, Afterwards::Forgotten), before)
            }
            Step::Unload(model, version, afterwards) => {
                self.unload(&model, &version, afterwards);
                let result = Ok(Change::Unloaded);
                log(&model, &version, &result);
                Outcome { model, version, result }
            }
        }
    }

    fn serves_any(&self, model: &str, versions: &BTreeSet<Version>) -> bool {
        let serves = |version| self.entry(model, version).is_some_and(|entry| entry.deployed().is_some());
        versions.iter().any(serves)
    }

    fn load(&mut self, release: &Arc<Release>) -> Result<Change, Arc<str>> {
        let started = Instant::now();
        let current = self.entry(release.name(), release.version());
        let serving = current.as_ref().and_then(VersionEntry::deployed).cloned();
        let old_digest = current.and_then(|entry| entry.digest());
        let result = match release.digest() {
            Ok(digest) if serving.is_some() && old_digest == Some(digest) => {
                return Ok(Change::Unchanged);
            }
            Ok(_) => self.deploy_unchanged(release, serving.is_some()),
            Err(error) => Err(Arc::from(error.to_string())),
        };
        let took = started.elapsed();
        match result {
            Ok(deployed) => {
                self.show(release, Stage::Ready(Arc::new(deployed)), Some(took));
                let exchanged = |deployed| retire(deployed, release.name(), release.version(), Afterwards::Shown);
                self.retired.extend(serving.map(exchanged));
                Ok(Change::Loaded { took })
            }
            Err(reason) => {
                // A new attempt that fails takes nothing out of service.
                if serving.is_none() {
                    self.show(release, Stage::Failed(Arc::clone(&reason)), Some(took));
                }
                Err(reason)
            }
        }
    }

    /// What was digested, tried and read must have been the same.
    fn deploy_unchanged(&self, release: &Arc<Release>, quiet: bool) -> Result<D, Arc<str>> {
        let before = release.stamp();
        let deployed = self.deploy(release, quiet)?;
        match before == release.stamp() {
            true => Ok(deployed),
            false => Err(Arc::from("its files were changed while they were read; load it again")),
        }
    }

    /// `quiet` if an earlier load of the version serves, which stays the state that everybody sees.
    fn deploy(&self, release: &Arc<Release>, quiet: bool) -> Result<D, Arc<str>> {
        if !quiet {
            self.show(release, Stage::Loading, None);
        }
        let deployed = guarded(release, || self.deployer.deploy(release))?;
        if !quiet {
            self.show(release, Stage::Warming, None);
        }
        guarded(release, || self.deployer.warm_up(release, deployed))
    }

    fn unload(&mut self, model: &Arc<str>, version: &Version, afterwards: Afterwards) {
        let Some(entry) = self.entry(model, version) else { return };
        match (entry.stage(), entry.release()) {
            (Stage::Ready(deployed), Some(release)) => {
                self.show(release, Stage::Draining, entry.took());
                self.retired.push(retire(Arc::clone(deployed), model, version, afterwards));
            }
            (Stage::Draining, _) => {}
            (_, Some(release)) if afterwards == Afterwards::Shown => {
                self.show(release, Stage::Unloaded, entry.took());
            }
            _ => self.published.update(|snapshot| remove(snapshot, model, version)),
        }
    }

    /// Frees whatever no request uses any more, and says so of versions that have drained.
    fn free_unused(&mut self) {
        // The published snapshot holds no retired version, so a count of one grows again only for a request that found it before by a
        // weak reference. It is then what frees the version.
        let (unused, used): (Vec<_>, Vec<_>) =
            self.retired.drain(..).partition(|retired| Arc::strong_count(&retired.deployed) == 1);
        self.retired = used;
        for Retired { deployed, model, version, afterwards } in unused {
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(deployed)));
            if dropped.is_err() {
                tracing::error!(%model, %version, "panicked while it was freed");
            }
            // Unless it has been loaded again meanwhile.
            let Some(entry) = self.entry(&model, &version) else { continue };
            match (entry.stage(), entry.release()) {
                (Stage::Draining, Some(release)) if afterwards == Afterwards::Shown => {
                    self.show(release, Stage::Unloaded, entry.took());
                }
                (Stage::Draining, _) => self.published.update(|snapshot| remove(snapshot, &model, &version)),
                _ => {}
            }
        }
    }

    /// What was to replace a version that serves has failed, or no longer does.
    fn note_reload(&self, model: &Arc<str>, version: &Version, result: &Result<Change, Arc<str>>) {
        let reason = result.as_ref().err();
        let serving = self.entry(model, version).filter(|entry| entry.deployed().is_some());
        if serving.is_some_and(|entry| entry.failed_reload() != reason) {
            self.published.update(|snapshot| snapshot.model_mut(model).set_failed_reload(version, reason));
        }
    }

    fn show(&self, release: &Arc<Release>, stage: Stage<D>, took: Option<Duration>) {
        let entry = VersionEntry::released(Arc::clone(release), stage, took);
        self.published.update(|snapshot| snapshot.model_mut(release.name()).put(entry));
    }

    fn entry(&self, model: &str, version: &Version) -> Option<VersionEntry<D>> {
        self.published.load().model(model)?.version(version).cloned()
    }
}

fn retire<D>(deployed: Arc<D>, model: &Arc<str>, version: &Version, afterwards: Afterwards) -> Retired<D> {
    Retired { deployed, model: Arc::clone(model), version: version.clone(), afterwards }
}

fn remove<D>(snapshot: &mut Snapshot<D>, model: &Arc<str>, version: &Version) {
    snapshot.model_mut(model).versions.retain(|entry| entry.version() != version);
    snapshot.forget_empty_models();
}

/// Runs a part of the deployer; its errors and panics become reasons. The words of a panic are for the log only.
fn guarded<T>(release: &Release, part: impl FnOnce() -> Result<T, DeployError>) -> Result<T, Arc<str>> {
    match catch_unwind(AssertUnwindSafe(part)) {
        Ok(result) => result.map_err(|error| Arc::from(error.chain())),
        Err(payload) => {
            let (model, version) = (release.name(), release.version());
            tracing::error!(%model, %version, panic = panic_text(&*payload), "panicked while it was loaded");
            Err(Arc::from("loading it panicked; the log has the details"))
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("(no text)")
}

/// Milliseconds to one decimal: more would be noise.
fn tenths_of_ms(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e4).round() / 10.0
}

fn log(model: &str, version: &Version, result: &Result<Change, Arc<str>>) {
    match result {
        Ok(Change::Loaded { took }) => {
            tracing::info!(model, %version, took_ms = tenths_of_ms(*took), "ready");
        }
        Ok(Change::Unchanged) => tracing::debug!(model, %version, "unchanged"),
        Ok(Change::Unloaded) => tracing::info!(model, %version, "out of service"),
        Err(reason) => tracing::error!(model, %version, %reason, "failed"),
    }
}
