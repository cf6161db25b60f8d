//! Servers for tests: on a free port, in a thread, stopped when dropped.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, mpsc};
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use ferrocast_pipeline::Loaders;
use ferrocast_server::{Config, Server, Sources, loaders};

use tempfile::TempDir;

use crate::client::Client;

/// A body that the default sample model takes.
pub(crate) const PENGUIN: &str =
    r#"{"bill_length_mm": 50.0, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218}"#;

/// A server of this process.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    /// Where it is administered, if that is elsewhere.
    pub(crate) admin: Option<SocketAddr>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    /// Where it keeps its tasks, unless the test says where. Goes last.
    _tasks: TempDir,
}

impl TestServer {
    /// Serves the folder, and waits until nothing in it is loading any more.
    pub(crate) fn start(models: &Path, settings: &[(&str, &str)], loaders: Loaders) -> TestServer {
        let server = TestServer::start_early(models, settings, loaders);
        server.wait_for_models();
        server
    }

    /// Serves the folder, and waits for nothing.
    pub(crate) fn start_early(models: &Path, settings: &[(&str, &str)], loaders: Loaders) -> TestServer {
        let tasks = tempfile::tempdir().expect("a folder");
        let tasks_path = tasks.path().join("tasks.db");
        let own = [
            ("SERVER__PORT", "0"),
            ("SERVER__WORKERS", "2"),
            ("TASKS__PATH", tasks_path.to_str().expect("a path of plain characters")),
        ];
        let environment = own
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain([("MODEL_PATH".to_owned(), models.to_string_lossy().into_owned())])
            .collect();
        let sources = Sources { environment, ..Sources::default() };
        let config = Config::from_sources(&sources).unwrap_or_else(|error| panic!("{error}"));
        let (send, started) = mpsc::sync_channel(1);
        let thread = thread::spawn(move || {
            System::new().block_on(async move {
                let server = Server::start(config, loaders).await.expect("the server starts");
                send.send((server.address(), server.admin_address(), server.handle())).expect("the test waits");
                server.finished().await.expect("the server ends well");
            });
        });
        let (address, admin, handle) = started.recv().expect("the server starts");
        TestServer { address, admin, handle, thread: Some(thread), _tasks: tasks }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Begins to stop, as a signal does; what is in flight may finish.
    pub(crate) fn begin_to_stop(&self) {
        drop(self.handle.stop(true));
    }

    fn wait_for_models(&self) {
        let mut client = self.client();
        while client.get("/models").text().contains(r#""state":"loading""#)
            || client.get("/models").text().contains(r#""state":"warming""#)
        {
            thread::yield_now();
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(true));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The folder of sample models.
pub(crate) fn all_samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// The sample models but that of pictures, which takes seconds to load where code is not optimised.
pub(crate) fn samples() -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(all_samples().join("models.toml"), folder.path().join("models.toml")).expect("a copy");
        for model in ["auto-mpg", "penguins"] {
            copy(&all_samples().join(model), &folder.path().join(model));
        }
        folder
    });
    FOLDER.path().to_owned()
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("a copy");
        }
    }
}

/// A server with the sample models, shared by all tests that change nothing.
pub(crate) fn shared() -> &'static TestServer {
    static SHARED: LazyLock<TestServer> =
        LazyLock::new(|| TestServer::start(&samples(), &[("MODELS__DEFAULT", "penguins")], loaders()));
    &SHARED
}
