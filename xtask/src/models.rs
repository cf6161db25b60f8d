//! `cargo xtask models …`: models answer over HTTP what the libraries that trained them answered.

mod compare;
mod deployed;
mod golden;
mod images;
mod matrix;
mod samples;
mod tally;

pub(crate) use self::{
    golden::{Golden, picture_models, read_golden},
    images::images,
    matrix::{Made, matrix},
    samples::verify,
};
