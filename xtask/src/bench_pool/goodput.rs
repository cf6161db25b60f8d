//! Models as they come beside themselves one by one: answers a second under load, and the time of a lone request.

use std::{path::Path, process::Command};

use anyhow::Context;
use serde_json::Value;

use crate::{
    http::Client,
    served::{self, Served},
    wrk::{self, Load, Sample},
};

/// As `models/train/bench/pool.py` names them, and as the table does.
const MODELS: [(&str, &str); 3] =
    [("mlp", "network of 2.6 million weights"), ("forest", "1,000 trees of 20,000 rows"), ("cnn", "four convolutions")];

/// Different bodies that the connections send in turn.
const BODIES: usize = 256;
/// Connections under load.
pub(super) const MANY: u32 = 64;
/// Before the first measurement of a model.
const WARM_UP_SECONDS: u64 = 1;

/// One model.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) title: &'static str,
    /// What the server says of its choice.
    pub(super) reason: String,
    /// At [`MANY`] connections, one for each round; as it comes, and one by one.
    pub(super) many: Pair,
    /// At one connection.
    pub(super) alone: Pair,
}

/// The same load on a model as it comes, and on itself one by one.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) chosen: Vec<Sample>,
    pub(super) one_by_one: Vec<Sample>,
}

/// All models, each in turns with itself.
pub(super) fn measure(server: &Path, models: &Path, rounds: usize, seconds: u64) -> anyhow::Result<Vec<Measured>> {
    let server = Served::start(served::serving(Command::new(server), models))?;
    MODELS.iter().map(|(name, title)| measure_model(&server, name, title, rounds, seconds)).collect()
}

fn measure_model(
    server: &Served,
    name: &str,
    title: &'static str,
    rounds: usize,
    seconds: u64,
) -> anyhow::Result<Measured> {
    let url = |name: &str| format!("{}/models/{name}", server.url());
    let card = Client::new().get(&url(name))?;
    let described = card.get("described").with_context(|| format!("{name} is not served: {card}"))?;
    let reason = described.pointer("/execution/reason").and_then(Value::as_str).context("no reason")?.to_owned();
    let example = described.get("example").context("no example")?;
    let mut random = Random(1);
    let bodies: Vec<String> = (0..BODIES).map(|_| varied(example, &mut random).to_string()).collect();
    let script = wrk::script(&bodies)?;
    let load = |name: &str, connections, seconds| {
        let url = format!("{}/predict", url(name));
        Load { url: &url, script: script.path(), connections, seconds, pinned: false }.run()
    };
    let other = format!("{name}-one-by-one");
    for name in [name, &other] {
        load(name, MANY, WARM_UP_SECONDS)?;
    }
    let (mut many, mut alone) = (Pair::default(), Pair::default());
    for round in 1..=rounds {
        for (pair, connections) in [(&mut many, MANY), (&mut alone, 1)] {
            let (chosen, one_by_one) = (load(name, connections, seconds)?, load(&other, connections, seconds)?);
            println!("{name} round {round} of {rounds}, {connections} connections: {chosen} against {one_by_one}");
            pair.chosen.push(chosen);
            pair.one_by_one.push(one_by_one);
        }
    }
    Ok(Measured { title, reason, many, alone })
}

/// Reproducible, by Marsaglia's xorshift.
struct Random(u64);

impl Random {
    /// From -4 to 4.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 44) as f64 / f64::from(1 << 17) - 4.0
    }
}

/// The same request with other numbers.
fn varied(value: &Value, random: &mut Random) -> Value {
    match value {
        Value::Number(_) => Value::from(random.next()),
        Value::Array(items) => items.iter().map(|item| varied(item, random)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, field)| (name.clone(), varied(field, random))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Random, varied};

    #[test]
    fn numbers_change_and_nothing_else() {
        let example = json!({"a": 1.0, "b": [[1.0], [2.0]], "c": "x"});
        let other = varied(&example, &mut Random(1));
        assert_ne!(other["a"], example["a"]);
        assert_eq!((other["b"].as_array().unwrap().len(), &other["c"]), (2, &json!("x")));
        let mut random = Random(1);
        assert!((0..1000).all(|_| (-4.0..4.0).contains(&random.next())));
    }
}
