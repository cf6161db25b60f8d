//! Releases on disk to deployments.

use std::path::Path;
use std::sync::Arc;

use ferrocast_batch::Pool;
use ferrocast_pipeline::{Loaders, ModelFiles, Pipeline, told, version_policy};
use ferrocast_registry::{DeployError, Deployer, NameError, Release, Version, VersionPolicy};
use ferrocast_schema::Warmup;

use crate::deployment::Identity;
use crate::independence::Company;
use crate::runner::Decoding;
use crate::{CostCurve, Deployment, ServiceObserver, Trial};

/// Opens a release as a pipeline, measures what its rows cost, and gives it a queue of the pool.
#[derive(Debug)]
pub struct PipelineDeployer {
    loaders: Loaders,
    pool: Arc<Pool>,
    decoding: Arc<Decoding>,
    rules: LoadRules,
    observer: Arc<dyn ServiceObserver>,
}

/// What a model must pass before it is loaded.
#[derive(Debug)]
pub(crate) struct LoadRules {
    /// The place where it is loaded first, if there is one.
    pub(crate) trial: Option<Arc<dyn Trial>>,
    /// Its manifest must pin the file.
    pub(crate) require_sha256: bool,
}

impl PipelineDeployer {
    /// A deployer for these engines; what is slow runs on the pool, and so do pictures.
    pub(crate) fn new(
        loaders: Loaders,
        pool: Arc<Pool>,
        decoding: Arc<Decoding>,
        rules: LoadRules,
        observer: Arc<dyn ServiceObserver>,
    ) -> PipelineDeployer {
        PipelineDeployer { loaders, pool, decoding, rules, observer }
    }

    fn open(&self, release: &Release) -> Result<Deployment, DeployError> {
        let files = ModelFiles {
            folder: release.folder().to_owned(),
            model: release.model_files().first().cloned().unwrap_or_default(),
            manifest: release.manifest().map(ToOwned::to_owned),
            root: Some(release.root().to_owned()),
            require_sha256: self.rules.require_sha256,
        };
        if let Some(trial) = &self.rules.trial {
            trial.load(&files).map_err(DeployError::new)?;
        }
        let pipeline = Pipeline::open_files(&files, &self.loaders).map_err(|error| DeployError::new(told(&error)))?;
        if pipeline.manifest().versions != ferrocast_schema::VersionPolicy::All && !release.shares_manifest() {
            let why = "model.toml: versions: the manifest of one version cannot choose; write it into the folder above";
            return Err(DeployError::new(why));
        }
        for note in pipeline.notes() {
            tracing::warn!(model = %release.name(), version = %release.version(), "{note}");
        }
        let files = release.digest().map_err(|error| DeployError::new(error.to_string()))?;
        let identity = Identity::new(release.name(), release.version().as_str(), files);
        let observer = self.observer.deployed(&identity.model, &identity.version);
        Ok(Deployment::new(identity, pipeline, &self.pool, Arc::clone(&self.decoding), observer))
    }

    fn measure(&self, deployment: Deployment) -> Result<Deployment, DeployError> {
        let pipeline = deployment.pipeline();
        let serving = pipeline.manifest().serving;
        if serving.warmup == Warmup::None {
            return Ok(deployment);
        }
        let largest = serving.max_batch_rows.unwrap_or(usize::MAX);
        let costs = CostCurve::measure(pipeline, largest).map_err(DeployError::new)?;
        let company = Company::of(pipeline);
        Ok(deployment.measured(costs, company, &self.pool))
    }
}

impl Deployer for PipelineDeployer {
    type Deployed = Deployment;

    fn deploy(&self, release: &Release) -> Result<Deployment, DeployError> {
        self.open(release).inspect_err(|_| self.observer.load_failed(release.name()))
    }

    fn warm_up(&self, release: &Release, deployment: Deployment) -> Result<Deployment, DeployError> {
        let measured = self.measure(deployment);
        match measured {
            Ok(_) => self.observer.loaded(release.name()),
            Err(_) => self.observer.load_failed(release.name()),
        }
        measured
    }

    fn version_policy(&self, manifest: &Path, text: &str) -> Result<VersionPolicy, DeployError> {
        let policy = version_policy(manifest, text).map_err(|error| DeployError::new(told(&error)))?;
        in_versions(policy).map_err(|error| DeployError::new(format!("versions: a version's name {error}")))
    }
}

fn in_versions(policy: ferrocast_schema::VersionPolicy) -> Result<VersionPolicy, NameError> {
    Ok(match policy {
        ferrocast_schema::VersionPolicy::All => VersionPolicy::All,
        ferrocast_schema::VersionPolicy::Latest(number) => VersionPolicy::Latest(number),
        ferrocast_schema::VersionPolicy::Only(names) => {
            VersionPolicy::Only(names.iter().map(|name| Version::parse(name)).collect::<Result<_, _>>()?)
        }
    })
}
