//! Bodies that are small and would be large: native routes take nothing compressed, `/v2` expands no more than its limit.

use std::io::Write;
use std::thread;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::errors::assert_is_honest;
use crate::pictures::shared_pets;
use crate::server::{PENGUIN, TestServer, samples, shared};

/// What each would be, in bytes.
const EXPANDED: usize = 64 << 20;

/// That many zeros, compressed by `brotli` 1.1 (quality 11, a window of 2^24 bytes).
const BROTLI: [u8; 54] = [
    207, 255, 255, 127, 248, 39, 0, 226, 177, 64, 32, 247, 254, 159, 255, 255, 255, 240, 79, 0, 196, 97, 1, 128, 238,
    253, 63, 255, 255, 255, 225, 159, 0, 136, 195, 34, 0, 221, 251, 127, 254, 255, 255, 195, 63, 1, 16, 135, 5, 0, 186,
    247, 255, 3,
];

/// Routes that take rows.
const ROWS: [&str; 8] = [
    "/predict",
    "/predict_batch",
    "/predict_cached",
    "/predict_async",
    "/models/penguins/predict",
    "/models/penguins/predict_cached",
    "/models/penguins/versions/1/predict",
    "/models/penguins/versions/1/predict_batch",
];

/// `EXPANDED` zeros in each encoding.
fn bombs() -> [(&'static str, Vec<u8>); 4] {
    let (mut gzip, mut deflate) =
        (GzEncoder::new(Vec::new(), Compression::best()), ZlibEncoder::new(Vec::new(), Compression::best()));
    let piece = [0; 1 << 16];
    for _ in 0..EXPANDED / piece.len() {
        gzip.write_all(&piece).expect("written");
        deflate.write_all(&piece).expect("written");
    }
    [
        ("gzip", gzip.finish().expect("written")),
        ("deflate", deflate.finish().expect("written")),
        ("br", BROTLI.to_vec()),
        ("zstd", zstd()),
    ]
}

/// Blocks that say "so many zeros" (RFC 8878, 3.1.1.2.2), in a frame with a window of 8 MiB.
fn zstd() -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    const REPEATED: usize = 1;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3];
    let blocks = EXPANDED / BLOCK;
    for block in 1..=blocks {
        let head = BLOCK << 3 | REPEATED << 1 | usize::from(block == blocks);
        frame.extend(&head.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

/// The most that this process has held in memory so far, in bytes, where the system tells.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

/// Sends sixteen of each at once.
fn send_all(server: &TestServer, path: &str, status_of: fn(&str) -> u16) {
    let bombs = bombs();
    let before = peak();
    thread::scope(|scope| {
        for (encoding, bomb) in bombs.iter().flat_map(|bomb| std::iter::repeat_n(bomb, 16)) {
            scope.spawn(move || {
                let headers = [("content-type", "application/json"), ("content-encoding", *encoding)];
                let answer = server.client().request("POST", path, &headers, bomb);
                assert_eq!(answer.status, status_of(encoding), "{path} {encoding}: {}", answer.text());
            });
        }
    });
    if let (Some(before), Some(after)) = (before, peak()) {
        let grown = after.saturating_sub(before);
        // A fifth of what the bombs of one encoding would be. The rest of this process needs memory, too.
        assert!(grown < 16 * EXPANDED / 5, "{path}: grown by {grown} bytes");
    }
}

/// Routes that take pictures.
const PICTURES: [(&str, &str); 3] = [
    ("/predict_image_base64", "application/json"),
    ("/predict_image", "multipart/form-data; boundary=x"),
    ("/predict_image_batch", "multipart/form-data; boundary=x"),
];

#[test]
fn native_routes_expand_nothing() {
    let rows = ROWS.map(|path| (shared(), path, "application/json"));
    let pictures = PICTURES.map(|(path, media_type)| (shared_pets(), path, media_type));
    let bombs = bombs();
    for (server, path, media_type) in rows.into_iter().chain(pictures) {
        for (encoding, bomb) in &bombs {
            let headers = [("content-type", media_type), ("content-encoding", encoding)];
            let answer = server.client().request("POST", path, &headers, bomb);
            assert_is_honest(&answer, path);
            assert_eq!((answer.status, answer.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{path} {encoding}");
        }
    }
}

#[test]
fn sixteen_at_once_take_no_memory() {
    let settings = [("MODELS__DEFAULT", "penguins"), ("LIMITS__TENSOR_BYTES", "1048576")];
    let server = TestServer::start(&samples(), &settings, ferrocast_server::loaders());
    send_all(&server, "/predict", |_| 415);
    // What is no encoding of the protocol is 501, as Triton answers.
    send_all(&server, "/v2/models/penguins/infer", |encoding| match encoding {
        "gzip" | "deflate" => 413,
        _ => 501,
    });
}

#[test]
fn native_answers_are_not_compressed() {
    let mut client = shared().client();
    for accepted in ["gzip, deflate, br, zstd", "br", "zstd", "*", "gzip;q=1, identity;q=0"] {
        let headers = [("accept-encoding", accepted), ("content-type", "application/json")];
        for path in ["/", "/health", "/models", "/models/penguins", "/openapi.json", "/metrics", "/nowhere"] {
            let answer = client.request("GET", path, &headers, b"");
            assert_eq!(answer.header("content-encoding"), None, "{path} for {accepted}");
        }
        let batch = format!(r#"{{"instances":[{}]}}"#, vec![PENGUIN; 50].join(","));
        for (path, body) in [("/predict", PENGUIN), ("/predict_cached", PENGUIN), ("/predict_batch", batch.as_str())] {
            let answer = client.request("POST", path, &headers, body.as_bytes());
            assert_eq!((answer.status, answer.header("content-encoding")), (200, None), "{path} for {accepted}");
            assert!(answer.json().is_object(), "{path} for {accepted}");
        }
    }
}
