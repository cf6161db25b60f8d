//! Where the files of one model version are.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use ferrocast_engine::ModelBytes;

use crate::OpenError;

/// The manifest's name, in a version's folder or the one above.
const MANIFEST: &str = "model.toml";

/// What stands for a manifest in a model's folder that was made for Triton.
const TRITON_CONFIG: &str = "config.pbtxt";

/// The model's name where no manifest says another.
pub(crate) const MODEL: &str = "model.onnx";

/// The files of one model version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFiles {
    /// The folder that names in the manifest are relative to.
    pub folder: PathBuf,
    /// The model file, unless the manifest names another one of the folder.
    pub model: PathBuf,
    /// The manifest, or the `config.pbtxt` in its place, if there is one.
    pub manifest: Option<PathBuf>,
    /// A folder that no file is read outside of, wherever links lead, and in which none is read that has other names.
    pub root: Option<PathBuf>,
    /// The manifest must pin the model file.
    pub require_sha256: bool,
}

impl ModelFiles {
    /// Finds the files of a version's folder, such as `models/penguins/1`, or those of a bare `.onnx` file.
    ///
    /// A manifest in the folder wins over one in the folder above, which serves all versions, and that over Triton's
    /// `config.pbtxt` there.
    ///
    /// # Errors
    /// [`OpenError::NotFound`] if there is neither a folder nor a file at `path`.
    pub fn find(path: &Path) -> Result<ModelFiles, OpenError> {
        let existing = |path: PathBuf| path.is_file().then_some(path);
        if path.is_dir() {
            let above = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned));
            let both = |folder: &Path| [folder.join(MANIFEST), folder.join(TRITON_CONFIG)];
            let own = [path.join(MANIFEST)].into_iter();
            let shared = above.iter().flat_map(|above| both(above)).chain([path.join(TRITON_CONFIG)]);
            return Ok(ModelFiles {
                folder: path.to_owned(),
                model: path.join(MODEL),
                manifest: own.chain(shared).find_map(existing),
                root: None,
                require_sha256: false,
            });
        }
        if path.is_file() {
            return Ok(ModelFiles {
                folder: path.parent().map(Path::to_owned).unwrap_or_default(),
                model: path.to_owned(),
                manifest: existing(path.with_extension("toml")).or_else(|| existing(path.with_file_name(MANIFEST))),
                root: None,
                require_sha256: false,
            });
        }
        Err(OpenError::NotFound { path: path.to_owned() })
    }

    /// The model file that the manifest means. Its default name stands for whichever file was found.
    pub(crate) fn named(&self, file: &str) -> PathBuf {
        if file == MODEL { self.model.clone() } else { self.folder.join(file) }
    }
}

/// Reading; errors name the file, not its path, because they may reach clients.
impl ModelFiles {
    pub(crate) fn read_model(&self, path: &Path) -> Result<ModelBytes, OpenError> {
        let read = || {
            let file = self.open(path)?;
            let length = file.metadata()?.len();
            ModelBytes::read(file, length)
        };
        read().map_err(|cause| OpenError::Read { file: file_name(path), cause })
    }

    pub(crate) fn read_text(&self, path: &Path) -> Result<String, OpenError> {
        let refuse = |cause: io::Error| OpenError::Read { file: file_name(path), cause };
        let mut bytes = Vec::new();
        self.open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(refuse)?;
        String::from_utf8(bytes).map_err(|_| refuse(io::Error::other("the file is not UTF-8 text")))
    }

    /// `name` beside the model if it is there, else beside `other`.
    pub(crate) fn beside(&self, name: &str, other: &Path) -> PathBuf {
        let path = self.folder.join(name);
        if self.open(&path).is_ok() { path } else { other.with_file_name(name) }
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        match &self.root {
            None => {
                // Before it is opened as well: a pipe would keep its reader waiting.
                is_regular(path.metadata()?.is_file())?;
                regular(File::open(path)?)
            }
            Some(root) => {
                let inside = path.strip_prefix(root).map_err(|_| io::Error::other("not below the models folder"))?;
                let folder = Dir::open_ambient_dir(root, ambient_authority())?;
                is_regular(folder.metadata(inside)?.is_file())?;
                let file = folder.open(inside)?;
                only_name(regular(file.into_std())?)
            }
        }
    }
}

fn regular(file: File) -> io::Result<File> {
    is_regular(file.metadata()?.is_file())?;
    Ok(file)
}

fn is_regular(is_file: bool) -> io::Result<()> {
    if is_file { Ok(()) } else { Err(io::Error::other("not a regular file")) }
}

/// A file that has other names could be changed through them, or be one that is not meant to be read.
fn only_name(file: File) -> io::Result<File> {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 1 {
        return Err(io::Error::other("it has other names as well (hard links); copy the file"));
    }
    Ok(file)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
