//! A way to a server on this machine that can be made slow.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Passes on whatever comes from either side, after a delay. Works until the process ends.
#[derive(Debug)]
pub(super) struct SlowLink {
    port: u16,
    milliseconds: Arc<AtomicU64>,
}

impl SlowLink {
    /// To the server at this port, without a delay.
    pub(super) fn to(target: u16) -> anyhow::Result<SlowLink> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (port, milliseconds) = (listener.local_addr()?.port(), Arc::new(AtomicU64::new(0)));
        let delay = Arc::clone(&milliseconds);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                // A server that is down closes the connection, as it would by itself.
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) else { continue };
                let (there, back) = (Arc::clone(&delay), Arc::clone(&delay));
                thread::spawn(move || pass_on(near, far, &there));
                thread::spawn(move || pass_on(far_too, near_too, &back));
            }
        });
        Ok(SlowLink { port, milliseconds })
    }

    /// Delays everything by so much from now on.
    pub(super) fn delay(&self, delay: Duration) {
        self.milliseconds.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

/// Until one side has ended.
fn pass_on(mut from: TcpStream, mut to: TcpStream, milliseconds: &AtomicU64) {
    let mut bytes = [0; 1 << 16];
    loop {
        let read = from.read(&mut bytes).unwrap_or(0);
        thread::sleep(Duration::from_millis(milliseconds.load(Ordering::Relaxed)));
        let passed = bytes.split_at(read).0;
        if read == 0 || to.write_all(passed).is_err() {
            break;
        }
    }
    // Both fail only when that side has ended already.
    drop(from.shutdown(std::net::Shutdown::Both));
    drop(to.shutdown(std::net::Shutdown::Both));
}
