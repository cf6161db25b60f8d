//! What is stored of a request until it is predicted: which model it asked, and what it sent.

use actix_web::web::{BufMut, Bytes, BytesMut};
use ferrocast_protocol::native::TopK;
use serde::{Deserialize, Serialize};

/// The layout below. Another one is another number.
const LAYOUT: u32 = 1;

/// What a task is to predict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payload {
    /// The model.
    pub(crate) model: String,
    /// The version as the request named it. Without one it is the model's current one when the task runs.
    pub(crate) version: Option<String>,
    /// What was sent.
    pub(crate) input: Input,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A row: the body of the request.
    Row(Bytes),
    /// The bytes of a picture's file, and how many classes are told.
    Picture(Bytes, Option<TopK>),
}

/// What stands before the bytes: one line of JSON.
#[derive(Serialize, Deserialize)]
struct Head {
    layout: u32,
    model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    top_k: Option<TopK>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Row,
    Picture,
}

/// The bytes are no payload of this layout.
#[derive(Debug, thiserror::Error)]
#[error("what was stored of the request cannot be read: {0}")]
pub(crate) struct Unreadable(String);

impl Payload {
    /// As it is stored.
    pub(crate) fn to_bytes(&self) -> Result<Bytes, serde_json::Error> {
        let (kind, bytes, top_k) = match &self.input {
            Input::Row(body) => (Kind::Row, body, None),
            Input::Picture(picture, top_k) => (Kind::Picture, picture, *top_k),
        };
        let head = Head { layout: LAYOUT, model: self.model.clone(), version: self.version.clone(), kind, top_k };
        let mut whole = BytesMut::from(serde_json::to_vec(&head)?.as_slice());
        whole.reserve(1 + bytes.len());
        whole.put_u8(b'\n');
        whole.put_slice(bytes);
        Ok(whole.freeze())
    }

    /// What was stored.
    pub(crate) fn from_bytes(mut stored: Bytes) -> Result<Payload, Unreadable> {
        let end =
            stored.iter().position(|&byte| byte == b'\n').ok_or_else(|| Unreadable("it has no head".to_owned()))?;
        let line = stored.split_to(end);
        let bytes = stored.split_off(1);
        let Head { layout, model, version, kind, top_k } =
            serde_json::from_slice(&line).map_err(|error| Unreadable(error.to_string()))?;
        if layout != LAYOUT {
            return Err(Unreadable(format!("its layout is {layout}, and this release knows {LAYOUT}")));
        }
        let input = match kind {
            Kind::Row => Input::Row(bytes),
            Kind::Picture => Input::Picture(bytes, top_k),
        };
        Ok(Payload { model, version, input })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;
    use ferrocast_protocol::native::TopK;

    use super::{Input, Payload};

    #[test]
    fn what_is_stored_is_read_again() {
        let row = Input::Row(Bytes::from_static(b"{\n\"x\": 1}"));
        let picture = |top_k| Input::Picture(Bytes::from_static(b"\x00\n\xff"), top_k);
        for input in [row, picture(None), picture(Some(TopK::Unsaid)), picture(Some(TopK::Of(3)))] {
            for version in [None, Some("v2".to_owned())] {
                let payload = Payload { model: "m".to_owned(), version, input: input.clone() };
                assert_eq!(Payload::from_bytes(payload.to_bytes().unwrap()).unwrap(), payload);
            }
        }
    }

    #[test]
    fn what_another_release_stored_is_refused() {
        for stored in ["", "{}", "{}\n", "{\"layout\":2,\"model\":\"m\",\"kind\":\"row\"}\n"] {
            assert!(Payload::from_bytes(Bytes::from(stored)).is_err(), "{stored}");
        }
    }
}
