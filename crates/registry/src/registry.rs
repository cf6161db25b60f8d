//! The registry itself: what is published, and the requests that change it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::confine::Root;
use crate::deployer::Deployer;
use crate::error::{AliasError, LoadError, ResolveError, StartError, echo};
use crate::loader::{Afterwards, Job, Loader, Step};
use crate::name::{self, NameError, Version};
use crate::resolve::ModelRef;
use crate::scan::{Found, Rejected, scan};
use crate::snapshot::{Configured, Snapshot, Stage, VersionEntry};
use crate::ticket::{LoadTicket, Outcome, Promise, Slot};
use crate::watch::{Changes, Key, Sight, Watch};

/// Requests that may wait while the loader is busy with another.
const QUEUED_JOBS: usize = 4;

/// Where the models are and what they are called beside their own names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryConfig {
    /// The folder of models; see the crate's documentation for its layout.
    pub root: PathBuf,
    /// The model that serves requests which name none. It need not exist yet.
    pub default_model: Option<String>,
    /// Aliases that exist from the start. Their models and versions need not exist yet.
    pub aliases: Vec<Alias>,
}

/// A second name for a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The model.
    pub model: String,
    /// The new name, such as `stable`.
    pub alias: String,
    /// The version that it points to.
    pub version: String,
}

/// Models by name and version. Reading takes no lock; all changes are made by one thread, or are one short step.
///
/// After the last reference to the registry is dropped its thread ends, as soon as a load in progress has ended.
pub struct Registry<D> {
    shared: Arc<Shared<D>>,
    /// Dropped with the registry, which ends the thread that watches the folder.
    watcher: Mutex<Option<SyncSender<Infallible>>>,
}

/// What the registry and the thread that watches the folder have in common.
struct Shared<D> {
    root: PathBuf,
    deployer: Arc<dyn Deployer<Deployed = D>>,
    published: Arc<Published<D>>,
    jobs: SyncSender<Job>,
}

impl<D: Send + Sync + 'static> Registry<D> {
    /// Starts the loader thread. Nothing is looked at before [`load_all`](Registry::load_all).
    ///
    /// # Errors
    /// If the configuration holds an impossible name, or no thread can be had.
    pub fn start(config: RegistryConfig, deployer: Arc<dyn Deployer<Deployed = D>>) -> Result<Registry<D>, StartError> {
        let RegistryConfig { root, default_model, aliases } = config;
        let published = Arc::new(Published::new(configured(default_model, aliases)?));
        let (jobs, receiver) = sync_channel(QUEUED_JOBS);
        let loader = Loader { published: Arc::clone(&published), deployer: Arc::clone(&deployer), retired: Vec::new() };
        let thread = thread::Builder::new().name("model-loader".to_owned());
        thread.spawn(move || loader.run(&receiver)).map_err(StartError::Thread)?;
        Ok(Registry { shared: Arc::new(Shared { root, deployer, published, jobs }), watcher: Mutex::new(None) })
    }

    /// Looks through the folder and loads everything in it that does not serve yet: the default model first, then by
    /// name, versions from the highest to the lowest. What has changed on disk is loaded anew and then exchanged; what
    /// has vanished goes on serving.
    ///
    /// When this returns, all that was found is in the [`snapshot`](Registry::snapshot), most of it as loading; wait
    /// for the ticket to have it loaded.
    pub fn load_all(&self) -> LoadTicket {
        LoadTicket::new(self.shared.submit_load(&Scope::All))
    }

    /// The same for one model, or for one version of it. Other models are not touched. A model as a whole is brought to what
    /// the folder holds: what has vanished is unloaded as well, unless something else of the model fails to load.
    pub fn load(&self, name: &str, version: Option<&str>) -> LoadTicket {
        LoadTicket::new(self.shared.submit_load(&Scope::Model(name, version)))
    }

    /// Takes a model, or one version of it, out of service. Requests that run on it finish; it is freed on the loader
    /// thread after the last of them.
    pub fn unload(&self, name: &str, version: Option<&str>) -> LoadTicket {
        LoadTicket::new(self.shared.submit_unload(&Scope::Model(name, version), Afterwards::Shown))
    }

    /// Looks at the folder so often, on a thread of its own: what has changed is loaded, what has vanished is unloaded, once
    /// two looks have seen the same. What was unloaded by request stays so until it changes. A second call replaces the first.
    ///
    /// # Errors
    /// If no thread can be had.
    pub fn watch(&self, every: Duration) -> Result<(), StartError> {
        let (sender, stopped) = sync_channel::<Infallible>(0);
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name("model-watcher".to_owned());
        thread.spawn(move || shared.watch(every, &stopped)).map_err(StartError::Thread)?;
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Ok(())
    }

    /// What serves the reference; without a lock, and without an allocation unless it fails.
    ///
    /// # Errors
    /// If there is no such model or version, or it does not serve now.
    pub fn resolve(&self, wanted: ModelRef<'_>) -> Result<Arc<D>, ResolveError> {
        self.shared.published.load().resolve(wanted).map(Arc::clone)
    }

    /// All that is known now.
    pub fn snapshot(&self) -> Arc<Snapshot<D>> {
        self.shared.published.load_full()
    }

    /// Grows by one with every visible change; a key for whatever is computed from a snapshot. Whoever reads it sees that
    /// snapshot afterwards, or a later one.
    pub fn generation(&self) -> u64 {
        self.shared.published.generation.load(Ordering::Acquire)
    }

    /// Points an alias of a model to one of its versions, which need not be ready. It lasts as long as the model has
    /// any version.
    ///
    /// # Errors
    /// If the alias cannot be a name, or is `latest` or a version's name, or if there is no such model or version.
    pub fn set_alias(&self, model: &str, alias: &str, version: &str) -> Result<(), AliasError> {
        checked(alias, Version::check_alias(alias))?;
        self.shared.published.try_update(|snapshot| {
            let wanted = ModelRef { name: Some(model), version: Some(version) };
            let (entry, target) = snapshot.find(wanted)?;
            let (name, target) = (Arc::clone(entry.name()), target.version().clone());
            if entry.versions().iter().any(|entry| entry.version().as_str() == alias) {
                return Err(AliasError::IsVersion { model: echo(model), alias: echo(alias) });
            }
            snapshot.model_mut(&name).aliases.insert(Arc::from(alias), target);
            Ok(())
        })
    }
}

impl<D: Send + Sync + 'static> Shared<D> {
    fn submit_load(&self, scope: &Scope<'_>) -> Result<Arc<Slot>, LoadError> {
        let mut found = self.look().map_err(LoadError::Root)?;
        let releases = found.iter().filter(|found| matches!(found, Found::Release(_)));
        let wanted = Wanted::of(releases.map(|release| (release.name(), release.version())));
        let is_meant = |found: &Found| scope.holds(found.name(), found.version());
        let touched: BTreeSet<Arc<str>> =
            found.iter().filter(|one| is_meant(one)).map(|one| Arc::clone(one.name())).collect();
        // A version that is loaded may take the place of another.
        found.retain(|one| is_meant(one) || matches!(one, Found::PassedOver(name, _) if touched.contains(name)));
        let is_loadable = |found: &Found| is_meant(found) && !matches!(found, Found::PassedOver(..));
        if matches!(scope, Scope::Model(..)) && !found.iter().any(is_loadable) {
            self.published.update(|snapshot| {
                forget_past(snapshot, scope);
                snapshot.forget_empty_models();
            });
            return Err(scope.not_found());
        }
        let (done, slot) = Promise::new();
        self.published.try_update(|snapshot| {
            forget_past(snapshot, scope);
            let mut steps = vanished(snapshot, scope, &found, &wanted);
            steps.extend(found.into_iter().filter_map(|found| show(snapshot, found, &wanted)));
            snapshot.forget_empty_models();
            let steps = in_order(snapshot, steps);
            // Inside the update, so that the loader cannot be faster than the entries that say "loading".
            self.send(Job { steps, done })
        })?;
        Ok(slot)
    }

    fn look(&self) -> std::io::Result<Vec<Found>> {
        let read_policy =
            |file: &Path, text: &str| self.deployer.version_policy(file, text).map_err(|error| error.chain());
        let snapshot = self.published.load();
        let aliased = |model: &str| snapshot.aliases_of(model).values().cloned().collect();
        scan(&Arc::new(Root::open(&self.root)?), &read_policy, &aliased)
    }

    fn submit_unload(&self, scope: &Scope<'_>, afterwards: Afterwards) -> Result<Arc<Slot>, LoadError> {
        let snapshot = self.published.load();
        let versions = snapshot
            .models()
            .iter()
            .flat_map(|model| model.versions().iter().map(move |entry| (model.name(), entry.version())));
        let steps: Vec<Step> = versions
            .filter(|(model, version)| scope.holds(model, version))
            .map(|(model, version)| Step::Unload(Arc::clone(model), version.clone(), afterwards))
            .collect();
        if steps.is_empty() {
            return Err(scope.not_found());
        }
        let (done, slot) = Promise::new();
        self.send(Job { steps, done })?;
        Ok(slot)
    }

    /// Looks until the registry is dropped.
    fn watch(&self, every: Duration, stopped: &Receiver<Infallible>) {
        let mut watch = Watch::default();
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(every) {
            // A folder that cannot be read says nothing about what was in it.
            match self.sights() {
                Ok(now) => self.act(&mut watch, now),
                Err(error) => tracing::warn!(%error, "cannot look at the models folder"),
            }
        }
    }

    fn sights(&self) -> std::io::Result<BTreeMap<Key, Sight>> {
        let found = self.look()?;
        let sight = |found: Found| {
            let key = (Arc::clone(found.name()), found.version().clone());
            let sight = match found {
                Found::Release(release) => match release.stamp() {
                    Ok(stamp) => Sight::Files(stamp),
                    Err(error) => Sight::Rejected(error.to_string()),
                },
                Found::Rejected(rejected) => Sight::Rejected(rejected.reason),
                Found::PassedOver(..) => Sight::PassedOver,
            };
            (key, sight)
        };
        Ok(found.into_iter().map(sight).collect())
    }

    /// What cannot be done now, because the loader has too much to do, comes again at the next look.
    fn act(&self, watch: &mut Watch, now: BTreeMap<Key, Sight>) {
        let files = now.iter().filter(|(_, sight)| matches!(sight, Sight::Files(_)));
        let wanted = Wanted::of(files.map(|((model, version), _)| (model, version)));
        let Changes { load, unload } = watch.look(now);
        if !load.is_empty() && self.submit_load(&Scope::These(&load)).is_ok() {
            watch.take(&Changes { load, ..Changes::default() });
        }
        // Where other versions have come instead, they have to serve first; until then it comes again at each look.
        let (replaced, gone): (BTreeSet<Key>, BTreeSet<Key>) =
            unload.into_iter().partition(|(model, _)| watch.sees(model));
        if !gone.is_empty()
            && !matches!(self.submit_unload(&Scope::These(&gone), Afterwards::Forgotten), Err(LoadError::Busy { .. }))
        {
            watch.take(&Changes { unload: gone, ..Changes::default() });
        }
        let snapshot = self.published.load();
        let is_known =
            |(model, version): &Key| snapshot.model(model).is_some_and(|model| model.version(version).is_some());
        let (still_there, unload): (BTreeSet<Key>, BTreeSet<Key>) = replaced.into_iter().partition(is_known);
        watch.take(&Changes { unload, ..Changes::default() });
        let steps: Vec<Step> = still_there.iter().map(|(model, version)| wanted.replace(model, version)).collect();
        if !steps.is_empty() {
            // Refused if the loader has too much to do.
            drop(self.send(Job { steps, done: Promise::new().0 }));
        }
    }

    fn send(&self, job: Job) -> Result<(), LoadError> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => LoadError::Busy { queued: QUEUED_JOBS },
            TrySendError::Disconnected(_) => LoadError::Stopped,
        })
    }
}

impl<D> fmt::Debug for Registry<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("root", &self.shared.root).finish_non_exhaustive()
    }
}

/// What a request is about.
enum Scope<'a> {
    All,
    /// A model, or one version of it.
    Model(&'a str, Option<&'a str>),
    /// These versions.
    These(&'a BTreeSet<Key>),
}

impl Scope<'_> {
    fn holds(&self, model: &Arc<str>, version: &Version) -> bool {
        match self {
            Scope::All => true,
            Scope::Model(name, wanted) => {
                *name == &**model && wanted.is_none_or(|wanted| name::canonical(wanted) == version.as_str())
            }
            Scope::These(keys) => keys.contains(&(Arc::clone(model), version.clone())),
        }
    }

    fn not_found(&self) -> LoadError {
        let (name, version) = match self {
            Scope::All => ("", None),
            Scope::Model(name, version) => (*name, *version),
            Scope::These(keys) => keys.first().map_or(("", None), |(name, version)| (&**name, Some(version.as_str()))),
        };
        LoadError::NotFound { name: echo(name), version: version.map(echo) }
    }
}

/// Failures of earlier looks, and what was unloaded: what still fails will be found to do so again, and what is still there
/// is loaded again.
fn forget_past<D>(snapshot: &mut Snapshot<D>, scope: &Scope<'_>) {
    for model in &mut snapshot.models {
        let name = Arc::clone(model.name());
        let outdated = |entry: &VersionEntry<D>| {
            matches!(entry.stage(), Stage::Failed(_) | Stage::Unloaded) && scope.holds(&name, entry.version())
        };
        model.versions.retain(|entry| !outdated(entry));
    }
}

/// What is known of a model, whose whole folder was looked at, and not there any more.
fn vanished<D>(snapshot: &Snapshot<D>, scope: &Scope<'_>, found: &[Found], wanted: &Wanted) -> Vec<Step> {
    let Scope::Model(name, None) = scope else { return Vec::new() };
    let Some(model) = snapshot.model(name) else { return Vec::new() };
    let is_there = |version: &Version| found.iter().any(|found| found.version() == version);
    let gone = model.versions().iter().filter(|entry| !is_there(entry.version()));
    gone.map(|entry| wanted.replace(model.name(), entry.version())).collect()
}

/// Puts what was found into the snapshot, unless it is at work already, and says what the loader shall do with it.
fn show<D>(snapshot: &mut Snapshot<D>, found: Found, wanted: &Wanted) -> Option<Step> {
    Some(match found {
        Found::Release(release) => {
            let release = Arc::new(release);
            let model = snapshot.model_mut(release.name());
            let known = model.version(release.version()).map(VersionEntry::stage);
            if !matches!(known, Some(Stage::Ready(_) | Stage::Loading | Stage::Warming)) {
                model.put(VersionEntry::released(Arc::clone(&release), Stage::Loading, None));
            }
            Step::Load(release)
        }
        Found::Rejected(Rejected { name, version, reason }) => {
            let model = snapshot.model_mut(&name);
            if model.version(&version).is_none() {
                model.put(VersionEntry::rejected(version.clone(), &reason));
            }
            Step::Report(Outcome { model: name, version, result: Err(Arc::from(reason)) })
        }
        Found::PassedOver(name, version) => {
            snapshot.model(&name)?.version(&version)?;
            wanted.replace(&name, &version)
        }
    })
}

/// The versions of each model that are to be loaded.
struct Wanted(BTreeMap<Arc<str>, Arc<BTreeSet<Version>>>);

impl Wanted {
    fn of<'a>(releases: impl Iterator<Item = (&'a Arc<str>, &'a Version)>) -> Wanted {
        let mut models: BTreeMap<Arc<str>, BTreeSet<Version>> = BTreeMap::new();
        for (model, version) in releases {
            models.entry(Arc::clone(model)).or_default().insert(version.clone());
        }
        Wanted(models.into_iter().map(|(model, versions)| (model, Arc::new(versions))).collect())
    }

    /// The step that takes a version out of service for them.
    fn replace(&self, model: &Arc<str>, version: &Version) -> Step {
        Step::Replace(Arc::clone(model), version.clone(), self.0.get(model).cloned().unwrap_or_default())
    }
}

/// The default model first, and of each model what `latest` will mean first: what most requests want is ready soonest. What is
/// replaced comes after what replaces it.
fn in_order<D>(snapshot: &Snapshot<D>, mut steps: Vec<Step>) -> Vec<Step> {
    let default_model = snapshot.default_model().map(|model| Arc::clone(model.name()));
    steps.sort_by(|a, b| {
        let not_default = |step: &Step| default_model.as_ref() != Some(step.model());
        let is_last = |step: &Step| matches!(step, Step::Replace(..));
        let [first, second] = [a, b].map(|step| (not_default(step), step.model(), is_last(step)));
        first.cmp(&second).then_with(|| b.version().cmp(a.version()))
    });
    steps
}

fn configured(default_model: Option<String>, aliases: Vec<Alias>) -> Result<Configured, AliasError> {
    let mut configured = Configured::default();
    if let Some(name) = default_model {
        checked(&name, name::check(&name))?;
        configured.default_model = Some(Arc::from(name));
    }
    for Alias { model, alias, version } in aliases {
        checked(&model, name::check(&model))?;
        checked(&alias, Version::check_alias(&alias))?;
        let version = checked(&version, Version::parse(&version))?;
        configured.aliases.entry(Arc::from(model)).or_default().insert(Arc::from(alias), version);
    }
    Ok(configured)
}

fn checked<T>(name: &str, result: Result<T, NameError>) -> Result<T, AliasError> {
    result.map_err(|why| AliasError::Name { name: echo(name), why })
}

/// The current snapshot: read without a lock, replaced by one writer at a time.
#[derive(Debug)]
pub(crate) struct Published<D> {
    current: ArcSwap<Snapshot<D>>,
    /// Of the snapshot that everybody gets who reads this number before it.
    generation: AtomicU64,
    writer: Mutex<()>,
}

impl<D> Published<D> {
    fn new(configured: Configured) -> Published<D> {
        let first = Snapshot::empty(configured);
        let generation = AtomicU64::new(first.generation());
        Published { current: ArcSwap::from_pointee(first), generation, writer: Mutex::new(()) }
    }

    pub(crate) fn load(&self) -> arc_swap::Guard<Arc<Snapshot<D>>> {
        self.current.load()
    }

    fn load_full(&self) -> Arc<Snapshot<D>> {
        self.current.load_full()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Snapshot<D>)) {
        let done: Result<(), std::convert::Infallible> = self.try_update(|snapshot| {
            change(snapshot);
            Ok(())
        });
        match done {
            Ok(()) => {}
        }
    }

    /// Publishes a changed copy, or nothing if the change fails.
    fn try_update<E>(&self, change: impl FnOnce(&mut Snapshot<D>) -> Result<(), E>) -> Result<(), E> {
        // The lock guards no data: a panic under it leaves the published snapshot as it was.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.current.load());
        change(&mut next)?;
        next.generation += 1;
        let generation = next.generation();
        self.current.store(Arc::new(next));
        self.generation.store(generation, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
