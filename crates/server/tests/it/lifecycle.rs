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
