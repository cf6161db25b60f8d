//! Ends of tasks that are sent to somebody: signed, to those who may be called and to nobody else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use ferrocast_tasks::callback::SigningKeys;
use ferrocast_testkit::Authority;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::authority::{chain, private_key};
use crate::client::{Answer, Client};
use crate::errors::assert_is_honest;
use crate::scripted::{HELD, NO_NUMBER, SOON, Script, eventually, write};
use crate::server::TestServer;
use crate::tasks::{status, submit, when};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver was sent.
#[derive(Debug)]
pub(crate) struct Received {
    request: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map_or_else(|| panic!("no {name}: {self:?}"), |(_, value)| value)
    }

    /// Whether it is signed by the holder of the secret.
    fn is_signed(&self, secret: &str) -> bool {
        let keys: SigningKeys = secret.parse().expect("a secret");
        let seconds = self.header("webhook-timestamp").parse().expect("seconds");
        keys.sign(self.header("webhook-id"), seconds, &self.body) == self.header("webhook-signature")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Somebody who is sent callbacks, and answers each with the next of these texts, the last one for ever. An empty text is no
/// answer at all, but an open connection.
pub(crate) struct Receiving {
    pub(crate) port: u16,
    received: Receiver<Received>,
}

impl Receiving {
    pub(crate) fn start(answers: &[&str]) -> Receiving {
        Receiving::start_with(answers, Some)
    }

    fn start_with<S: Read + Write + Send + 'static>(
        answers: &[&str],
        accept: impl Fn(TcpStream) -> Option<S> + Send + 'static,
    ) -> Receiving {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let (send, received) = sync_channel(1_000);
        thread::spawn(move || {
            let mut open = Vec::new();
            let mut answers = answers.iter().cycle_last();
            for stream in listener.incoming() {
                let Some(mut stream) = stream.ok().and_then(&accept) else { continue };
                let Some(request) = read(&mut stream) else { continue };
                if send.send(request).is_err() {
                    return;
                }
                let answer = answers.next().unwrap_or_default();
                stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).ok();
                if answer.is_empty() {
                    open.push(stream);
                }
            }
        });
        Receiving { port, received }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn next(&self) -> Received {
        self.received.recv_timeout(SOON).expect("a callback")
    }

    fn is_quiet(&self) -> bool {
        self.received.try_recv().is_err()
    }
}

/// The items, then the last one again and again.
trait CycleLast<'a> {
    fn cycle_last(self) -> impl Iterator<Item = String> + 'a;
}

impl<'a, I: Iterator<Item = &'a String> + Clone + 'a> CycleLast<'a> for I {
    fn cycle_last(self) -> impl Iterator<Item = String> + 'a {
        let last = self.clone().last().cloned().unwrap_or_default();
        self.cloned().chain(std::iter::repeat(last))
    }
}

fn read(stream: &mut (impl Read + Write)) -> Option<Received> {
    let mut stream = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        let length = stream.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end().to_owned())
    };
    let request = line()?;
    let mut headers = Vec::new();
    while let Some((name, value)) = line()?.split_once(": ") {
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Received { request, headers, body })
}

pub(crate) const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// Somebody whom nobody may call.
struct Canary(TcpListener);

impl Canary {
    fn bind(address: &str) -> Option<Canary> {
        let listener = TcpListener::bind((address, 0)).ok()?;
        listener.set_nonblocking(true).expect("a listener");
        Some(Canary(listener))
    }

    fn all() -> Vec<Canary> {
        // A machine need not have IPv6.
        ["127.0.0.1", "127.0.0.2", "::1"].into_iter().filter_map(Canary::bind).collect()
    }

    fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    fn was_called(&self) -> bool {
        self.0.accept().is_ok()
    }
}

struct Calling {
    server: TestServer,
    script: Script,
    folder: TempDir,
}

/// Settings that let a receiver of this machine be called.
pub(crate) fn lax(ports: &str) -> Vec<(&str, &str)> {
    vec![
        ("CALLBACKS__SECRET", SECRET),
        ("CALLBACKS__ALLOW_HTTP", "true"),
        ("CALLBACKS__PORTS", ports),
        ("CALLBACKS__ALLOW_NETWORKS", "127.0.0.0/8"),
        // One attempt: what fails is dead at once.
        ("CALLBACKS__RETRIES_S", "0"),
    ]
}

impl Calling {
    fn start(settings: &[(&str, &str)]) -> Calling {
        let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
        write(&folder.path().join("models"), "m", 2.0, "");
        let server = Calling::serve(&script, folder.path(), settings);
        Calling { server, script, folder }
    }

    fn serve(script: &Script, folder: &Path, settings: &[(&str, &str)]) -> TestServer {
        let path = folder.join("tasks.db");
        let own = [("TASKS__PATH", path.to_str().unwrap())];
        TestServer::start(&folder.join("models"), &[&own, settings].concat(), script.loaders())
    }

    fn client(&self) -> Client {
        self.server.client()
    }
}

/// The row with a callback.
pub(crate) fn row(row: &str, url: &str) -> String {
    let mut row: Value = serde_json::from_str(row).expect("JSON");
    row["callback_url"] = json!(url);
    row.to_string()
}

/// The callback of a task, once it stands so.
fn when_callback(client: &mut Client, id: &str, state: &str) -> Value {
    let mut last = Value::Null;
    let look = || {
        last = status(client, id);
        (last["callback"]["state"] == state).then(|| last["callback"].clone())
    };
    eventually(&format!("a callback that is {state}"), look)
}

#[test]
fn the_end_of_a_task_is_sent() {
    let receiving = Receiving::start(&[OK]);
    let ports = receiving.port.to_string();
    let calling = Calling::start(&lax(&ports));
    let mut client = calling.client();
    for (body, kind, state) in
        [(r#"{"x": 3}"#, "prediction.completed", "done"), (NO_NUMBER, "prediction.failed", "failed")]
    {
        let body = row(body, &receiving.url("/hook?token=7"));
        let headers = [("content-type", "application/json"), ("x-request-id", "from-the-test")];
        let accepted = client.request("POST", "/predict_async", &headers, body.as_bytes());
        assert_eq!(accepted.status, 202, "{}", accepted.text());
        let id = accepted.json()["task_id"].as_str().expect("a name").to_owned();
        let sent = receiving.next();
        assert_eq!(sent.request, "POST /hook?token=7 HTTP/1.1");
        assert_eq!((sent.header("webhook-id"), sent.header("content-type")), (id.as_str(), "application/json"));
        assert_eq!(sent.header("x-request-id"), "from-the-test");
        assert!(sent.is_signed(SECRET) && !sent.is_signed("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "{sent:?}");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(sent.header("webhook-timestamp").parse().unwrap()) < 60, "{sent:?}");
        let callback = when_callback(&mut client, &id, "delivered");
        assert_eq!(callback, json!({"state": "delivered", "attempts": 1, "last": "answered 204"}));
        let mut expected = when(&mut client, &id, state);
        expected.as_object_mut().unwrap().remove("callback");
        expected["type"] = json!(kind);
        assert_eq!(sent.json(), expected);
        // The address is the caller's secret.
        assert!(!client.get(&format!("/prediction_status/{id}")).text().contains("hook"));
    }
    assert!(receiving.is_quiet());
}

#[test]
fn a_failed_delivery_is_tried_again_and_can_be_replayed() {
    let receiving = Receiving::start(&["HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", "nonsense\r\n\r\n", OK]);
    let ports = receiving.port.to_string();
    let mut settings = lax(&ports);
    settings.push(("CALLBACKS__RETRIES_S", "0, 0.1"));
    let calling = Calling::start(&settings);
    let mut client = calling.client();
    let id = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &receiving.url("/")));
    let (first, second) = (receiving.next(), receiving.next());
    assert_eq!(first.body, second.body, "every attempt sends the same");
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert!(first.is_signed(SECRET) && second.is_signed(SECRET));
    let dead = when_callback(&mut client, &id, "dead");
    assert_eq!(dead["attempts"], 2, "{dead}");
    assert!(!dead["last"].as_str().unwrap_or_default().contains("127.0.0.1"), "{dead}");
    let listed = client.get("/prediction_status?callback=dead").json();
    assert_eq!(listed["tasks"][0]["task_id"], id.as_str());
    let replayed = client.post(&format!("/prediction_status/{id}/callback"), b"");
    assert_eq!((replayed.status, &replayed.json()["status"]), (200, &json!("completed")), "{}", replayed.text());
    assert_eq!(receiving.next().body, first.body);
    assert_eq!(when_callback(&mut client, &id, "delivered")["attempts"], 1);
    let again = client.post(&format!("/prediction_status/{id}/callback"), b"");
    assert_eq!((again.status, again.code().as_str()), (409, "CONFLICT"));
}

#[test]
fn who_is_gone_is_not_called_again() {
    let receiving = Receiving::start(&["HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"]);
    let ports = receiving.port.to_string();
    let mut settings = lax(&ports);
    settings.push(("CALLBACKS__RETRIES_S", "0, 0, 0"));
    let calling = Calling::start(&settings);
    let mut client = calling.client();
    let id = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &receiving.url("/")));
    let dead = when_callback(&mut client, &id, "dead");
    assert_eq!(dead, json!({"state": "dead", "attempts": 1, "last": "answered 410"}));
    receiving.next();
    assert!(receiving.is_quiet());
}

#[test]
fn a_task_that_is_called_off_sends_nothing() {
    let receiving = Receiving::start(&[OK]);
    let ports = receiving.port.to_string();
    let calling = Calling::start(&[lax(&ports), vec![("TASKS__WORKERS", "1")]].concat());
    let mut client = calling.client();
    calling.script.hold_next();
    let held = submit(&mut client, "/predict_async", &row(HELD, &receiving.url("/held")));
    calling.script.wait_until_held();
    let queued = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &receiving.url("/queued")));
    // The one that waits first: it would be run as soon as the other is called off.
    for id in [&queued, &held] {
        assert_eq!(client.request("DELETE", &format!("/prediction_status/{id}"), &[], b"").status, 200);
    }
    calling.script.let_go();
    let last = submit(&mut client, "/predict_async", &row(r#"{"x": 4}"#, &receiving.url("/last")));
    when_callback(&mut client, &last, "delivered");
    assert_eq!(receiving.next().request, "POST /last HTTP/1.1");
    assert!(receiving.is_quiet());
    assert_eq!(status(&mut client, &held)["callback"]["state"], "waiting");
}

fn assert_is_refused(answer: &Answer, context: &str, word: &str) {
    assert_is_honest_about_url(answer, context);
    assert_eq!((answer.status, answer.code().as_str()), (422, "CALLBACK_REFUSED"), "{context}: {}", answer.text());
    assert!(answer.text().contains(word), "{context}: {}", answer.text());
}

fn assert_is_honest_about_url(answer: &Answer, context: &str) {
    assert_is_honest(answer, context);
    assert!(!answer.text().contains("token"), "{context}: {}", answer.text());
}

#[test]
fn without_a_secret_no_callback_is_accepted() {
    let calling = Calling::start(&[("CALLBACKS__ALLOW_HTTP", "true")]);
    let mut client = calling.client();
    let answer = client.post("/predict_async", row(r#"{"x": 3}"#, "https://example.com/?token=7").as_bytes());
    assert_is_refused(&answer, "no secret", "callbacks.secret");
    assert_eq!(client.get("/prediction_status").json()["tasks"], json!([]));
    submit(&mut client, "/predict_async", r#"{"x": 3}"#);
}

#[test]
fn addresses_are_refused_when_they_are_handed_in() {
    let calling = Calling::start(&[("CALLBACKS__SECRET", SECRET)]);
    let mut client = calling.client();
    for (url, word) in [
        ("http://example.com/?token=7", "https"),
        ("https://example.com:25/?token=7", "callbacks.ports"),
        ("https://10.0.0.1/?token=7", "callbacks.allow_networks"),
        ("https://192.168.1.1:8443/?token=7", "callbacks.allow_networks"),
        ("https://169.254.169.254/latest?token=7", "callbacks.allow_networks"),
        ("https://user:token@example.com/", "user name"),
        ("https://localhost/?token=7", "localhost"),
        ("ftp://example.com/?token=7", ""),
        ("token", ""),
        ("", ""),
        (" https://example.com/", ""),
        ("https://example.com/\r\ntoken: 7", ""),
    ] {
        let answer = client.post("/predict_async", row(r#"{"x": 3}"#, url).as_bytes());
        assert_is_refused(&answer, url, word);
    }
    let long = format!("https://example.com/{}", "a".repeat(2048));
    assert_is_refused(&client.post("/predict_async", row(r#"{"x": 3}"#, &long).as_bytes()), "long", "2048");
    assert_eq!(client.get("/prediction_status").json()["tasks"], json!([]), "something was stored");
    // What is wrong with the row comes first.
    let answer = client.post("/predict_async", row(r#"{"x": "three"}"#, "http://10.0.0.1/").as_bytes());
    assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"));
}

/// Hosts that are this machine, or another place where no callback may go.
const HOSTS: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1.",
    "127.0.0.2",
    "127.1",
    "127.2",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "2130706434",
    "2130706433.",
    "017700000001",
    "0x7f000001",
    "0X7F000002",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.0.0.02",
    "00000177.0.0.1",
    "127.0x1",
    "0177.1",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "127.0.\u{ad}0.1",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    "0.",
    "10.1",
    "192.168.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
    "[::ffff:127.0.0.2]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0.0.0.0]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[fc00::1]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "ｌｏｃａｌｈｏｓｔ",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "localhoſt",
    "loc\u{ad}alhost",
    "loc%61lhost",
    "a@127.0.0.1",
    "example.com:80@127.0.0.1",
    "example.com\\@127.0.0.1",
    "127.0.0.1\\@example.com",
];

/// P30 of the reliability promises: no spelling of an address leads to a listener of this machine.
#[test]
fn no_spelling_of_a_private_address_reaches_anybody() {
    let canaries = Canary::all();
    assert!(canaries.len() >= 2 && HOSTS.len() >= 60);
    let ports: Vec<u16> = canaries.iter().map(Canary::port).collect();
    let listed = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    let settings = [
        ("CALLBACKS__SECRET", SECRET),
        ("CALLBACKS__ALLOW_HTTP", "true"),
        // Only the rule about addresses is in the way.
        ("CALLBACKS__PORTS", listed.as_str()),
    ];
    let calling = Calling::start(&settings);
    let mut client = calling.client();
    for host in HOSTS {
        for port in &ports {
            for url in [format!("http://{host}:{port}/hook"), format!("https:{host}:{port}?x")] {
                let answer = client.post("/predict_async", row(r#"{"x": 3}"#, &url).as_bytes());
                assert_is_refused(&answer, &url, "");
            }
        }
    }
    assert_eq!(client.get("/prediction_status").json()["tasks"], json!([]), "something was stored");
    assert!(!canaries.iter().any(Canary::was_called), "somebody called");
}

/// What the rules were when a task was accepted counts for nothing when its callback is sent.
#[test]
fn the_rules_of_the_day_count() {
    let receiving = Receiving::start(&[OK]);
    let ports = receiving.port.to_string();
    let calling = Calling::start(&lax(&ports));
    calling.script.hold_next();
    let id = submit(&mut calling.client(), "/predict_async", &row(HELD, &receiving.url("/?token=7")));
    calling.script.wait_until_held();
    let Calling { server, script, folder } = calling;
    drop(server);
    script.let_go();
    let strict: Vec<_> = lax(&ports).into_iter().filter(|(name, _)| *name != "CALLBACKS__ALLOW_NETWORKS").collect();
    let server = Calling::serve(&script, folder.path(), &strict);
    let mut client = server.client();
    when(&mut client, &id, "done");
    let dead = when_callback(&mut client, &id, "dead");
    assert!(dead["last"].as_str().is_some_and(|last| last.starts_with("not sent: ")), "{dead}");
    assert!(!dead.to_string().contains("token") && !dead.to_string().contains("127.0.0.1"), "{dead}");
    // Nor is it sent by hand.
    assert_eq!(client.post(&format!("/prediction_status/{id}/callback"), b"").status, 200);
    when_callback(&mut client, &id, "dead");
    assert!(receiving.is_quiet(), "it was sent");
}

#[test]
fn no_redirect_is_followed() {
    let canary = Canary::bind("127.0.0.1").expect("a port");
    for status in ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"] {
        let answer =
            format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n", canary.port());
        let receiving = Receiving::start(&[&answer]);
        let ports = format!("{},{}", receiving.port, canary.port());
        let calling = Calling::start(&lax(&ports));
        let mut client = calling.client();
        let id = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &receiving.url("/")));
        assert_eq!(when_callback(&mut client, &id, "dead")["last"], format!("answered {}", &status[..3]));
    }
    assert!(!canary.was_called(), "it was followed");
}

#[test]
fn who_does_not_answer_is_not_waited_for() {
    let receiving = Receiving::start(&[""]);
    let refusing = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let ports = format!("{},{refusing}", receiving.port);
    let calling = Calling::start(&[lax(&ports), vec![("CALLBACKS__TIMEOUT_MS", "300")]].concat());
    let mut client = calling.client();
    let hanging = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &receiving.url("/?token=7")));
    let closed = format!("http://127.0.0.1:{refusing}/?token=7");
    let nobody = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &closed));
    let unknown = format!("http://no-such-host.invalid:{refusing}/?token=7");
    let unknown = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &unknown));
    assert_eq!(when_callback(&mut client, &hanging, "dead")["last"], "no answer within 0.3 s");
    assert_eq!(when_callback(&mut client, &nobody, "dead")["last"], "connection refused");
    let last = when_callback(&mut client, &unknown, "dead")["last"].clone();
    // A machine without a network may not even say no in time.
    assert!(
        ["the host's name cannot be resolved", "no answer within 0.3 s"].iter().any(|text| last == *text),
        "{last}"
    );
}

/// P29 of the reliability promises: who does not answer is called by two at a time, and keeps nobody from the others.
#[test]
fn one_who_hangs_keeps_nobody_from_the_others() {
    let (hanging, other) = (Receiving::start(&[""]), Receiving::start(&[OK]));
    let ports = format!("{},{}", hanging.port, other.port);
    let calling = Calling::start(&lax(&ports));
    let mut client = calling.client();
    for _ in 0..20 {
        submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &hanging.url("/")));
    }
    hanging.next();
    for _ in 0..3 {
        let id = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &other.url("/")));
        assert_eq!(other.next().header("webhook-id"), id);
        when_callback(&mut client, &id, "delivered");
    }
    assert!(hanging.received.try_iter().count() <= 1, "more than two called at a time");
    assert_eq!(client.get("/prediction_status?callback=due").json()["tasks"].as_array().map(Vec::len), Some(20));
}

#[test]
fn only_certified_receivers_are_sent_anything() {
    let authority = Authority::new();
    let receiver = authority.issue("receiver");
    let tls = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain(&receiver), private_key(&receiver)))
        .expect("TLS");
    let tls = Arc::new(tls);
    let receiving = Receiving::start_with(&[OK], move |stream| {
        Some(StreamOwned::new(ServerConnection::new(Arc::clone(&tls)).ok()?, stream))
    });
    let ports = receiving.port.to_string();
    let ca_file = authority.certificate();
    let certified = [("CALLBACKS__CA_FILE", ca_file.to_str().unwrap())];
    for (more, state, last) in [(&[][..], "dead", "no secure connection: "), (&certified, "delivered", "answered 204")]
    {
        let calling = Calling::start(&[&lax(&ports), more].concat());
        let mut client = calling.client();
        let url = format!("https://127.0.0.1:{}/?token=7", receiving.port);
        let id = submit(&mut client, "/predict_async", &row(r#"{"x": 3}"#, &url));
        let callback = when_callback(&mut client, &id, state);
        assert!(callback["last"].as_str().is_some_and(|told| told.starts_with(last)), "{callback}");
        assert!(!callback.to_string().contains("token"), "{callback}");
    }
    assert!(receiving.next().is_signed(SECRET));
    assert!(receiving.is_quiet(), "it was sent to whoever was there");
}
