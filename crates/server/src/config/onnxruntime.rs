//! `[onnxruntime]`: the engine that is not compiled in, but loaded.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::prepare::{cores, count};
use super::raw::RawOnnxRuntime;

/// Where ONNX Runtime is, and what it may use.
#[derive(Debug, Clone)]
pub struct OnnxRuntimeConfig {
    /// Its shared library. Whether that can be loaded is found out when the server starts, and said of the models that need it.
    pub library: Option<PathBuf>,
    /// Threads over which a run is spread.
    pub threads: NonZeroUsize,
}

impl OnnxRuntimeConfig {
    /// What commands go by that look at one model and read no configuration. A row or two are not worth a second thread.
    pub(crate) fn of_environment() -> OnnxRuntimeConfig {
        let library = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        OnnxRuntimeConfig { library: library.map(PathBuf::from), threads: NonZeroUsize::MIN }
    }
}

pub(super) fn onnxruntime(raw: &RawOnnxRuntime, directory: &Path, notes: &mut Vec<String>) -> OnnxRuntimeConfig {
    let library = raw.library.as_ref().filter(|path| !path.is_empty());
    if library.is_some() && cfg!(not(feature = "onnxruntime")) {
        notes.push(
            "onnxruntime.library has no effect: this program is built without the feature onnxruntime".to_owned(),
        );
    }
    OnnxRuntimeConfig {
        library: library.map(|path| directory.join(path)),
        threads: raw.threads.map(count).and_then(NonZeroUsize::new).unwrap_or_else(cores),
    }
}
