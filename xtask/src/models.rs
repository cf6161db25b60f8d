//! `cargo xtask models …`: models answer over HTTP what the libraries that trained them answered.

mod compare;
mod deployed;
mod golden;
mod matrix;
mod samples;
mod tally;

pub(crate) use self::{
    golden::{Golden, read_golden},
    matrix::{Made, matrix},
    samples::verify,
};
