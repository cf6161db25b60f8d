//! What is wrong with one value, before it is known where it stands. Messages are pydantic's to the letter.

use std::borrow::Cow;
use std::fmt::Display;

use serde_json::{Value as Json, json};

use crate::violation::code;

/// A broken rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) ctx: Option<Json>,
}

impl Fault {
    pub(crate) const FLOAT_TYPE: Fault = Fault::fixed(code::FLOAT_TYPE, "Input should be a valid number");
    pub(crate) const FLOAT_PARSING: Fault =
        Fault::fixed(code::FLOAT_PARSING, "Input should be a valid number, unable to parse string as a number");
    pub(crate) const INT_TYPE: Fault = Fault::fixed(code::INT_TYPE, "Input should be a valid integer");
    pub(crate) const INT_PARSING: Fault =
        Fault::fixed(code::INT_PARSING, "Input should be a valid integer, unable to parse string as an integer");
    pub(crate) const INT_PARSING_SIZE: Fault =
        Fault::fixed(code::INT_PARSING_SIZE, "Unable to parse input string as an integer, exceeded maximum size");
    pub(crate) const INT_FROM_FLOAT: Fault =
        Fault::fixed(code::INT_FROM_FLOAT, "Input should be a valid integer, got a number with a fractional part");
    pub(crate) const BOOL_TYPE: Fault = Fault::fixed(code::BOOL_TYPE, "Input should be a valid boolean");
    pub(crate) const BOOL_PARSING: Fault =
        Fault::fixed(code::BOOL_PARSING, "Input should be a valid boolean, unable to interpret input");
    pub(crate) const STRING_TYPE: Fault = Fault::fixed(code::STRING_TYPE, "Input should be a valid string");
    pub(crate) const FINITE_NUMBER: Fault = Fault::fixed(code::FINITE_NUMBER, "Input should be a finite number");
    pub(crate) const LIST_TYPE: Fault = Fault::fixed(code::LIST_TYPE, "Input should be a valid list");
    pub(crate) const MISSING: Fault = Fault::fixed(code::MISSING, "Field required");
    pub(crate) const EXTRA_FORBIDDEN: Fault = Fault::fixed(code::EXTRA_FORBIDDEN, "Extra inputs are not permitted");
    const DUPLICATE_FIELD: Fault = Fault::fixed(code::DUPLICATE_FIELD, "Field given more than once");
    pub(crate) const NOT_AN_OBJECT: Fault = Fault::fixed(
        code::MODEL_ATTRIBUTES_TYPE,
        "Input should be a valid dictionary or object to extract fields from",
    );

    const fn fixed(code: &'static str, message: &'static str) -> Fault {
        Fault { code, message: Cow::Borrowed(message), ctx: None }
    }

    pub(crate) fn with_ctx(mut self, ctx: Json) -> Fault {
        self.ctx = Some(ctx);
        self
    }

    /// `bound` as it is written in the message, `ctx` as it is in the context.
    pub(crate) fn greater_than(bound: impl Display, ctx: Json) -> Fault {
        Fault::bound(code::GREATER_THAN, format!("Input should be greater than {bound}"), "gt", ctx)
    }

    pub(crate) fn greater_than_equal(bound: impl Display, ctx: Json) -> Fault {
        Fault::bound(code::GREATER_THAN_EQUAL, format!("Input should be greater than or equal to {bound}"), "ge", ctx)
    }

    pub(crate) fn less_than(bound: impl Display, ctx: Json) -> Fault {
        Fault::bound(code::LESS_THAN, format!("Input should be less than {bound}"), "lt", ctx)
    }

    pub(crate) fn less_than_equal(bound: impl Display, ctx: Json) -> Fault {
        Fault::bound(code::LESS_THAN_EQUAL, format!("Input should be less than or equal to {bound}"), "le", ctx)
    }

    fn bound(code: &'static str, message: String, name: &str, ctx: Json) -> Fault {
        Fault { code, message: message.into(), ctx: Some(json!({ name: ctx })) }
    }

    pub(crate) fn not_a_category(expected: &str) -> Fault {
        Fault {
            code: code::ENUM,
            message: format!("Input should be {expected}").into(),
            ctx: Some(json!({ "expected": expected })),
        }
    }

    pub(crate) fn pattern_mismatch(pattern: &str) -> Fault {
        Fault {
            code: code::STRING_PATTERN_MISMATCH,
            message: format!("String should match pattern '{pattern}'").into(),
            ctx: Some(json!({ "pattern": pattern })),
        }
    }

    pub(crate) fn too_long(most: usize, actual: usize) -> Fault {
        Fault {
            code: code::TOO_LONG,
            message: format!("List should have at most {}, not {actual}", items(most)).into(),
            ctx: Some(json!({ "field_type": "List", "max_length": most, "actual_length": actual })),
        }
    }

    pub(crate) fn too_short(least: usize, actual: usize) -> Fault {
        Fault {
            code: code::TOO_SHORT,
            message: format!("List should have at least {}, not {actual}", items(least)).into(),
            ctx: Some(json!({ "field_type": "List", "min_length": least, "actual_length": actual })),
        }
    }

    /// Two names of one feature need not look alike, so the first is told where the second differs.
    pub(crate) fn duplicate(first: &str, second: &str) -> Fault {
        let ctx = (first != second).then(|| json!({ "first_given_as": first }));
        Fault { ctx, ..Fault::DUPLICATE_FIELD }
    }

    pub(crate) fn too_deep(limit: usize) -> Fault {
        Fault {
            code: code::TOO_DEEP,
            message: format!("Objects and arrays should nest at most {limit} deep (setting limits.json_depth)").into(),
            ctx: Some(json!({ "limit": limit, "setting": "limits.json_depth" })),
        }
    }

    pub(crate) fn too_many_numbers(limit: usize) -> Fault {
        Fault {
            code: code::TOO_MANY_NUMBERS,
            message: format!("A request should hold at most {limit} numbers (setting limits.json_numbers)").into(),
            ctx: Some(json!({ "limit": limit, "setting": "limits.json_numbers" })),
        }
    }
}

fn items(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} item{plural} after validation")
}
