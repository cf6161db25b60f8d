//! Who may ask for what, and how often.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use ferrocast_access::{NewKey, Scope, Scopes};
use ferrocast_server::loaders;
use serde_json::json;
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::server::{PENGUIN, TestServer, samples};

/// Keys in a file.
pub(crate) struct KeyFile(TempDir);

impl KeyFile {
    pub(crate) fn new() -> KeyFile {
        KeyFile(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> String {
        self.0.path().join("keys.toml").to_str().unwrap().to_owned()
    }

    /// Puts these keys into it, and gives their texts.
    pub(crate) fn write<const N: usize>(&self, keys: [(&str, &[Scope]); N]) -> [String; N] {
        let keys = keys.map(|(name, scopes)| {
            let key = NewKey::random().unwrap();
            let scopes: Scopes = scopes.iter().copied().collect();
            (key.text().to_owned(), key.toml_row(&name.parse().unwrap(), scopes))
        });
        let text: String = keys.iter().map(|(_, row)| row.as_str()).collect();
        let aside = Path::new(&self.path()).with_extension("next");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, self.path()).unwrap();
        keys.map(|(text, _)| text)
    }

    pub(crate) fn server(&self, settings: &[(&str, &str)]) -> TestServer {
        let path = self.path();
        let own =
            [("AUTH__KEYS_FILE", path.as_str()), ("MODELS__DEFAULT", "penguins"), ("MODELS__CONTROL", "explicit")];
        let settings: Vec<_> = own.iter().chain(settings).copied().collect();
        let server = TestServer::start_early(&samples(), &settings, loaders());
        wait_until(|| server.client().get("/readyz").status == 200);
        server
    }
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("in vain");
}

fn ask(client: &mut Client, method: &str, path: &str, key: Option<&str>, body: &str) -> Answer {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![("content-type", "application/json"), ("connection", "keep-alive")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    client.request(method, path, &headers, body.as_bytes())
}

/// The same on a connection of its own.
fn ask_once(server: &TestServer, method: &str, path: &str, key: Option<&str>) -> Answer {
    ask(&mut server.client(), method, path, key, "")
}

const OPEN: Option<Scope> = None;
const PREDICT: Option<Scope> = Some(Scope::Predict);
const JOBS: Option<Scope> = Some(Scope::Jobs);
const METRICS: Option<Scope> = Some(Scope::Metrics);
const ADMIN: Option<Scope> = Some(Scope::Admin);

/// Every route of `routes.rs`, with the scope that it needs.
pub(crate) const ROUTES: &[(&str, &str, Option<Scope>)] = &[
    ("GET", "/", PREDICT),
    ("GET", "/health", OPEN),
    ("GET", "/startupz", OPEN),
    ("GET", "/livez", OPEN),
    ("GET", "/readyz", OPEN),
    ("GET", "/metrics", METRICS),
    ("GET", "/admin/log", ADMIN),
    ("PUT", "/admin/log", ADMIN),
    ("POST", "/predict", PREDICT),
    ("POST", "/predict_batch", PREDICT),
    ("POST", "/predict_cached", PREDICT),
    ("POST", "/predict_async", JOBS),
    ("POST", "/predict_image", PREDICT),
    ("POST", "/predict_image_batch", PREDICT),
    ("POST", "/predict_image_base64", PREDICT),
    ("GET", "/prediction_status", JOBS),
    ("GET", "/prediction_status/x", JOBS),
    ("DELETE", "/prediction_status/x", JOBS),
    ("POST", "/prediction_status/x/callback", ADMIN),
    ("GET", "/models", PREDICT),
    ("GET", "/models/penguins", PREDICT),
    ("PUT", "/models/penguins/aliases/default", ADMIN),
    ("POST", "/models/penguins/predict", PREDICT),
    ("POST", "/models/penguins/predict_batch", PREDICT),
    ("POST", "/models/penguins/predict_cached", PREDICT),
    ("POST", "/models/penguins/predict_async", JOBS),
    ("GET", "/models/penguins/prediction_status", JOBS),
    ("GET", "/models/penguins/prediction_status/x", JOBS),
    ("POST", "/models/penguins/predict_image", PREDICT),
    ("POST", "/models/penguins/predict_image_batch", PREDICT),
    ("POST", "/models/penguins/predict_image_base64", PREDICT),
    ("GET", "/models/penguins/versions/1", PREDICT),
    ("POST", "/models/penguins/versions/1/predict", PREDICT),
    ("POST", "/models/penguins/versions/1/predict_batch", PREDICT),
    ("POST", "/models/penguins/versions/1/predict_cached", PREDICT),
    ("POST", "/models/penguins/versions/1/predict_async", JOBS),
    ("POST", "/models/penguins/versions/1/predict_image", PREDICT),
    ("POST", "/models/penguins/versions/1/predict_image_batch", PREDICT),
    ("POST", "/models/penguins/versions/1/predict_image_base64", PREDICT),
    ("POST", "/predict/1", PREDICT),
    ("GET", "/v2/", PREDICT),
    ("GET", "/v2", PREDICT),
    ("GET", "/v2/health/live", OPEN),
    ("GET", "/v2/health/ready", OPEN),
    ("GET", "/v2/models", PREDICT),
    ("GET", "/v2/models/stats", METRICS),
    ("GET", "/v2/models/penguins", PREDICT),
    ("POST", "/v2/models/penguins/infer", PREDICT),
    ("GET", "/v2/models/penguins/ready", PREDICT),
    ("GET", "/v2/models/penguins/config", PREDICT),
    ("GET", "/v2/models/penguins/stats", METRICS),
    ("GET", "/v2/models/penguins/versions/1", PREDICT),
    ("POST", "/v2/models/penguins/versions/1/infer", PREDICT),
    ("GET", "/v2/models/penguins/versions/1/ready", PREDICT),
    ("GET", "/v2/models/penguins/versions/1/config", PREDICT),
    ("GET", "/v2/models/penguins/versions/1/stats", METRICS),
    ("POST", "/v2/repository/index", ADMIN),
    ("POST", "/v2/repository/models/nothing/load", ADMIN),
    ("POST", "/v2/repository/models/nothing/unload", ADMIN),
];

/// What any key opens.
const PAGES: &[&str] = &["/openapi.json", "/docs", "/redoc", "/docs/swagger-ui.css"];

#[test]
fn the_table_of_routes_is_complete() {
    let source = include_str!("../../src/routes.rs");
    assert_eq!(source.matches(".route(").count(), ROUTES.len(), "a route of routes.rs is not in this table");
}

#[test]
fn every_route_needs_its_scope() {
    let file = KeyFile::new();
    let keys = file.write([
        ("predict", &[Scope::Predict]),
        ("jobs", &[Scope::Jobs]),
        ("metrics", &[Scope::Metrics]),
        ("admin", &[Scope::Admin]),
    ]);
    let server = file.server(&[]);
    for (method, path, need) in ROUTES {
        let anonymous = ask_once(&server, method, path, None);
        let expected = if need.is_none() { "open" } else { "UNAUTHENTICATED" };
        assert_eq!(anonymous.status == 401, need.is_some(), "{method} {path}: {} ({expected})", anonymous.text());
        for (scope, key) in Scope::ALL.iter().zip(&keys) {
            let answer = ask_once(&server, method, path, Some(key));
            let may = need.is_none_or(|need| need == *scope);
            assert_eq!(answer.status == 403, !may, "{method} {path} with {}: {}", scope.as_str(), answer.text());
            assert_ne!(answer.status, 401, "{method} {path} with {}", scope.as_str());
        }
    }
    for path in PAGES {
        assert_eq!(ask_once(&server, "GET", path, None).status, 401, "{path}");
        assert_eq!(ask_once(&server, "GET", path, Some(&keys[1])).status, 200, "{path}");
    }
}

#[test]
fn no_other_spelling_of_a_path_gets_around_the_key() {
    let file = KeyFile::new();
    let [key] = file.write([("predict", &[Scope::Predict])]);
    let server = file.server(&[]);
    let spellings = |path: &str| {
        let encoded: String =
            path.bytes().map(|byte| if byte == b'/' { "/".to_owned() } else { format!("%{byte:02x}") }).collect();
        [
            format!("/{path}"),
            format!("{path}/"),
            format!("/.{path}"),
            format!("/health/..{path}"),
            format!("/health%2f..{path}"),
            path.to_ascii_uppercase(),
            encoded,
            format!("{path};a=b"),
            format!("{path}?a=/health"),
            format!("{path}%00"),
            format!("http://elsewhere{path}"),
        ]
    };
    for (method, path, need) in ROUTES.iter().filter(|(_, _, need)| need.is_some()) {
        for path in spellings(path) {
            let anonymous = ask_once(&server, method, &path, None);
            assert!(
                matches!(anonymous.status, 400 | 401),
                "{method} {path}: {} {}",
                anonymous.status,
                anonymous.text()
            );
            let with_predict = ask_once(&server, method, &path, Some(&key));
            assert!(*need == PREDICT || with_predict.status >= 400, "{method} {path}: {}", with_predict.status);
        }
    }
}

#[test]
fn refusals_say_how_to_do_better_and_read_nothing() {
    let file = KeyFile::new();
    let [key] = file.write([("predict", &[Scope::Predict])]);
    let server = file.server(&[]);
    let mut client = server.client();
    client.send(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n");
    let answer = client.answer(false);
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(answer.json()["error_code"], "UNAUTHENTICATED");
    assert!(answer.text().contains("Authorization: Bearer"), "{}", answer.text());

    let forbidden = ask_once(&server, "POST", "/v2/repository/index", Some(&key));
    assert_eq!(forbidden.status, 403);
    assert_eq!(forbidden.json()["error"], "This key is good for predict and not for admin (scopes in auth.keys_file)");

    for headers in [[("x-api-key", key.as_str())], [("authorization", &format!("bearer {key}"))]] {
        let answer = server.client().request("POST", "/predict", &headers, PENGUIN.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    // What comes of a wrong key says nothing about it.
    let mut wrong = key.clone();
    wrong.replace_range(key.len() - 1.., if key.ends_with('A') { "B" } else { "A" });
    let (missing, wrong) =
        (ask_once(&server, "GET", "/models", None), ask_once(&server, "GET", "/models", Some(&wrong)));
    let said = |answer: &Answer| (answer.status, answer.json()["error"].clone(), answer.json()["error_code"].clone());
    assert_eq!(said(&missing), said(&wrong));
}

#[test]
fn keys_come_and_go_while_the_server_runs() {
    let file = KeyFile::new();
    let [first] = file.write([("first", &[Scope::Predict])]);
    let server = file.server(&[]);
    assert_eq!(ask_once(&server, "GET", "/models", Some(&first)).status, 200);
    let [second] = file.write([("second", &[Scope::Predict])]);
    wait_until(|| ask_once(&server, "GET", "/models", Some(&second)).status == 200);
    assert!(matches!(ask_once(&server, "GET", "/models", Some(&first)).status, 401 | 429));
    // A file that is no good changes nothing.
    fs::write(file.path(), "[[key]]\nname = 1\n").unwrap();
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(ask_once(&server, "GET", "/models", Some(&second)).status, 200);
}

#[test]
fn guessing_is_slowed_down_and_keys_are_not() {
    let file = KeyFile::new();
    let [key] = file.write([("predict", &[Scope::Predict])]);
    let server = file.server(&[]);
    let guesses: Vec<Answer> = (0..30).map(|_| ask_once(&server, "GET", "/models", Some("wrong"))).collect();
    let refused = guesses.iter().filter(|answer| answer.status == 401).count();
    assert!((10..=15).contains(&refused), "{refused} guesses");
    let last = guesses.last().unwrap();
    assert_eq!((last.status, &last.json()["error_code"]), (429, &json!("RATE_LIMITED")));
    assert!(last.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|seconds| seconds <= 7)));
    assert_eq!(ask_once(&server, "GET", "/models", Some(&key)).status, 200);
    assert_eq!(ask_once(&server, "GET", "/livez", Some("wrong")).status, 200);
}

#[test]
fn tasks_belong_to_their_key() {
    let file = KeyFile::new();
    let [one, other] = file.write([("one", &[Scope::Jobs]), ("other", &[Scope::Jobs])]);
    let server = file.server(&[]);
    let task = ask(&mut server.client(), "POST", "/predict_async", Some(&one), PENGUIN).json()["task_id"].clone();
    let path = format!("/prediction_status/{}", task.as_str().unwrap());
    assert_eq!(ask_once(&server, "GET", &path, Some(&one)).status, 200);
    assert_eq!(ask_once(&server, "GET", &path, Some(&other)).status, 404);
    assert_eq!(ask_once(&server, "DELETE", &path, Some(&other)).status, 404);
}

#[test]
fn each_address_has_its_burst_and_no_more() {
    let settings = [("RATE__PER_SECOND", "1"), ("RATE__BURST", "5"), ("MODELS__DEFAULT", "penguins")];
    let server = TestServer::start_early(&samples(), &settings, loaders());
    wait_until(|| server.client().get("/readyz").status == 200);
    let mut client = server.client();
    // A client says what it likes about where it comes from.
    let spoofed: Vec<Answer> = (0..8)
        .map(|number| {
            let forwarded = format!("10.0.0.{number}");
            client.request("GET", "/models", &[("x-forwarded-for", &forwarded), ("forwarded", &forwarded)], b"")
        })
        .collect();
    let statuses: Vec<u16> = spoofed.iter().map(|answer| answer.status).collect();
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert!((5..=7).contains(&served), "{statuses:?}");
    assert_eq!(statuses[..5], [200; 5]);
    let [first, last] = [&spoofed[0], spoofed.iter().rfind(|answer| answer.status == 429).expect("too many")];
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), (Some("5"), Some("4")));
    assert_eq!((last.header("ratelimit-remaining"), last.header("retry-after")), (Some("0"), Some("1")));
    assert_eq!(last.json()["error_code"], "RATE_LIMITED");
    assert!(last.json()["error"].as_str().is_some_and(|said| said.contains("rate.per_second")));
    for _ in 0..20 {
        assert_eq!(client.get("/livez").status, 200);
    }
}

#[test]
fn proxies_that_are_trusted_say_who_asks() {
    let settings = [
        ("RATE__PER_SECOND", "1"),
        ("RATE__BURST", "2"),
        ("SERVER__TRUSTED_PROXIES", "127.0.0.0/8"),
        ("MODELS__DEFAULT", "penguins"),
    ];
    let server = TestServer::start_early(&samples(), &settings, loaders());
    wait_until(|| server.client().get("/readyz").status == 200);
    let mut client = server.client();
    let mut of = |address: &str| client.request("GET", "/models", &[("x-forwarded-for", address)], b"").status;
    for number in 0..10 {
        // What stands before the proxy's own word is a client's.
        assert_eq!(of(&format!("203.0.113.7, 198.51.100.{number}, 127.0.0.9")), 200, "{number}");
    }
    let same: Vec<u16> = (0..6).map(|number| of(&format!("10.1.1.{number}, 198.51.100.77"))).collect();
    assert!(same[..2] == [200; 2] && same[3..].contains(&429), "{same:?}");
}

#[test]
fn administration_has_a_socket_of_its_own() {
    let settings = [("ADMIN__PORT", "0"), ("MODELS__CONTROL", "explicit"), ("MODELS__DEFAULT", "penguins")];
    let server = TestServer::start(&samples(), &settings, loaders());
    let admin = server.admin.expect("its address");
    assert!(admin.ip().is_loopback());
    for (method, path, need) in ROUTES.iter().filter(|(_, path, _)| *path != "/v2/repository/models/nothing/load") {
        let [main, admin] = [server.address, admin].map(|at| Client::connect(at).request(method, path, &[], b""));
        let is_routed = |answer: &Answer| {
            let is_json = answer.header("content-type") == Some("application/json");
            let no_path = |body: serde_json::Value| body["error_code"] == "NOT_FOUND" || body["error"] == "Not Found";
            !(answer.status == 404 && is_json && no_path(answer.json()))
        };
        assert_eq!(is_routed(&main), *need != ADMIN, "{method} {path}: {}", main.status);
        assert_eq!(is_routed(&admin), !matches!(*need, PREDICT | JOBS), "{method} {path}: {}", admin.status);
    }
}

#[test]
fn a_server_without_an_admin_port_has_one_socket() {
    let server = TestServer::start_early(&samples(), &[], loaders());
    assert!(server.admin.is_none() && server.address.ip().is_loopback());
    assert!(TcpStream::connect(server.address).is_ok());
}

#[test]
fn pages_of_named_origins_may_ask() {
    let settings = [("CORS__ORIGINS", "https://app.example.com"), ("MODELS__DEFAULT", "penguins")];
    let server = TestServer::start(&samples(), &settings, loaders());
    let mut client = server.client();
    let preflight = |client: &mut Client, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        client.request("OPTIONS", "/predict", &headers, b"")
    };
    let allowed = preflight(&mut client, "https://app.example.com");
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(allowed.header("access-control-allow-headers"), Some("authorization,content-type"));
    assert!(allowed.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
    assert!(allowed.header("x-request-id").is_some());
    let refused = preflight(&mut client, "https://evil.example.com");
    assert!(refused.header("access-control-allow-origin").is_none());
    assert!(refused.header("access-control-allow-methods").is_none());

    for body in [PENGUIN, "{}"] {
        let headers = [("origin", "https://app.example.com"), ("content-type", "application/json")];
        let answer = client.request("POST", "/predict", &headers, body.as_bytes());
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"), "{body}");
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("origin")), "{body}");
    }
    let other = client.request("GET", "/models", &[("origin", "https://evil.example.com")], b"");
    assert_eq!((other.status, other.header("access-control-allow-origin")), (200, None));
}
