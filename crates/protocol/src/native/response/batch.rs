//! The answer of `/predict_batch`, written key by key: the bytes of a [`BatchResponse`](super::BatchResponse).

use ferrocast_schema::Prediction;

use super::keyed::field;
use super::outcome::Outcome;
use super::{Served, Status, envelope_bytes, item_bytes};
use crate::ApiError;

/// Writes the answer of `/predict_batch`, one item per prediction in their order.
///
/// A prediction that holds a NaN or an infinity costs its own item only: that item carries an error in place of a
/// prediction, `status` is `"partial"`, and `processed_count` counts the others.
///
/// # Errors
/// [`ErrorCode::NonFiniteOutput`](crate::ErrorCode::NonFiniteOutput) if that befalls every prediction: a request of
/// which nothing succeeded has failed, and must not look like a success to whoever watches statuses.
pub fn encode_batch(predictions: &[Prediction], served: Served<'_>) -> Result<Vec<u8>, ApiError> {
    let mut buffer = Vec::with_capacity(batch_bytes(predictions, served));
    let mut first_error = None;
    let mut processed_count = 0;
    buffer.extend_from_slice(b"{\"predictions\":[");
    for (instance_id, prediction) in predictions.iter().enumerate() {
        let opening: &[u8] = if instance_id == 0 { b"{\"instance_id\":" } else { b",{\"instance_id\":" };
        field(&mut buffer, opening, &instance_id)?;
        match Outcome::of(prediction) {
            Ok(outcome) => {
                processed_count += 1;
                predicted(&mut buffer, &outcome)?;
            }
            Err(error) => {
                field(&mut buffer, b",\"error\":", error.message)?;
                field(&mut buffer, b",\"error_code\":", error.code.as_str())?;
                first_error = first_error.or(Some(error));
            }
        }
        buffer.push(b'}');
    }
    let status = match first_error {
        None => Status::Success,
        Some(_) if processed_count > 0 => Status::Partial,
        Some(error) => return Err(error.into()),
    };
    field(&mut buffer, b"],\"status\":", &status)?;
    field(&mut buffer, b",\"processed_count\":", &processed_count)?;
    field(&mut buffer, b",\"model\":", served.model)?;
    field(&mut buffer, b",\"version\":", served.version)?;
    buffer.push(b'}');
    Ok(buffer)
}

/// What an item says besides its position.
fn predicted(buffer: &mut Vec<u8>, outcome: &Outcome<'_>) -> Result<(), ApiError> {
    let Outcome { prediction, label, probability, confidence, scores } = outcome;
    field(buffer, b",\"prediction\":", prediction)?;
    if let Some(label) = label {
        field(buffer, b",\"label\":", label)?;
    }
    if let Some(probability) = probability {
        field(buffer, b",\"probability\":", probability)?;
    }
    if let Some(confidence) = confidence {
        field(buffer, b",\"confidence\":", confidence)?;
    }
    if let Some(scores) = scores {
        field(buffer, b",\"scores\":", scores)?;
    }
    Ok(())
}

/// The bytes that the answer takes at most, escapes apart.
pub(super) fn batch_bytes(predictions: &[Prediction], served: Served<'_>) -> usize {
    envelope_bytes(served) + predictions.iter().map(item_bytes).sum::<usize>()
}
