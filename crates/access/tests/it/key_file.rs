//! A file of keys that changes: replaced, cut short, removed, restored.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, SystemTime};

use ferrocast_access::{KeyFileError, KeyRing, KeyWatch, Keys, MAX_FILE_BYTES, NewKey, NotReloaded, Scopes};
use tempfile::TempDir;

/// Long enough for anything that is to happen.
const SOON: Duration = Duration::from_secs(20);

fn row(key: &NewKey, name: &str) -> String {
    key.toml_row(&name.parse().unwrap(), Scopes::ALL)
}

fn knows(ring: &KeyRing, key: &NewKey) -> bool {
    ring.authenticate(key.text().as_bytes(), SystemTime::now()).is_some()
}

struct Watched {
    ring: Arc<KeyRing>,
    folder: TempDir,
    reports: Receiver<Result<Arc<Keys>, NotReloaded>>,
    watch: KeyWatch,
}

impl Watched {
    fn new(text: &str) -> Watched {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        fs::write(&path, text).unwrap();
        Watched::at(&path, folder)
    }

    fn at(path: &Path, folder: TempDir) -> Watched {
        let ring = Arc::new(KeyRing::open(path).unwrap());
        let (send, reports) = sync_channel(1_000);
        let watch = ring.watch(Duration::from_millis(2), move |report| send.send(report).unwrap()).unwrap();
        Watched { ring, folder, reports, watch }
    }

    fn next(&self) -> Result<Arc<Keys>, NotReloaded> {
        self.reports.recv_timeout(SOON).unwrap()
    }

    /// Writes the file anew, in one step.
    fn replace(&self, text: impl AsRef<[u8]>) {
        let next = self.folder.path().join("next");
        fs::write(&next, text).unwrap();
        fs::rename(next, self.ring.path()).unwrap();
    }

    /// No report came but those that were taken.
    fn end(self) {
        drop(self.watch);
        assert!(self.reports.try_recv().is_err());
    }
}

#[test]
fn a_key_is_known_until_the_file_no_longer_has_it() {
    let (old, new) = (NewKey::random().unwrap(), NewKey::random().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    fs::write(&path, row(&old, "old")).unwrap();
    let ring = KeyRing::open(&path).unwrap();
    assert!(knows(&ring, &old) && !knows(&ring, &new));

    fs::write(&path, row(&old, "old") + &row(&new, "new")).unwrap();
    assert!(!knows(&ring, &new), "nobody has read it yet");
    assert_eq!(ring.reload().unwrap().principals().len(), 2);
    assert!(knows(&ring, &old) && knows(&ring, &new));

    fs::write(&path, row(&new, "new")).unwrap();
    ring.reload().unwrap();
    assert!(!knows(&ring, &old) && knows(&ring, &new));
}

#[test]
fn a_file_without_keys_is_refused_with_its_path_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let message = || KeyRing::open(&path).unwrap_err().to_string();
    assert!(message().starts_with(&format!("cannot read the keys in {}: ", path.display())));
    fs::create_dir(&path).unwrap();
    assert!(message().ends_with("keys.toml: it is not a file"), "{}", message());
    fs::remove_dir(&path).unwrap();
    fs::write(&path, b"\xff").unwrap();
    assert!(message().ends_with("it is not UTF-8"));
    fs::write(&path, "").unwrap();
    assert!(message().contains("cannot be used:\nthere is no key"));
    fs::write(&path, vec![b'#'; MAX_FILE_BYTES as usize + 1]).unwrap();
    assert!(message().ends_with("it is longer than 1048576 bytes"));
    let key = NewKey::random().unwrap();
    let comment = "#".repeat(MAX_FILE_BYTES as usize - row(&key, "a").len());
    fs::write(&path, row(&key, "a") + &comment).unwrap();
    assert!(knows(&KeyRing::open(&path).unwrap(), &key));
}

#[test]
fn a_bad_file_changes_nothing() {
    let key = NewKey::random().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    fs::write(&path, row(&key, "a")).unwrap();
    let ring = KeyRing::open(&path).unwrap();
    for text in ["", "[[key]]", "no toml"] {
        fs::write(&path, text).unwrap();
        let error = ring.reload().unwrap_err();
        assert!(error.to_string().starts_with("the keys from before stay in force: the keys in "));
        assert!(matches!(error.0, KeyFileError::Invalid { .. }));
        assert!(knows(&ring, &key));
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(ring.reload().unwrap_err().0, KeyFileError::Unreadable { .. }));
    assert!(knows(&ring, &key));
}

#[test]
fn a_replaced_file_is_taken() {
    let (old, new) = (NewKey::random().unwrap(), NewKey::random().unwrap());
    let watched = Watched::new(&row(&old, "old"));
    watched.replace(row(&new, "new"));
    assert_eq!(watched.next().unwrap().principals().next().unwrap().name.as_str(), "new");
    assert!(!knows(&watched.ring, &old) && knows(&watched.ring, &new));
    watched.end();
}

/// As Kubernetes exchanges a secret: `keys.toml` leads through `..data`, which comes to lead elsewhere.
#[cfg(unix)]
#[test]
fn a_link_on_the_way_that_leads_elsewhere_is_followed() {
    use std::os::unix::fs::symlink;
    let (old, new) = (NewKey::random().unwrap(), NewKey::random().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, key) in [("..1", &old), ("..2", &new)] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("keys.toml"), row(key, "same")).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/keys.toml", at("keys.toml")).unwrap();
    let path = at("keys.toml");
    let (swap, data) = (at("..swap"), at("..data"));
    symlink("..2", &swap).unwrap();

    let watched = Watched::at(&path, folder);
    assert!(knows(&watched.ring, &old));
    fs::rename(swap, data).unwrap();
    watched.next().unwrap();
    assert!(!knows(&watched.ring, &old) && knows(&watched.ring, &new));
    watched.end();
}

#[test]
fn what_is_wrong_is_told_once_and_what_is_restored_too() {
    let key = NewKey::random().unwrap();
    let good = row(&key, "a");
    let watched = Watched::new(&good);
    watched.replace("");
    assert!(matches!(watched.next().unwrap_err().0, KeyFileError::Invalid { .. }));
    watched.replace("still no keys");
    assert!(matches!(watched.next().unwrap_err().0, KeyFileError::Invalid { .. }));
    assert!(knows(&watched.ring, &key));
    fs::remove_file(watched.ring.path()).unwrap();
    assert!(matches!(watched.next().unwrap_err().0, KeyFileError::Unreadable { .. }));
    assert!(knows(&watched.ring, &key));
    watched.replace(&good);
    watched.next().unwrap();
    // Many looks, in none of which anything has changed.
    std::thread::sleep(Duration::from_millis(100));
    watched.end();
}

#[test]
fn the_same_again_is_no_change() {
    let key = NewKey::random().unwrap();
    let watched = Watched::new(&row(&key, "a"));
    for _ in 0..20 {
        watched.replace(row(&key, "a"));
        std::thread::sleep(Duration::from_millis(5));
    }
    watched.end();
}

/// Only keys that were written are ever in force, whatever state the file is in when it is looked at.
#[test]
fn a_file_that_is_rewritten_all_the_time_locks_nobody_out() {
    let (constant, other) = (NewKey::random().unwrap(), NewKey::random().unwrap());
    let watched = Watched::new(&row(&constant, "constant"));
    for round in 0..200 {
        let text = row(&other, &format!("other-{round}")) + &row(&constant, "constant");
        // In place: for a moment it is empty.
        fs::write(watched.ring.path(), text).unwrap();
        assert!(knows(&watched.ring, &constant));
    }
    drop(watched.watch);
}

#[test]
fn a_watch_ends_when_it_is_dropped() {
    let key = NewKey::random().unwrap();
    let watched = Watched::new(&row(&key, "a"));
    let ring = Arc::clone(&watched.ring);
    drop(watched.watch);
    drop(watched.ring);
    assert_eq!(Arc::strong_count(&ring), 1, "the thread has let go of it");
}
