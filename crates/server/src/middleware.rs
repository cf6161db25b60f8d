//! What happens around every route, whatever the route does.

pub(crate) mod answer;
pub(crate) mod front;
pub(crate) mod request_context;
pub(crate) mod request_id;
