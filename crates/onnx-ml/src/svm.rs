//! Support vector machines: what their classifier and regressor share.
//!
//! A [`KernelFunction`] says how alike two points are. A [`Machine`] holds the support vectors and answers scores, each a
//! weighted sum of the kernel's values plus an offset. The [`coupling`] makes probabilities of a classifier's scores.

pub(crate) mod coupling;
mod kernel_function;
mod machine;
mod vectors;

pub(crate) use kernel_function::KernelFunction;
pub(crate) use machine::{Machine, WeightedSum, Weights};
