//! `Type=notify` of systemd: the unit has started when models are loaded, and not when the process runs.

#[cfg(unix)]
use sd_notify::NotifyState;
#[cfg(unix)]
use tracing::debug;

/// Requests can be sent.
pub(crate) fn ready() {
    #[cfg(unix)]
    tell(&[NotifyState::Ready]);
}

/// The end has begun.
pub(crate) fn stopping() {
    #[cfg(unix)]
    tell(&[NotifyState::Stopping]);
}

/// Nothing is sent where systemd does not ask for it (`NOTIFY_SOCKET`).
#[cfg(unix)]
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "systemd was not told");
    }
}
