//! What knows which servers are ready, as a load balancer does: it asks each of them now and then.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use super::backend::is_ready;

/// Between two times that a server is asked.
pub(super) const ASKED_EVERY: Duration = Duration::from_millis(200);

/// The servers that there are.
#[derive(Debug)]
pub(super) struct Balancer {
    servers: Vec<(SocketAddr, AtomicBool)>,
    turn: AtomicUsize,
    is_over: AtomicBool,
}

impl Balancer {
    /// Of servers that are ready.
    pub(super) fn of(addresses: impl IntoIterator<Item = SocketAddr>) -> Balancer {
        let servers = addresses.into_iter().map(|address| (address, AtomicBool::new(true))).collect();
        Balancer { servers, turn: AtomicUsize::new(0), is_over: AtomicBool::new(false) }
    }

    /// Asks all of them, again and again until it is over.
    pub(super) fn watch(&self) {
        while !self.is_over() {
            for (address, ready) in &self.servers {
                ready.store(is_ready(*address), Ordering::Relaxed);
            }
            thread::sleep(ASKED_EVERY);
        }
    }

    /// Where the next connection goes: to the ready servers in turn.
    pub(super) fn next(&self) -> Option<SocketAddr> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = self.servers.len();
        let in_turn = (0..count).filter_map(|step| self.servers.get((turn + step) % count));
        in_turn.filter(|(_, ready)| ready.load(Ordering::Relaxed)).map(|(address, _)| *address).next()
    }

    /// Lets everything end that asks whether it is over.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::atomic::Ordering};

    use super::Balancer;

    #[test]
    fn only_ready_servers_have_a_turn() {
        let [a, b] = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let balancer = Balancer::of([a, b]);
        assert_eq!([balancer.next(), balancer.next(), balancer.next()], [Some(a), Some(b), Some(a)]);
        balancer.servers[0].1.store(false, Ordering::Relaxed);
        assert_eq!([balancer.next(), balancer.next()], [Some(b), Some(b)]);
        balancer.servers[1].1.store(false, Ordering::Relaxed);
        assert_eq!(balancer.next(), None);
    }
}
