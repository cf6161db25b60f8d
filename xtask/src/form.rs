//! A picture as the form in which browsers send files.

const BOUNDARY: &str = "ferrocast-xtask";

/// The content type of such a form.
pub(crate) fn content_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// The form, of a picture of this type.
pub(crate) fn of(picture: &[u8], picture_type: &str) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"picture\"\r\n\
         content-type: {picture_type}\r\n\r\n"
    );
    [head.as_bytes(), picture, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}
