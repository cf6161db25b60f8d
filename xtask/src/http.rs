//! The client side of HTTP, for a server on this machine.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::Value;
use ureq::{Agent, http::StatusCode};

/// How much of a request an error shows.
const SHOWN_CHARS: usize = 100;

/// Between two looks at whether a server is ready.
const PAUSE: Duration = Duration::from_millis(20);

const JSON: &str = "application/json";

/// Keeps its connection between requests.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
}

impl Client {
    pub(crate) fn new() -> Client {
        // The body of an error says more than its status.
        Client { agent: Agent::config_builder().http_status_as_error(false).build().new_agent() }
    }

    /// Gets JSON, whatever the status.
    pub(crate) fn get(&self, url: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.text(url)?)?)
    }

    /// Gets text, whatever the status.
    pub(crate) fn text(&self, url: &str) -> anyhow::Result<String> {
        Ok(self.get_text(url)?.1)
    }

    /// Gets text; status and body of the answer.
    pub(crate) fn get_text(&self, url: &str) -> anyhow::Result<(u16, String)> {
        let mut answer = self.agent.get(url).call().with_context(|| format!("no answer from {url}"))?;
        let text = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), text))
    }

    /// Waits until the server at `url` (scheme, host and port) says that it is ready, but no longer than that.
    pub(crate) fn wait_until_ready(&self, url: &str, patience: Duration) -> anyhow::Result<()> {
        let begin = Instant::now();
        while self.get_text(&format!("{url}/readyz"))?.0 != 200 {
            ensure!(begin.elapsed() < patience, "the server does not become ready");
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Posts bytes of this content type; status and body of the answer.
    pub(crate) fn post_bytes(&self, url: &str, content_type: &str, body: &[u8]) -> anyhow::Result<(u16, String)> {
        let (status, text) = self.answer(url, content_type, body)?;
        Ok((status.as_u16(), text))
    }

    /// Gets whatever it is; returns the status of the answer.
    pub(crate) fn asked(&self, url: &str) -> anyhow::Result<u16> {
        let answer = self.agent.get(url).call().with_context(|| format!("no answer from {url}"))?;
        Ok(answer.status().as_u16())
    }

    /// Posts JSON; returns the status of the answer.
    pub(crate) fn status(&self, url: &str, body: &str) -> anyhow::Result<u16> {
        Ok(self.answer(url, JSON, body.as_bytes())?.0.as_u16())
    }

    /// Posts JSON; returns the body of the answer, which must have status 200.
    pub(crate) fn post(&self, url: &str, body: &str) -> anyhow::Result<String> {
        let (status, text) = self.answer(url, JSON, body.as_bytes())?;
        let sent: String = body.chars().take(SHOWN_CHARS).collect();
        ensure!(status == 200, "{status}: {text}, from {url}, asked {sent}");
        Ok(text)
    }

    /// Status and body, read to the end so that the connection goes on.
    fn answer(&self, url: &str, content_type: &str, body: &[u8]) -> anyhow::Result<(StatusCode, String)> {
        let request = self.agent.post(url).header("content-type", content_type);
        let mut answer = request.send(body).with_context(|| format!("no answer from {url}"))?;
        let text = answer.body_mut().read_to_string()?;
        Ok((answer.status(), text))
    }
}

/// A server of one thread for tests.
#[cfg(test)]
pub(crate) mod stub {
    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::{TcpListener, TcpStream},
        thread,
    };

    /// Serves until the process ends: `answer` makes status line and body from path and body. Returns scheme, host and
    /// port.
    pub(crate) fn serve(answer: fn(&str, &str) -> (&'static str, String)) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                connection(stream.unwrap(), answer);
            }
        });
        url
    }

    fn connection(mut stream: TcpStream, answer: fn(&str, &str) -> (&'static str, String)) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let mut head = Vec::new();
            while head.last().is_none_or(|line: &String| !line.is_empty()) {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 {
                    return;
                }
                head.push(line.trim_end().to_lowercase());
            }
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let path = head[0].split(' ').nth(1).unwrap();
            let (status, answer) = answer(path, std::str::from_utf8(&body).unwrap());
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, stub};

    #[test]
    fn the_body_comes_back() {
        let url = stub::serve(|path, body| ("200 OK", format!("{path} {body}")));
        let client = Client::new();
        assert_eq!(client.post(&format!("{url}/a"), "{}").unwrap(), "/a {}");
        assert_eq!(client.post(&format!("{url}/b"), "[]").unwrap(), "/b []");
    }

    #[test]
    fn an_error_shows_status_and_body() {
        let url = stub::serve(|_, _| ("422 Unprocessable Entity", "no row".to_owned()));
        let error = Client::new().post(&url, "[]").unwrap_err().to_string();
        assert!(error.contains("422") && error.contains("no row") && error.ends_with("asked []"), "{error}");
    }
}
