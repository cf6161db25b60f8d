//! The engines that a manifest may choose from.

use std::sync::Arc;

use ferrocast_engine::EngineLoader;

/// The engines that a manifest may choose from, by name.
#[derive(Debug, Clone, Default)]
pub struct Loaders {
    loaders: Vec<Arc<dyn EngineLoader>>,
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
