//! The models that the benchmarks time, of the sizes that users train: made by the scripts in `models/train/bench/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};
use xshell::{Shell, cmd};

use crate::workspace::{Metadata, root};

/// The folder of `<name>.onnx` and `<name>.json`, made first where they are not there yet or the script is another one.
pub(crate) fn ensure(sh: &Shell, python: &Path) -> anyhow::Result<PathBuf> {
    made_by(sh, python, "models.py", "timed-models")
}

/// The folder of slow models, with manifests, as a server takes it.
pub(crate) fn ensure_slow(sh: &Shell, python: &Path) -> anyhow::Result<PathBuf> {
    made_by(sh, python, "pool.py", "pool-models")
}

/// The folder of the model that gives back what it gets.
pub(crate) fn ensure_mirror(sh: &Shell, python: &Path) -> anyhow::Result<PathBuf> {
    made_by(sh, python, "mirror.py", "mirror-models")
}

/// The folder of two models of 20 MiB.
pub(crate) fn ensure_reloaded(sh: &Shell, python: &Path) -> anyhow::Result<PathBuf> {
    made_by(sh, python, "reload.py", "reloaded-models")
}

fn made_by(sh: &Shell, python: &Path, script: &str, folder: &str) -> anyhow::Result<PathBuf> {
    let folder = Metadata::load(sh)?.target_directory.join(folder);
    // Written last: a folder without it is half-made.
    let made_by = folder.join(script);
    let script = root().join("models/train/bench").join(script);
    let wanted = fs::read(&script).with_context(|| format!("cannot read {}", script.display()))?;
    if !fs::read(&made_by).is_ok_and(|made_by| made_by == wanted) {
        cmd!(sh, "{python} {script} {folder}").run()?;
        fs::write(&made_by, wanted)?;
    }
    Ok(folder)
}

/// All rows of one input.
#[derive(Deserialize)]
struct Input {
    width: usize,
    values: Vec<Value>,
}

/// The first rows of a model of one matrix, as a client sends them to a model without a manifest.
pub(crate) fn rows(folder: &Path, name: &str, count: usize) -> anyhow::Result<Vec<Value>> {
    let file = folder.join(name).with_extension("json");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let inputs: Vec<Input> = serde_json::from_str(&text)?;
    let [Input { width, values }] = &inputs[..] else { anyhow::bail!("{} is no matrix", file.display()) };
    ensure!(*width > 0, "{} has no columns", file.display());
    let row = |values: &[Value]| {
        let fields = values.iter().enumerate().map(|(column, value)| (format!("x{column}"), value.clone()));
        Value::Object(fields.collect::<Map<_, _>>())
    };
    Ok(values.chunks_exact(*width).take(count).map(row).collect())
}

#[cfg(test)]
mod tests {
    use std::{fs, process};

    use serde_json::json;

    use super::rows;

    #[test]
    fn a_matrix_becomes_rows_of_fields() {
        let folder = std::env::temp_dir().join(format!("ferrocast-timed-models-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("m.json"), r#"[{"name": "f", "dtype": "float32", "width": 2, "values": [1, 2, 3, 4]}]"#)
            .unwrap();
        let found = rows(&folder, "m", 2);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.unwrap(), [json!({"x0": 1, "x1": 2}), json!({"x0": 3, "x1": 4})]);
    }
}
