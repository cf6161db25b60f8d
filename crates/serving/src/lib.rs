//! Predict these rows with that model: the product without HTTP.
//!
//! A [`Service`] holds a registry of [`Deployment`]s, one for each version that is ready, and answers rows and pictures with
//! predictions: on the calling thread where that is cheaper than a trip to another, else on a pool that all models share,
//! joined with rows of other requests where that was measured to pay; pictures always on the pool. It is what a front end is built on, whatever its protocol.
//!
//! The [README](https://crates.io/crates/ferrocast-serving) has an example that runs: a folder of models, and a prediction.
//!
//! **Architecture Invariant:** knows no protocol, no status code and no backend.

mod cost;
mod independence;
mod placement;
mod varied;

mod decode_slots;
mod deployer;
mod deployment;
mod runner;
mod statistics;
mod tally;
mod trial;

mod error;
mod execute;
mod jobs;
mod observer;
mod service;

pub use cost::{CostCurve, CostPoint};
pub use deployer::PipelineDeployer;
pub use deployment::Deployment;
pub use error::ServeError;
pub use execute::{Answer, CallOptions, Outputs, Timing};
pub use ferrocast_batch::{ClosedBy, Permit, Priority, QueueLoad};
pub use ferrocast_pipeline::{Encoded, ImageError, ImageLimits};
pub use ferrocast_registry::{
    Alias, AliasError, LoadError, LoadReport, LoadTicket, ModelEntry, ModelRef, ModelState, RegistryConfig,
    ResolveError, Snapshot, StartError, VersionEntry,
};
pub use observer::{DeploymentObserver, ServiceObserver};
pub use placement::{Placement, Reason};
pub use service::{Service, ServiceConfig};
pub use statistics::{Spent, StatisticsReport};
pub use tally::PoolCounts;
pub use trial::Trial;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
