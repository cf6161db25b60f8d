//! `?top_k=`: how many classes of a picture are told.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};
use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, InstanceType, Schema, SchemaObject};
use ferrocast_protocol::native::TopK;
use ferrocast_schema::{Loc, Violation, code};

use crate::error::Failure;

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
    let text = SchemaObject { instance_type: Some(InstanceType::String.into()), ..SchemaObject::default() };
    Parameter {
        name: NAME.to_owned(),
        _in: ParameterIn::Query,
        description: Some(
            "How many classes `all_probabilities` tells, the most probable first: a number from 1, or `all`. Default: all of up \
             to 10 classes, else 5"
                .to_owned(),
        ),
        required: Some(false),
        definition: Some(ParameterDefinition::Schema(Box::new(Schema::Object(text).into()))),
        ..Parameter::default()
    }
}

impl ApiComponent for TopKQuery {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn parameters() -> Vec<Parameter> {
        vec![parameter()]
    }
}
