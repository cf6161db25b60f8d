//! `?top_k=`: how many classes of a picture are told.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};
use apistos::paths::{Parameter, ParameterIn};
use ferrocast_protocol::native::TopK;
use ferrocast_schema::{Loc, Violation, code};

use crate::error::Failure;
use crate::extract::parameter::{described_by, optional_text};

const NAME: &str = "top_k";

/// What the query says; `None` if it says nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TopKQuery(pub(crate) Option<TopK>);

impl FromRequest for TopKQuery {
    type Error = Failure;
    type Future = Ready<Result<TopKQuery, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()))
    }
}

fn parse(query: &str) -> Result<TopKQuery, Failure> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
    let mut values = pairs.iter().filter(|(name, _)| name == NAME);
    let first = values.next();
    if values.next().is_some() {
        let at = Loc::root("query").field(NAME);
        return Err(Violation::new(at, code::DUPLICATE_FIELD, "Parameter given more than once").into());
    }
    Ok(TopKQuery(first.map(|(_, value)| TopK::parse(value)).transpose()?))
}

/// The parameter in the API description.
pub(crate) fn parameter() -> Parameter {
    let description = "How many classes `all_probabilities` tells, the most probable first: a number from 1, or `all`. Default: all of up \
        to 10 classes, else 5";
    optional_text(NAME, ParameterIn::Query, description)
}

described_by!(TopKQuery, vec![parameter()]);
