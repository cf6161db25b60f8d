//! Predictions that are promised now and made later: what a task holds, who works on it, and who is told.

mod begin;
mod courier;
mod payload;
mod resolver;
mod told;
mod worker;

pub(crate) use begin::begin;
pub(crate) use payload::{Input, Payload};
pub(crate) use told::{status_of, summary_of};
