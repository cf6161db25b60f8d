//! One version as found on disk: what it is called, where its files are, and the digest of what they hold.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use cap_std::fs::Metadata;

use crate::confine::{Kind, Refused, Root, is_plain_file_name};
use crate::name::Version;

/// The manifest's name in a version's folder, and in the folder above it.
pub(crate) const MANIFEST: &str = "model.toml";

/// What stands for a manifest in a model's folder that was made for Triton.
pub(crate) const TRITON_CONFIG: &str = "config.pbtxt";

/// A version that may be deployed. Its files were there, and were plain files inside the models folder, when it was
/// found; nothing of them has been read.
#[derive(Debug)]
pub struct Release {
    name: Arc<str>,
    version: Version,
    files: Files,
    root: Arc<Root>,
    digest: OnceLock<Digest>,
}

/// Where a release's files are.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) folder: PathBuf,
    /// Not empty; the one meant by default is the first.
    pub(crate) models: Vec<PathBuf>,
    pub(crate) manifest: Option<PathBuf>,
    /// The manifest, if there is one, serves all versions of the model.
    pub(crate) shares_manifest: bool,
}

impl Release {
    pub(crate) fn new(root: Arc<Root>, name: Arc<str>, version: Version, files: Files) -> Release {
        Release { name, version, files, root, digest: OnceLock::new() }
    }

    /// The model's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The folder that holds the model file; names in a manifest are relative to it.
    pub fn folder(&self) -> &Path {
        &self.files.folder
    }

    /// The `.onnx` files of the folder, `model.onnx` first and the others by name; never empty. A manifest chooses
    /// among them by name; without one the first is meant.
    pub fn model_files(&self) -> &[PathBuf] {
        &self.files.models
    }

    /// The manifest in effect: the version's own, else the one of the folder above, else that folder's `config.pbtxt`, else
    /// none.
    pub fn manifest(&self) -> Option<&Path> {
        self.files.manifest.as_deref()
    }

    /// Whether the manifest, if there is one, serves all versions of the model: it is the one that
    /// [`Deployer::version_policy`](crate::Deployer::version_policy) is asked about.
    pub fn shares_manifest(&self) -> bool {
        self.files.shares_manifest
    }

    /// The models folder, which none of the files may lie outside of, whatever links say.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The path of a file that the manifest names, such as `labels.txt`.
    ///
    /// # Errors
    /// If `name` is more than a file name, or is not that of a regular file, or of a link that leaves the models
    /// folder.
    pub fn file(&self, name: &str) -> Result<PathBuf, ReadError> {
        if !is_plain_file_name(name) {
            return Err(ReadError::new(name, "is not the plain name of a file in the model's folder"));
        }
        let path = self.files.folder.join(name);
        match self.root.kind(&path) {
            Ok(Kind::File) => Ok(path),
            Ok(Kind::Folder | Kind::Other) => Err(ReadError::new(name, "is not a regular file")),
            Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                Err(ReadError::new(name, "does not exist in the model's folder"))
            }
            Err(refused) => Err(ReadError::new(name, refused.to_string())),
        }
    }

    /// BLAKE3 of what decides the answers: the `.onnx` files, and if there is a manifest, it and the lists of labels
    /// (`.txt`) beside it and beside the model. Names count, places do not.
    ///
    /// Read as a stream, on the first call; the registry makes it on the loader thread before it deploys.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn digest(&self) -> Result<Digest, ReadError> {
        if let Some(digest) = self.digest.get() {
            return Ok(*digest);
        }
        let computed = self.compute_digest()?;
        Ok(*self.digest.get_or_init(|| computed))
    }

    /// What the file system says of the files that the digest is about. Where two are equal nothing has been written
    /// between them, as far as anybody can tell without reading.
    pub(crate) fn stamp(&self) -> Result<Stamp, ReadError> {
        let stamp = |(name, path): (String, PathBuf)| {
            let metadata = self
                .root
                .metadata(&path)
                .map_err(|error| ReadError::new(&name, format!("cannot be looked at: {error}")))?;
            Ok((path, FileStamp::of(&metadata)))
        };
        self.contents()?.into_iter().map(stamp).collect::<Result<_, _>>().map(Stamp)
    }

    fn compute_digest(&self) -> Result<Digest, ReadError> {
        let mut whole = blake3::Hasher::new();
        for (name, path) in self.contents()? {
            let mut one = blake3::Hasher::new();
            let read = self.root.read(&path).and_then(|file| one.update_reader(file).map(|_| ()));
            read.map_err(|error| ReadError::new(&name, format!("cannot be read: {error}")))?;
            // The length keeps the end of a name apart from what follows it.
            whole.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            whole.update(one.finalize().as_bytes());
        }
        Ok(Digest(*whole.finalize().as_bytes()))
    }

    /// Names and paths of all files that count, sorted.
    fn contents(&self) -> Result<BTreeSet<(String, PathBuf)>, ReadError> {
        let Files { folder, models, manifest, .. } = &self.files;
        let named = models.iter().chain(manifest);
        let mut files: BTreeSet<_> = named.map(|path| (file_name(path), path.clone())).collect();
        let beside_manifest = manifest.as_deref().and_then(Path::parent);
        for folder in beside_manifest.into_iter().flat_map(|beside| [beside, folder]) {
            let entries = self.root.list(folder);
            let entries =
                entries.map_err(|error| ReadError::new("the folder", format!("cannot be listed: {error}")))?;
            let lists = entries.into_iter().filter(|entry| matches!(entry.kind, Ok(Kind::File)));
            files.extend(lists.filter(|entry| entry.name.ends_with(".txt")).map(|entry| (entry.name, entry.path)));
        }
        Ok(files)
    }
}

/// For messages that clients see.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the file system says of a release's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, FileStamp)>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct FileStamp {
    length: u64,
    written: Option<SystemTime>,
    /// Which file it is, and when anything about it changed last: tools may set back the time of writing.
    #[cfg(unix)]
    identity: (u64, u64, i64, i64),
}

impl FileStamp {
    fn of(metadata: &Metadata) -> FileStamp {
        FileStamp {
            length: metadata.len(),
            written: metadata.modified().ok().map(cap_std::time::SystemTime::into_std),
            #[cfg(unix)]
            identity: {
                use cap_std::fs::MetadataExt;
                (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
            },
        }
    }
}

/// A digest of 256 bits. Shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A file of a release that cannot be used. Names the file without its path, so that it may be shown to clients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} {why}")]
pub struct ReadError {
    file: String,
    why: String,
}

impl ReadError {
    fn new(file: &str, why: impl Into<String>) -> ReadError {
        ReadError { file: file.to_owned(), why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use super::{Digest, Release};
    use crate::confine::Root;
    use crate::policy::VersionPolicy;
    use crate::scan::{Found, scan};

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn releases(root: &Path) -> Vec<Release> {
        let found =
            scan(&Arc::new(Root::open(root).unwrap()), &|_, _| Ok(VersionPolicy::All), &|_| BTreeSet::new()).unwrap();
        found.into_iter().map(|found| if let Found::Release(r) = found { r } else { panic!("{found:?}") }).collect()
    }

    fn digest(root: &Path) -> Digest {
        releases(root).first().unwrap().digest().unwrap()
    }

    #[test]
    fn digest_follows_content_and_names_but_not_places() {
        let [a, b] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        write(a.path(), "m/1/model.onnx", "weights");
        write(a.path(), "m/1/model.toml", "manifest");
        // The same, with the manifest one level up and another name and version.
        write(b.path(), "n/7/model.onnx", "weights");
        write(b.path(), "n/model.toml", "manifest");
        let first = digest(a.path());
        assert_eq!(first, digest(b.path()));
        assert_eq!(first.to_string().len(), 64);

        write(a.path(), "m/1/golden.json", "no part in any answer");
        assert_eq!(first, digest(a.path()));

        write(b.path(), "n/model.toml", "manifest 2");
        assert_ne!(first, digest(b.path()));
    }

    #[test]
    fn digest_follows_lists_of_labels() {
        for labels in ["m/1/labels.txt", "m/labels.txt"] {
            let root = tempfile::tempdir().unwrap();
            write(root.path(), "m/1/model.onnx", "weights");
            write(root.path(), "m/model.toml", "manifest");
            let mut digests = vec![digest(root.path())];
            for text in ["cat\ndog", "dog\ncat"] {
                write(root.path(), labels, text);
                digests.push(digest(root.path()));
            }
            digests.dedup();
            assert_eq!(digests.len(), 3, "{labels}");
        }
    }

    #[test]
    fn bytes_cannot_move_between_files_unnoticed() {
        let [a, b] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        write(a.path(), "m.onnx", "ab");
        write(a.path(), "m.toml", "c");
        write(b.path(), "m.onnx", "a");
        write(b.path(), "m.toml", "bc");
        assert_ne!(digest(a.path()), digest(b.path()));
    }

    #[test]
    fn a_bare_file_is_not_changed_by_its_neighbours() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "a.onnx", "weights");
        let before = digest(root.path());
        write(root.path(), "b.onnx", "other");
        write(root.path(), "b.toml", "other");
        write(root.path(), "notes.txt", "other");
        assert_eq!(before, digest(root.path()));
    }

    #[test]
    fn files_that_a_manifest_may_name() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "m/1/model.onnx", "weights");
        write(root.path(), "m/1/labels.txt", "cat");
        write(root.path(), "secret.txt", "x");
        let releases = releases(root.path());
        let release = releases.first().unwrap();
        assert_eq!(release.file("labels.txt").unwrap(), root.path().join("m/1/labels.txt"));
        let message = |name: &str| release.file(name).unwrap_err().to_string();
        assert_eq!(message("none.txt"), "none.txt does not exist in the model's folder");
        for climbing in ["../../secret.txt", "/etc/passwd", "..", ""] {
            assert!(message(climbing).ends_with("is not the plain name of a file in the model's folder"));
        }
        fs::create_dir(root.path().join("m/1/folder")).unwrap();
        assert_eq!(message("folder"), "folder is not a regular file");
        #[cfg(unix)]
        {
            let outside = tempfile::NamedTempFile::new().unwrap();
            std::os::unix::fs::symlink(outside.path(), root.path().join("m/1/link.txt")).unwrap();
            assert_eq!(message("link.txt"), "link.txt is a symbolic link that leads out of the models folder");
        }
    }
}
