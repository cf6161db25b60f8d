//! What a path meant is remembered: whoever asks there again is answered without a route, and gets what a route would say.

use ferrocast_server::loaders;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::server::{PENGUIN, TestServer, samples, shared};

/// What only routes understand, so that they answer.
const ROUTED: (&str, &str) = ("content-type", "application/json; charset=utf-8");
const REMEMBERED: (&str, &str) = ("content-type", "application/json");

/// Of an answer what does not differ from request to request.
fn lasting(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let passing = ["x-request-id", "server-timing", "date", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !passing.contains(&name.as_str())).cloned();
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    let mut body = answer.json();
    if let Some(object) = body.as_object_mut() {
        object.retain(|key, _| !["request_id", "timestamp"].contains(&key.as_str()));
    }
    (answer.status, headers, body)
}

fn ask(client: &mut Client, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    client.request("POST", path, headers, body.as_bytes())
}

/// A connection to a thread of the server that knows what the path means.
fn known(path: &str) -> Client {
    let mut client = shared().client();
    // It is understood whatever is wrong with the row.
    let answer = ask(&mut client, path, &[REMEMBERED], "{}");
    assert_eq!((answer.status, answer.header("connection")), (422, None), "{path}");
    client
}

#[test]
fn a_route_and_what_is_remembered_of_it_say_the_same() {
    let rows = [
        PENGUIN.to_owned(),
        PENGUIN.replace("bill_length_mm", "feature1"),
        PENGUIN.replace("bill_length_mm", "bill"),
        PENGUIN.replace("\"bill_length_mm\"", "\"bill_length_mm\": -1, \"bill_length_mm\""),
        "{}".to_owned(),
        "[1]".to_owned(),
        "{".to_owned(),
        "\u{0}".to_owned(),
        format!("{{\"text\": \"{}\"}}", "x".repeat(70_000)),
    ];
    let batches = rows.iter().map(|row| format!("{{\"instances\": [{PENGUIN}, {row}]}}"));
    let batches: Vec<String> = batches.chain(rows.iter().cloned()).collect();
    let paths = [
        ("/predict", &rows[..]),
        ("/predict/1", &rows[..]),
        ("/predict/latest?a=b", &rows[..]),
        ("/models/penguins/predict", &rows[..]),
        ("/models/penguins/versions/1/predict", &rows[..]),
        ("/predict_batch", &batches[..]),
        ("/models/penguins/predict_batch", &batches[..]),
    ];
    for (path, bodies) in paths {
        let mut client = known(path);
        for body in bodies {
            for time in [None, Some(("x-request-timeout-ms", "20000")), Some(("x-request-timeout-ms", "soon"))] {
                let mut answer = |kind| {
                    let headers: Vec<_> = [kind].into_iter().chain(time).collect();
                    let answer = ask(&mut client, path, &headers, body);
                    if answer.header("connection") == Some("close") {
                        client = known(path);
                    }
                    lasting(&answer)
                };
                assert_eq!(answer(REMEMBERED), answer(ROUTED), "{path} {time:?} {body:.200}");
            }
        }
    }
}

#[test]
fn what_is_remembered_is_counted_under_its_route() {
    let server = TestServer::start(&samples(), &[("MODELS__DEFAULT", "penguins")], loaders());
    let mut client = server.client();
    for _ in 0..5 {
        assert_eq!(ask(&mut client, "/predict/2", &[REMEMBERED], PENGUIN).status, 200);
        assert_eq!(ask(&mut client, "/predict/2", &[REMEMBERED], "{}").status, 422);
    }
    let metrics = client.get("/metrics").text();
    for status in [200, 422] {
        let line =
            format!(r#"ml_api_requests_total{{method="POST",endpoint="/predict/{{version}}",status="{status}"}} 5"#);
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    let rows = r#"ml_api_predictions_total{model="penguins",version="2"} 5"#;
    assert!(metrics.lines().any(|found| found == rows), "{rows}\n{metrics}");
}
