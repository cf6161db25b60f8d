//! Predict these rows with that model: the product without HTTP.
//!
//! A [`Service`] holds a registry of [`Deployment`]s, one for each version that is ready, and answers rows with
//! predictions. It is what a front end is built on, whatever its protocol.
//!
//! **Architecture Invariant:** knows no protocol, no status code and no backend.

mod deployer;
mod deployment;
mod error;
mod service;
mod warm_up;

pub use deployer::PipelineDeployer;
pub use deployment::Deployment;
pub use error::ServeError;
pub use ferrocast_registry::{
    Alias, LoadTicket, ModelEntry, ModelRef, ModelState, RegistryConfig, ResolveError, Snapshot, StartError,
    VersionEntry,
};
pub use service::{Answer, Service};
pub use warm_up::WarmUp;
