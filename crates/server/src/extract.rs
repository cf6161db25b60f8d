//! What handlers take out of a request. Every failure is a row of the error table.

pub(crate) mod body;
pub(crate) mod caching;
pub(crate) mod deadline;
pub(crate) mod idempotency;
pub(crate) mod json_body;
pub(crate) mod model;
pub(crate) mod owner;
pub(crate) mod parameter;
pub(crate) mod request_head;
pub(crate) mod task_body;
pub(crate) mod task_query;
pub(crate) mod tensor_body;
pub(crate) mod top_k;
pub(crate) mod upload;
mod waiting_pieces;
