//! What happens around every route, whatever the route does.

#[cfg(test)]
mod allocations;
pub(crate) mod answer;
pub(crate) mod cors;
mod denial;
mod finish;
pub(crate) mod front;
mod head_size;
mod held_body;
mod places;
mod rate_headers;
pub(crate) mod request_context;
pub(crate) mod request_id;
mod request_log;
pub(crate) mod spans;
