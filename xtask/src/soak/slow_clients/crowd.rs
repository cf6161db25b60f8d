//! Many connections that begin something and do not go on with it, and when the server has had enough of each.

use std::{
    fmt,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// Between two looks at each connection.
const LOOK: Duration = Duration::from_millis(20);

/// Between two connections that are opened: thousands at one moment would take the machine from everybody else on it, whatever the
/// server does with them.
const PAUSE: Duration = Duration::from_micros(250);

/// What each connection of a crowd does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habit {
    pub(super) name: &'static str,
    pub(super) connections: usize,
    /// Sent at once; then nothing.
    pub(super) sends: &'static str,
    /// How long the server bears it.
    pub(super) limit: Duration,
    /// Whether it is told so with 408, and not only left.
    pub(super) is_told: bool,
}

/// Open connections of one habit.
#[derive(Debug)]
pub(super) struct Crowd {
    habit: Habit,
    open: Vec<Open>,
    /// When the server has ended connections, from when they were opened.
    ended: Vec<Duration>,
    told: usize,
}

#[derive(Debug)]
struct Open {
    stream: TcpStream,
    since: Instant,
    received: Vec<u8>,
}

impl Crowd {
    /// Opens them one after the other, and sends what they send.
    pub(super) fn of(habit: Habit, address: SocketAddr) -> anyhow::Result<Crowd> {
        let open = || -> std::io::Result<Open> {
            let since = Instant::now();
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(habit.sends.as_bytes())?;
            stream.set_nonblocking(true)?;
            thread::sleep(PAUSE);
            Ok(Open { stream, since, received: Vec::new() })
        };
        let open = (0..habit.connections).map(|_| open()).collect::<Result<_, _>>();
        Ok(Crowd { habit, open: open.context("cannot open the connections")?, ended: Vec::new(), told: 0 })
    }

    /// How many the server has not ended.
    pub(super) fn left(&self) -> usize {
        self.open.len()
    }

    fn look(&mut self) {
        let open = std::mem::take(&mut self.open);
        for mut one in open {
            if one.has_ended() {
                self.ended.push(one.since.elapsed());
                self.told += usize::from(one.received.starts_with(b"HTTP/1.1 408 "));
            } else {
                self.open.push(one);
            }
        }
    }

    /// When the server had ended the last of them, in seconds beyond its limit.
    pub(super) fn latest(&self) -> f64 {
        self.ended.iter().max().map_or(f64::NAN, |latest| latest.as_secs_f64() - self.habit.limit.as_secs_f64())
    }

    /// Fails if some were not told what they should be.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Crowd { habit, ended, told, .. } = self;
        let right = if habit.is_told { habit.connections } else { 0 };
        ensure!(*told == right, "{told} of {} {} were answered 408, and not {right}", ended.len(), habit.name);
        Ok(())
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.habit.connections, self.habit.name)
    }
}

impl Open {
    /// Reads what there is.
    fn has_ended(&mut self) -> bool {
        let mut bytes = [0; 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return true,
                Ok(count) => self.received.extend_from_slice(bytes.split_at(count).0),
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }
}

/// Waits until the server has ended all connections, or for so long.
pub(super) fn await_ends(crowds: &mut [Crowd], patience: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        crowds.iter_mut().for_each(Crowd::look);
        let left: usize = crowds.iter().map(Crowd::left).sum();
        if left == 0 {
            return Ok(());
        }
        ensure!(began.elapsed() < patience, "{left} connections are still open after {patience:?}");
        thread::sleep(LOOK);
    }
}
