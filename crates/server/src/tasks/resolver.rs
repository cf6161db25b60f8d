//! Names to addresses that callbacks may go to. What is connected to is what was checked: nobody looks the name up again.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ferrocast_tasks::BoxFuture;
use ferrocast_tasks::callback::CallbackPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks names up.
pub(crate) trait Lookup: Send + Sync + 'static {
    /// All addresses of a name.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// As the system does.
#[derive(Debug)]
pub(crate) struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves for the HTTP client.
pub(crate) struct CheckedResolver {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) policy: Arc<CallbackPolicy>,
}

/// The name leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("the host's name cannot be resolved")]
pub(crate) struct Unresolved;

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, policy) = (self.lookup.addresses(name.as_str().to_owned()), Arc::clone(&self.policy));
        Box::pin(async move {
            let found = found.await.map_err(|_| Unresolved)?;
            if found.is_empty() {
                return Err(Unresolved.into());
            }
            // One bad address is enough: whoever answers for the name is not to be trusted with the others.
            found.iter().try_for_each(|address| policy.check_address(*address))?;
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
