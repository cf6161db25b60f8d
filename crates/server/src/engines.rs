//! The engines of this build, named here and nowhere else.

use ferrocast_engine::EngineLoader;
use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::Loaders;

use crate::config::OnnxRuntimeConfig;

/// The engines of this build, for whoever has no configuration: the library of ONNX Runtime is the one that the environment names
/// (`ORT_DYLIB_PATH`).
pub fn loaders() -> Loaders {
    configured(&OnnxRuntimeConfig::of_environment())
}

/// What tells what an ONNX file says of itself, whichever engine runs it.
pub(crate) fn inspector() -> impl EngineLoader + 'static {
    TractLoader::new()
}

/// The engines of this build. The default comes first.
pub(crate) fn configured(onnxruntime: &OnnxRuntimeConfig) -> Loaders {
    with_onnxruntime(Loaders::new().with(TractLoader::new()), onnxruntime)
}

/// The name that manifests use for it, known also where it is not there.
const ONNXRUNTIME: &str = "onnxruntime";

#[cfg(not(feature = "onnxruntime"))]
fn with_onnxruntime(loaders: Loaders, _: &OnnxRuntimeConfig) -> Loaders {
    let why = "this program is built without it; `cargo build --release --features onnxruntime` builds one with it";
    loaders.lacking(ONNXRUNTIME, why)
}

#[cfg(feature = "onnxruntime")]
fn with_onnxruntime(loaders: Loaders, onnxruntime: &OnnxRuntimeConfig) -> Loaders {
    use ferrocast_engine_ort::{OrtLoader, Runtime};

    let Some(library) = &onnxruntime.library else {
        let why = "its shared library is not given; `onnxruntime.library` (ORT_DYLIB_PATH) is the path of such a file as \
                   onnxruntime/capi/libonnxruntime.so.* of the Python package (pip install onnxruntime)";
        return loaders.lacking(ONNXRUNTIME, why);
    };
    match Runtime::load(library, onnxruntime.threads) {
        Ok(runtime) => loaders.with(OrtLoader::new(runtime, inspector())),
        Err(error) => {
            tracing::warn!(%error, "models cannot be run by ONNX Runtime");
            loaders.lacking(ONNXRUNTIME, format!("{error} (onnxruntime.library)"))
        }
    }
}
