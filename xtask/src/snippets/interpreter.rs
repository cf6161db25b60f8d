//! Which Python a snippet is run by: the one that has what it imports, or starts by `python -m`.

use std::path::PathBuf;

use xshell::Shell;

use crate::python::{self, CALLBACKS, CLIENTS, KERAS, MODELS};

/// The interpreter, with its packages, installed first where they are missing.
pub(super) fn of(sh: &Shell, snippet: &str) -> anyhow::Result<PathBuf> {
    let mut packages = MODELS;
    for package in snippet.lines().filter_map(package) {
        packages = match package {
            "torch" => return python::ensure_torch(sh),
            "keras" | "tensorflow" | "tf2onnx" => KERAS,
            "tritonclient" => CLIENTS,
            "standardwebhooks" => CALLBACKS,
            _ => continue,
        };
    }
    python::ensure(sh, packages)
}

/// The package that a line names: `torch` of `import torch.nn`, of `from torch import nn` and of `python -m torch`.
fn package(line: &str) -> Option<&str> {
    let rest = ["import ", "from ", "python -m "].iter().find_map(|start| line.strip_prefix(start))?;
    rest.split([' ', '.', ',']).next()
}

#[cfg(test)]
mod tests {
    use super::package;

    #[test]
    fn packages_are_named_in_three_ways() {
        assert_eq!(package("import torch.nn"), Some("torch"));
        assert_eq!(package("from keras import layers"), Some("keras"));
        assert_eq!(package("python -m tf2onnx.convert --output a"), Some("tf2onnx"));
        assert_eq!(package("x = 1  # import torch"), None);
    }
}
