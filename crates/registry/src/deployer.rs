//! What the registry asks of its user: to turn a release into something that serves.

use std::error::Error;
use std::path::Path;

use crate::policy::VersionPolicy;
use crate::release::Release;

/// Makes releases servable. A panic in [`deploy`](Deployer::deploy) or [`warm_up`](Deployer::warm_up), which are called on
/// the loader thread only, one release at a time, is caught and becomes a failure of that release.
pub trait Deployer: Send + Sync + 'static {
    /// What [`Registry::resolve`](crate::Registry::resolve) hands out.
    type Deployed: Send + Sync + 'static;

    /// Reads, checks and compiles. May take seconds; what already serves goes on meanwhile.
    ///
    /// # Errors
    /// With the words that a user needs to mend the release; they are shown to clients.
    fn deploy(&self, release: &Release) -> Result<Self::Deployed, DeployError>;

    /// The first runs, before any request arrives. The version is shown as warming meanwhile.
    ///
    /// # Errors
    /// As for [`deploy`](Deployer::deploy); the release has failed then.
    fn warm_up(&self, _release: &Release, deployed: Self::Deployed) -> Result<Self::Deployed, DeployError> {
        Ok(deployed)
    }

    /// Which of a model's versions are loaded, by the text of the manifest that serves all of them. Called on whatever thread
    /// looks at the folder.
    ///
    /// # Errors
    /// As for [`deploy`](Deployer::deploy); no version of the model is loaded then, and what serves goes on.
    fn version_policy(&self, _manifest: &Path, _text: &str) -> Result<VersionPolicy, DeployError> {
        Ok(VersionPolicy::All)
    }
}

/// Why a release could not be deployed. The text is shown to clients: no absolute paths, no secrets.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DeployError(Box<dyn Error + Send + Sync>);

impl DeployError {
    /// From an error, or from a text.
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> DeployError {
        DeployError(why.into())
    }

    /// The message and those of its sources, outermost first, each told once.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let part = error.to_string();
            // Many errors repeat their source in their own message.
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            source = error.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::DeployError;

    #[derive(Debug, thiserror::Error)]
    enum Outer {
        #[error("cannot read the manifest")]
        Silent(#[source] io::Error),
        #[error("cannot read the manifest: {0}")]
        Repeats(#[source] io::Error),
    }

    #[test]
    fn sources_are_told_once() {
        let told = "cannot read the manifest: disk on fire";
        assert_eq!(DeployError::new(Outer::Silent(io::Error::other("disk on fire"))).chain(), told);
        assert_eq!(DeployError::new(Outer::Repeats(io::Error::other("disk on fire"))).chain(), told);
        assert_eq!(DeployError::new("just a text").chain(), "just a text");
    }
}
