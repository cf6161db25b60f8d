//! Coming and going: clients that leave early, and a server that stops.

use crate::server::{PENGUIN, TestServer, samples, shared};

#[test]
fn a_client_that_leaves_early_disturbs_nobody() {
    for _ in 0..50 {
        let mut client = shared().client();
        client.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{");
    }
    let mut half_closed = shared().client();
    half_closed.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{");
    half_closed.close_writing();
    assert!(half_closed.is_closed() || half_closed.answer(false).status == 400);
    assert_eq!(shared().client().post("/predict", PENGUIN.as_bytes()).status, 200);
}

#[test]
fn requests_on_one_connection_are_answered_in_order() {
    let mut client = shared().client();
    let one = |id: usize| {
        format!(
            "POST /predict HTTP/1.1\r\nhost: a\r\nx-request-id: {id}\r\ncontent-length: {}\r\n\r\n{PENGUIN}",
            PENGUIN.len()
        )
    };
    let together: String = (0..20).map(one).collect();
    client.send(together.as_bytes());
    for id in 0..20 {
        let answer = client.answer(false);
        assert_eq!((answer.status, answer.header("x-request-id")), (200, Some(id.to_string().as_str())));
    }
}

#[test]
fn a_stopped_server_frees_its_address() {
    let server = TestServer::start(&samples(), &[("MODELS__DEFAULT", "penguins")], ferrocast_server::loaders());
    let address = server.address;
    assert_eq!(server.client().get("/").status, 200);
    drop(server);
    std::net::TcpListener::bind(address).expect("the address is free again");
}

/// What a client has begun it has to end, also when it has been answered before.
#[test]
fn a_head_that_does_not_end_ends_its_connection() {
    let settings = [("MODELS__DEFAULT", "penguins"), ("SERVER__HEAD_TIMEOUT_S", "1"), ("SERVER__KEEP_ALIVE_S", "5")];
    let server = TestServer::start(&samples(), &settings, ferrocast_server::loaders());
    let half = b"GET /livez HTTP/1.1\r\nhost: a\r\nx-half: ".as_slice();
    let mut first = server.client();
    first.send(half);
    assert_eq!(first.answer(false).status, 408);

    let mut kept = server.client();
    assert_eq!(kept.get("/livez").status, 200);
    kept.send(half);
    let mut together = server.client();
    together.send(&[b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n", half].concat());
    assert_eq!(together.answer(false).status, 200);
    for (mut client, what) in [(kept, "begun later"), (together, "begun together")] {
        assert!(client.is_closed(), "a head that was {what} goes on");
    }
    // Whoever is only slow is not cut off.
    let mut slow = server.client();
    for _ in 0..3 {
        assert_eq!(slow.get("/livez").status, 200);
        std::thread::sleep(std::time::Duration::from_millis(1200));
    }
}
