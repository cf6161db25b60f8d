//! The scenario `mixed`: several models asked in turn over the same connections, beside a handler that parses the same rows.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use serde_json::Value;
use xshell::Shell;

use super::{
    Measured, Sides, end, mean_answer,
    scenario::Yardstick,
    turns::{self, Rounds, Side, Turns},
};
use crate::{
    model_folder,
    models::Golden,
    served::{self, Served},
    timed_models,
    workspace::root,
    wrk::{self, Post},
};

/// For the command line.
pub(super) const NAME: &str = "mixed";

/// Samples, in the folder of models and as paths of their versions, with the folders of their rows.
const SAMPLES: [(&str, &str); 3] = [
    ("/models/penguins/versions/1/predict", "models/penguins/1"),
    ("/models/penguins/versions/2/predict", "models/penguins/2"),
    ("/models/auto-mpg/predict", "models/auto-mpg/1"),
];

/// Timed models of the same rows.
const TIMED: [&str; 3] = ["logistic-regression", "random-forest-2000-rows", "random-forest"];

/// Different rows for each model.
const ROWS: usize = 16;

/// Share of the bare handler's requests a second.
const TARGET: f64 = 0.8;

/// One of the models.
#[derive(Debug)]
struct Model {
    path: String,
    /// Rows as JSON.
    bodies: Vec<String>,
}

/// Both sides in turns, with each of these numbers of connections.
pub(super) fn measure(
    sh: &Shell,
    sides: &Sides<'_>,
    connections: &[u32],
    rounds: Rounds,
) -> anyhow::Result<Vec<Measured>> {
    let models = models(sides.timed_models)?;
    let server = Served::start(served::serving(sides.command(sides.server), &folder(sh, sides.timed_models)?))?;
    let answer_bytes = mean(&models, |model| mean_answer(&format!("{}{}", server.url(), model.path), &model.bodies))?;
    let ceiling = sides.start_ceiling(answer_bytes, "mixed")?;
    for model in &models {
        let answered = mean_answer(&format!("{}{}", ceiling.url(), model.path), &model.bodies)?;
        ensure!(answered == answer_bytes, "the yardstick answers with another size");
    }
    let posts = in_turn(&models);
    let request_bytes = posts.iter().map(|post| post.body.len()).sum::<usize>() / posts.len().max(1);
    let script = wrk::posts_script(&posts)?;
    let [served, yardstick] = [&server, &ceiling].map(|side| Side { url: side.url().to_owned(), process: side.id() });
    let mut measured = Vec::new();
    for &connections in connections {
        let load = turns::load(script.path(), connections, sides.pinned);
        measured.push(Measured {
            name: NAME,
            title: "one row of six models in turn",
            against: Yardstick::Ceiling,
            target: TARGET,
            connections,
            request_bytes,
            answer_bytes,
            turns: Turns::measure(&format!("{NAME} ({connections})"), [&served, &yardstick], rounds, load)?,
        });
    }
    end(sh, [server, ceiling])?;
    Ok(measured)
}

/// Real rows of the samples, and those that the timed models have not seen.
fn models(timed_models: &Path) -> anyhow::Result<Vec<Model>> {
    let bodies = |rows: Vec<Value>| rows.iter().cycle().take(ROWS).map(Value::to_string).collect();
    let mut models = Vec::new();
    for (path, folder) in SAMPLES {
        let golden = Golden::read(&root().join(folder).join("golden.json"))?;
        let rows = golden.cases.into_iter().map(|case| case.input).collect();
        models.push(Model { path: path.to_owned(), bodies: bodies(rows) });
    }
    for name in TIMED {
        let rows = timed_models::rows(timed_models, name, ROWS)?;
        models.push(Model { path: format!("/models/{name}/predict"), bodies: bodies(rows) });
    }
    Ok(models)
}

/// What the server serves.
fn folder(sh: &Shell, timed_models: &Path) -> anyhow::Result<PathBuf> {
    let samples = ["penguins", "auto-mpg"].map(|name| root().join("models").join(name));
    let timed = TIMED.map(|name| timed_models.join(name).with_extension("onnx"));
    let models: Vec<&Path> = samples.iter().chain(&timed).map(PathBuf::as_path).collect();
    model_folder::of(sh, NAME, &models)
}

/// The first row of each model, then the second of each, and so on.
fn in_turn(models: &[Model]) -> Vec<Post> {
    let post =
        |model: &Model, row: usize| Some(Post { path: model.path.clone(), body: model.bodies.get(row)?.clone() });
    (0..ROWS).flat_map(|row| models.iter().filter_map(move |model| post(model, row))).collect()
}

/// The mean of the models', who are asked as often as each other.
fn mean(models: &[Model], bytes: impl Fn(&Model) -> anyhow::Result<usize>) -> anyhow::Result<usize> {
    Ok(models.iter().map(bytes).sum::<anyhow::Result<usize>>()? / models.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::{Model, in_turn};

    #[test]
    fn models_come_in_turn() {
        let model = |path: &str| Model { path: path.to_owned(), bodies: ["1", "2"].map(str::to_owned).to_vec() };
        let posts = in_turn(&["/a", "/b"].map(model));
        let sent: Vec<String> = posts.iter().map(|post| format!("{} {}", post.path, post.body)).collect();
        assert_eq!(sent, ["/a 1", "/b 1", "/a 2", "/b 2"]);
    }
}
