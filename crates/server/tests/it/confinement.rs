//! P20 of the reliability promises: no name leads out of the models folder.

use std::fs;
use std::mem::MaybeUninit;
use std::path::Path;

use ferrocast_server::loaders;
use ferrocast_testkit::small_model;
use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};

use crate::server::{PENGUIN, TestServer, all_samples, copy};

/// Ways to write a place outside, as they have been tried on other servers: plain, escaped once and twice, in overlong and
/// full-width characters, with NUL, backslashes and drives, as links that lie in the folder, and as what no name may be.
const NAMES: [&str; 60] = [
    "..",
    "../outside",
    "../../outside",
    "../outside/1",
    "..%2foutside",
    "..%2Foutside",
    "%2e%2e/outside",
    "%2e%2e%2foutside",
    "%2E%2E%2Foutside",
    ".%2e/outside",
    "%2e./outside",
    "..%252foutside",
    "%252e%252e%252foutside",
    "..%25252foutside",
    "..%5coutside",
    "..\\outside",
    "%2e%2e%5coutside",
    "..%255coutside",
    "....//outside",
    "....%2f%2foutside",
    "..;/outside",
    "..%3b/outside",
    "..%00/outside",
    "%00",
    "penguins%00",
    "penguins%00/../../outside",
    "penguins/../../outside",
    "penguins%2f..%2f..%2foutside",
    "penguins/1/../../../outside",
    "./outside",
    "%2foutside",
    "//outside",
    "%2f%2foutside",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    "C:%5coutside",
    "C:/outside",
    "%5c%5chost%5cshare",
    "..%c0%afoutside",
    "%c0%ae%c0%ae%c0%afoutside",
    "..%e0%80%afoutside",
    "..%ef%bc%8foutside",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8foutside",
    "..%u2215outside",
    "%e2%80%a5/outside",
    "..%0d%0aoutside",
    "..%09outside",
    "%20..%2foutside",
    "outside",
    "link",
    "hard",
    "~",
    "~root",
    "$HOME",
    "%24%7bHOME%7d",
    ".hidden",
    "-rf",
    "*",
];

/// What has been opened or read in a folder since it was watched.
struct Watched(rustix::fd::OwnedFd);

impl Watched {
    fn folder(path: &Path) -> Watched {
        let watch = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).expect("a watch");
        add_watch(&watch, path, WatchFlags::OPEN | WatchFlags::ACCESS).expect("the folder is there");
        Watched(watch)
    }

    fn events(&self) -> usize {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.0, &mut buffer);
        std::iter::from_fn(|| reader.next().ok().map(drop)).count()
    }
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let place = tempfile::tempdir().expect("a folder");
    let (outside, models) = (place.path().join("outside/1"), place.path().join("models"));
    fs::create_dir_all(&outside).expect("a folder");
    fs::write(outside.join("model.onnx"), small_model("mlp")).expect("a file");
    copy(&all_samples().join("penguins"), &models.join("penguins"));
    std::os::unix::fs::symlink("../outside", models.join("link")).expect("a link");
    fs::create_dir_all(models.join("hard/1")).expect("a folder");
    fs::hard_link(outside.join("model.onnx"), models.join("hard/1/model.onnx")).expect("a link");
    let watched = Watched::folder(&outside);
    drop(fs::read(outside.join("model.onnx")));
    assert!(watched.events() > 0, "the watch sees nothing");

    let settings = [("MODELS__CONTROL", "poll"), ("MODELS__POLL_MS", "50"), ("MODELS__DEFAULT", "penguins")];
    let server = TestServer::start(&models, &settings, loaders());
    let index = server.client().post("/v2/repository/index", b"{}").text();
    for (model, reason) in [("link", "leads out of the models folder"), ("hard", "hard links")] {
        assert!(index.contains(model) && index.contains(reason), "{index}");
    }
    for name in NAMES {
        let requests = [
            ("POST", format!("/models/{name}/predict"), PENGUIN),
            ("POST", format!("/models/penguins/versions/{name}/predict"), PENGUIN),
            ("POST", format!("/predict/{name}"), PENGUIN),
            ("GET", format!("/models/{name}"), ""),
            ("GET", format!("/v2/models/{name}"), ""),
            ("GET", format!("/v2/models/penguins/versions/{name}"), ""),
            ("POST", format!("/v2/models/{name}/infer"), "{}"),
            ("POST", format!("/v2/repository/models/{name}/load"), "{}"),
            ("POST", format!("/v2/repository/models/{name}/unload"), "{}"),
            ("PUT", format!("/models/{name}/aliases/stable"), r#"{"version": "1"}"#),
            ("PUT", format!("/models/penguins/aliases/{name}"), r#"{"version": "no such"}"#),
        ];
        for (method, path, body) in requests {
            // What is no request line closes the connection.
            let mut client = server.client();
            let answer = client.request(method, &path, &[("content-type", "application/json")], body.as_bytes());
            // The two that lie in the folder are known, and not served.
            let is_known = matches!(name, "link" | "hard") && matches!(answer.status, 200 | 503);
            assert!(
                (400..500).contains(&answer.status) || is_known,
                "{method} {path}: {} {}",
                answer.status,
                answer.text()
            );
            assert!(!answer.text().contains("probabilities\":"), "{method} {path} is served");
        }
    }
    // Another look at the folder, at least.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(watched.events(), 0, "something outside was opened");
    assert_eq!(server.client().post("/predict", PENGUIN.as_bytes()).status, 200);
}
