//! The shared library of ONNX Runtime: loaded once, for the whole process.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ferrocast_engine::{BoxError, EngineError, LoadError};
use ort::environment::{Environment, GlobalThreadPoolOptions};
use ort::logging::LogLevel;
use ort::session::Session;
use ort::{ErrorCode, LoadDynamicError};

/// The oldest release that is taken: the first whose Python package holds the library as a file of its own.
const OLDEST: &str = "1.19";

/// What has to be `1` in the environment of the process. From release 1.29 on, the builds of its makers report to them what they do
/// (models, errors, numbers of runs), and keep that in the user's home until it is sent. They begin when an environment is made, before
/// the interface for turning it off can be called; and a process cannot put a variable into its own environment without unsafe code.
const TELEMETRY_OFF: &str = "ORT_DISABLE_TELEMETRY";

/// The one of this process, once there is one.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

/// ONNX Runtime, loaded: the library, and the environment in which its sessions live.
///
/// Both are global to the process. A library can be loaded once and is never unloaded, and an environment can be made once; so the
/// first [`Runtime::load`] that succeeds decides for everybody in the process, and all that come later share what it made.
#[derive(Clone)]
pub struct Runtime {
    library: PathBuf,
    environment: Environment,
}

/// Why there is no ONNX Runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// There is no such file, or none that may be read.
    #[error("cannot read {}: {cause}; {}", library.display(), what_it_is())]
    File {
        /// The path given.
        library: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The file is no ONNX Runtime, or none for this machine.
    #[error("cannot load ONNX Runtime from {}: {cause}; {}", library.display(), what_it_is())]
    Library {
        /// The file.
        library: PathBuf,
        /// What the system's loader, or the library, says.
        #[source]
        cause: BoxError,
    },
    /// The library is older than what is spoken to here.
    #[error("{} is ONNX Runtime {version}; {}", library.display(), what_it_is())]
    TooOld {
        /// The file.
        library: PathBuf,
        /// What it says of itself.
        version: String,
    },
    /// It might report to its makers, and nobody has forbidden it to.
    #[error(
        "ONNX Runtime is not loaded unless its telemetry is off, which takes ORT_DISABLE_TELEMETRY=1 in the environment of the process"
    )]
    Telemetry,
    /// Another library is loaded already, and a process has room for one.
    #[error("ONNX Runtime is loaded from {} already; a process cannot load {} as well", loaded.display(), library.display())]
    AnotherLoaded {
        /// The path given.
        library: PathBuf,
        /// The file that is in use.
        loaded: PathBuf,
    },
}

/// What whoever gets an error has to bring.
fn what_it_is() -> String {
    format!(
        "what is needed is the shared library of ONNX Runtime {OLDEST} or newer, such as \
         onnxruntime/capi/libonnxruntime.so.* of the Python package (pip install onnxruntime)"
    )
}

impl Runtime {
    /// Loads the library in the file `library` and makes its environment, or gives the one that was loaded from that file before.
    ///
    /// A run of a model is spread over `threads` threads, its caller's included. They are one pool for all models, and sleep while
    /// there is nothing to do. If the library is loaded already, the number it was loaded with stays.
    ///
    /// The environment of the process has to hold `ORT_DISABLE_TELEMETRY=1`, so that nothing is reported to the makers of the library.
    ///
    /// # Errors
    /// [`RuntimeError`], which names the file and says what to bring, or to set. Never panics, whatever the file.
    pub fn load(library: &Path, threads: NonZeroUsize) -> Result<Runtime, RuntimeError> {
        // Also so that it is found from here, and not beside the program, where `ort` looks for relative paths.
        let library =
            library.canonicalize().map_err(|cause| RuntimeError::File { library: library.to_owned(), cause })?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            return if runtime.library == library {
                Ok(runtime.clone())
            } else {
                Err(RuntimeError::AnotherLoaded { library, loaded: runtime.library.clone() })
            };
        }
        if std::env::var_os(TELEMETRY_OFF).is_none_or(|value| value != "1") {
            return Err(RuntimeError::Telemetry);
        }
        let environment = open(&library, threads)?;
        Ok(loaded.insert(Runtime { library, environment }).clone())
    }

    /// A session of the model in `bytes`.
    ///
    /// # Errors
    /// [`LoadError`], with the words of ONNX Runtime.
    pub(crate) fn session(&self, bytes: &[u8]) -> Result<Session, LoadError> {
        let session = Session::builder(&self.environment).and_then(|mut builder| builder.commit_from_memory(bytes));
        session.map_err(|error| match error.code() {
            // An operator of ONNX that this build of the library has no code for, or not for these types.
            ErrorCode::NotImplemented => LoadError::Refused(error.to_string()),
            _ => LoadError::Malformed(error.into()),
        })
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("library", &self.library).finish_non_exhaustive()
    }
}

/// Opens the library, and makes its environment.
fn open(library: &Path, threads: NonZeroUsize) -> Result<Environment, RuntimeError> {
    // `ort` asserts what it expects of a library, and panics where it makes its environment if that was wrong.
    catch_unwind(AssertUnwindSafe(|| environment(library, threads)))
        .unwrap_or_else(|panic| Err(Failed::Otherwise(EngineError::from_panic(panic.as_ref()).into())))
        .map_err(|failed| match failed {
            Failed::TooOld(version) => RuntimeError::TooOld { library: library.to_owned(), version },
            Failed::Otherwise(cause) => RuntimeError::Library { library: library.to_owned(), cause },
        })
}

/// What went wrong with a library.
enum Failed {
    TooOld(String),
    Otherwise(BoxError),
}

impl From<ort::Error> for Failed {
    fn from(error: ort::Error) -> Failed {
        Failed::Otherwise(error.into())
    }
}

impl From<LoadDynamicError> for Failed {
    fn from(error: LoadDynamicError) -> Failed {
        match error {
            LoadDynamicError::BadVersion { version_str, .. } => Failed::TooOld(version_str),
            LoadDynamicError::Dlopen { error, .. } => Failed::Otherwise(error.into()),
            error => Failed::Otherwise(error.into()),
        }
    }
}

fn environment(library: &Path, threads: NonZeroUsize) -> Result<Environment, Failed> {
    let builder = ort::init_from(library)?;
    let pool = GlobalThreadPoolOptions::default()
        .with_intra_threads(threads.get())?
        .with_inter_threads(1)?
        // Threads that spin while they wait take the cores from those who parse requests.
        .with_spin_control(false)?;
    let environment = builder.with_name("ferrocast").with_telemetry(false).with_global_thread_pool(pool).build()?;
    // All that goes wrong is in the error of the call that it went wrong in. Otherwise each row that an operator refuses would be
    // a line on standard error, which is not this crate's.
    environment.set_log_level(LogLevel::Fatal);
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::path::{Path, PathBuf};

    use ort::LoadDynamicError;

    use super::{Failed, Runtime, open};

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Runtime::load(Path::new("/no/such/libonnxruntime.so"), NonZeroUsize::MIN).map(drop).unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with("cannot read /no/such/libonnxruntime.so: "), "{told}");
        assert!(told.contains("pip install onnxruntime"), "{told}");
    }

    #[test]
    fn a_file_that_is_no_library_is_named() {
        let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/runtime.rs");
        for file in [text, std::env::current_exe().unwrap()] {
            let told = open(&file, NonZeroUsize::MIN).map(drop).unwrap_err().to_string();
            assert!(told.starts_with(&format!("cannot load ONNX Runtime from {}: ", file.display())), "{told}");
            assert!(told.contains("pip install onnxruntime"), "{told}");
        }
    }

    #[test]
    fn an_old_library_is_told_from_a_foreign_one() {
        let old = LoadDynamicError::BadVersion { version_str: "1.16.3".to_owned(), path: PathBuf::from("l.so") };
        assert!(matches!(Failed::from(old), Failed::TooOld(version) if version == "1.16.3"));
        let foreign = LoadDynamicError::MissingApi { path: PathBuf::from("l.so") };
        assert!(matches!(Failed::from(foreign), Failed::Otherwise(_)));
    }
}
