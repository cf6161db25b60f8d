//! A headless browser, driven over the WebDriver protocol, that reaches nothing but this machine.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;

/// How long a page may take to become what a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window; it closes when dropped.
pub(crate) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts Chromium with the network cut off.
    pub(crate) fn start() -> Browser {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("this test drives a browser; install chromium and chromedriver (Debian: apt-get install chromium chromium-driver): {error}")
            });
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port(&mut driver)));
        let profile = tempfile::tempdir().expect("a profile");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,2000",
            // No name resolves and no proxy answers: only addresses of this machine are left.
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            "--proxy-server=http://127.0.0.1:9",
            "--proxy-bypass-list=127.0.0.1",
        ];
        let own = format!("--user-data-dir={}", profile.path().display());
        let arguments: Vec<&str> = arguments.into_iter().chain([own.as_str()]).collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let mut browser = Browser { driver, address, session: String::new(), _profile: profile };
        let created = browser.post("/session", &wanted);
        let id = created["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {created}"));
        browser.session = format!("/session/{id}");
        browser
    }

    pub(crate) fn open(&self, url: &str) {
        self.command("/url", &json!({"url": url}));
    }

    /// What the script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.command("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Runs the script again and again until it returns something that is not null or false.
    pub(crate) fn wait_for(&self, script: &str) -> Value {
        let started = Instant::now();
        loop {
            let value = self.run(script);
            if !value.is_null() && value != json!(false) {
                return value;
            }
            assert!(started.elapsed() < PATIENCE, "{script} did not come true; the page: {}", self.text());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks as a person does: the element must be there, visible and not covered.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        let clicked = self.command(&format!("/element/{element}/click"), &json!({}));
        assert!(clicked.is_null(), "{selector}: {clicked}");
    }

    /// The driver's name for an element, once that is there and in view.
    fn element(&self, selector: &str) -> String {
        let text = json!(selector);
        self.wait_for(&format!("return document.querySelector({text}) !== null"));
        self.run(&format!("document.querySelector({text}).scrollIntoView({{block: 'center', behavior: 'instant'}})"));
        let element = self.command("/element", &json!({"using": "css selector", "value": selector}));
        element[ELEMENT].as_str().unwrap_or_else(|| panic!("no {selector}: {element}")).to_owned()
    }

    /// Chooses a file of this machine, as a person does with the dialog of the browser.
    pub(crate) fn choose_file(&self, selector: &str, path: &Path) {
        let element = self.element(selector);
        let text = path.to_str().expect("a path in UTF-8");
        let chosen = self.command(&format!("/element/{element}/value"), &json!({"text": text}));
        assert!(chosen.is_null(), "{selector}: {chosen}");
    }

    /// The text of the page as a person sees it.
    pub(crate) fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        self.post(&format!("{}{path}", self.session), body)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let mut answer = Client::connect(self.address).post(path, body.to_string().as_bytes()).json();
        answer["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let mut client = Client::connect(self.address);
        drop(client.request("DELETE", &self.session, &[], b""));
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// The port that the driver says it listens on.
fn port(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("its output");
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let port = lines.find_map(|line| {
        let (_, rest) = line.split_once("started successfully on port ")?;
        rest.trim_end_matches('.').parse().ok()
    });
    // Whatever it says later must not fill the pipe.
    thread::spawn(move || lines.for_each(drop));
    port.expect("chromedriver names its port")
}
