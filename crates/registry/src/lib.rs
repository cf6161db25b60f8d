//! Who is served under which name: versions, aliases and states of anything that can be deployed.
//!
//! A [`Registry`] looks at a folder, hands every release that it finds to a [`Deployer`] on one loader thread, and
//! answers [`Registry::resolve`] without taking a lock. It knows nothing about models, files beyond their names and
//! digests, or HTTP: `D` may be a `String`, and in this crate's tests it is.
//!
//! # Layout of the folder
//!
//! | On disk | Served as |
//! |---|---|
//! | `<root>/<name>/<version>/*.onnx` | model `<name>`, version `<version>` |
//! | `<root>/<name>/*.onnx` | model `<name>`, version `1` |
//! | `<root>/<name>.onnx` | model `<name>`, version `1` |
//!
//! A manifest is `model.toml` in the version's folder, or else the one in `<root>/<name>/`, which serves all versions
//! that have none of their own; where there is neither, `config.pbtxt` in `<root>/<name>/` takes its place, as in a
//! repository of Triton. A bare `<root>/<name>.onnx` has `<root>/<name>.toml`. What serves all versions may say which of
//! them are loaded ([`Deployer::version_policy`]). Names and versions match
//! `[A-Za-z0-9][A-Za-z0-9_.-]{0,63}` without `..`; `v2` and `2` are one version, called `2`.
//!
//! What looks like a model but cannot be taken is shown as [`ModelState::Failed`] with the reason, and a release that
//! fails to load, or panics, never hides another. Folders without any model, files of other kinds and names that begin
//! with a dot are ignored.
//!
//! **Architecture Invariant:** knows nothing about what is deployed, opens files only to digest them, and makes no
//! reader wait: there is one lock, and only writers take it.
//!
//! ```
//! use std::sync::Arc;
//! use ferrocast_registry::{DeployError, Deployer, ModelRef, Registry, RegistryConfig, Release};
//!
//! struct ReadText;
//! impl Deployer for ReadText {
//!     type Deployed = String;
//!     fn deploy(&self, release: &Release) -> Result<String, DeployError> {
//!         let file = release.model_files().first().ok_or_else(|| DeployError::new("no file"))?;
//!         std::fs::read_to_string(file).map_err(DeployError::new)
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let root = tempfile::tempdir()?;
//! # std::fs::write(root.path().join("greeting.onnx"), "hello")?;
//! let config = RegistryConfig { root: root.path().to_owned(), default_model: None, aliases: Vec::new() };
//! let registry = Registry::start(config, Arc::new(ReadText))?;
//! registry.load_all().wait()?;
//! assert_eq!(*registry.resolve(ModelRef { name: Some("greeting"), version: Some("v1") })?, "hello");
//! # Ok(())
//! # }
//! ```

mod name;

mod confine;
mod policy;
mod release;
mod scan;

mod resolve;
mod snapshot;
mod state;

mod deployer;
mod loader;
mod registry;
mod ticket;
mod watch;

mod error;

pub use deployer::{DeployError, Deployer};
pub use error::{AliasError, Known, LoadError, ResolveError, StartError};
pub use name::{MAX_NAME_BYTES, NameError, Version};
pub use policy::VersionPolicy;
pub use registry::{Alias, Registry, RegistryConfig};
pub use release::{Digest, ReadError, Release};
pub use resolve::ModelRef;
pub use snapshot::{ModelEntry, Snapshot, VersionEntry};
pub use state::ModelState;
pub use ticket::{Change, LoadReport, LoadTicket, Outcome};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
