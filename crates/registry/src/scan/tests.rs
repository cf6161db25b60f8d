//! Folders as lists of paths, and what is found in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::{Found, scan};
use crate::confine::Root;
use crate::name::{MAX_NAME_BYTES, Version};
use crate::policy::VersionPolicy;

/// Each file of `tree` is created with its own path as content; one that ends with `/` is an empty folder.
fn plant(root: &Path, tree: &[&str]) {
    for path in tree {
        let at = root.join(path);
        if path.ends_with('/') {
            fs::create_dir_all(at).unwrap();
        } else {
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(at, path).unwrap();
        }
    }
}

/// One line each: `name version: model files + manifest`, or `name version! reason`.
fn found_in(root: &Path) -> Vec<String> {
    let relative = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let read_policy = |_: &Path, text: &str| match text {
        "latest" => Ok(VersionPolicy::Latest(1)),
        "only 1, 3" => Ok(VersionPolicy::Only(["1", "3"].map(|name| Version::parse(name).unwrap()).into())),
        "wrong" => Err("cannot be read".to_owned()),
        _ => Ok(VersionPolicy::All),
    };
    let found = scan(&Arc::new(Root::open(root).unwrap()), &read_policy, &|_| BTreeSet::new()).unwrap();
    let lines = found.iter().map(|found| match found {
        Found::Release(release) => {
            let files: Vec<String> = release.model_files().iter().map(|path| relative(path)).collect();
            let manifest = release.manifest().map(|path| format!(" + {}", relative(path))).unwrap_or_default();
            format!("{} {}: {}{manifest}", release.name(), release.version(), files.join(" "))
        }
        Found::Rejected(rejected) => {
            format!("{} {}! {}", rejected.name, rejected.version, rejected.reason)
        }
        Found::PassedOver(name, version) => format!("{name} {version} passed over"),
    });
    lines.collect()
}

fn check(tree: &[&str], expected: &[&str]) {
    let root = tempfile::tempdir().unwrap();
    plant(root.path(), tree);
    assert_eq!(found_in(root.path()), expected, "{tree:?}");
}

#[test]
fn three_layouts() {
    check(&["m/1/model.onnx", "m/v2/model.onnx"], &["m 1: m/1/model.onnx", "m 2: m/v2/model.onnx"]);
    check(&["m/model.onnx"], &["m 1: m/model.onnx"]);
    check(&["m.onnx"], &["m 1: m.onnx"]);
    check(&["m/model.onnx", "m/2/model.onnx"], &["m 1: m/model.onnx", "m 2: m/2/model.onnx"]);
    check(&["m.onnx", "m/2/model.onnx"], &["m 1: m.onnx", "m 2: m/2/model.onnx"]);
    check(&["b/2024-01/x.onnx", "a.v1.onnx"], &["a.v1 1: a.v1.onnx", "b 2024-01: b/2024-01/x.onnx"]);
}

#[test]
fn manifests() {
    check(
        &["m/model.toml", "m/1/model.onnx", "m/2/model.onnx", "m/2/model.toml"],
        &["m 1: m/1/model.onnx + m/model.toml", "m 2: m/2/model.onnx + m/2/model.toml"],
    );
    check(&["m/model.toml", "m/model.onnx"], &["m 1: m/model.onnx + m/model.toml"]);
    check(&["m.onnx", "m.toml", "model.toml"], &["m 1: m.onnx + m.toml"]);
    // A folder that is itself a model, given as the root.
    check(&["model.onnx", "model.toml"], &["model 1: model.onnx + model.toml"]);
}

#[test]
fn repositories_of_triton() {
    check(
        &["m/config.pbtxt", "m/1/model.onnx", "m/2/model.onnx", "m/2/model.toml", "m/labels.txt"],
        &["m 1: m/1/model.onnx + m/config.pbtxt", "m 2: m/2/model.onnx + m/2/model.toml"],
    );
    check(&["m/config.pbtxt", "m/model.toml", "m/model.onnx"], &["m 1: m/model.onnx + m/model.toml"]);
    check(&["m/config.pbtxt", "m/1/model.py"], &["m 1! the folder holds no .onnx file"]);
    check(&["m/config.pbtxt"], &["m config.pbtxt! is there, but no .onnx file and no version folder"]);
    check(&["m/config.pbtxt/", "m/1/model.onnx"], &["m 1! config.pbtxt is not a regular file"]);
}

#[test]
fn versions_are_chosen_by_policy() {
    let check = |policy: &str, others: &[&str], expected: &[&str]| {
        let root = tempfile::tempdir().unwrap();
        plant(root.path(), &["m/1/model.onnx", "m/2/model.onnx", "m/10/model.onnx"]);
        plant(root.path(), others);
        fs::write(root.path().join("m/config.pbtxt"), policy).unwrap();
        assert_eq!(found_in(root.path()), expected, "{policy}");
    };
    let release = |version: &str| format!("m {version}: m/{version}/model.onnx + m/config.pbtxt");
    check("latest", &[], &["m 1 passed over", "m 2 passed over", &release("10")]);
    check("only 1, 3", &[], &[&release("1"), "m 2 passed over", "m 10 passed over"]);
    // What is no release cannot be chosen.
    check(
        "latest",
        &["m/11/", "m/12/model.pkl"],
        &[
            "m 1 passed over",
            "m 2 passed over",
            &release("10"),
            "m 11! the folder holds no .onnx file",
            "m 12! the folder holds model.pkl, but no .onnx file; export the model to ONNX",
        ],
    );
    check("wrong", &[], &["m 1! cannot be read", "m 2! cannot be read", "m 10! cannot be read"]);

    let root = tempfile::tempdir().unwrap();
    plant(root.path(), &["m/2/model.onnx", "m/4/model.onnx"]);
    fs::write(root.path().join("m/model.toml"), "only 1, 3").unwrap();
    let reason = "its version policy chooses none of its versions, 2, 4";
    assert_eq!(found_in(root.path()), [format!("m 2! {reason}"), format!("m 4! {reason}")]);
}

#[test]
fn the_main_file_comes_first() {
    check(&["m/1/a.onnx", "m/1/model.onnx", "m/1/z.onnx"], &["m 1: m/1/model.onnx m/1/a.onnx m/1/z.onnx"]);
    check(&["m/1/b.onnx", "m/1/a.onnx"], &["m 1: m/1/a.onnx m/1/b.onnx"]);
}

#[test]
fn versions_are_sorted_as_versions() {
    check(
        &["m/10/model.onnx", "m/9/model.onnx", "m/rc/model.onnx"],
        &["m rc: m/rc/model.onnx", "m 9: m/9/model.onnx", "m 10: m/10/model.onnx"],
    );
}

#[test]
fn one_version_twice() {
    check(
        &["m/2/model.onnx", "m/v2/model.onnx", "m/3/model.onnx"],
        &["m v2! is version 2 once more; keep one of the two", "m 2: m/2/model.onnx", "m 3: m/3/model.onnx"],
    );
    check(
        &["m/1/model.onnx", "m/model.onnx", "m.onnx"],
        &[
            "m m.onnx! is version 1 once more; keep one of the two",
            "m model.onnx! is version 1 once more; keep one of the two",
            "m 1: m/1/model.onnx",
        ],
    );
}

#[test]
fn ignored() {
    check(&[], &[]);
    check(&["README.md", "labels.txt", "model.toml", "train/"], &[]);
    check(&["train/penguins.py", "train/1/notes.txt", "train/data/x.csv"], &[]);
    check(
        &[".cache/1/model.onnx", ".m.onnx", "m/.old/model.onnx", "m/1/.tmp.onnx", "m/1/model.onnx"],
        &["m 1: m/1/model.onnx"],
    );
    check(&["m/1/model.onnx", "m/notebooks/a.ipynb", "m/README.md"], &["m 1: m/1/model.onnx"]);
    // Too deep to be either a version or a model.
    check(&["m/1/archive/model.onnx"], &[]);
}

#[test]
fn half_written() {
    check(&["m/1/model.onnx", "m/2/"], &["m 1: m/1/model.onnx", "m 2! the folder holds no .onnx file"]);
    check(&["m/1/model.onnx", "m/2/model.onnx.part"], &["m 1: m/1/model.onnx", "m 2! the folder holds no .onnx file"]);
    check(&["m/1/model.toml"], &["m 1! the folder holds no .onnx file"]);
    check(&["m/model.toml"], &["m model.toml! is there, but no .onnx file and no version folder"]);
    check(&["m/1/model.onnx/"], &[]);
}

#[test]
fn models_of_other_formats_are_named() {
    let reason = "the folder holds model.pkl, but no .onnx file; export the model to ONNX";
    check(&["m/1/model.pkl"], &[&format!("m 1! {reason}")]);
    check(&["m/v2/model.pkl", "m/1/model.onnx"], &["m 1: m/1/model.onnx", &format!("m 2! {reason}")]);
    // Beside a model, or where no version is, they may be anything.
    check(&["m/1/model.onnx", "m/1/model.pkl", "train/cache.pkl", "other.pkl"], &["m 1: m/1/model.onnx"]);
}

#[test]
fn names_that_cannot_be() {
    let long = "a".repeat(MAX_NAME_BYTES + 1);
    check(
        &["my model/1/model.onnx"],
        &[
            "my model 1! the model's name holds ' '; only letters and digits (A-Z, a-z, 0-9) and `_`, `.`, `-` are allowed",
        ],
    );
    check(
        &["_m.onnx"],
        &["_m _m.onnx! the model's name begins with '_'; a letter or digit (A-Z, a-z, 0-9) is needed there"],
    );
    check(&["m/a..b/model.onnx"], &["m a..b! the version's name holds `..`, which is not allowed"]);
    check(
        &["m/latest/model.onnx"],
        &["m latest! the version's name is `latest`, which always names the highest version that is ready"],
    );
    let reason = format!("{long} 1! the model's name has 65 bytes; at most 64 are allowed");
    check(&[&format!("{long}/1/model.onnx")], &[&reason]);
}

#[cfg(unix)]
mod links {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::{Root, found_in, plant};

    #[test]
    fn inside_the_root_are_followed() {
        let root = tempfile::tempdir().unwrap();
        // As a volume of Kubernetes shows its files.
        plant(root.path(), &["m/1/..2024/model.onnx", "m/1/..2024/model.toml"]);
        symlink("..2024", root.path().join("m/1/..data")).unwrap();
        symlink("..data/model.onnx", root.path().join("m/1/model.onnx")).unwrap();
        symlink("..data/model.toml", root.path().join("m/1/model.toml")).unwrap();
        symlink("1", root.path().join("m/rc")).unwrap();
        assert_eq!(
            found_in(root.path()),
            ["m rc: m/rc/model.onnx + m/rc/model.toml", "m 1: m/1/model.onnx + m/1/model.toml"]
        );
    }

    #[test]
    fn the_root_may_be_one() {
        let place = tempfile::tempdir().unwrap();
        plant(place.path(), &["real/m/1/model.onnx"]);
        symlink("real", place.path().join("models")).unwrap();
        assert_eq!(found_in(&place.path().join("models")), ["m 1: m/1/model.onnx"]);
    }

    #[test]
    fn out_of_the_root_are_refused() {
        let place = tempfile::tempdir().unwrap();
        plant(place.path(), &["outside/1/model.onnx", "outside/model.toml", "root/good/1/model.onnx"]);
        let (outside, root) = (place.path().join("outside"), place.path().join("root"));
        plant(&root, &["file/1/", "manifest/1/model.onnx", "shared/1/model.onnx", "version/1/model.onnx"]);
        symlink(&outside, root.join("folder")).unwrap();
        symlink(outside.join("1/model.onnx"), root.join("bare.onnx")).unwrap();
        symlink(outside.join("1/model.onnx"), root.join("file/1/model.onnx")).unwrap();
        symlink(outside.join("model.toml"), root.join("manifest/1/model.toml")).unwrap();
        symlink(outside.join("model.toml"), root.join("shared/model.toml")).unwrap();
        symlink("../../outside/1", root.join("version/2")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        let leaves = "is a symbolic link that leads out of the models folder";
        assert_eq!(
            found_in(&root),
            [
                format!("bare bare.onnx! {leaves}"),
                "dangling dangling! is a symbolic link that leads nowhere".to_owned(),
                format!("file 1! model.onnx {leaves}"),
                format!("folder folder! {leaves}"),
                "good 1: good/1/model.onnx".to_owned(),
                format!("manifest 1! model.toml {leaves}"),
                format!("shared 1! model.toml {leaves}"),
                "version 1: version/1/model.onnx".to_owned(),
                format!("version 2! {leaves}"),
            ]
        );
    }

    #[test]
    fn files_of_several_names_are_refused() {
        let place = tempfile::tempdir().unwrap();
        plant(place.path(), &["secret", "root/m/1/", "root/n/1/model.onnx", "root/o/1/model.onnx"]);
        let (secret, root) = (place.path().join("secret"), place.path().join("root"));
        for name in ["README.md", "bare.onnx", "m/1/model.onnx", "m/notes.md", "n/model.toml"] {
            fs::hard_link(&secret, root.join(name)).unwrap();
        }
        let linked = "has other names as well (hard links), and could be changed through them; copy the file";
        assert_eq!(
            found_in(&root),
            [
                format!("bare bare.onnx! {linked}"),
                format!("m 1! model.onnx {linked}"),
                format!("n 1! model.toml {linked}"),
                "o 1: o/1/model.onnx".to_owned(),
            ]
        );
    }

    /// A path that leads outside at any moment is not followed there, though it was fine when it was looked at.
    #[test]
    fn links_that_are_exchanged_lead_nowhere() {
        const SWAPS: usize = 1000;
        let place = tempfile::tempdir().unwrap();
        plant(place.path(), &["outside/1/model.onnx", "root/m/1/model.onnx", "root/n/1/model.onnx"]);
        let (outside, root) = (place.path().join("outside"), place.path().join("root"));
        let (folder, file) = (root.join("m/1"), root.join("n/1/model.onnx"));
        let aside = |path: &Path| place.path().join(path.file_name().unwrap());
        let done = AtomicBool::new(false);
        let mut reads = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..SWAPS {
                    for (place, target) in [(&folder, outside.join("1")), (&file, outside.join("1/model.onnx"))] {
                        fs::rename(place, aside(place)).unwrap();
                        symlink(target, place).unwrap();
                        fs::remove_file(place).unwrap();
                        fs::rename(aside(place), place).unwrap();
                    }
                }
                done.store(true, Ordering::Relaxed);
            });
            let root = Root::open(&root).unwrap();
            let paths = [folder.join("model.onnx"), file.clone()];
            while !done.load(Ordering::Relaxed) {
                for path in &paths {
                    let Ok(mut file) = root.read(path) else { continue };
                    let mut text = String::new();
                    file.read_to_string(&mut text).unwrap();
                    assert!(text.starts_with("root/"), "{text} was read");
                    reads += 1;
                }
            }
        });
        assert!(reads > 0, "nothing was ever read");
    }

    #[test]
    fn loops_and_sockets_are_not_opened() {
        let root = tempfile::tempdir().unwrap();
        plant(root.path(), &["m/1/"]);
        let _socket = UnixListener::bind(root.path().join("m/1/model.onnx")).unwrap();
        symlink("loop", root.path().join("loop")).unwrap();
        fs::write(root.path().join("good.onnx"), "x").unwrap();
        let found = found_in(root.path());
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found.first().unwrap(), "good 1: good.onnx");
        assert!(found.last().unwrap().starts_with("loop loop! cannot be looked at: "), "{found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_folder_names_are_found_or_refused(name in "[ --0-~é][ -.0-~é]{0,11}", version in "[ --0-~é][ -.0-~é]{0,11}") {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(&name).join(&version);
        prop_assert!(fs::create_dir_all(&path).is_ok());
        fs::write(path.join("model.onnx"), "x").unwrap();
        let root = Arc::new(Root::open(root.path()).unwrap());
        let found = scan(&root, &|_, _| Ok(VersionPolicy::All), &|_| BTreeSet::new()).unwrap();
        prop_assert_eq!(found.len(), 1);
        for found in found {
            prop_assert_eq!(&**found.name(), name.as_str());
        }
    }
}
