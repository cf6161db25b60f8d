//! The query of the list of tasks: which ones, and how many.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};
use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_schema::{Loc, Violation, code};
use ferrocast_tasks::{CallbackState, ListQuery, State};
use serde_json::json;

use crate::error::Failure;

/// Most tasks on a page, and how many there are unless the request says.
const MOST: usize = 100;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct TaskQuery(pub(crate) ListQuery);

impl FromRequest for TaskQuery {
    type Error = Failure;
    type Future = Ready<Result<TaskQuery, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()))
    }
}

fn parse(query: &str) -> Result<TaskQuery, Failure> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
    let mut asked = ListQuery { most: MOST, ..ListQuery::default() };
    for (name, value) in pairs {
        match name.as_str() {
            "state" => asked.state = Some(one_of("state", &value, &State::ALL)?),
            "callback" => asked.callback = Some(one_of("callback", &value, &CallbackState::ALL)?),
            "model" => asked.topic = Some(value),
            "before" => {
                let task =
                    value.parse().map_err(|_| refused("before", code::VALUE_ERROR, "Input should be a task's id"))?;
                asked.before = Some(task);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                let message = format!("Input should be a whole number from 1 to {MOST}");
                asked.most = limit.ok_or_else(|| refused("limit", code::INT_PARSING, &message))?;
            }
            _ => return Err(refused(&name, code::EXTRA_FORBIDDEN, "Extra inputs are not permitted")),
        }
    }
    Ok(TaskQuery(asked))
}

fn one_of<T: Copy>(parameter: &str, value: &str, all: &[(&'static str, T)]) -> Result<T, Failure> {
    all.iter().find(|(name, _)| *name == value).map(|(_, state)| *state).ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|(name, _)| format!("'{name}'")).collect();
        refused(parameter, code::ENUM, &format!("Input should be one of {}", names.join(", ")))
    })
}

fn refused(parameter: &str, code: &'static str, message: &str) -> Failure {
    Violation::new(Loc::root("query").field(parameter), code, message).into()
}

impl ApiComponent for TaskQuery {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn parameters() -> Vec<Parameter> {
        let words = |all: &[&'static str]| json!({"type": "string", "enum": all});
        let states = State::ALL.map(|(name, _)| name);
        let callbacks = CallbackState::ALL.map(|(name, _)| name);
        [
            ("state", "Only tasks in this state", words(&states)),
            ("callback", "Only tasks whose callback stands so; `dead` are those that were given up", words(&callbacks)),
            ("model", "Only tasks of this model", json!({"type": "string"})),
            (
                "before",
                "Only tasks older than this one: `next` of the page before",
                json!({"type": "string", "format": "uuid"}),
            ),
            ("limit", "At most so many", json!({"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST})),
        ]
        .map(|(name, description, schema)| Parameter {
            name: name.to_owned(),
            _in: ParameterIn::Query,
            description: Some(description.to_owned()),
            required: Some(false),
            definition: serde_json::from_value(schema)
                .ok()
                .map(|schema| ParameterDefinition::Schema(Box::new(ReferenceOr::Object(schema)))),
            ..Parameter::default()
        })
        .into()
    }
}

#[cfg(test)]
mod tests {
    use ferrocast_tasks::{CallbackState, ListQuery, State, TaskId};

    use super::{MOST, parse};

    #[test]
    fn what_is_asked_for_is_read() {
        let id = TaskId::random();
        let query = format!("state=done&callback=dead&model=a%20b&limit=7&before={id}");
        let expected = ListQuery {
            owner: None,
            state: Some(State::Done),
            topic: Some("a b".to_owned()),
            callback: Some(CallbackState::Dead),
            before: Some(id),
            most: 7,
        };
        assert_eq!(parse(&query).unwrap().0, expected);
        assert_eq!(parse("").unwrap().0, ListQuery { most: MOST, ..ListQuery::default() });
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        for query in ["state=ended", "callback=", "before=7", "limit=0", "limit=101", "limit=x", "page=2"] {
            assert!(parse(query).is_err(), "{query}");
        }
    }
}
