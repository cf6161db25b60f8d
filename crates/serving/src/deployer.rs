//! Releases on disk to deployments.

use ferrocast_pipeline::{Loaders, ModelFiles, Pipeline, advice};
use ferrocast_registry::{DeployError, Deployer, Release};
use ferrocast_schema::Warmup;

use crate::{Deployment, WarmUp};

/// Opens a release as a pipeline and runs its example row.
#[derive(Debug)]
pub struct PipelineDeployer {
    loaders: Loaders,
}

impl PipelineDeployer {
    /// A deployer for these engines.
    pub fn new(loaders: Loaders) -> PipelineDeployer {
        PipelineDeployer { loaders }
    }
}

impl Deployer for PipelineDeployer {
    type Deployed = Deployment;

    fn deploy(&self, release: &Release) -> Result<Deployment, DeployError> {
        let files = ModelFiles {
            folder: release.folder().to_owned(),
            model: release.model_files().first().cloned().unwrap_or_default(),
            manifest: release.manifest().map(ToOwned::to_owned),
        };
        let pipeline = Pipeline::open_files(&files, &self.loaders).map_err(|error| match advice(&error) {
            Some(advice) => DeployError::new(format!("{}. To mend it: {advice}", error.chain())),
            None => DeployError::new(error),
        })?;
        Ok(Deployment::new(release.name().clone(), release.version().as_str().into(), pipeline))
    }

    fn warm_up(&self, _: &Release, deployment: Deployment) -> Result<Deployment, DeployError> {
        if deployment.pipeline().manifest().serving.warmup == Warmup::None {
            return Ok(deployment);
        }
        let warm_up = WarmUp::measure(deployment.pipeline()).map_err(DeployError::new)?;
        Ok(deployment.warmed_up(warm_up))
    }
}
