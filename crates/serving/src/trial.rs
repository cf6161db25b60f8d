//! Whether a release can be loaded is found out where it can do no harm.

use std::fmt;

use ferrocast_pipeline::ModelFiles;

/// Loads a release elsewhere before it is loaded here, such as in a process of its own: what hangs, eats memory, or ends its
/// process costs that one. Called on the loader thread.
pub trait Trial: fmt::Debug + Send + Sync {
    /// Opens the files and runs the example, as [`Pipeline::open_files`](ferrocast_pipeline::Pipeline::open_files) does.
    ///
    /// # Errors
    /// Why the release is not to be loaded, in the words that its user needs.
    fn load(&self, files: &ModelFiles) -> Result<(), String>;
}
