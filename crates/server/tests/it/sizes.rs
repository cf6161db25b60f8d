//! How large a body may be: to the byte, on every kind of route, whether it says its size or not.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferrocast_server::loaders;
use ferrocast_testkit::small_model;
use serde_json::json;
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::server::TestServer;

/// Limits of JSON, tensors, one picture, and a form of several.
const JSON: usize = 2048;
const TENSORS: usize = 4096;
const PICTURE: usize = 5000;
const PICTURES: usize = 3000;

/// Bytes of a form around one picture that is as large as it may be.
const FORM: usize = 64 << 10;

const MANIFEST: &str = "task = \"image-classification\"\n[image]\nsize = { width = 8, height = 8 }\n";

/// A server of a model of pictures and of one of rows, with these limits.
fn small() -> (TestServer, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("pets/1")).expect("a folder");
    fs::write(folder.path().join("pets/1/model.onnx"), small_model("conv")).expect("a file");
    fs::write(folder.path().join("pets/1/model.toml"), MANIFEST).expect("a file");
    fs::write(folder.path().join("rows.onnx"), small_model("mlp")).expect("a file");
    let limits = [
        ("LIMITS__JSON_BYTES", JSON),
        ("LIMITS__TENSOR_BYTES", TENSORS),
        ("LIMITS__IMAGE_BYTES", PICTURE),
        ("LIMITS__IMAGE_BATCH_BYTES", PICTURES),
    ];
    let limits = limits.map(|(name, bytes)| (name, bytes.to_string()));
    let settings: Vec<(&str, &str)> = limits.iter().map(|(name, bytes)| (*name, bytes.as_str())).collect();
    (TestServer::start(folder.path(), &settings, loaders()), folder)
}

/// A kind of body, and where it is sent.
struct Kind {
    path: &'static str,
    content_type: &'static str,
    /// What the limit counts, in bytes.
    limit: usize,
    setting: &'static str,
    /// A body of which so much is counted.
    body: fn(usize) -> Vec<u8>,
}

const FORM_TYPE: &str = "multipart/form-data; boundary=edge";
const HEAD: &str = "--edge\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\n";
const TAIL: &str = "\r\n--edge--\r\n";

fn spaces(bytes: usize) -> Vec<u8> {
    vec![b' '; bytes]
}

fn form_of_picture(bytes: usize) -> Vec<u8> {
    [HEAD.as_bytes(), &spaces(bytes), TAIL.as_bytes()].concat()
}

fn form_of_size(bytes: usize) -> Vec<u8> {
    form_of_picture(bytes - HEAD.len() - TAIL.len())
}

fn base64_of_picture(bytes: usize) -> Vec<u8> {
    json!({"image_data": STANDARD.encode(spaces(bytes))}).to_string().into_bytes()
}

const KINDS: &[Kind] = &[
    Kind {
        path: "/models/rows/predict",
        content_type: "application/json",
        limit: JSON,
        setting: "limits.json_bytes",
        body: spaces,
    },
    Kind {
        path: "/models/rows/predict_batch",
        content_type: "application/json",
        limit: JSON,
        setting: "limits.json_bytes",
        body: spaces,
    },
    Kind {
        path: "/models/rows/predict_cached",
        content_type: "application/json",
        limit: JSON,
        setting: "limits.json_bytes",
        body: spaces,
    },
    Kind {
        path: "/models/rows/predict_async",
        content_type: "application/json",
        limit: JSON,
        setting: "limits.json_bytes",
        body: spaces,
    },
    Kind {
        path: "/v2/models/rows/infer",
        content_type: "application/json",
        limit: TENSORS,
        setting: "limits.tensor_bytes",
        body: spaces,
    },
    Kind {
        path: "/models/pets/predict_image",
        content_type: FORM_TYPE,
        limit: PICTURE,
        setting: "limits.image_bytes",
        body: form_of_picture,
    },
    Kind {
        path: "/models/pets/predict_async",
        content_type: FORM_TYPE,
        limit: PICTURE,
        setting: "limits.image_bytes",
        body: form_of_picture,
    },
    Kind {
        path: "/models/pets/predict_image_batch",
        content_type: FORM_TYPE,
        limit: PICTURES,
        setting: "limits.image_batch_bytes",
        body: form_of_size,
    },
    Kind {
        path: "/models/pets/predict_image_base64",
        content_type: "application/json",
        limit: PICTURE,
        setting: "limits.image_bytes",
        body: base64_of_picture,
    },
];

impl Kind {
    fn post(&self, server: &TestServer, bytes: usize) -> Answer {
        server.client().request("POST", self.path, &[("content-type", self.content_type)], &(self.body)(bytes))
    }

    fn post_in_chunks(&self, server: &TestServer, bytes: usize) -> Answer {
        let mut client = server.client();
        client.send(self.head("transfer-encoding: chunked").as_bytes());
        for piece in (self.body)(bytes).chunks(1000) {
            client.send(&[format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
        }
        client.send(b"0\r\n\r\n");
        client.answer(false)
    }

    fn head(&self, framing: &str) -> String {
        format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-type: {}\r\n{framing}\r\n\r\n", self.path, self.content_type)
    }

    fn assert_is_too_large(&self, answer: &Answer, how: &str) {
        let (path, text) = (self.path, answer.text());
        assert_eq!(answer.status, 413, "{path}, {how}: {text}");
        let says_all = [self.setting, &self.limit.to_string()].iter().all(|part| text.contains(part));
        assert!(says_all, "{path}, {how}: {text}");
    }
}

/// None of these bodies is any good, which is found out once it has been read.
#[test]
fn the_edge_is_exact() {
    let (server, _folder) = small();
    for kind in KINDS {
        for bytes in [kind.limit - 1, kind.limit] {
            let (path, said, unsaid) = (kind.path, kind.post(&server, bytes), kind.post_in_chunks(&server, bytes));
            for answer in [said, unsaid] {
                assert!(matches!(answer.status, 400 | 422), "{path}, {bytes} bytes: {}", answer.text());
            }
        }
        kind.assert_is_too_large(&kind.post(&server, kind.limit + 1), "declared");
        kind.assert_is_too_large(&kind.post_in_chunks(&server, kind.limit + 1), "in chunks");
    }
}

/// Nothing of the body is sent here at all.
#[test]
fn a_declared_size_is_refused_before_anything_is_read() {
    let (server, _folder) = small();
    for kind in KINDS {
        // Of one picture the body is only known to be larger once there is no room for a form around it either.
        let around = if kind.setting == "limits.image_bytes" { FORM + kind.limit } else { 0 };
        for bytes in [kind.limit + around + 1, usize::MAX] {
            let mut client: Client = server.client();
            client.send(kind.head(&format!("content-length: {bytes}")).as_bytes());
            let answer = client.answer(false);
            kind.assert_is_too_large(&answer, &format!("declared as {bytes}"));
            assert_eq!(answer.header("connection"), Some("close"), "{}", kind.path);
        }
    }
}
