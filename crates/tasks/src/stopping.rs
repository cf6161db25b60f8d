//! The two moments of an end: when it is announced, and when it is there.

use std::time::Instant;

use tokio::sync::watch;

/// When the end has been announced. `None` before that.
pub(crate) type Stop = watch::Receiver<Option<Instant>>;

/// Until the end is announced; when everything has to be done by then.
pub(crate) async fn announced(stop: &mut Stop) -> Instant {
    match stop.wait_for(Option::is_some).await {
        Ok(deadline) => deadline.unwrap_or_else(Instant::now),
        // Nobody is left who could announce it.
        Err(_) => Instant::now(),
    }
}

/// Until the end is there, which may become sooner meanwhile.
pub(crate) async fn over(stop: &mut Stop) {
    loop {
        let deadline = announced(stop).await;
        tokio::select! {
            () = tokio::time::sleep_until(deadline.into()) => return,
            Ok(()) = stop.changed() => {}
        }
    }
}
