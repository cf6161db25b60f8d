//! Where the files of one model version are.

use std::io;
use std::path::{Path, PathBuf};

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
            });
        }
        if path.is_file() {
            return Ok(ModelFiles {
                folder: path.parent().map(Path::to_owned).unwrap_or_default(),
                model: path.to_owned(),
                manifest: existing(path.with_extension("toml")).or_else(|| existing(path.with_file_name(MANIFEST))),
            });
        }
        Err(OpenError::NotFound { path: path.to_owned() })
    }

    /// The model file that the manifest means. Its default name stands for whichever file was found.
    pub(crate) fn named(&self, file: &str) -> PathBuf {
        if file == MODEL { self.model.clone() } else { self.folder.join(file) }
    }
}

/// Reads a whole file; the error names the file, not its path, because it may reach clients.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    let refuse = |cause: io::Error| OpenError::Read { file: file_name(path), cause };
    if !std::fs::metadata(path).map_err(refuse)?.is_file() {
        return Err(refuse(io::Error::other("not a regular file")));
    }
    std::fs::read(path).map_err(refuse)
}

/// Reads a text file; see [`read`].
pub(crate) fn read_text(path: &Path) -> Result<String, OpenError> {
    String::from_utf8(read(path)?)
        .map_err(|_| OpenError::Read { file: file_name(path), cause: io::Error::other("the file is not UTF-8 text") })
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
