//! HTTP/2 is not spoken: neither to those who begin with it, nor to those who ask for it, nor inside TLS.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::scripted::SOON;
use crate::server::{PENGUIN, shared};

/// What a client sends that knows the server to speak HTTP/2 (RFC 9113, 3.4): the preface and empty settings; then a request, `GET /`
/// in header fields of the static table (RFC 7541, appendix A).
pub(crate) const PRIOR_KNOWLEDGE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x04\x01\x05\x00\x00\x00\x01\x82\x84\x86\x81";

/// Whether what came back is a refusal in HTTP/1.1, or nothing.
pub(crate) fn is_refusal(answer: &[u8]) -> bool {
    answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 ")
}

/// All that comes until the server closes, which has to be soon.
pub(crate) fn all_of(stream: &mut impl Read) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    // A server that has had enough may reset the connection.
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..read]);
    }
    answer
}

#[test]
fn prior_knowledge_is_refused() {
    let mut stream = TcpStream::connect(shared().address).expect("the server accepts");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream.write_all(PRIOR_KNOWLEDGE).expect("sent");
    let answer = all_of(&mut stream);
    assert!(is_refusal(&answer), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(shared().client().post("/predict", PENGUIN.as_bytes()).status, 200);
}

#[test]
fn an_upgrade_is_not_taken() {
    for connection in ["Upgrade, HTTP2-Settings", "upgrade"] {
        let headers = [("connection", connection), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__")];
        for (method, path, body) in [("GET", "/", ""), ("POST", "/predict", PENGUIN)] {
            let mut client = shared().client();
            let answer = client.request(method, path, &headers, body.as_bytes());
            assert_eq!((answer.status, answer.header("upgrade")), (200, None), "{connection}: {method}");
            assert!(answer.json().is_object(), "{}", answer.text());
        }
    }
}
