//! Load tests of HTTP servers, for a command line or for a program of one's own.
//!
//! A [`Plan`] says where requests go ([`Target`]), what is sent ([`Requests`]), when ([`Pace`]) and for how long. [`run`]
//! carries it out and returns a [`Report`]; [`start`] does so in the background and can be asked how it goes. [`probe`] asks
//! once.
//!
//! - **Closed loop.** Each connection sends the next request when the answer to the last one is there. This measures what a
//!   server can do.
//! - **Open loop.** Requests are due at even distances, as users send them, who do not know of each other. Latencies count from
//!   when a request was due: one that waits for a connection because the server stands still has waited, and is not left out
//!   (the "coordinated omission" of closed loops).
//! - **Exact.** Each request is an answer or a failure of some kind, or is said to be abandoned. A connection that a server
//!   closes between two requests is no failure.
//! - **Cheap.** One thread for each core, which shares nothing with the others: where the server has a core of its own, the
//!   figures are the server's.
//!
//! HTTP/1.1, in the clear or by TLS. Redirects are answers and are not followed.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::time::Duration;
//! use ferrocast_load::{Pace, Plan, Requests, Trust, run};
//!
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?;
//! # std::thread::spawn(move || {
//! #     for stream in listener.incoming() {
//! #         let mut stream = stream?;
//! #         while stream.read(&mut [0; 1024])? > 0 {
//! #             stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")?;
//! #         }
//! #     }
//! #     Ok::<(), std::io::Error>(())
//! # });
//! let report = run(Plan {
//!     target: format!("http://{address}/predict").parse()?,
//!     requests: Requests::post("application/json", [br#"{"x": 1}"#.to_vec()])?,
//!     pace: Pace::Open { per_second: 100.0 },
//!     connections: 1,
//!     warm_up: Duration::ZERO,
//!     duration: Duration::from_millis(200),
//!     timeout: Duration::from_secs(1),
//!     trust: Trust::System,
//! })?;
//! assert_eq!((report.requests + report.unsent, report.failed), (20, 0));
//! assert!(report.is_good() && report.latency_milliseconds.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It is made of [hyper](https://hyper.rs)'s connections and [HdrHistogram](https://hdrhistogram.github.io/HdrHistogram/). What
//! there is as a library for all of it was looked at: `oha` is one, but prints its results itself; `rlt` measures what it is
//! given to do, and would leave HTTP to us, but its rates hold requests back rather than let them be late; `goose` is users
//! with sessions; `drill` is under the GPL; `balter` looks for the rate that a server can bear.
//!
//! **Architecture Invariant:** knows nothing of ferrocast: it measures whatever answers. **Architecture Invariant:** prints
//! nothing and sets up nothing for the process; what it sees it hands out as a [`Report`].

mod connection;
mod error;
mod failure;
mod plan;
mod probe;
mod report;
mod requests;
mod run;
mod tally;
mod target;
mod trust;
mod turns;

pub use error::{LoadError, ProbeError};
pub use failure::{Failure, FailureKind};
pub use plan::{Pace, Plan};
pub use probe::{Probed, probe};
pub use report::{FailureCount, Latency, Report};
pub use requests::Requests;
pub use run::{Running, Stopper, run, start};
pub use target::Target;
pub use trust::Trust;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
