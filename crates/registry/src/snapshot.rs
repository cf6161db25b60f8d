//! What is known at one moment: models, their versions and states, and aliases. Immutable once published.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::name::Version;
use crate::release::{Digest, Release};
use crate::state::ModelState;

/// Everything that the registry knows at one moment. Holding one keeps what it serves alive: take it, read it, drop it.
#[derive(Debug)]
pub struct Snapshot<D> {
    pub(crate) generation: u64,
    /// Sorted by name.
    pub(crate) models: Vec<ModelEntry<D>>,
    pub(crate) configured: Arc<Configured>,
}

/// What the configuration says about names, whether or not they exist at present.
#[derive(Debug, Default)]
pub(crate) struct Configured {
    pub(crate) default_model: Option<Arc<str>>,
    /// Model → alias → version.
    pub(crate) aliases: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Version>>,
}

/// A model: a name with its versions.
#[derive(Debug)]
pub struct ModelEntry<D> {
    name: Arc<str>,
    /// Sorted from lowest to highest.
    pub(crate) versions: Vec<VersionEntry<D>>,
    pub(crate) aliases: BTreeMap<Arc<str>, Version>,
}

/// A version and how it is doing.
#[derive(Debug)]
pub struct VersionEntry<D> {
    version: Version,
    /// `None` for what was refused before it became a release.
    release: Option<Arc<Release>>,
    stage: Stage<D>,
    since: SystemTime,
    took: Option<Duration>,
    failed_reload: Option<Arc<str>>,
}

/// A state together with what exists in that state only.
#[derive(Debug)]
pub(crate) enum Stage<D> {
    Loading,
    Warming,
    Ready(Arc<D>),
    Failed(Arc<str>),
    Draining,
    Unloaded,
}

impl<D> Snapshot<D> {
    pub(crate) fn empty(configured: Configured) -> Snapshot<D> {
        Snapshot { generation: 0, models: Vec::new(), configured: Arc::new(configured) }
    }

    /// Grows by one with every visible change, from 0 before the first look at the folder.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All models, sorted by name; among them those of which no version can be loaded.
    pub fn models(&self) -> &[ModelEntry<D>] {
        &self.models
    }

    /// The model of that name.
    pub fn model(&self, name: &str) -> Option<&ModelEntry<D>> {
        self.position(name).ok().and_then(|position| self.models.get(position))
    }

    /// The model that serves requests which name none: the configured one, else the only one, else the one called
    /// `default`. Names under which nothing but refused files was found do not count.
    pub fn default_model(&self) -> Option<&ModelEntry<D>> {
        if let Some(name) = &self.configured.default_model {
            return self.model(name);
        }
        let mut loadable = self.models.iter().filter(|model| model.is_loadable());
        match (loadable.next(), loadable.next()) {
            (Some(only), None) => Some(only),
            _ => self.model("default").filter(|model| model.is_loadable()),
        }
    }

    /// Those of the model, or, while it is not known, those that it will have.
    pub(crate) fn aliases_of(&self, model: &str) -> BTreeMap<Arc<str>, Version> {
        match self.model(model) {
            Some(model) => model.aliases.clone(),
            None => self.configured.aliases.get(model).cloned().unwrap_or_default(),
        }
    }

    pub(crate) fn model_mut(&mut self, name: &Arc<str>) -> &mut ModelEntry<D> {
        let position = match self.position(name) {
            Ok(position) => position,
            Err(position) => {
                let aliases = self.aliases_of(name);
                let model = ModelEntry { name: Arc::clone(name), versions: Vec::new(), aliases };
                self.models.insert(position, model);
                position
            }
        };
        #[allow(clippy::indexing_slicing, reason = "the position was found or filled just above")]
        &mut self.models[position]
    }

    pub(crate) fn forget_empty_models(&mut self) {
        self.models.retain(|model| !model.versions.is_empty());
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.models.binary_search_by(|model| (*model.name).cmp(name))
    }
}

impl<D> ModelEntry<D> {
    /// The name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// All versions, from lowest to highest.
    pub fn versions(&self) -> &[VersionEntry<D>] {
        &self.versions
    }

    /// The version with that canonical name.
    pub fn version(&self, version: &Version) -> Option<&VersionEntry<D>> {
        self.versions.iter().find(|entry| entry.version == *version)
    }

    /// What `latest` means: the highest version that is ready.
    pub fn latest(&self) -> Option<&VersionEntry<D>> {
        self.versions.iter().rev().find(|entry| entry.deployed().is_some())
    }

    /// Named aliases with the versions that they point to, sorted; `latest` is not among them.
    pub fn aliases(&self) -> impl Iterator<Item = (&Arc<str>, &Version)> {
        self.aliases.iter()
    }

    /// Whether there is anything here beside refused files.
    pub(crate) fn is_loadable(&self) -> bool {
        self.versions.iter().any(|entry| entry.release.is_some())
    }

    /// Notes how the last attempt at loading a version that serves has ended, if it serves.
    pub(crate) fn set_failed_reload(&mut self, version: &Version, reason: Option<&Arc<str>>) {
        let mut serving = self.versions.iter_mut().filter(|entry| entry.deployed().is_some());
        if let Some(entry) = serving.find(|entry| entry.version == *version) {
            entry.failed_reload = reason.cloned();
        }
    }

    pub(crate) fn put(&mut self, entry: VersionEntry<D>) {
        match self.versions.binary_search_by(|known| known.version.cmp(&entry.version)) {
            Ok(position) => {
                if let Some(known) = self.versions.get_mut(position) {
                    *known = entry;
                }
            }
            Err(position) => self.versions.insert(position, entry),
        }
    }
}

impl<D> VersionEntry<D> {
    pub(crate) fn released(release: Arc<Release>, stage: Stage<D>, took: Option<Duration>) -> VersionEntry<D> {
        let version = release.version().clone();
        VersionEntry { version, release: Some(release), stage, since: SystemTime::now(), took, failed_reload: None }
    }

    pub(crate) fn rejected(version: Version, reason: &str) -> VersionEntry<D> {
        let stage = Stage::Failed(Arc::from(reason));
        VersionEntry { version, release: None, stage, since: SystemTime::now(), took: None, failed_reload: None }
    }

    /// The version; for a file or folder that was refused as a version, its name on disk.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What it is doing.
    pub fn state(&self) -> ModelState {
        match &self.stage {
            Stage::Loading => ModelState::Loading,
            Stage::Warming => ModelState::Warming,
            Stage::Ready(_) => ModelState::Ready,
            Stage::Failed(reason) => ModelState::Failed { reason: Arc::clone(reason) },
            Stage::Draining => ModelState::Draining,
            Stage::Unloaded => ModelState::Unloaded,
        }
    }

    pub(crate) fn stage(&self) -> &Stage<D> {
        &self.stage
    }

    /// When it came into this state.
    pub fn since(&self) -> SystemTime {
        self.since
    }

    /// How long it took to load and warm up, or to fail at that.
    pub fn took(&self) -> Option<Duration> {
        self.took
    }

    /// Why what lies in the folder now was not taken, while the version goes on serving what lay there before.
    pub fn failed_reload(&self) -> Option<&Arc<str>> {
        self.failed_reload.as_ref()
    }

    /// What serves; `Some` exactly if the state is [`ModelState::Ready`].
    pub fn deployed(&self) -> Option<&Arc<D>> {
        match &self.stage {
            Stage::Ready(deployed) => Some(deployed),
            _ => None,
        }
    }

    /// Its files; `None` for what was refused before it became a release.
    pub fn release(&self) -> Option<&Arc<Release>> {
        self.release.as_ref()
    }

    /// The digest of its files, once it is ready.
    pub fn digest(&self) -> Option<Digest> {
        self.deployed().and(self.release.as_ref()).and_then(|release| release.digest().ok())
    }
}

// Not derived: deriving would ask for `D: Clone`, and only the `Arc` around it is cloned.

impl<D> Clone for Snapshot<D> {
    fn clone(&self) -> Self {
        let Snapshot { generation, models, configured } = self;
        Snapshot { generation: *generation, models: models.clone(), configured: Arc::clone(configured) }
    }
}

impl<D> Clone for ModelEntry<D> {
    fn clone(&self) -> Self {
        let ModelEntry { name, versions, aliases } = self;
        ModelEntry { name: Arc::clone(name), versions: versions.clone(), aliases: aliases.clone() }
    }
}

impl<D> Clone for VersionEntry<D> {
    fn clone(&self) -> Self {
        let VersionEntry { version, release, stage, since, took, failed_reload } = self;
        VersionEntry {
            version: version.clone(),
            release: release.clone(),
            stage: stage.clone(),
            since: *since,
            took: *took,
            failed_reload: failed_reload.clone(),
        }
    }
}

impl<D> Clone for Stage<D> {
    fn clone(&self) -> Self {
        match self {
            Stage::Loading => Stage::Loading,
            Stage::Warming => Stage::Warming,
            Stage::Ready(deployed) => Stage::Ready(Arc::clone(deployed)),
            Stage::Failed(reason) => Stage::Failed(Arc::clone(reason)),
            Stage::Draining => Stage::Draining,
            Stage::Unloaded => Stage::Unloaded,
        }
    }
}
