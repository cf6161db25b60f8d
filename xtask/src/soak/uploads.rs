//! Large uploads: many at once hold no more memory than the server has for bodies, the excess is refused, and all of it is given
//! back.
//!
//! Half of them are forms with a picture that is none, half are tensors which the model does not take; then, tensors which it
//! gives back. Answers are not counted with bodies, so that these take their own size on top.

use std::{
    fmt,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Barrier, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use serde_json::json;
use xshell::{Shell, cmd};

use super::{is_long, process::metric, tries::until_kept};
use crate::{
    connection::{self, Answer, Connection, KeepAlive, Lost, get, post},
    form,
    machine::{forget_peak, peak_bytes, resident_bytes},
    python,
    served::{self, Served},
    timed_models,
    workspace::{Metadata, root},
};

/// At once.
const UPLOADS: usize = 200;
/// Of a picture: the most that one may have.
const PICTURE_BYTES: usize = 10 << 20;
/// Of the model that gives back what it gets.
const COLUMNS: usize = 1_000;
/// Of tensors, each of which has four bytes.
const VALUES: usize = PICTURE_BYTES / (4 * COLUMNS) * COLUMNS;

const MIB: f64 = 1_048_576.0;
/// MiB beside what the server held before: 256 of bodies, and what comes with them.
const MOST_GROWTH: f64 = 320.0;
/// MiB of answers to tensors, if every body is one.
const MOST_ANSWERS: f64 = 256.0;
/// MiB that may be kept for later.
const MOST_KEPT: f64 = 32.0;
/// Until memory that is not in use is given back.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let mirror = timed_models::ensure_mirror(sh, &python::ensure(sh, python::MODELS)?)?;
    let program = served::build(sh)?;
    let models = Metadata::load(sh)?.target_directory.join("soak/uploads/models");
    sh.remove_path(&models)?;
    sh.create_dir(&models)?;
    let (imagenet, mirror) = (root().join("models/imagenet"), mirror.join("mirror"));
    cmd!(sh, "cp -r {imagenet} {mirror} {models}").quiet().run()?;
    let server = start(&program, &models)?;
    let refused = [picture(), tensor("tensors that do not fit", COLUMNS / 2, 400)];
    let mirrored = [picture(), tensor("tensors that come back", COLUMNS, 200)];
    for _ in 0..if is_long(sh) { 5 } else { 1 } {
        until_kept(|| bear(&server, &refused, MOST_GROWTH))?;
        until_kept(|| bear(&server, &mirrored, MOST_GROWTH + MOST_ANSWERS))?;
    }
    Ok(())
}

fn start(program: &Path, models: &Path) -> anyhow::Result<Served> {
    let command = served::serving(Command::new(program), models);
    let server = Served::start(command)?;
    let (address, began) = (connection::address(server.url())?, Instant::now());
    for model in ["imagenet", "mirror"] {
        while connection::ask(address, &get(&format!("/v2/models/{model}/ready")))?.status != 200 {
            ensure!(began.elapsed() < PATIENCE, "{model} does not become ready");
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(server)
}

/// What is sent, and the statuses of its answer.
struct Upload {
    name: &'static str,
    request: Vec<u8>,
    /// When there is room for it.
    right: u16,
    /// When there is none, which its protocol decides.
    refusal: u16,
}

/// As large as one may be, and none.
fn picture() -> Upload {
    let form = form::of(&vec![b'a'; PICTURE_BYTES], "image/jpeg");
    let headers = format!("content-type: {}\r\n", form::content_type());
    Upload {
        name: "pictures that are none",
        request: post("/models/imagenet/predict_image", &headers, &form),
        right: 400,
        refusal: 429,
    }
}

/// Of the Open Inference Protocol with the bytes as they are in memory, there and back.
fn tensor(name: &'static str, columns: usize, right: u16) -> Upload {
    let (bytes, shape) = (VALUES * 4, [VALUES / columns, columns]);
    let input = json!({"name": "x", "datatype": "FP32", "shape": shape, "parameters": {"binary_data_size": bytes}});
    let head = json!({"inputs": [input], "parameters": {"binary_data_output": true}}).to_string();
    let headers =
        format!("content-type: application/octet-stream\r\ninference-header-content-length: {}\r\n", head.len());
    let body = [head.as_bytes(), &vec![0; bytes]].concat();
    Upload { name, request: post("/v2/models/mirror/infer", &headers, &body), right, refusal: 503 }
}

/// All at once.
fn bear(server: &Served, uploads: &[Upload], most_growth: f64) -> anyhow::Result<()> {
    let address = connection::address(server.url())?;
    for upload in uploads {
        let answer = connection::ask(address, &upload.request)?;
        ensure!(answer.status == upload.right, "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    let before = at_rest(server)?;
    forget_peak(server.id())?;
    let began = Instant::now();
    let answers = send_all(address, uploads);
    let took = began.elapsed();
    let most = peak_bytes(server.id())?;
    let after = at_rest(server)?;
    // What was there before may still have been about to be given back.
    let (growth, kept) = ((most - before.min(after)) / MIB, (after - before) / MIB);
    let counts = Counts::of(&answers);
    println!(
        "uploads: {UPLOADS} of 10 MiB at once, {}, in {:.1} s: {counts}; {:.0} MiB before, {growth:.0} MiB more at most, \
         {kept:.0} MiB more afterwards",
        uploads.iter().map(|upload| upload.name).collect::<Vec<_>>().join(" and "),
        took.as_secs_f64(),
        before / MIB
    );
    counts.check()?;
    ensure!(growth <= most_growth, "{growth:.0} MiB more were held");
    ensure!(kept <= MOST_KEPT, "{kept:.0} MiB more are still held after {PATIENCE:?}");
    let held = metric(&mut KeepAlive::to(address), "ferrocast_body_bytes_held")?;
    ensure!(held == 0.0, "the server counts {held} bytes of bodies when nobody sends any");
    Ok(())
}

/// Each on a connection of its own, of which all are there before anything is sent.
fn send_all(address: SocketAddr, uploads: &[Upload]) -> Vec<(&Upload, Result<Answer, Lost>)> {
    let (barrier, answers) = (Barrier::new(UPLOADS), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for upload in uploads.iter().cycle().take(UPLOADS) {
            let (barrier, answers) = (&barrier, &answers);
            scope.spawn(move || {
                let connection = Connection::open(address);
                barrier.wait();
                let answer = connection.and_then(|mut connection| connection.exchange(&upload.request));
                answers.lock().unwrap_or_else(PoisonError::into_inner).push((upload, answer));
            });
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What was answered.
#[derive(Debug, Default)]
struct Counts {
    answered: usize,
    refused: usize,
    failures: Vec<String>,
}

impl Counts {
    fn of(answers: &[(&Upload, Result<Answer, Lost>)]) -> Counts {
        let mut counts = Counts::default();
        for (upload, answer) in answers {
            match answer {
                Ok(Answer { status, .. }) if *status == upload.right => counts.answered += 1,
                Ok(Answer { status, retry_after: Some(_), .. }) if *status == upload.refusal => counts.refused += 1,
                Ok(answer) => counts.failures.push(format!("{}: {}", upload.name, answer.status)),
                Err(lost) => counts.failures.push(format!("{}: {lost}", upload.name)),
            }
        }
        counts
    }

    /// Fails if some were answered otherwise, or nothing was shown.
    fn check(&self) -> anyhow::Result<()> {
        if let Some(failure) = self.failures.first() {
            bail!("{} uploads failed, such as {failure}", self.failures.len());
        }
        ensure!(self.answered > 0 && self.refused > 0, "there was no excess: {self}");
        Ok(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered, {} refused, {} failed", self.answered, self.refused, self.failures.len())
    }
}

/// Bytes that the server holds once they have not become fewer for a while, or after some time.
fn at_rest(server: &Served) -> anyhow::Result<f64> {
    /// The allocator gives back what is not in use bit by bit.
    const STEADY: Duration = Duration::from_secs(4);
    const STEP: Duration = Duration::from_millis(500);
    let began = Instant::now();
    let (mut least, mut since) = (resident_bytes(server.id())?, began);
    while since.elapsed() < STEADY && began.elapsed() < PATIENCE {
        thread::sleep(STEP);
        let bytes = resident_bytes(server.id())?;
        if bytes < least - MIB {
            (least, since) = (bytes, Instant::now());
        }
    }
    resident_bytes(server.id())
}
