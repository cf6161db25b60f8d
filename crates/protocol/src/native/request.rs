//! Bodies of `/predict`, `/predict_batch` and `/predict_image_base64`; rows are read straight into columns by the model's own schema.

mod batch;
mod picture;
mod task;
mod text_field;
mod top_k;

use ferrocast_schema::{JsonLimits, RowSchema, Rows, read_json};

use crate::{ApiError, ErrorCode};

use batch::BatchSeed;

pub use picture::{base64_body_bytes, decode_picture};
pub use task::{decode_task_picture, decode_task_row};
pub(crate) use text_field::TextField;
pub use top_k::TopK;

/// What one request may ask for. Bytes are bounded before the body gets here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most instances in a batch; setting `limits.max_batch_size`.
    pub max_batch: usize,
    /// Bounds on the JSON itself.
    pub json: JsonLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_batch: 100, json: JsonLimits::default() }
    }
}

/// Reads the body of `/predict`: one JSON object, one row.
///
/// # Errors
/// [`ErrorCode::MalformedBody`] if the body is no JSON, [`ErrorCode::Validation`] with all violations if the schema
/// refuses it.
pub fn decode_row(body: &[u8], schema: &RowSchema, limits: &Limits) -> Result<Rows, ApiError> {
    Ok(schema.parse_row(body, &limits.json)?)
}

/// Reads the body of `/predict_batch`, `{"instances": [{…}, …]}`: one row per instance, at least one. Other fields
/// beside `instances` are skipped.
///
/// # Errors
/// [`ErrorCode::BatchTooLarge`] as soon as there is one instance too many: what follows it is not read, and what is
/// wrong with those before it is not reported. Otherwise as [`decode_row`].
pub fn decode_batch(body: &[u8], schema: &RowSchema, limits: &Limits) -> Result<Rows, ApiError> {
    if let Some(rows) = batch::plain(body, schema, limits) {
        return Ok(rows);
    }
    let mut rows = schema.collector(&limits.json);
    let mut too_large = false;
    let read = read_json(body, BatchSeed::new(&mut rows, limits.max_batch, &mut too_large));
    if too_large {
        let message = format!("Batch size too large (max {}; limits.max_batch_size)", limits.max_batch);
        return Err(ApiError::new(ErrorCode::BatchTooLarge, message));
    }
    read?;
    Ok(rows.finish()?)
}
