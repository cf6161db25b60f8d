//! From what a client wrote to the version that it means.

use std::sync::Arc;

use crate::error::{Known, ResolveError, echo};
use crate::name::{self, DEFAULT, LATEST};
use crate::snapshot::{ModelEntry, Snapshot, VersionEntry};

/// A reference to a model as a client gives it. The default value means the default model in its default version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelRef<'a> {
    /// The model; `None` is the default one.
    pub name: Option<&'a str>,
    /// A version in either spelling (`2`, `v2`), an alias or `latest`; `None` is the alias `default`, or else `latest`.
    pub version: Option<&'a str>,
}

impl<D> Snapshot<D> {
    /// What serves the reference.
    ///
    /// # Errors
    /// If there is no such model or version, or it does not serve now.
    pub fn resolve(&self, wanted: ModelRef<'_>) -> Result<&Arc<D>, ResolveError> {
        let (model, entry) = self.find(wanted)?;
        entry.deployed().ok_or_else(|| ResolveError::NotReady {
            model: Arc::clone(model.name()),
            version: Arc::from(entry.version().as_str()),
            state: entry.state(),
        })
    }

    /// What the reference means, in whatever state it is. Of a model that has no ready version, `latest` means the
    /// highest of the others.
    ///
    /// # Errors
    /// If there is no such model or version.
    pub fn find(&self, wanted: ModelRef<'_>) -> Result<(&ModelEntry<D>, &VersionEntry<D>), ResolveError> {
        let model = match wanted.name {
            Some(name) => self.model(name),
            None => self.default_model(),
        };
        let model = model.ok_or_else(|| self.unknown_model(wanted.name))?;
        let entry = match wanted.version {
            None => model.default_version(),
            Some(LATEST) => model.latest().or_else(|| model.highest()),
            Some(version) => model.named(version),
        };
        let entry = entry.ok_or_else(|| model.unknown_version(wanted.version.unwrap_or(LATEST)))?;
        Ok((model, entry))
    }

    fn unknown_model(&self, wanted: Option<&str>) -> ResolveError {
        let wanted = wanted.or(self.configured.default_model.as_deref());
        let loadable = self.models().iter().filter(|model| model.is_loadable());
        let known = Known::new(loadable.map(|model| Arc::clone(model.name())));
        ResolveError::UnknownModel { name: wanted.map(echo), known }
    }
}

impl<D> ModelEntry<D> {
    /// What a request means that names no version: what the alias `default` points to, whatever it is doing; without that
    /// alias what `latest` means, or the highest of the others.
    pub fn default_version(&self) -> Option<&VersionEntry<D>> {
        match self.aliases.get(DEFAULT) {
            Some(version) => self.version(version),
            None => self.latest().or_else(|| self.highest()),
        }
    }

    /// The version or alias spelled `text`. Versions come first: they never change their meaning.
    fn named(&self, text: &str) -> Option<&VersionEntry<D>> {
        let canonical = name::canonical(text);
        let version = |text: &str| self.versions().iter().find(|entry| entry.version().as_str() == text);
        version(canonical).or_else(|| version(self.aliases.get(text)?.as_str()))
    }

    /// The highest version that is no refused file, or else whatever there is.
    fn highest(&self) -> Option<&VersionEntry<D>> {
        let mut releases = self.versions().iter().rev().filter(|entry| entry.release().is_some());
        releases.next().or_else(|| self.versions().last())
    }

    pub(crate) fn unknown_version(&self, wanted: &str) -> ResolveError {
        let versions = self.versions().iter().map(|entry| Arc::from(entry.version().as_str()));
        let aliases = self.aliases.keys().cloned();
        let known = Known::new(versions.chain(aliases).chain([Arc::from(LATEST)]));
        ResolveError::UnknownVersion { model: Arc::clone(self.name()), version: echo(wanted), known }
    }
}
