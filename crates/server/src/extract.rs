//! What handlers take out of a request. Every failure is a row of the error table.

pub(crate) mod deadline;
pub(crate) mod json_body;
pub(crate) mod model;
