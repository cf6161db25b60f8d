//! One question, as whoever watches over a server asks it.

use std::time::Duration;

use tokio::runtime::Builder;

use crate::connection::{Client, Route};
use crate::{LoadError, ProbeError, Requests, Target, Trust};

/// More of an answer is not kept.
const MOST_KEPT: usize = 1024;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The status.
    pub status: u16,
    /// The beginning of the body, 1 KiB at most; what is not UTF-8 in it is replaced.
    pub body: String,
}

/// Gets `target` once, on a connection of its own. The whole answer has to be there within `timeout`; to find the host's
/// address comes before that, and takes as long as the system lets it.
///
/// ```
/// use std::time::Duration;
/// use ferrocast_load::{ProbeError, Trust, probe};
///
/// let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
/// let target = format!("http://{free}/readyz").parse()?;
/// let Err(ProbeError::Failed(failure)) = probe(&target, Duration::from_secs(1), &Trust::System) else {
///     return Err("somebody is there".into());
/// };
/// assert!(failure.to_string().starts_with("connect: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If it is not sent, or not answered.
pub fn probe(target: &Target, timeout: Duration, trust: &Trust) -> Result<Probed, ProbeError> {
    let route = Route::to(target, trust)?;
    let mut requests = Requests::get();
    requests.address(target)?;
    let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(LoadError::Thread)?;
    let mut kept = Vec::new();
    let keep = |piece: &bytes::Bytes| {
        let more = piece.len().min(MOST_KEPT - kept.len());
        kept.extend_from_slice(piece.split_at(more).0);
    };
    let asked = runtime.block_on(Client::new(&route, timeout).ask(requests.next(target), keep));
    let status = asked.map_err(ProbeError::Failed)?.status;
    Ok(Probed { status, body: String::from_utf8_lossy(&kept).into_owned() })
}
