//! Scripted deployers, with texts for models.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use tempfile::TempDir;

use super::{Alias, Registry, RegistryConfig};
use crate::deployer::{DeployError, Deployer};
use crate::error::{AliasError, LoadError, ResolveError, StartError};
use crate::policy::VersionPolicy;
use crate::release::Release;
use crate::resolve::ModelRef;
use crate::state::ModelState;
use crate::ticket::Change;

/// Deploys the content of the model file. The content may be an order: `fail …`, `panic …`, `fail warm-up …`.
struct Script;

impl Deployer for Script {
    type Deployed = String;

    fn deploy(&self, release: &Release) -> Result<String, DeployError> {
        let text = fs::read_to_string(release.model_files().first().unwrap()).map_err(DeployError::new)?;
        assert!(!text.starts_with("panic"), "{text}");
        match text.strip_prefix("fail ") {
            Some(reason) if !reason.starts_with("warm-up") => Err(DeployError::new(reason)),
            _ => Ok(text),
        }
    }

    fn warm_up(&self, _release: &Release, deployed: String) -> Result<String, DeployError> {
        if deployed.starts_with("fail") { Err(DeployError::new(deployed)) } else { Ok(deployed) }
    }

    fn version_policy(&self, _: &Path, text: &str) -> Result<VersionPolicy, DeployError> {
        match text.strip_prefix("latest ") {
            Some(number) => Ok(VersionPolicy::Latest(number.parse().map_err(DeployError::new)?)),
            None => Ok(VersionPolicy::All),
        }
    }
}

/// Stops in `deploy` until told to go on, and tells when it got there.
struct Gate {
    arrived: Mutex<SyncSender<String>>,
    go_on: Mutex<Receiver<()>>,
}

impl Deployer for Gate {
    type Deployed = String;

    fn deploy(&self, release: &Release) -> Result<String, DeployError> {
        let what = format!("{}/{}", release.name(), release.version());
        self.arrived.lock().unwrap().send(what.clone()).map_err(DeployError::new)?;
        self.go_on.lock().unwrap().recv().map_err(DeployError::new)?;
        Ok(what)
    }
}

fn gate() -> (Arc<Gate>, Receiver<String>, SyncSender<()>) {
    let (arrived, arrivals) = sync_channel(8);
    let (open, go_on) = sync_channel(8);
    (Arc::new(Gate { arrived: Mutex::new(arrived), go_on: Mutex::new(go_on) }), arrivals, open)
}

fn write(root: &TempDir, path: &str, text: &str) {
    let path = root.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(&root, path, text);
    }
    root
}

fn config(root: &Path) -> RegistryConfig {
    RegistryConfig { root: root.to_owned(), default_model: None, aliases: Vec::new() }
}

fn loaded(root: &TempDir) -> Registry<String> {
    let registry = Registry::start(config(root.path()), Arc::new(Script)).unwrap();
    registry.load_all().wait().unwrap();
    registry
}

fn wanted<'a>(name: &'a str, version: &'a str) -> ModelRef<'a> {
    let given = |text: &'a str| (!text.is_empty()).then_some(text);
    ModelRef { name: given(name), version: given(version) }
}

/// What a reference leads to: the deployed text, or the refusal.
fn get<D: Send + Sync + Clone + AsRef<str> + 'static>(registry: &Registry<D>, name: &str, version: &str) -> String {
    match registry.resolve(wanted(name, version)) {
        Ok(deployed) => (*deployed).as_ref().to_owned(),
        Err(error) => error.to_string(),
    }
}

/// One line for each version: `name version state`.
fn states<D: Send + Sync + 'static>(registry: &Registry<D>) -> Vec<String> {
    let snapshot = registry.snapshot();
    let models = snapshot.models().iter();
    let lines = models.flat_map(|model| {
        model.versions().iter().map(|entry| format!("{} {} {}", model.name(), entry.version(), entry.state()))
    });
    lines.collect()
}

/// Yields until it holds; nothing here takes longer than the loader's own poll.
fn eventually(mut holds: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(started.elapsed().as_secs() < 30, "did not come about");
        thread::yield_now();
    }
}

#[test]
fn references() {
    let root = folder(&[
        ("a/1/model.onnx", "a one"),
        ("a/v2/model.onnx", "a two"),
        ("a/10/model.onnx", "a ten"),
        ("b/2024-01/model.onnx", "b january"),
        ("b/2024-02/model.onnx", "b february"),
    ]);
    let registry = loaded(&root);
    let table = [
        ("a", "", "a ten"),
        ("a", "latest", "a ten"),
        ("a", "2", "a two"),
        ("a", "v2", "a two"),
        ("a", "v1", "a one"),
        ("b", "", "b february"),
        ("b", "2024-01", "b january"),
        ("a", "3", r#"Model a has no version "3"; it has 1, 2, 10, latest"#),
        ("a", "v3", r#"Model a has no version "v3"; it has 1, 2, 10, latest"#),
        ("a", "../1", r#"Model a has no version "../1"; it has 1, 2, 10, latest"#),
        ("c", "", r#"Model "c" not found; there is a, b"#),
        ("c\n", "", r#"Model "c\n" not found; there is a, b"#),
        ("", "", "No model is the default one; name one of a, b"),
    ];
    for (name, version, expected) in table {
        assert_eq!(get(&registry, name, version), expected, "{name} {version}");
    }
}

#[test]
fn the_alias_default_decides_what_no_version_means() {
    let root = folder(&[("m/1/model.onnx", "one"), ("m/2/model.onnx", "two")]);
    let registry = loaded(&root);
    assert_eq!(get(&registry, "m", ""), "two");
    registry.set_alias("m", "default", "1").unwrap();
    assert_eq!((get(&registry, "m", ""), get(&registry, "", "")), ("one".to_owned(), "one".to_owned()));
    assert_eq!(get(&registry, "m", "latest"), "two");
    // What was chosen is not exchanged for another that nobody asked for.
    registry.unload("m", Some("1")).wait().unwrap();
    eventually(|| get(&registry, "m", "").ends_with("not ready: unloaded"));
    registry.set_alias("m", "default", "latest").unwrap();
    assert_eq!(get(&registry, "m", ""), "two");
}

#[test]
fn default_model() {
    let only = folder(&[("x/1/model.onnx", "only"), ("bad name/1/model.onnx", "never")]);
    assert_eq!(get(&loaded(&only), "", ""), "only");

    let called_default = folder(&[("default.onnx", "by name"), ("x.onnx", "x")]);
    assert_eq!(get(&loaded(&called_default), "", ""), "by name");

    let named = |name: &str| {
        let config = RegistryConfig { default_model: Some(name.to_owned()), ..config(called_default.path()) };
        let registry = Registry::start(config, Arc::new(Script)).unwrap();
        registry.load_all().wait().unwrap();
        get(&registry, "", "v1")
    };
    assert_eq!(named("x"), "x");
    assert_eq!(named("y"), r#"Model "y" not found; there is default, x"#);

    assert_eq!(get(&loaded(&folder(&[])), "", ""), "No model is served");
}

#[test]
fn what_fails_is_seen_and_hides_nothing() {
    let root = folder(&[
        ("a/1/model.onnx", "fail unsupported operator Foo"),
        ("b/1/model.onnx", "panic at the secret place"),
        ("c/1/model.onnx", "c one"),
        ("c/2/model.onnx", "fail warm-up was cold"),
        ("c/3/notes.txt", "half-written"),
        ("d e/1/model.onnx", "never read"),
    ]);
    let registry = Registry::start(config(root.path()), Arc::new(Script)).unwrap();
    let report = registry.load_all().wait().unwrap();
    assert_eq!(
        states(&registry),
        [
            "a 1 failed: unsupported operator Foo",
            "b 1 failed: loading it panicked; the log has the details",
            "c 1 ready",
            "c 2 failed: fail warm-up was cold",
            "c 3 failed: the folder holds no .onnx file",
            "d e 1 failed: the model's name holds ' '; only letters and digits (A-Z, a-z, 0-9) and `_`, `.`, `-` are \
             allowed",
        ]
    );
    assert_eq!((report.outcomes.len(), report.failures().count()), (6, 5));
    assert_eq!(get(&registry, "c", ""), "c one");
    assert_eq!(get(&registry, "c", "2"), "Model c version 2 is not ready: failed: fail warm-up was cold");
    let refused = registry.resolve(wanted("a", "")).unwrap_err();
    let ResolveError::NotReady { state, .. } = refused else { panic!("{refused}") };
    assert_eq!(state.reason().map(|reason| &**reason), Some("unsupported operator Foo"));

    // Mended on disk and asked for again.
    write(&root, "a/1/model.onnx", "a one");
    fs::remove_dir_all(root.path().join("d e")).unwrap();
    let report = registry.load_all().wait().unwrap();
    assert_eq!(get(&registry, "a", ""), "a one");
    let c_1 = report.outcomes.iter().find(|outcome| *outcome.model == *"c" && outcome.version.as_str() == "1");
    assert_eq!(c_1.unwrap().result, Ok(Change::Unchanged));
    assert!(states(&registry).iter().all(|line| !line.starts_with("d e")));
}

#[test]
fn states_on_the_way() {
    let root = folder(&[("a/1/model.onnx", ""), ("a/2/model.onnx", ""), ("z/1/model.onnx", "")]);
    let (gate, arrivals, open) = gate();
    let config = RegistryConfig { default_model: Some("z".to_owned()), ..config(root.path()) };
    let registry = Registry::start(config, gate).unwrap();
    assert_eq!(registry.generation(), 0);
    let ticket = registry.load_all();
    assert_eq!(states(&registry), ["a 1 loading", "a 2 loading", "z 1 loading"]);
    let refused = registry.resolve(wanted("a", "")).unwrap_err().to_string();
    assert_eq!(refused, "Model a version 2 is not ready: loading");

    // The default model first, then what `latest` will be.
    for expected in ["z/1", "a/2", "a/1"] {
        assert_eq!(arrivals.recv().unwrap(), expected);
        open.send(()).unwrap();
    }
    ticket.wait().unwrap();
    assert_eq!(states(&registry), ["a 1 ready", "a 2 ready", "z 1 ready"]);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.generation(), registry.generation());
    let entry = snapshot.default_model().unwrap().latest().unwrap();
    assert!(entry.took().is_some() && entry.digest().is_some());
    assert_eq!(entry.deployed().map(|text| text.as_str()), Some("z/1"));
}

#[test]
fn warming_is_a_state_of_its_own() {
    struct Warm(Mutex<SyncSender<()>>, Mutex<Receiver<()>>);
    impl Deployer for Warm {
        type Deployed = String;
        fn deploy(&self, release: &Release) -> Result<String, DeployError> {
            Ok(release.name().to_string())
        }
        fn warm_up(&self, _release: &Release, deployed: String) -> Result<String, DeployError> {
            self.0.lock().unwrap().send(()).map_err(DeployError::new)?;
            self.1.lock().unwrap().recv().map_err(DeployError::new)?;
            Ok(deployed)
        }
    }
    let root = folder(&[("m.onnx", "")]);
    let ((arrived, arrivals), (open, go_on)) = (sync_channel(8), sync_channel(8));
    let registry =
        Registry::start(config(root.path()), Arc::new(Warm(Mutex::new(arrived), Mutex::new(go_on)))).unwrap();
    let ticket = registry.load_all();
    arrivals.recv().unwrap();
    assert_eq!(states(&registry), ["m 1 warming"]);
    open.send(()).unwrap();
    ticket.wait().unwrap();
    assert_eq!(states(&registry), ["m 1 ready"]);
}

#[test]
fn aliases() {
    let root = folder(&[("m/1/model.onnx", "one"), ("m/2/model.onnx", "two"), ("m/rc/model.onnx", "rc")]);
    let stable = Alias { model: "m".to_owned(), alias: "stable".to_owned(), version: "v1".to_owned() };
    let gone = Alias { model: "m".to_owned(), alias: "gone".to_owned(), version: "7".to_owned() };
    let config = |aliases| RegistryConfig { aliases, ..config(root.path()) };
    let registry = Registry::start(config(vec![stable.clone(), gone]), Arc::new(Script)).unwrap();
    registry.load_all().wait().unwrap();
    assert_eq!(get(&registry, "m", "stable"), "one");
    assert_eq!(get(&registry, "m", "gone"), r#"Model m has no version "gone"; it has rc, 1, 2, gone, stable, latest"#);

    let before = registry.generation();
    registry.set_alias("m", "stable", "latest").unwrap();
    assert_eq!(get(&registry, "m", "stable"), "two");
    assert_eq!(registry.generation(), before + 1);

    let refused = |model, alias, version| registry.set_alias(model, alias, version).unwrap_err().to_string();
    assert_eq!(refused("m", "rc", "1"), "model m has a version called rc, which an alias cannot hide");
    assert_eq!(refused("m", "v3", "1"), r#"the name "v3" is spelled as a version number"#);
    assert!(refused("m", "latest", "1").contains("always names the highest version"));
    assert!(refused("m", "a/b", "1").contains("holds '/'"));
    assert_eq!(refused("n", "x", "1"), r#"Model "n" not found; there is m"#);
    assert!(refused("m", "x", "9").starts_with(r#"Model m has no version "9""#));
    assert_eq!(registry.generation(), before + 1, "a refusal changes nothing");

    let impossible = Alias { alias: "latest".to_owned(), ..stable };
    let error = Registry::start(config(vec![impossible]), Arc::new(Script)).unwrap_err();
    assert!(matches!(error, StartError::Alias(AliasError::Name { .. })), "{error}");
}

#[test]
fn a_reload_exchanges_or_leaves() {
    let root = folder(&[("m/1/model.onnx", "first")]);
    let registry = loaded(&root);
    let generation = registry.generation();
    assert_eq!(registry.load("m", Some("v1")).wait().unwrap().outcomes.first().unwrap().result, Ok(Change::Unchanged));

    write(&root, "m/1/model.onnx", "fail broken export");
    let report = registry.load("m", None).wait().unwrap();
    assert_eq!(report.failures().next().map(|(_, reason)| &**reason), Some("broken export"));
    assert_eq!(get(&registry, "m", ""), "first");
    assert_eq!(states(&registry), ["m 1 ready"]);
    let failed_reload = || {
        let snapshot = registry.snapshot();
        snapshot.models()[0].versions()[0].failed_reload().map(ToString::to_string)
    };
    assert_eq!(failed_reload().as_deref(), Some("broken export"));
    write(&root, "m/1/model.onnx", "first");
    registry.load("m", None).wait().unwrap();
    assert_eq!(failed_reload(), None, "what lies there is what serves");

    write(&root, "m/1/model.onnx", "second");
    registry.load_all().wait().unwrap();
    assert_eq!(get(&registry, "m", ""), "second");
    assert!(registry.generation() > generation);
}

#[test]
fn a_policy_chooses_and_replaces() {
    let root = folder(&[("m/model.toml", "latest 1"), ("m/1/model.onnx", "one"), ("m/2/model.onnx", "two")]);
    let registry = loaded(&root);
    assert_eq!(states(&registry), ["m 2 ready"]);
    assert_eq!(get(&registry, "m", "1"), r#"Model m has no version "1"; it has 2, latest"#);
    assert!(matches!(registry.load("m", Some("1")).wait(), Err(LoadError::NotFound { .. })));

    // A bad version replaces no good one.
    write(&root, "m/3/model.onnx", "fail broken export");
    registry.load("m", None).wait().unwrap();
    assert_eq!(states(&registry), ["m 2 ready", "m 3 failed: broken export"]);
    write(&root, "m/3/model.onnx", "three");
    registry.load("m", None).wait().unwrap();
    eventually(|| states(&registry) == ["m 3 ready"]);

    write(&root, "m/model.toml", "latest 2");
    registry.load_all().wait().unwrap();
    assert_eq!(states(&registry), ["m 2 ready", "m 3 ready"]);
    write(&root, "m/model.toml", "latest many");
    let report = registry.load("m", None).wait().unwrap();
    assert_eq!(report.failures().count(), 3, "{report:?}");
    assert_eq!(states(&registry), ["m 1 failed: invalid digit found in string", "m 2 ready", "m 3 ready"]);
    write(&root, "m/model.toml", "latest 1");
    registry.load("m", Some("3")).wait().unwrap();
    eventually(|| states(&registry) == ["m 3 ready"]);
}

#[test]
fn what_an_alias_points_to_is_loaded_whatever_the_policy_says() {
    let root = folder(&[("m/model.toml", "latest 1"), ("m/1/model.onnx", "one"), ("m/2/model.onnx", "two")]);
    let default = Alias { model: "m".to_owned(), alias: "default".to_owned(), version: "1".to_owned() };
    let config = RegistryConfig { aliases: vec![default], ..config(root.path()) };
    let registry = Registry::start(config, Arc::new(Script)).unwrap();
    registry.load_all().wait().unwrap();
    assert_eq!(states(&registry), ["m 1 ready", "m 2 ready"]);
    write(&root, "m/3/model.onnx", "three");
    registry.load("m", None).wait().unwrap();
    eventually(|| states(&registry) == ["m 1 ready", "m 3 ready"]);
    assert_eq!((get(&registry, "m", ""), get(&registry, "m", "latest")), ("one".to_owned(), "three".to_owned()));
    registry.set_alias("m", "default", "3").unwrap();
    registry.load("m", None).wait().unwrap();
    eventually(|| states(&registry) == ["m 3 ready"]);
}

#[test]
fn a_model_is_brought_to_what_its_folder_holds() {
    let root = folder(&[("m/1/model.onnx", "one"), ("m/2/model.onnx", "two"), ("n.onnx", "n")]);
    let registry = loaded(&root);
    fs::remove_dir_all(root.path().join("m/1")).unwrap();
    fs::remove_file(root.path().join("n.onnx")).unwrap();
    write(&root, "m/2/model.onnx", "fail broken export");
    registry.load("m", None).wait().unwrap();
    assert_eq!(states(&registry), ["m 1 ready", "m 2 ready", "n 1 ready"]);
    write(&root, "m/2/model.onnx", "new two");
    registry.load("m", None).wait().unwrap();
    eventually(|| states(&registry) == ["m 2 ready", "n 1 ready"]);
    assert!(matches!(registry.load("n", None).wait(), Err(LoadError::NotFound { .. })));
    assert_eq!(get(&registry, "n", ""), "n", "a folder that was lost takes nothing out of service");
}

#[test]
fn what_cannot_be_a_version_neither_replaces_nor_protects_one() {
    let root = folder(&[("m/model.toml", "latest 1"), ("m/1/notes.txt", "no model"), ("m/2/model.onnx", "two")]);
    let registry = loaded(&root);
    write(&root, "m/3/model.onnx", "three");
    registry.load("m", None).wait().unwrap();
    eventually(|| states(&registry) == ["m 1 failed: the folder holds no .onnx file", "m 3 ready"]);
    // All that serves has gone, and only the other is there.
    fs::remove_dir_all(root.path().join("m/2")).unwrap();
    fs::remove_file(root.path().join("m/3/model.onnx")).unwrap();
    registry.load("m", None).wait().unwrap();
    assert_eq!(get(&registry, "m", ""), "three");
}

#[test]
fn what_is_exchanged_in_the_folder_serves_until_its_successor_does() {
    let root = folder(&[("m/1/model.onnx", "one")]);
    let registry = loaded(&root);
    registry.watch(std::time::Duration::from_millis(5)).unwrap();
    write(&root, "m/2/model.onnx", "two");
    eventually(|| states(&registry) == ["m 1 ready", "m 2 ready"]);
    write(&root, ".next/model.onnx", "fail broken export");
    fs::rename(root.path().join(".next"), root.path().join("m/3")).unwrap();
    fs::remove_dir_all(root.path().join("m/1")).unwrap();
    fs::remove_dir_all(root.path().join("m/2")).unwrap();
    eventually(|| states(&registry).contains(&"m 3 failed: broken export".to_owned()));
    thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(get(&registry, "m", ""), "two");
    write(&root, "m/3/model.onnx", "three");
    eventually(|| states(&registry) == ["m 3 ready"]);
}

#[test]
fn a_watched_policy_takes_effect() {
    let root = folder(&[("m/model.toml", "latest 1"), ("m/1/model.onnx", "one")]);
    let registry = loaded(&root);
    registry.watch(std::time::Duration::from_millis(5)).unwrap();
    write(&root, "m/2/model.onnx", "fail broken export");
    eventually(|| states(&registry) == ["m 1 ready", "m 2 failed: broken export"]);
    write(&root, "m/2/model.onnx", "two");
    eventually(|| states(&registry) == ["m 2 ready"]);
    write(&root, "m/model.toml", "all");
    eventually(|| states(&registry) == ["m 1 ready", "m 2 ready"]);
    write(&root, "m/model.toml", "latest 1");
    eventually(|| states(&registry) == ["m 2 ready"]);
}

#[test]
fn requests_that_lead_nowhere() {
    let root = folder(&[("m/1/model.onnx", "one")]);
    let registry = loaded(&root);
    let not_found = |ticket: crate::LoadTicket| matches!(ticket.wait(), Err(LoadError::NotFound { .. }));
    assert!(not_found(registry.load("n", None)) && not_found(registry.load("m", Some("2"))));
    assert!(not_found(registry.load("../m", None)) && not_found(registry.unload("n", None)));

    let missing = Registry::start(config(&root.path().join("missing")), Arc::new(Script)).unwrap();
    assert!(matches!(missing.load_all().wait(), Err(LoadError::Root(_))));
}

#[test]
fn the_queue_is_bounded() {
    let root = folder(&[("m/1/model.onnx", "one")]);
    let (gate, arrivals, open) = gate();
    let registry = Registry::start(config(root.path()), gate).unwrap();
    let first = registry.load_all();
    arrivals.recv().unwrap();
    let queued: Vec<_> = (0..super::QUEUED_JOBS).map(|_| registry.load("m", None)).collect();
    assert!(matches!(registry.load("m", None).wait(), Err(LoadError::Busy { queued: 4 })));
    open.send(()).unwrap();
    first.wait().unwrap();
    for ticket in queued {
        assert_eq!(ticket.wait().unwrap().outcomes.first().unwrap().result, Ok(Change::Unchanged));
    }
}

#[test]
fn a_dropped_registry_ends_its_thread() {
    let root = folder(&[("m/1/model.onnx", "one")]);
    let (gate, arrivals, open) = gate();
    let registry = Registry::start(config(root.path()), Arc::clone(&gate) as Arc<_>).unwrap();
    let running = registry.load_all();
    arrivals.recv().unwrap();
    drop(registry);
    open.send(()).unwrap();
    running.wait().unwrap();
    eventually(|| Arc::strong_count(&gate) == 1);
}

/// Counts itself, and notes the thread that frees it.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.lock().unwrap().push(thread::current().name().unwrap_or_default().to_owned());
    }
}

#[derive(Default)]
struct Counting(Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>);

impl Deployer for Counting {
    type Deployed = Counted;
    fn deploy(&self, _release: &Release) -> Result<Counted, DeployError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Counted(Arc::clone(&self.0), Arc::clone(&self.1)))
    }
}

#[test]
fn unloading_waits_for_requests_and_frees_on_the_loader_thread() {
    let root = folder(&[("m/1/model.onnx", "one"), ("m/2/model.onnx", "two")]);
    let deployer = Arc::new(Counting::default());
    let (alive, freed_on) = (Arc::clone(&deployer.0), Arc::clone(&deployer.1));
    let registry = Registry::start(config(root.path()), deployer).unwrap();
    registry.load_all().wait().unwrap();

    let in_flight = registry.resolve(wanted("m", "2")).unwrap();
    registry.unload("m", Some("v2")).wait().unwrap();
    assert_eq!(states(&registry), ["m 1 ready", "m 2 draining"]);
    assert_eq!(registry.resolve(wanted("m", "2")).unwrap_err().to_string(), "Model m version 2 is not ready: draining");
    registry.unload("m", Some("2")).wait().unwrap();
    assert_eq!(alive.load(Ordering::SeqCst), 2, "the request still runs");
    drop(in_flight);
    eventually(|| states(&registry) == ["m 1 ready", "m 2 unloaded"]);
    assert_eq!(alive.load(Ordering::SeqCst), 1);

    registry.unload("m", None).wait().unwrap();
    eventually(|| states(&registry) == ["m 1 unloaded", "m 2 unloaded"]);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert_eq!(*freed_on.lock().unwrap(), ["model-loader", "model-loader"]);
    registry.unload("m", None).wait().unwrap();
    assert_eq!(registry.resolve(wanted("m", "2")).unwrap_err().to_string(), "Model m version 2 is not ready: unloaded");

    fs::remove_dir_all(root.path().join("m/1")).unwrap();
    registry.load("m", None).wait().unwrap();
    assert_eq!(states(&registry), ["m 2 ready"], "what is still there is loaded, what is not is forgotten");
    assert!(matches!(registry.unload("n", None).wait(), Err(LoadError::NotFound { .. })));
}

#[test]
fn readers_never_see_a_gap_while_versions_are_exchanged() {
    let root = folder(&[("m/1/model.onnx", "0")]);
    let registry = loaded(&root);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut last, mut reads) = (0_usize, 0_usize);
                    while !stop.load(Ordering::Relaxed) || reads == 0 {
                        let now: usize = registry.resolve(wanted("m", "1")).unwrap().parse().unwrap();
                        assert!(now >= last, "went back from {last} to {now}");
                        (last, reads) = (now, reads + 1);
                    }
                    last
                })
            })
            .collect();
        for round in 1..=50 {
            write(&root, "m/1/model.onnx", &round.to_string());
            registry.load("m", None).wait().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() <= 50);
        }
    });
    assert_eq!(get(&registry, "m", ""), "50");
}

/// P22 of the reliability promises: what was asked last of a version decides what becomes of it, however many ask at once.
#[test]
fn many_who_ask_at_once_are_served_one_after_the_other() {
    const ADMINS: usize = 8;
    const OPERATIONS: usize = 200;
    const VERSIONS: [(&str, &str); 4] = [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1")];
    let root = tempfile::tempdir().unwrap();
    VERSIONS.iter().for_each(|(model, version)| write(&root, &format!("{model}/{version}/model.onnx"), model));
    let registry = loaded(&root);
    // What was asked last, in the order in which the loader was asked.
    let last = Mutex::new(BTreeMap::new());
    let (busy, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let ask = |model, version, loads: bool| {
        let mut last = last.lock().unwrap();
        let mut ticket =
            if loads { registry.load(model, Some(version)) } else { registry.unload(model, Some(version)) };
        let polled = Pin::new(&mut ticket).poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(Err(error)) = polled {
            // Whoever is turned away has asked for nothing.
            assert!(matches!(error, LoadError::Busy { .. }), "{error}");
            busy.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        last.insert((model, version), loads);
        polled.is_pending().then_some(ticket)
    };
    thread::scope(|scope| {
        let admins: Vec<_> = (1..=ADMINS as u64)
            .map(|seed| {
                let ask = &ask;
                scope.spawn(move || {
                    let mut random = seed;
                    for _ in 0..OPERATIONS {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                        let (model, version) = VERSIONS[(random >> 33) as usize % VERSIONS.len()];
                        // Some wait until it is done, some do not.
                        if let Some(ticket) = ask(model, version, random >> 40 & 1 == 0)
                            && random >> 41 & 3 > 0
                        {
                            drop(ticket.wait());
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for (model, version) in VERSIONS {
                    let answer = registry.resolve(wanted(model, version));
                    assert!(answer.is_err() || answer.is_ok_and(|text| *text == model), "an answer of another model");
                }
            }
        });
        admins.into_iter().for_each(|admin| admin.join().unwrap());
        stop.store(true, Ordering::Relaxed);
    });
    let last = last.into_inner().unwrap();
    assert_eq!(last.len(), VERSIONS.len(), "{} of {} were turned away", busy.into_inner(), ADMINS * OPERATIONS);
    let expected: Vec<String> = last
        .iter()
        .map(|((model, version), loads)| format!("{model} {version} {}", if *loads { "ready" } else { "unloaded" }))
        .collect();
    eventually(|| states(&registry) == expected);
}

#[test]
fn states_have_words() {
    let failed = ModelState::Failed { reason: Arc::from("no") };
    assert_eq!((failed.word(), failed.to_string().as_str()), ("failed", "failed: no"));
    assert_eq!(ModelState::Draining.to_string(), "draining");
}

#[test]
fn what_changes_in_the_folder_is_taken_up() {
    let root = folder(&[("m/1/model.onnx", "one")]);
    let registry = loaded(&root);
    registry.watch(std::time::Duration::from_millis(5)).unwrap();
    let write = |path: &str, text: &str| {
        fs::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
        fs::write(root.path().join(path), text).unwrap();
    };
    write("m/2/model.onnx", "two");
    eventually(|| states(&registry) == ["m 1 ready", "m 2 ready"]);
    write("m/1/model.onnx", "another one");
    eventually(|| registry.resolve(wanted("m", "1")).is_ok_and(|text| text.contains("another")));
    fs::rename(root.path().join("m/2"), root.path().join(".away")).unwrap();
    eventually(|| states(&registry) == ["m 1 ready"]);
    registry.unload("m", None).wait().unwrap();
    eventually(|| states(&registry) == ["m 1 unloaded"]);
    write("n.onnx", "of another model");
    eventually(|| states(&registry) == ["m 1 unloaded", "n 1 ready"]);
    write("m/1/model.onnx", "changed after it was unloaded");
    eventually(|| states(&registry) == ["m 1 ready", "n 1 ready"]);
    // A folder that is not there for a while takes nothing out of service.
    let elsewhere = root.path().with_extension("elsewhere");
    fs::rename(root.path(), &elsewhere).unwrap();
    thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(states(&registry), ["m 1 ready", "n 1 ready"]);
    fs::rename(&elsewhere, root.path()).unwrap();
}

/// Writes into the file that it reads, as somebody who copies over it.
struct Overwritten;

impl Deployer for Overwritten {
    type Deployed = String;

    fn deploy(&self, release: &Release) -> Result<String, DeployError> {
        let file = release.model_files().first().unwrap();
        let text = fs::read_to_string(file).map_err(DeployError::new)?;
        if text == "half" {
            fs::write(file, "the whole").unwrap();
        }
        Ok(text)
    }
}

#[test]
fn what_is_written_while_it_is_read_does_not_serve() {
    let root = folder(&[("m/1/model.onnx", "half")]);
    let registry = Registry::start(config(root.path()), Arc::new(Overwritten)).unwrap();
    let report = registry.load_all().wait().unwrap();
    let reasons: Vec<_> = report.failures().map(|(_, reason)| reason.to_string()).collect();
    assert_eq!(reasons, ["its files were changed while they were read; load it again"]);
    registry.load("m", None).wait().unwrap();
    assert_eq!(*registry.resolve(wanted("m", "1")).unwrap(), "the whole");
}
