//! The body of `/predict_image_base64`: `{"image_data": "…"}`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferrocast_schema::{JsonLimits, Loc, Violation, Violations, code};

use super::text_field::TextField;
use crate::{ApiError, ErrorCode};

/// The one field of the body.
const FIELD: &str = "image_data";

pub(super) static IMAGE_DATA: TextField = TextField::new(FIELD);

/// Bytes that a body of base64 has at most around a picture of so many bytes.
pub fn base64_body_bytes(picture: usize) -> usize {
    // Room for the address of a callback.
    const ENVELOPE: usize = 4096;
    encoded_bytes(picture).saturating_add(ENVELOPE)
}

/// Reads the body of `/predict_image_base64`: the bytes of a picture, of at most `most` bytes.
///
/// Base64 is that of RFC 4648 with its padding and nothing else: no line breaks, no `data:` in front, and never an address
/// to fetch something from.
///
/// # Errors
/// As [`decode_row`](super::decode_row); [`ErrorCode::PayloadTooLarge`] by the length of the text, before it is decoded.
pub fn decode_picture(body: &[u8], limits: &JsonLimits, most: usize) -> Result<Vec<u8>, ApiError> {
    unpack(&IMAGE_DATA.read(body, limits)?, most)
}

/// The bytes that a text in base64 stands for, if they are no more than `most`.
pub(super) fn unpack(text: &str, most: usize) -> Result<Vec<u8>, ApiError> {
    if decoded_bytes(text) > most {
        let message = format!("The picture is larger than {most} bytes (limits.image_bytes)");
        return Err(ApiError::new(ErrorCode::PayloadTooLarge, message));
    }
    STANDARD.decode(text.as_bytes()).map_err(|cause| refused(text, &cause))
}

fn encoded_bytes(picture: usize) -> usize {
    picture.div_ceil(3).saturating_mul(4)
}

/// What the text stands for if it is base64.
fn decoded_bytes(text: &str) -> usize {
    let padding = text.bytes().rev().take(2).take_while(|&byte| byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

fn refused(text: &str, cause: &base64::DecodeError) -> ApiError {
    let hint = match text {
        _ if text.starts_with("data:") => "; send what follows `base64,`, without the beginning of a data: URL",
        _ if text.starts_with("http://") || text.starts_with("https://") => {
            "; send the picture itself, no address of it"
        }
        _ if text.contains(['\n', '\r']) => "; send it without line breaks",
        _ => "",
    };
    let message = format!("Input should be valid base64: {cause}{hint}");
    Violations::one(Violation::new(Loc::body().field(FIELD), code::BASE64_DECODE, message)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &str, most: usize) -> Result<Vec<u8>, ApiError> {
        decode_picture(body.as_bytes(), &JsonLimits::default(), most)
    }

    #[test]
    fn strict_base64_only() {
        assert_eq!(decode(r#"{"image_data": "aGVsbG8="}"#, 5).unwrap(), b"hello");
        let refusals = [
            ("{}", "missing", ""),
            (r#"{"image_data": 1}"#, "string_type", ""),
            (r#"{"image_data": "aGVsbG8"}"#, "base64_decode", ""),
            (r#"{"image_data": "aGVsbG9="}"#, "base64_decode", ""),
            (r#"{"image_data": "aGVs bG8="}"#, "base64_decode", ""),
            (r#"{"image_data": "aGVs\nbG8="}"#, "base64_decode", "without line breaks"),
            (r#"{"image_data": "aGVs-_8="}"#, "base64_decode", ""),
            (r#"{"image_data": "data:image/png;base64,aGVsbG8="}"#, "base64_decode", "what follows `base64,`"),
            (r#"{"image_data": "http://127.0.0.1/cat.png"}"#, "base64_decode", "no address"),
            ("[]", "model_attributes_type", ""),
            ("{", "json_invalid", ""),
        ];
        for (body, code, hint) in refusals {
            let error = decode(body, 1000).unwrap_err();
            assert_eq!((error.code.status(), error.details[0].code), (422, code), "{body}");
            assert!(error.details[0].message.contains(hint), "{body}: {}", error.details[0].message);
        }
    }

    #[test]
    fn too_long_a_text_is_not_decoded() {
        let body = format!(r#"{{"image_data": "{}"}}"#, "!".repeat(16));
        let error = decode(&body, 9).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (ErrorCode::PayloadTooLarge, "The picture is larger than 9 bytes (limits.image_bytes)")
        );
        // As many characters as twelve bytes take, none of which is of base64.
        assert_eq!(decode(&body, 12).unwrap_err().code, ErrorCode::Validation);
    }

    #[test]
    fn the_limit_is_exact_whatever_the_padding() {
        for most in 9..=12 {
            let body = |bytes| format!(r#"{{"image_data": "{}"}}"#, STANDARD.encode(vec![7; bytes]));
            assert_eq!(decode(&body(most), most).unwrap(), vec![7; most]);
            assert_eq!(decode(&body(most + 1), most).unwrap_err().code, ErrorCode::PayloadTooLarge, "{most}");
        }
    }
}
