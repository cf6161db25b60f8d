//! What handlers take out of a request. Every failure is a row of the error table.

pub(crate) mod body;
pub(crate) mod caching;
pub(crate) mod deadline;
pub(crate) mod json_body;
pub(crate) mod model;
pub(crate) mod tensor_body;
pub(crate) mod top_k;
pub(crate) mod upload;
