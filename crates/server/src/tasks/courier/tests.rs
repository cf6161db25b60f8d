//! Names that lead astray: whatever a resolver says, nobody is connected to who may not be.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ferrocast_tasks::callback::CallbackPolicy;
use ferrocast_tasks::{
    BoxFuture, Callback, CallbackRecord, CallbackState, Courier, Delivery, DeliveryVerdict, Outcome, Record, State,
    TaskId, Timestamp,
};
use ferrocast_telemetry::Tracing;

use super::{CallbackCourier, Lookup};
use crate::config::CallbacksConfig;

/// May be called.
const GOOD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// May not.
const BAD: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const FORBIDDEN: &str = "not sent: the host is at an address that callbacks may not go to";

/// Says what the test says, one after the other; then it does not know the name.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<Vec<io::Result<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

impl Lookup for Script {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { answers.remove(0) };
        Box::pin(std::future::ready(answer))
    }
}

/// Two listeners at one port, so that only the address tells which one is meant.
struct Place {
    port: u16,
    good: TcpListener,
    bad: TcpListener,
    script: Arc<Script>,
}

impl Place {
    fn new(answers: Vec<io::Result<Vec<IpAddr>>>) -> Place {
        let (good, bad, port) = (0..100)
            .find_map(|_| {
                let good = TcpListener::bind((GOOD, 0)).ok()?;
                let port = good.local_addr().ok()?.port();
                Some((good, TcpListener::bind((BAD, port)).ok()?, port))
            })
            .expect("a port that is free at both addresses");
        good.set_nonblocking(true).unwrap();
        bad.set_nonblocking(true).unwrap();
        Place { port, good, bad, script: Arc::new(Script { answers: Mutex::new(answers), ..Script::default() }) }
    }

    fn courier(&self) -> CallbackCourier {
        let config = CallbacksConfig {
            keys: Some("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap()),
            policy: CallbackPolicy {
                allow_http: true,
                ports: vec![self.port],
                allowed_networks: vec!["127.0.0.2/32".parse().unwrap()],
                ..CallbackPolicy::default()
            },
            schedule: "0, 60".parse().unwrap(),
            timeout: Duration::from_secs(10),
            ca_file: None,
        };
        CallbackCourier::with_lookup(&config, Tracing::off(), Arc::clone(&self.script) as Arc<dyn Lookup>).unwrap()
    }

    async fn deliver(&self, courier: &CallbackCourier, host: &str) -> DeliveryVerdict {
        courier.deliver(delivery(&format!("http://{host}:{}/hook?token=7", self.port))).await
    }

    fn asked(&self) -> usize {
        self.script.asked.swap(0, Ordering::SeqCst)
    }

    /// Whether anybody was called, where nobody [answers](Place::answer).
    fn was_called(&self) -> bool {
        self.good.accept().is_ok() || self.bad_was_called()
    }

    fn bad_was_called(&self) -> bool {
        self.bad.accept().is_ok()
    }

    /// Lets the good one answer whoever calls.
    fn answer(&self) {
        let listener = self.good.try_clone().unwrap();
        listener.set_nonblocking(false).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
                while !read.ends_with(b"}") {
                    match stream.read(&mut chunk) {
                        Ok(0) | Err(_) => break,
                        Ok(length) => read.extend_from_slice(&chunk[..length]),
                    }
                }
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            }
        });
    }
}

fn delivery(url: &str) -> Delivery {
    let callback = Callback { url: url.to_owned(), host: "host".to_owned() };
    let now = Timestamp::of_wall();
    let record = Record {
        id: TaskId::random(),
        topic: "m".to_owned(),
        owner: None,
        request_id: "r".to_owned(),
        trace_parent: None,
        state: State::Done,
        attempts: 1,
        accepted_at: now,
        started_at: Some(now),
        finished_at: Some(now),
        outcome: Some(Outcome::Done(br#"{"prediction":1,"version":"1"}"#.as_slice().into())),
        callback: Some(CallbackRecord {
            callback: callback.clone(),
            state: CallbackState::Due,
            attempts: 1,
            last: None,
            due_at: Some(now),
        }),
    };
    Delivery { record, callback, attempt: 1 }
}

fn why(verdict: DeliveryVerdict) -> String {
    match verdict {
        DeliveryVerdict::Again { why, .. } => {
            assert!(!why.contains("token") && !why.contains("127.0.0.1") && !why.contains("astray"), "{why}");
            why
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_leads_nowhere_else() {
    let place = Place::new(vec![Ok(vec![GOOD]), Ok(vec![BAD]), Ok(vec![GOOD]), Ok(vec![BAD])]);
    place.answer();
    let courier = place.courier();
    for _ in 0..2 {
        let delivered = place.deliver(&courier, "astray.example").await;
        assert_eq!(delivered, DeliveryVerdict::Delivered("answered 204".to_owned()));
        assert_eq!(place.asked(), 1, "once for an attempt");
        assert_eq!(why(place.deliver(&courier, "astray.example").await), FORBIDDEN);
        assert_eq!(place.asked(), 1, "anew for each attempt");
    }
    assert!(!place.bad_was_called(), "somebody called");
}

#[tokio::test]
async fn one_bad_address_is_enough() {
    let [mapped, translated, other] =
        ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"].map(|text| text.parse::<IpAddr>().unwrap());
    let [loopback, private, nowhere] = ["::1", "10.0.0.1", "0.0.0.0"].map(|text| text.parse::<IpAddr>().unwrap());
    let mixtures = [
        vec![BAD],
        vec![GOOD, BAD],
        vec![BAD, GOOD],
        vec![GOOD, GOOD, GOOD, BAD],
        vec![mapped],
        vec![GOOD, mapped],
        vec![translated],
        vec![GOOD, translated],
        vec![GOOD, other],
        vec![GOOD, loopback],
        vec![GOOD, private],
        vec![GOOD, nowhere],
    ];
    let place = Place::new(mixtures.iter().cloned().map(Ok).collect());
    let courier = place.courier();
    for mixture in &mixtures {
        assert_eq!(why(place.deliver(&courier, "astray.example").await), FORBIDDEN, "{mixture:?}");
        assert_eq!(place.asked(), 1);
    }
    assert!(!place.was_called(), "somebody called");
}

#[tokio::test]
async fn a_name_without_addresses_is_not_called() {
    let failed = |kind: io::ErrorKind| Err(io::Error::new(kind, "astray.example?token=7"));
    let place = Place::new(vec![Ok(vec![]), failed(io::ErrorKind::TimedOut), failed(io::ErrorKind::Other)]);
    let courier = place.courier();
    for _ in 0..4 {
        let verdict = place.deliver(&courier, "astray.example").await;
        assert_eq!(why(verdict), "the host's name cannot be resolved");
    }
    assert!(!place.was_called(), "somebody called");
}

/// They never get to the resolver.
#[tokio::test]
async fn addresses_are_judged_without_a_look_up() {
    let place = Place::new(Vec::new());
    let courier = place.courier();
    for host in ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        assert_eq!(why(place.deliver(&courier, host).await), FORBIDDEN, "{host}");
    }
    for host in ["localhost", "a.localhost", "user:token@astray.example"] {
        let why = why(place.deliver(&courier, host).await);
        assert!(why.starts_with("not sent: "), "{host}: {why}");
    }
    assert_eq!((place.asked(), place.was_called()), (0, false), "somebody called");
    place.answer();
    let delivered = place.deliver(&courier, "127.0.0.2").await;
    assert_eq!(delivered, DeliveryVerdict::Delivered("answered 204".to_owned()));
    assert_eq!(place.asked(), 0);
}

#[tokio::test]
async fn without_a_secret_nothing_is_sent() {
    let place = Place::new(vec![Ok(vec![GOOD])]);
    let courier = CallbackCourier { keys: None, ..place.courier() };
    assert_eq!(why(place.deliver(&courier, "astray.example").await), "not sent: callbacks.secret is not given");
    assert!(!place.was_called(), "somebody called");
}
