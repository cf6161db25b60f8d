//! `?top_k=`: how many classes of a picture are told.

use ferrocast_schema::{Loc, Violation, Violations, code};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::ApiError;

/// Where a model has more classes, [`TopK::Unsaid`] tells only the most probable ones.
const MANY: usize = 10;

/// How many of many classes are told if the request does not say.
const FEW: usize = 5;

/// How many classes are told, the most probable ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopK {
    /// All of up to ten, else five.
    #[default]
    Unsaid,
    /// So many.
    Of(usize),
    /// All.
    All,
}

impl TopK {
    /// Reads the value of the query parameter.
    ///
    /// # Errors
    /// [`ErrorCode::Validation`](crate::ErrorCode::Validation) unless it is `all` or a whole number from 1.
    pub fn parse(value: &str) -> Result<TopK, ApiError> {
        if value == "all" {
            return Ok(TopK::All);
        }
        match value.parse() {
            Ok(count) if count > 0 => Ok(TopK::Of(count)),
            Ok(_) => Err(refused(value, code::GREATER_THAN_EQUAL, "Input should be greater than or equal to 1")),
            Err(_) => Err(refused(value, code::INT_PARSING, "Input should be a whole number from 1, or \"all\"")),
        }
    }

    /// Of so many classes.
    pub(crate) fn of(self, classes: usize) -> usize {
        match self {
            TopK::Unsaid if classes > MANY => FEW,
            TopK::Unsaid | TopK::All => classes,
            TopK::Of(count) => count.min(classes),
        }
    }
}

fn refused(value: &str, code: &'static str, message: &str) -> ApiError {
    const EXCERPT: usize = 40;
    let excerpt: String = value.chars().take(EXCERPT).collect();
    let at = Loc::root("query").field("top_k");
    Violations::one(Violation::new(at, code, message).with_input(json!(excerpt))).into()
}

#[cfg(test)]
mod tests {
    use super::TopK;

    #[test]
    fn few_of_many_unless_it_is_said() {
        let told = |value: Option<&str>| value.map_or(TopK::Unsaid, |value| TopK::parse(value).unwrap()).of(1000);
        assert_eq!([None, Some("3"), Some("2000"), Some("all")].map(told), [5, 3, 1000, 1000]);
        assert_eq!(TopK::Unsaid.of(10), 10);
        for value in ["0", "-1", "", "1.5", "ALL", "99999999999999999999999"] {
            assert_eq!(TopK::parse(value).unwrap_err().code.status(), 422, "{value}");
        }
    }
}
