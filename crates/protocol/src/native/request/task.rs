//! Bodies of `/predict_async`: what `/predict` or `/predict_image_base64` takes, and where the result is to be sent.

use ferrocast_schema::{At, JsonLimits, Loc, RowSchema, Rows, Violation, code, read_json};
use serde_json::Value;

use super::Limits;
use super::picture::{IMAGE_DATA, unpack};
use crate::ApiError;

/// The field beside those of the prediction.
pub(crate) const CALLBACK_URL: &str = "callback_url";

/// Reads a row of a task: that of [`decode_row`](super::decode_row), beside it `callback_url`, which may be null or
/// absent. A feature of that name wins.
///
/// # Errors
/// As [`decode_row`](super::decode_row).
pub fn decode_task_row(body: &[u8], schema: &RowSchema, limits: &Limits) -> Result<(Rows, Option<String>), ApiError> {
    read_with_callback(schema, body, &limits.json)
}

/// Reads a picture of a task: that of [`decode_picture`](super::decode_picture), beside it `callback_url`.
///
/// # Errors
/// As [`decode_picture`](super::decode_picture).
pub fn decode_task_picture(
    body: &[u8],
    limits: &JsonLimits,
    most: usize,
) -> Result<(Vec<u8>, Option<String>), ApiError> {
    let (rows, callback) = read_with_callback(IMAGE_DATA.schema()?, body, limits)?;
    Ok((unpack(IMAGE_DATA.text_of(&rows)?, most)?, callback))
}

fn read_with_callback(
    schema: &RowSchema,
    body: &[u8],
    limits: &JsonLimits,
) -> Result<(Rows, Option<String>), ApiError> {
    let mut collector = schema.collector(limits).with_envelope(&[CALLBACK_URL]);
    let read = read_json(body, collector.seed(At::Body));
    let mut callback = None;
    for (_, value) in collector.take_envelope() {
        match value {
            Value::Null => {}
            Value::String(url) => callback = Some(url),
            other => {
                let at = Loc::body().field(CALLBACK_URL);
                let violation = Violation::new(at, code::STRING_TYPE, "Input should be a valid string");
                collector.refuse(violation.with_input(other));
            }
        }
    }
    read.map_err(ApiError::from)?;
    Ok((collector.finish()?, callback))
}

#[cfg(test)]
mod tests {
    use ferrocast_schema::{Feature, FeatureType, JsonLimits, RowSchema, SchemaOptions};

    use super::{decode_task_picture, decode_task_row};
    use crate::native::Limits;

    fn row(body: &str) -> Result<Option<String>, Vec<String>> {
        let schema = RowSchema::compile(&[Feature::new("x", FeatureType::Float)], &SchemaOptions::default()).unwrap();
        let read = decode_task_row(body.as_bytes(), &schema, &Limits::default());
        read.map(|(_, callback)| callback)
            .map_err(|error| error.details.iter().map(|it| format!("{} {}", it.loc, it.code)).collect())
    }

    #[test]
    fn the_address_stands_beside_the_fields_of_the_row() {
        assert_eq!(row(r#"{"x": 1, "callback_url": "https://example.com/"}"#), Ok(Some("https://example.com/".into())));
        assert_eq!(row(r#"{"callback_url": null, "x": 1}"#), Ok(None));
        assert_eq!(row(r#"{"x": 1}"#), Ok(None));
        let both = row(r#"{"callback_url": 7}"#).unwrap_err();
        assert_eq!(both.len(), 2, "{both:?}");
        assert!(both.iter().any(|it| it.contains("callback_url") && it.ends_with("string_type")), "{both:?}");
    }

    #[test]
    fn a_picture_may_have_one_too() {
        let read = |body: &str| decode_task_picture(body.as_bytes(), &JsonLimits::default(), 5);
        let body = r#"{"image_data": "aGVsbG8=", "callback_url": "https://example.com/"}"#;
        assert_eq!(read(body), Ok((b"hello".to_vec(), Some("https://example.com/".into()))));
        assert_eq!(read(r#"{"image_data": "aGVsbG8="}"#), Ok((b"hello".to_vec(), None)));
        assert!(read(r#"{"callback_url": "https://example.com/"}"#).is_err());
    }
}
