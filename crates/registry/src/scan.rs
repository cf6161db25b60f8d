//! From a folder to the releases in it, and to the reasons why other things that look like models are none.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::confine::{Entry, Kind, Refused, Root};
use crate::name::{self, Version};
use crate::policy::VersionPolicy;
use crate::release::{Files, MANIFEST, Release, TRITON_CONFIG, file_name};

/// The file that is meant when nothing says otherwise.
const MODEL_FILE: &str = "model.onnx";

/// Endings of models that people put where the export belongs.
const OTHER_FORMATS: [&str; 9] = ["pkl", "pickle", "joblib", "pt", "pth", "h5", "keras", "tflite", "safetensors"];

/// The version of a model that lies in no version folder.
const ONLY_VERSION: &str = "1";

/// The versions of a model that its aliases point to: they are loaded whatever its policy says.
pub(crate) type Aliased<'r> = &'r dyn Fn(&str) -> BTreeSet<Version>;

/// Bytes of a manifest that are read.
const MOST_MANIFEST_BYTES: u64 = 16 << 20;

/// Something that is, or looks like, a version of a model.
#[derive(Debug)]
pub(crate) enum Found {
    Release(Release),
    Rejected(Rejected),
    /// Is there, and not to be loaded by its model's policy.
    PassedOver(Arc<str>, Version),
}

/// What the text of a manifest that serves all versions of a model says about them, or why that is not understood.
pub(crate) type ReadPolicy<'r> = &'r dyn Fn(&Path, &str) -> Result<VersionPolicy, String>;

/// A version that will not be loaded, however long one waits.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) name: Arc<str>,
    /// As on disk, if it cannot be, or is not the only one to be, the version that it looks like.
    pub(crate) version: Version,
    pub(crate) reason: String,
}

impl Found {
    pub(crate) fn name(&self) -> &Arc<str> {
        match self {
            Found::Release(release) => release.name(),
            Found::Rejected(rejected) => &rejected.name,
            Found::PassedOver(name, _) => name,
        }
    }

    pub(crate) fn version(&self) -> &Version {
        match self {
            Found::Release(release) => release.version(),
            Found::Rejected(rejected) => &rejected.version,
            Found::PassedOver(_, version) => version,
        }
    }
}

/// Looks through the whole root. Each version is in the result once, sorted by name, then by version.
///
/// # Errors
/// If the root cannot be listed. Trouble below it is a [`Rejected`].
pub(crate) fn scan(root: &Arc<Root>, read_policy: ReadPolicy<'_>, aliased: Aliased<'_>) -> io::Result<Vec<Found>> {
    let mut scan = Scan { root, read_policy, aliased, found: Vec::new(), taken: BTreeSet::new() };
    for entry in root.list(root.path())? {
        scan.top_level(&entry);
    }
    scan.found.sort_by(|a, b| (a.name(), a.version()).cmp(&(b.name(), b.version())));
    // Left over: several files refused that have one name in different places.
    scan.found.dedup_by(|a, b| a.name() == b.name() && a.version() == b.version());
    Ok(scan.found)
}

struct Scan<'r> {
    root: &'r Arc<Root>,
    read_policy: ReadPolicy<'r>,
    aliased: Aliased<'r>,
    found: Vec<Found>,
    /// First come, first served; folders are listed before the bare file of the same name.
    taken: BTreeSet<(Arc<str>, Version)>,
}

/// What calls itself a version, before names are checked.
struct Claim<'e> {
    model: &'e str,
    version: &'e str,
    /// The name of the file or folder on disk.
    label: &'e str,
    /// What lies where the model file is to be.
    inside: &'e [Entry],
}

impl Scan<'_> {
    fn top_level(&mut self, entry: &Entry) {
        let stem = entry.name.strip_suffix(".onnx");
        match (&entry.kind, stem) {
            (Ok(Kind::Folder), _) => self.model_folder(entry),
            (Ok(Kind::File), Some(stem)) => self.bare_file(entry, stem),
            (Ok(_), _) | (Err(Refused::HardLinked), None) => {}
            (Err(refused), _) => self.reject(stem.unwrap_or(&entry.name), &entry.name, refused.to_string()),
        }
    }

    fn bare_file(&mut self, file: &Entry, stem: &str) {
        let manifest_name = format!("{stem}.toml");
        let path = self.root.path().join(&manifest_name);
        let manifest = match self.root.kind(&path) {
            Ok(Kind::File) => Some(path),
            Ok(_) => None,
            Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(refused) => {
                return self.reject(stem, &file.name, format!("{manifest_name} {refused}"));
            }
        };
        let folder = self.root.path().to_owned();
        let files = Files { folder, models: vec![file.path.clone()], manifest, shares_manifest: false };
        let inside = std::slice::from_ref(file);
        self.claim(Claim { model: stem, version: ONLY_VERSION, label: &file.name, inside }, files);
    }

    fn model_folder(&mut self, folder: &Entry) {
        let model = folder.name.as_str();
        let entries = match self.root.list(&folder.path) {
            Ok(entries) => entries,
            Err(error) => {
                return self.reject(model, model, format!("the folder cannot be listed: {error}"));
            }
        };
        let subfolders = entries.iter().filter(|entry| matches!(entry.kind, Ok(Kind::Folder)));
        let subfolders: Vec<_> = subfolders.map(|entry| (entry, self.root.list(&entry.path))).collect();
        let is_model = |inside: &[Entry]| inside.iter().any(belongs_to_model);
        let meant_as_model = |(folder, inside): &(&Entry, io::Result<Vec<Entry>>)| {
            let of_other_format = |inside: &[Entry]| name::is_numbered(&folder.name) && other_format(inside).is_some();
            inside.as_deref().is_ok_and(|inside| is_model(inside) || of_other_format(inside))
        };
        if !is_model(&entries) && !subfolders.iter().any(meant_as_model) {
            tracing::debug!(folder = model, "holds no model and is ignored");
            return;
        }

        let found_before = self.found.len();
        let shared = manifest_in(&entries, &[MANIFEST, TRITON_CONFIG]);
        for (version, inside) in &subfolders {
            match inside {
                Ok(inside) if is_model(inside) || name::is_numbered(&version.name) => {
                    self.version_folder(model, version, inside, &shared);
                }
                Ok(_) => {
                    tracing::debug!(model, folder = version.name, "holds no model and is ignored")
                }
                Err(error) => self.reject(model, &version.name, format!("the folder cannot be listed: {error}")),
            }
        }
        if let Some(file) = entries.iter().find(|entry| is_model_file(entry)) {
            let files = files_in(&folder.path, &entries, shared.clone(), true);
            let claim = Claim { model, version: ONLY_VERSION, label: &file.name, inside: &entries };
            self.claim_or_reject(claim, files);
        }
        for entry in entries.iter().filter(|entry| !is_manifest(entry)) {
            match &entry.kind {
                // Whatever else lies there is nobody's business.
                Err(Refused::HardLinked) if !entry.name.ends_with(".onnx") => {}
                Err(refused) => self.reject(model, &entry.name, refused.to_string()),
                Ok(_) => {}
            }
        }
        if self.found.len() == found_before {
            let manifest = entries.iter().find(|entry| is_manifest(entry)).map_or(MANIFEST, |entry| &entry.name);
            self.reject(model, manifest, "is there, but no .onnx file and no version folder".to_owned());
        }
        if let Ok(Some(manifest)) = &shared {
            self.choose(model, manifest, found_before);
        }
    }

    /// Passes over what the manifest does not ask for, among the versions found from there on.
    fn choose(&mut self, model: &str, manifest: &Path, from: usize) {
        let found = self.found.split_off(from);
        let policy = self.text(manifest).and_then(|text| (self.read_policy)(manifest, &text));
        let chosen = policy.and_then(|policy| {
            let releases = found.iter().filter(|found| matches!(found, Found::Release(_)));
            let all: BTreeSet<&Version> = releases.map(Found::version).collect();
            let mut chosen = policy.select(&all);
            chosen.extend((self.aliased)(model).into_iter().filter(|version| all.contains(version)));
            if chosen.is_empty() && !all.is_empty() {
                let all: Vec<&str> = all.into_iter().map(Version::as_str).collect();
                return Err(format!("its version policy chooses none of its versions, {}", all.join(", ")));
            }
            Ok(chosen)
        });
        self.found.extend(found.into_iter().map(|found| match (found, &chosen) {
            (Found::Release(release), Ok(chosen)) if !chosen.contains(release.version()) => {
                Found::PassedOver(Arc::clone(release.name()), release.version().clone())
            }
            (Found::Release(release), Err(reason)) => {
                let (name, version) = (Arc::clone(release.name()), release.version().clone());
                Found::Rejected(Rejected { name, version, reason: reason.clone() })
            }
            (other, _) => other,
        }));
    }

    fn text(&self, file: &Path) -> Result<String, String> {
        let mut text = String::new();
        let read = self.root.read(file).and_then(|file| file.take(MOST_MANIFEST_BYTES).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(text),
            Err(error) => Err(format!("{} cannot be read: {error}", file_name(file))),
        }
    }

    fn version_folder(
        &mut self,
        model: &str,
        folder: &Entry,
        inside: &[Entry],
        shared: &Result<Option<PathBuf>, String>,
    ) {
        let label = folder.name.as_str();
        let refused = inside.iter().filter(|entry| entry.name.ends_with(".onnx"));
        let refused = refused.filter_map(|entry| Some((entry, entry.kind.as_ref().err()?))).next();
        let files = match refused {
            Some((file, refused)) => Err(format!("{} {refused}", file.name)),
            None => match manifest_in(inside, &[MANIFEST]) {
                Ok(None) => files_in(&folder.path, inside, shared.clone(), true),
                own => files_in(&folder.path, inside, own, false),
            },
        };
        self.claim_or_reject(Claim { model, version: label, label, inside }, files);
    }

    fn claim_or_reject(&mut self, claim: Claim<'_>, files: Result<Files, String>) {
        match files {
            Ok(files) => self.claim(claim, files),
            Err(reason) => self.reject(claim.model, claim.label, reason),
        }
    }

    fn claim(&mut self, claim: Claim<'_>, files: Files) {
        let Claim { model, version, label, inside } = claim;
        if let Err(why) = name::check(model) {
            return self.reject(model, label, format!("the model's name {why}"));
        }
        let version = match Version::parse(version) {
            Ok(version) => version,
            Err(why) => return self.reject(model, label, format!("the version's name {why}")),
        };
        let model: Arc<str> = Arc::from(model);
        if !self.taken.insert((Arc::clone(&model), version.clone())) {
            return self.reject(&model, label, format!("is version {version} once more; keep one of the two"));
        }
        self.found.push(if files.models.is_empty() {
            Found::Rejected(Rejected { name: model, version, reason: no_model(inside) })
        } else {
            Found::Release(Release::new(Arc::clone(self.root), model, version, files))
        });
    }

    /// Something that cannot be a version: shown under the name that it has on disk.
    fn reject(&mut self, model: &str, label: &str, reason: String) {
        let (name, version) = (Arc::from(model), Version::as_found(label));
        self.found.push(Found::Rejected(Rejected { name, version, reason }));
    }
}

/// Whether an entry is what makes a folder a model's. True for links that are refused, too: they meant to be one.
fn belongs_to_model(entry: &Entry) -> bool {
    let named = is_manifest(entry) || entry.name.ends_with(".onnx");
    named && !matches!(entry.kind, Ok(Kind::Folder | Kind::Other))
}

fn is_manifest(entry: &Entry) -> bool {
    entry.name == MANIFEST || entry.name == TRITON_CONFIG
}

fn is_model_file(entry: &Entry) -> bool {
    matches!(entry.kind, Ok(Kind::File)) && entry.name.ends_with(".onnx")
}

/// Why a folder has no model, and what to do where a model of another format shows what was meant.
fn no_model(inside: &[Entry]) -> String {
    match other_format(inside) {
        Some(other) => format!("the folder holds {other}, but no .onnx file; export the model to ONNX"),
        None => "the folder holds no .onnx file".to_owned(),
    }
}

/// The name of a file that is a model, but none that is served.
fn other_format(inside: &[Entry]) -> Option<&str> {
    let is_other = |name: &str| name.rsplit_once('.').is_some_and(|(_, ending)| OTHER_FORMATS.contains(&ending));
    inside.iter().map(|entry| entry.name.as_str()).find(|name| is_other(name))
}

/// The folder's own manifest, if it has one: the first of these names. One that is there and may not be read must not be
/// passed over: the model would serve with other names and rules.
fn manifest_in(inside: &[Entry], names: &[&str]) -> Result<Option<PathBuf>, String> {
    let named = |name: &&str| inside.iter().find(|entry| entry.name == *name);
    match names.iter().find_map(named) {
        Some(Entry { kind: Ok(Kind::File), path, .. }) => Ok(Some(path.clone())),
        Some(Entry { kind: Err(refused), name, .. }) => Err(format!("{name} {refused}")),
        Some(Entry { name, .. }) => Err(format!("{name} is not a regular file")),
        None => Ok(None),
    }
}

fn files_in(
    folder: &Path,
    inside: &[Entry],
    manifest: Result<Option<PathBuf>, String>,
    shares_manifest: bool,
) -> Result<Files, String> {
    let manifest = manifest?;
    let files = inside.iter().filter(|entry| is_model_file(entry));
    let (main, others): (Vec<&Entry>, Vec<&Entry>) = files.partition(|entry| entry.name == MODEL_FILE);
    let models = main.into_iter().chain(others).map(|entry| entry.path.clone()).collect();
    Ok(Files { folder: folder.to_owned(), models, manifest, shares_manifest })
}

#[cfg(test)]
mod tests;
