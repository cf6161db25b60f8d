//! The engines that a manifest may choose from.

use std::sync::Arc;

use ferrocast_engine::EngineLoader;

use crate::OpenError;

/// The engines that a manifest may choose from, by name.
#[derive(Debug, Clone, Default)]
pub struct Loaders {
    loaders: Vec<Arc<dyn EngineLoader>>,
    /// Engines that a manifest may expect, and why there are none.
    lacking: Vec<(&'static str, String)>,
}

impl Loaders {
    /// No engine yet.
    pub fn new() -> Loaders {
        Loaders::default()
    }

    /// These engines and `loader`. The first one added is the default of models without a manifest.
    #[must_use]
    pub fn with(mut self, loader: impl EngineLoader + 'static) -> Loaders {
        self.loaders.push(Arc::new(loader));
        self
    }

    /// These engines, and why there is none called `name`: whoever chooses that one is told so, and what to do. The others serve.
    #[must_use]
    pub fn lacking(mut self, name: &'static str, why: impl Into<String>) -> Loaders {
        self.lacking.push((name, why.into()));
        self
    }

    /// The engine that a manifest names, or the default if there is no manifest.
    pub(crate) fn choose(&self, named: Option<&str>) -> Result<&dyn EngineLoader, OpenError> {
        let chosen = named.map_or_else(|| self.default_loader(), |name| self.get(name));
        chosen.ok_or_else(|| {
            let engine = named.unwrap_or_default().to_owned();
            match self.lacking.iter().find(|(name, _)| *name == engine) {
                Some((_, why)) => OpenError::EngineLacking { engine, why: why.clone() },
                None => OpenError::Engine { engine, known: self.names() },
            }
        })
    }

    /// The engine of this name.
    pub fn get(&self, name: &str) -> Option<&dyn EngineLoader> {
        self.loaders.iter().find(|loader| loader.name() == name).map(AsRef::as_ref)
    }

    /// The engine of models without a manifest.
    pub fn default_loader(&self) -> Option<&dyn EngineLoader> {
        self.loaders.first().map(AsRef::as_ref)
    }

    /// The names of all engines.
    pub fn names(&self) -> Vec<&'static str> {
        self.loaders.iter().map(|loader| loader.name()).collect()
    }
}
