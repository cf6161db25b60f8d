//! How the process tells what it does.
//!
//! The other crates only use the macros of `tracing`; this one decides where those events go. It is for programs, not
//! for libraries: [`init`] changes the whole process.
//!
//! **Architecture Invariant:** no other crate names a subscriber, and what a client sends can neither end a log line nor
//! begin one. **Architecture Invariant:** nothing that is served waits for whoever reads the log.

mod init;
mod log;

pub use init::{InitError, Telemetry, init};
pub use log::{FilterError, LogConfig, LogFormat, Logging};
